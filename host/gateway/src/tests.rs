//! The gateway as a whole, without sockets.

use crate::Endpoint;
use crate::fixture::{Fixture, json_of};
use crate::hub::Next;
use axum::body::Body;
use http::{Method, Request, StatusCode};
use http_body_util::BodyExt;
use jackfield_router::{Action, Id};
use serde_json::{Value, json};
use std::time::Duration;

async fn text(fixture: &Fixture, path: &str) -> (StatusCode, String) {
    let response = fixture.call(Method::GET, path, "", Body::empty()).await;
    let status = response.status();
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    (status, String::from_utf8(bytes.to_vec()).unwrap())
}

/// Waits until an agent's feed has this event, and reads all from `after` to it.
async fn events(fixture: &Fixture, agent: &str, after: u64, until: u64) -> Vec<Value> {
    let feed = fixture.gateway.hub().feed(&agent.into());
    let mut changes = feed.changes();
    let mut events = Vec::new();
    let mut seen = after;
    while seen < until {
        match feed.after(seen) {
            Next::Events(texts, last) => {
                events.extend(texts.iter().map(|text| serde_json::from_str::<Value>(text).unwrap()));
                seen = last;
            }
            Next::Nothing => tokio::time::timeout(Duration::from_secs(20), changes.changed()).await.unwrap().unwrap(),
            Next::Gap => panic!("a gap after {seen}"),
        }
    }
    events
}

async fn sequence(fixture: &Fixture, agent: &'static str) -> u64 {
    fixture.sequencer.read(move |state| state.agent(agent).unwrap().sequence).await.unwrap()
}

#[tokio::test]
async fn what_is_not_there_is_a_problem() {
    let fixture = Fixture::new().await;
    for (method, path, who, status) in [
        (Method::GET, "/nothing", "", 404),
        (Method::GET, "/v1/nothing", "ops", 404),
        (Method::DELETE, "/v1/queues", "ops", 405),
        (Method::GET, "/v1/queues", "", 401),
        (Method::GET, "/v1/queues", "nobody", 401),
        (Method::GET, "/v1/queues", "ana", 403),
        (Method::DELETE, "/v1/customers/x", "ops", 404),
        (Method::PUT, "/v1/drivers/x", "ops", 400),
        (Method::POST, "/v1/work-items", "ana", 403),
        (Method::GET, "/v1/work-items/x/explain", "ops", 404),
        (Method::POST, "/v1/channels/wire/pause", "sue", 403),
        (Method::POST, "/v1/channels/nowhere/pause", "ops", 404),
        (Method::GET, "/v1/channels/nowhere", "ops", 404),
        (Method::GET, "/v1/blobs/x", "ops", 404),
        (Method::GET, "/v1/agent", "", 401),
        (Method::GET, "/v1/agent", "ops", 403),
        (Method::GET, "/v1/agent", "ana", 426),
        (Method::GET, "/v1/agent?after=x", "ana", 400),
    ] {
        let response = fixture.call(method.clone(), path, who, Body::empty()).await;
        assert_eq!(response.headers()["content-type"], "application/problem+json", "{method} {path} {who}");
        if status == 405 {
            assert_eq!(response.headers()["allow"], "GET,HEAD");
        }
        let (found, body) = json_of(response).await;
        assert_eq!(found.as_u16(), status, "{method} {path} {who}");
        assert_eq!(body["status"], status);
        assert!(body["detail"].as_str().is_some_and(|detail| !detail.is_empty()));
    }
}

#[tokio::test]
async fn lists_have_one_shape() {
    let fixture = Fixture::new().await;
    fixture.say("a", "help").await;
    let (_, queues) = fixture.get("/v1/queues", "ron").await;
    assert_eq!(queues["items"][0]["id"], "sales");
    let support = json!({
        "id": "support", "waiting": 1, "offered": 0, "active": 0, "suspended": 0, "wrapping": 0, "longestWaitMs": 0,
        "open": true, "expectedWaitMs": null, "serviceLevelPercent": null
    });
    assert_eq!(queues["items"][1], support);
    fixture.pass(1_500);
    assert_eq!(fixture.get("/v1/queues", "ron").await.1["items"][1]["longestWaitMs"], 1_500);
    let (_, agents) = fixture.get("/v1/agents?limit=1", "ron").await;
    assert_eq!((&agents["items"][0]["id"], &agents["items"][0]["state"]), (&json!("ana"), &json!("offline")));
    assert_eq!(fixture.get(agents["next"].as_str().unwrap(), "ron").await.1["items"][0]["id"], "ben");
    let (_, channels) = fixture.get("/v1/channels", "ron").await;
    assert_eq!((&channels["items"][0]["id"], &channels["items"][0]["state"]), (&json!("wire"), &json!("failed")));
    assert_eq!(fixture.get("/v1/drivers", "ron").await.1, json!({"items": [], "next": null}));
    let (status, log) = fixture.get("/v1/channels/wire/log", "ron").await;
    assert_eq!(status, StatusCode::OK);
    assert!(log["items"].is_array());
}

#[tokio::test]
async fn health_follows_the_server() {
    let fixture = Fixture::new().await;
    assert_eq!(text(&fixture, "/healthz").await, (StatusCode::OK, "ok\n".to_owned()));
    assert_eq!(text(&fixture, "/readyz").await.0, StatusCode::OK);
    fixture.gateway.drain();
    assert_eq!(text(&fixture, "/healthz").await.0, StatusCode::OK);
    assert_eq!(text(&fixture, "/readyz").await.0, StatusCode::SERVICE_UNAVAILABLE);
}

#[tokio::test]
async fn metrics_and_health_are_open_on_this_machine_only() {
    let fixture = Fixture::new().await;
    fixture.say("a", "help").await;
    let (status, metrics) = text(&fixture, "/metrics").await;
    assert_eq!(status, StatusCode::OK);
    for line in [
        "jackfield_messages_total 1",
        "jackfield_ready 1",
        "jackfield_work_items{queue=\"support\",state=\"queued\"} 1",
        "jackfield_agents{presence=\"offline\",connected=\"no\"} 2",
        "jackfield_channel_calls_total{channel=\"wire\",kind=\"receive\",outcome=\"ok\"} 0",
    ] {
        assert!(metrics.lines().any(|found| found == line), "{line} in\n{metrics}");
    }
    assert!(metrics.lines().all(|line| line.starts_with('#') || line.starts_with("jackfield_")));
    let ask = |path: &str, peer: &str, headers: &[(&'static str, &'static str)]| {
        let mut request = Request::get(path).body(Body::empty()).unwrap();
        request.extensions_mut().insert(Endpoint { peer: peer.parse().unwrap(), local: peer.parse().unwrap() });
        for (name, value) in headers {
            request.headers_mut().insert(*name, value.parse().unwrap());
        }
        request
    };
    let from = |peer: &str, headers: &[(&'static str, &'static str)]| ask("/metrics", peer, headers);
    for path in ["/metrics", "/healthz", "/readyz"] {
        assert_eq!(fixture.send(ask(path, "192.0.2.1:9", &[])).await.status(), 403, "{path}");
        assert_eq!(fixture.send(ask(path, "127.0.0.1:9", &[])).await.status(), 200, "{path}");
        assert_eq!(fixture.send(ask(path, "127.0.0.1:9", &[("via", "1.1 proxy")])).await.status(), 403, "{path}");
    }
    assert_eq!(fixture.send(from("127.0.0.1:9", &[("x-forwarded-for", "192.0.2.1")])).await.status(), 403);
    let for_operators = Fixture::with("[server]\nmetrics = \"operator\"").await;
    assert_eq!(for_operators.send(from("192.0.2.1:9", &[])).await.status(), 401);
    assert_eq!(for_operators.send(from("192.0.2.1:9", &[("authorization", "Bearer ana-token")])).await.status(), 403);
    assert_eq!(for_operators.send(from("192.0.2.1:9", &[("authorization", "Bearer ron-token")])).await.status(), 200);
    let public = Fixture::with("[server]\nmetrics = \"public\"").await;
    assert_eq!(public.send(from("192.0.2.1:9", &[])).await.status(), 200);
}

#[tokio::test]
async fn the_desktop_takes_nothing_from_elsewhere() {
    let fixture = Fixture::new().await;
    for path in ["/", "/app.js", "/message.js", "/style.css"] {
        let response = fixture.call(Method::GET, path, "", Body::empty()).await;
        assert_eq!(response.status(), 200);
        assert!(response.headers()["content-security-policy"].to_str().unwrap().starts_with("default-src 'none'"));
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        let content = String::from_utf8(bytes.to_vec()).unwrap();
        for risky in [
            "http://",
            "https://",
            "innerHTML",
            "outerHTML",
            "insertAdjacentHTML",
            "document.write",
            "eval(",
            "style=\"",
            "onclick=\"",
        ] {
            assert!(!content.contains(risky), "{path} has {risky}");
        }
    }
}

#[tokio::test]
async fn blobs_come_back_as_they_went() {
    let fixture = Fixture::new().await;
    let content: Vec<u8> = (0..600_000u32).map(|n| (n % 251) as u8).collect();
    let (status, uploaded) = json_of(fixture.call(Method::POST, "/v1/blobs", "ana", content.clone()).await).await;
    assert_eq!((status, &uploaded["size"]), (StatusCode::CREATED, &json!(600_000)));
    let path = format!("/v1/blobs/{}", uploaded["digest"].as_str().unwrap());
    let response = fixture.call(Method::GET, &path, "ops", Body::empty()).await;
    assert_eq!(response.headers()["content-type"], "application/octet-stream");
    assert_eq!(response.headers()["x-content-type-options"], "nosniff");
    assert_eq!(response.headers()["content-disposition"], "attachment");
    assert_eq!(response.into_body().collect().await.unwrap().to_bytes(), content);
    assert_eq!(fixture.call(Method::GET, &path, "", Body::empty()).await.status(), 401);
    assert_eq!(fixture.call(Method::GET, &path, "ana", Body::empty()).await.status(), 200);
    assert_eq!(fixture.call(Method::GET, &path, "ben", Body::empty()).await.status(), 404, "it is ana's");
    fixture.pass(60 * 60 * 1_000);
    assert_eq!(fixture.call(Method::GET, &path, "ana", Body::empty()).await.status(), 404, "it was never sent");
    let cut = Body::from_stream(futures_util::stream::iter([Ok("half"), Err(std::io::Error::other("cut"))]));
    assert_eq!(fixture.call(Method::POST, "/v1/blobs", "ana", cut).await.status(), 400);
    let announced =
        Request::post("/v1/blobs").header("authorization", "Bearer ana-token").header("content-length", "67108865");
    assert_eq!(fixture.send(announced.body(Body::empty()).unwrap()).await.status(), 413);
}

#[tokio::test]
async fn an_agents_events_are_numbered_and_carry_what_the_desktop_needs() {
    let fixture = Fixture::new().await;
    fixture.connect("ana").await;
    let item = fixture.say("station 7", "first").await;
    fixture.say("station 7", "second").await;
    fixture.accept("ana").await;
    fixture.say("station 7", "third").await;
    fixture.act("ana", Action::Complete { work_item: item.as_str().into(), code: None, if_version: None }).await;
    let last = sequence(&fixture, "ana").await;
    let events = events(&fixture, "ana", 0, last).await;
    let sequences: Vec<u64> = events.iter().map(|event| event["sequence"].as_u64().unwrap()).collect();
    assert_eq!(sequences, (1..=last).collect::<Vec<_>>());
    let of = |kind: &str| {
        events.iter().filter(|event| event["type"] == kind).map(|event| &event["data"]).collect::<Vec<_>>()
    };

    let created = of("offer.created")[0];
    assert_eq!(created["workItem"]["conversation"], "station 7");
    assert_eq!(created["customer"]["name"], "Carl");
    assert_eq!(created["offer"]["workItemId"], json!(item));
    assert_eq!(created["message"]["parts"][0]["text"], "first");
    assert_eq!(created["message"]["agent"]["address"], "desk 4");
    assert_eq!(created["message"]["agent"]["presence"], "available");
    let stored = fixture.sequencer.messages().get(created["message"]["id"].as_str().unwrap()).unwrap().unwrap();
    assert_eq!(created["message"]["digest"], json!(stored.digest));

    let received = of("message.received");
    let texts: Vec<_> = received.iter().map(|data| data["message"]["parts"][0]["text"].as_str().unwrap()).collect();
    assert_eq!(texts, ["second", "third"]);
    assert_eq!(received[1]["workItem"]["externalIds"], json!(["event-1", "event-2", "event-4"]));
    assert_eq!(of("offer.accepted")[0]["workItem"]["owner"], "ana");
    assert_eq!(of("work-item.closed")[0]["workItem"]["state"], "closed");
    assert_eq!(of("agent.updated")[0]["agent"]["name"], "Ana");
}

#[tokio::test]
async fn a_snapshot_and_the_events_after_it_leave_nothing_out() {
    let fixture = Fixture::new().await;
    fixture.connect("ana").await;
    let item = fixture.say("a", "first").await;
    fixture.accept("ana").await;
    fixture.say("a", "second").await;
    fixture.say("b", "other").await;
    let agent: Id = "ana".into();
    let (current, frame) = crate::socket::snapshot(&fixture.gateway, &agent).await;
    let snapshot: Value = serde_json::from_str(&frame).unwrap();
    assert_eq!((&snapshot["type"], &snapshot["sequence"]), (&json!("snapshot"), &json!(current)));
    assert_eq!(current, sequence(&fixture, "ana").await);
    let data = &snapshot["data"];
    assert_eq!((&data["agent"]["state"], &data["agent"]["name"]), (&json!("available"), &json!("Ana")));
    assert_eq!(data["offers"][0]["message"]["parts"][0]["text"], "other");
    assert_eq!(data["workItems"][0]["workItem"]["id"], json!(item));
    let texts: Vec<_> = data["workItems"][0]["messages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|message| &message["parts"][0]["text"])
        .collect();
    assert_eq!(texts, ["first", "second"]);

    fixture.say("a", "third").await;
    let last = sequence(&fixture, "ana").await;
    let after = events(&fixture, "ana", current, last).await;
    assert_eq!(after[0]["sequence"], json!(current + 1));
    assert_eq!(after[0]["data"]["message"]["parts"][0]["text"], "third");
}
