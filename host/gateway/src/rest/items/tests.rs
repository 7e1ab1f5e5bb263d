use crate::fixture::{Fixture, json_of};
use axum::body::Body;
use http::{Method, Request, StatusCode};
use jackfield_router::Action;
use serde_json::{Value, json};

fn ids(list: &Value) -> Vec<String> {
    list["items"].as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn open_and_ended_items_are_one_list() {
    let fixture = Fixture::new().await;
    let mut all = Vec::new();
    for n in 0..7 {
        all.push(fixture.say(&format!("station {n}"), "help").await);
    }
    for id in [&all[1], &all[4]] {
        let (status, item) =
            json_of(fixture.call(Method::POST, &format!("/v1/work-items/{id}/close"), "sue", Body::empty()).await)
                .await;
        assert_eq!((status, &item["state"]), (StatusCode::OK, &json!("closed")), "{item}");
    }
    let (_, list) = fixture.get("/v1/work-items", "ron").await;
    assert_eq!(ids(&list), all);
    assert_eq!(list["items"][1]["state"], "closed");
    assert_eq!(list["items"][1]["queue"], "support");
    assert_eq!(list["items"][1]["externalIds"], json!(["event-1"]));

    let mut seen = Vec::new();
    let mut next = "/v1/work-items?limit=2".to_owned();
    loop {
        let (status, page) = fixture.get(&next, "ops").await;
        assert_eq!(status, StatusCode::OK);
        seen.extend(ids(&page));
        // What is opened while somebody pages comes at the end.
        if seen.len() == 2 {
            all.push(fixture.say("late", "help").await);
        }
        match page["next"].as_str() {
            Some(path) => next = path.to_owned(),
            None => break,
        }
    }
    assert_eq!(seen, all);
}

#[tokio::test]
async fn items_are_filtered_by_state() {
    let fixture = Fixture::new().await;
    fixture.connect("ana").await;
    let first = fixture.say("a", "help").await;
    let mut rest = Vec::new();
    for n in 0..6 {
        rest.push(fixture.say(&format!("b{n}"), "help").await);
    }
    let (_, offered) = fixture.get("/v1/work-items?state=offered", "ops").await;
    let (_, queued) = fixture.get("/v1/work-items?state=queued&limit=1", "ops").await;
    let total = ids(&offered).len();
    assert!(ids(&offered).contains(&first) && total < 7, "{offered}");
    assert!(queued["next"].as_str().unwrap().ends_with("&state=queued"));
    let (_, closed) = fixture.get("/v1/work-items?state=closed", "ops").await;
    assert_eq!(closed, json!({"items": [], "next": null}));
    for wrong in ["state=open", "limit=0", "limit=501", "cursor=x"] {
        assert_eq!(fixture.get(&format!("/v1/work-items?{wrong}"), "ops").await.0, StatusCode::BAD_REQUEST, "{wrong}");
    }
}

#[tokio::test]
async fn an_agent_sees_only_items_of_his_own() {
    let fixture = Fixture::new().await;
    fixture.connect("ana").await;
    let item = fixture.say("a", "help").await;
    let path = format!("/v1/work-items/{item}");
    assert_eq!(fixture.get(&path, "ana").await.0, StatusCode::OK, "while it is offered");
    fixture.accept("ana").await;
    let (_, shown) = fixture.get(&path, "ana").await;
    assert_eq!((&shown["owner"], &shown["state"]), (&json!("ana"), &json!("active")));
    assert_eq!(fixture.get(&path, "ben").await.0, StatusCode::FORBIDDEN);
    assert_eq!(fixture.get(&format!("{path}/messages"), "ben").await.0, StatusCode::FORBIDDEN);
    assert_eq!(fixture.get("/v1/work-items", "ana").await.0, StatusCode::FORBIDDEN);
    fixture
        .act("ana", Action::Complete { work_item: item.as_str().into(), code: Some("ok".to_owned()), if_version: None })
        .await;
    let (_, shown) = fixture.get(&path, "ana").await;
    assert_eq!((&shown["state"], &shown["code"], &shown["owner"]), (&json!("closed"), &json!("ok"), &json!("ana")));
}

#[tokio::test]
async fn messages_are_shown_as_they_were_encoded() {
    let fixture = Fixture::new().await;
    let item = fixture.say("a", "one").await;
    for text in ["two", "three"] {
        fixture.say("a", text).await;
    }
    let (_, first) = fixture.get(&format!("/v1/work-items/{item}/messages?limit=2"), "ron").await;
    assert_eq!(first["items"][0]["parts"][0]["text"], "one");
    assert_eq!(first["items"][0]["workItem"]["id"], json!(item));
    assert_eq!(first["items"][0]["agent"], Value::Null);
    let (_, second) = fixture.get(first["next"].as_str().unwrap(), "ron").await;
    assert_eq!(second["items"][0]["parts"][0]["text"], "three");
    assert_eq!((&second["next"], second["items"].as_array().unwrap().len()), (&Value::Null, 1));
    let unknown = format!("/v1/work-items/{item}/messages?cursor={item}");
    assert_eq!(fixture.get(&unknown, "ron").await.0, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn supervisors_move_items() {
    let fixture = Fixture::new().await;
    let item = fixture.say("a", "one").await;
    let requeue = |who: &'static str, body: &'static str, kind: &'static str| {
        let request = Request::post(format!("/v1/work-items/{item}/requeue"))
            .header("authorization", format!("Bearer {who}-token"))
            .header("content-type", kind);
        fixture.send(request.body(Body::from(body)).unwrap())
    };
    let (status, moved) =
        json_of(requeue("sue", r#"{"queue":"sales"}"#, "application/json; charset=utf-8").await).await;
    assert_eq!((status, &moved["queue"]), (StatusCode::OK, &json!("sales")));
    assert_eq!(requeue("ron", "{}", "application/json").await.status(), StatusCode::FORBIDDEN);
    assert_eq!(requeue("sue", r#"{"queue":"nowhere"}"#, "application/json").await.status(), StatusCode::NOT_FOUND);
    assert_eq!(requeue("sue", r#"{"queue":7}"#, "application/json").await.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(requeue("sue", "{", "application/json").await.status(), StatusCode::BAD_REQUEST);
    assert_eq!(
        requeue("sue", "queue=sales", "application/x-www-form-urlencoded").await.status(),
        StatusCode::UNSUPPORTED_MEDIA_TYPE
    );
    let unknown = fixture
        .call(Method::POST, "/v1/work-items/0198ffff-0000-7000-8000-000000000000/close", "sue", Body::empty())
        .await;
    assert_eq!(unknown.status(), StatusCode::NOT_FOUND);
}
