//! Where a request goes is decided by what is in its message.

use jackfield_tests::{Server, Setup};
use serde_json::{Value, json};

fn setup(routes: &str) -> Setup {
    Setup::new()
        .agent("ana")
        .text("[[queue]]\nid = \"general\"\n[[queue]]\nid = \"spanish\"\n[[queue]]\nid = \"urgent\"\n[[queue]]\nid = \"shop\"")
        .text(routes)
        .text("[[route]]\nqueue = \"general\"\n")
        .webhook("forms", "media-type = \"form\"")
        .webhook("shop", "media-type = \"order\"")
}

/// Sends a request; the work item that it opened.
async fn opened(server: &Server, channel: &str, body: Value) -> Value {
    server.http().post(&format!("/channels/{channel}"), &body).await.expect(200);
    let list = server.operator().get("/v1/work-items?limit=500").await.expect(200).json();
    let items = list["items"].as_array().expect("a list");
    let opened = items.iter().find(|item| item["externalIds"] == json!([body["id"]]));
    opened.unwrap_or_else(|| panic!("no work item of {body}: {list}")).clone()
}

#[tokio::test]
async fn one_changed_field_sends_a_request_to_another_queue() {
    let server = Server::start(setup(
        r#"
[[route]]
when = 'message.mediaType == "order"'
queue = "shop"
[[route]]
when = 'workItem.language == "es"'
queue = "spanish"
priority = 7
[[route]]
when = 'customer.name == "Kim" && message.parts[0].text.contains("urgent")'
queue = "urgent"
"#,
    ))
    .await;
    let base = json!({"id": "m1", "from": "f1", "name": "Kim", "text": "hello", "language": "en", "priority": 3});
    let item = opened(&server, "forms", base.clone()).await;
    assert_eq!((&item["queue"], &item["priority"]), (&json!("general"), &json!(3)));

    let changed = |field: &str, value: &str, number: u32| {
        let mut body = base.clone();
        body[field] = json!(value);
        body["id"] = json!(format!("m{number}"));
        body["from"] = json!(format!("f{number}"));
        body
    };
    let item = opened(&server, "forms", changed("language", "es", 2)).await;
    // The route's priority wins over the message's.
    assert_eq!((&item["queue"], &item["priority"]), (&json!("spanish"), &json!(7)));
    let item = opened(&server, "forms", changed("text", "this is urgent", 3)).await;
    assert_eq!(item["queue"], "urgent");
    let mut named = changed("text", "this is urgent", 4);
    named["name"] = json!("Lee");
    assert_eq!(opened(&server, "forms", named).await["queue"], "general");
    assert_eq!(opened(&server, "shop", changed("text", "hello", 5)).await["queue"], "shop");
}

#[tokio::test]
async fn a_condition_that_fails_does_not_match_and_is_counted() {
    let server = Server::start(setup(
        r#"
[[route]]
when = 'workItem.attributes["tier"] == "gold"'
queue = "urgent"
"#,
    ))
    .await;
    let failures = async || {
        let metrics = server.http().get("/metrics").await.expect(200).text();
        let line =
            metrics.lines().find_map(|line| line.strip_prefix("jackfield_route_failures_total{channel=\"forms\"} "));
        line.expect("the metric").parse::<u64>().expect("a number")
    };
    assert_eq!(failures().await, 0);
    // A missing key is no match, and an operator sees that it was missing.
    let item = opened(&server, "forms", json!({"id": "m1", "from": "f1", "text": "hello"})).await;
    assert_eq!((&item["queue"], failures().await), (&json!("general"), 1));
    let item = opened(&server, "forms", json!({"id": "m2", "from": "f2", "text": "hello", "tier": "gold"})).await;
    assert_eq!((&item["queue"], failures().await), (&json!("urgent"), 1));
}

#[tokio::test]
async fn what_the_routes_decided_is_kept_when_they_change() {
    let mut server = Server::start(setup("")).await;
    let before = opened(&server, "forms", json!({"id": "m1", "from": "f1", "text": "hello"})).await;
    assert_eq!(before["queue"], "general");
    server.stop().await;
    server.configure(setup("[[route]]\nwhen = 'message.mediaType == \"form\"'\nqueue = \"urgent\"\n"));
    server.start_again().await;
    let id = before["id"].as_str().expect("an id");
    let kept = server.operator().get(&format!("/v1/work-items/{id}")).await.expect(200).json();
    assert_eq!(kept["queue"], "general");
    let after = opened(&server, "forms", json!({"id": "m2", "from": "f2", "text": "hello"})).await;
    assert_eq!(after["queue"], "urgent");
}
