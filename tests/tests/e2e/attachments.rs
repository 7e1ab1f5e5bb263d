//! Files, from customers and to them.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jackfield_tests::{Agent, Request, Server, Setup, Sink, sha256};
use serde_json::json;

#[tokio::test]
async fn a_file_of_a_customer_can_be_read_by_the_agent() {
    let server = Server::start(Setup::simple(&["ana"]).webhook("forms", "")).await;
    let mut ana = Agent::available(&server, "ana").await;
    let content: Vec<u8> = (0..200_000u32).map(|number| (number % 251) as u8).collect();
    let files = json!([
        {"name": "../../evil.jpg", "mediaType": "image/jpeg", "data": STANDARD.encode(&content)},
        {"name": "terms", "url": "https://example.com/terms"}
    ]);
    server
        .http()
        .post("/channels/forms", &json!({"id": "m1", "from": "kim", "text": "see this", "attachments": files}))
        .await
        .expect(200);
    let message = ana.event("offer.created").await["message"].clone();
    let part = &message["parts"][1];
    assert_eq!(
        (&part["type"], &part["state"], &part["size"]),
        (&json!("attachment"), &json!("ready"), &json!(200_000))
    );
    assert_eq!(part["blob"], sha256(&content));
    assert_eq!(message["parts"][2]["type"], "structured", "a link is shown, not fetched");

    let path = format!("/v1/blobs/{}", sha256(&content));
    let fetched = server.http().with_token("ana").get(&path).await.expect(200);
    assert_eq!(fetched.body.as_ref(), content);
    // Whatever it is, no browser runs it as a page of ours.
    assert_eq!(
        (fetched.header("content-disposition"), fetched.header("x-content-type-options")),
        ("attachment", "nosniff")
    );
    server.http().get(&path).await.expect(401);
    server.http().with_token("ana").get(&format!("/v1/blobs/{}", sha256(b"something else"))).await.expect(404);
}

#[tokio::test]
async fn a_file_of_an_agent_goes_out_with_the_answer() {
    let sink = Sink::start().await;
    let server = Server::start(Setup::simple(&["ana"]).webhook_with_replies("forms", &sink.url("/"))).await;
    let mut ana = Agent::available(&server, "ana").await;
    server.http().post("/channels/forms", &json!({"id": "m1", "from": "kim", "text": "hello"})).await.expect(200);
    let item = ana.accept().await["workItem"]["id"].clone();

    let upload = Request::new("POST", "/v1/blobs").header("content-type", "application/pdf").body("%PDF the manual");
    let uploaded = server.http().with_token("ana").send(upload.clone()).await.expect(201).json();
    assert_eq!((&uploaded["digest"], &uploaded["size"]), (&json!(sha256(b"%PDF the manual")), &json!(15)));
    server.http().send(upload).await.expect(401);
    let send =
        json!({"type": "message.send", "workItemId": item, "text": "the manual", "attachments": [uploaded["digest"]]});
    let sent = ana.ok(send).await["messageId"].clone();
    let reply = sink.wait_for(1).await[0].json();
    assert_eq!(reply["id"], sent);
    let part = &reply["parts"][1];
    assert_eq!((&part["type"], &part["blob"], &part["size"]), (&json!("attachment"), &uploaded["digest"], &json!(15)));
}
