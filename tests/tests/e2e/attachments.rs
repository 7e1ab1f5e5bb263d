//! Files, from customers and to them.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jackfield_tests::{Agent, Request, Server, Setup, Sink, sha256};
use serde_json::json;

#[tokio::test]
async fn a_file_of_a_customer_can_be_read_by_the_agent() {
    let server = Server::start(Setup::simple(&["ana", "ben"]).webhook("forms", "")).await;
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
    assert_eq!(fetched.header("content-security-policy"), "default-src 'none'; sandbox");
    // Who has nothing to do with it isn't told that it is there.
    server.http().with_token("ben").get(&path).await.expect(404);
    server.operator().get(&path).await.expect(200);
    server.http().get(&path).await.expect(401);
    server.http().with_token("ana").get(&format!("/v1/blobs/{}", sha256(b"something else"))).await.expect(404);
}

#[tokio::test]
async fn a_file_of_an_agent_goes_out_with_the_answer() {
    let sink = Sink::start().await;
    let mut server = Server::start(Setup::simple(&["ana", "ben"]).webhook_with_replies("forms", &sink.url("/"))).await;
    let mut ana = Agent::available(&server, "ana").await;
    server.http().post("/channels/forms", &json!({"id": "m1", "from": "kim", "text": "hello"})).await.expect(200);
    let item = ana.accept().await["workItem"]["id"].clone();

    let upload = Request::new("POST", "/v1/blobs?name=manual.pdf")
        .header("content-type", "application/pdf")
        .body("%PDF the manual");
    let answer = server.http().with_token("ana").send(upload.clone()).await.expect(201);
    let uploaded = answer.json();
    assert_eq!(answer.header("location"), format!("/v1/blobs/{}", sha256(b"%PDF the manual")));
    assert_eq!(
        uploaded,
        json!({"digest": sha256(b"%PDF the manual"), "size": 15, "name": "manual.pdf", "mediaType": "application/pdf"})
    );
    server.http().send(upload.clone()).await.expect(401);
    let huge = Request::new("POST", "/v1/blobs").body(vec![0; (64 << 20) + 1]);
    server.http().with_token("ana").send(huge).await.expect(413);
    let untyped = Request::new("POST", "/v1/blobs").header("content-type", "what?").body("x");
    server.http().with_token("ana").send(untyped).await.expect(400);
    // What was handed in outlives the server's end.
    server.kill().await;
    server.start_again().await;
    let mut ana = Agent::connect(&server, "ana").await;
    let send =
        json!({"type": "message.send", "workItemId": item, "text": "the manual", "attachments": [uploaded["digest"]]});
    let sent = ana.ok(send).await["messageId"].clone();
    let reply = sink.wait_for(1).await[0].json();
    assert_eq!(reply["id"], sent);
    let part = &reply["parts"][1];
    assert_eq!((&part["type"], &part["blob"], &part["size"]), (&json!("attachment"), &uploaded["digest"], &json!(15)));
    assert_eq!((&part["name"], &part["mediaType"]), (&json!("manual.pdf"), &json!("application/pdf")));

    // Nobody sends what somebody else handed in.
    let mut ben = Agent::available(&server, "ben").await;
    server.http().post("/channels/forms", &json!({"id": "m2", "from": "lee", "text": "hello"})).await.expect(200);
    ana.set_state("busy").await;
    let item = ben.accept().await["workItem"]["id"].clone();
    let steal = json!({"type": "message.send", "workItemId": item, "text": "", "attachments": [uploaded["digest"]]});
    ben.refused(steal, "not-found").await;
}
