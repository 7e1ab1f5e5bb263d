//! A customer asks to be forgotten.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jackfield_tests::{Agent, Request, SUPERVISOR, Server, Setup, Sink, jackfield, sha256};
use serde_json::{Value, json};
use std::path::Path;

/// Whether a text stands in any file of a folder.
fn anywhere(folder: &Path, text: &str) -> bool {
    std::fs::read_dir(folder).into_iter().flatten().flatten().any(|entry| {
        let path = entry.path();
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            return anywhere(&path, text);
        }
        let bytes = std::fs::read(&path).unwrap_or_default();
        bytes.windows(text.len()).any(|window| window == text.as_bytes())
    })
}

fn path(item: &Value) -> String {
    format!("/v1/work-items/{}", item.as_str().unwrap_or_default())
}

#[tokio::test]
async fn a_customers_data_are_gone_from_the_disk_and_the_journal_still_verifies() {
    let sink = Sink::start().await;
    let mut server = Server::start(Setup::simple(&["ana"]).webhook_with_replies("forms", &sink.url("/"))).await;
    let mut ana = Agent::available(&server, "ana").await;
    let photo = STANDARD.encode("a photo of the passport");
    let attachments = json!([{"name": "passport.jpg", "mediaType": "image/jpeg", "data": photo}]);
    let wish = json!({"id": "m1", "from": "kim@example.com", "name": "Kim Possible", "text": "my secret wish",
                      "attachments": attachments});
    server.http().post("/channels/forms", &wish).await.expect(200);
    let first = ana.accept().await["workItem"]["id"].clone();
    ana.reply(&first, "an answer for Kim only").await;
    sink.wait_for(1).await;
    let other = json!({"id": "m2", "from": "lee@example.com", "text": "somebody else"});
    server.http().post("/channels/forms", &other).await.expect(200);
    let other = ana.accept().await["workItem"]["id"].clone();

    let shown = server.operator().get(&path(&first)).await.expect(200).json();
    let customer = shown["customer"]["id"].as_str().expect("an id").to_owned();
    let erase = |id: &str| Request::new("DELETE", &format!("/v1/customers/{id}"));
    server.http().send(erase(&customer)).await.expect(401);
    server.http().with_token(SUPERVISOR).send(erase(&customer)).await.expect(403);
    server.operator().send(erase("nobody")).await.expect(404);
    server.operator().send(erase(&"0".repeat(32))).await.expect(404);
    let erased = server.operator().send(erase(&customer)).await.expect(200).json();
    assert_eq!((&erased["id"], &erased["messages"]), (&json!(customer), &json!(2)));

    // The conversation was open: it is closed, and the agent is told.
    let closed = ana.event("work-item.closed").await;
    assert_eq!((&closed["workItem"]["id"], &closed["workItem"]["code"]), (&first, &json!("erased")));
    let messages = server.operator().get(&format!("{}/messages", path(&first))).await.expect(200).json();
    assert_eq!(messages["items"], json!([]));
    let shown = server.operator().get(&path(&first)).await.expect(200).json();
    assert_eq!((&shown["state"], &shown["customer"]), (&json!("closed"), &Value::Null));
    let blob = format!("/v1/blobs/{}", sha256(b"a photo of the passport"));
    server.http().with_token("ana").get(&blob).await.expect(404);
    let kept = server.operator().get(&format!("{}/messages", path(&other))).await.expect(200).json();
    assert_eq!(kept["items"][0]["parts"][0]["text"], "somebody else");

    // Sent again by the channel it is known, and nothing comes back. (A file in it would lie there for an hour, as any
    // that nothing needs.)
    let again = json!({"id": "m1", "from": "kim@example.com", "text": "my secret wish"});
    server.http().post("/channels/forms", &again).await.expect(200);
    assert_eq!(ana.so_far("offer.created").await, Vec::<Value>::new());
    let by_address = Request::new("DELETE", "/v1/customers/lee@example.com?channel=forms");
    server.operator().send(by_address).await.expect(200);

    server.stop().await;
    let data = server.data();
    let gone = ["my secret wish", "Kim Possible", "kim@example.com", "an answer for Kim", "a photo of the passport"];
    for gone in gone.into_iter().chain(["lee@example.com", "somebody else"]) {
        assert!(!anywhere(&data, gone), "`{gone}` is still on the disk");
    }
    jackfield(&data, &["journal", "verify", "--data", "."]).await.expect(0);
    let records = jackfield(&data, &["journal", "dump", "--data", "."]).await.expect(0).stdout;
    let said = records.lines().find(|line| line.contains("\"erased\":{")).expect("a record says so");
    let said: Value = serde_json::from_str(said).expect("JSON");
    assert_eq!(said["entry"]["erased"], json!({"customer": customer, "by": "ops"}));
    assert!(said["at"].as_str().is_some_and(|at| at.starts_with("20")), "{said}");
    server.start_again().await;
}
