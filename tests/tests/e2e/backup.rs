//! A backup is made while the server works, and a server goes on from it.

use jackfield_tests::{Server, Setup, jackfield};
use serde_json::json;

#[tokio::test]
async fn a_backup_of_a_server_at_work_is_restored() {
    let mut server = Server::start(Setup::simple(&["ana"]).webhook("forms", "")).await;
    let http = server.http();
    let say = async |id: &str| {
        let body = json!({"id": id, "from": id, "text": format!("hello from {id}")});
        http.post("/channels/forms", &body).await.expect(200);
    };
    say("before").await;
    let folder = server.data().parent().map(std::path::Path::to_owned).expect("a folder");
    let (made, ()) = tokio::join!(jackfield(&folder, &["backup", "monday", "--json"]), async {
        for number in 0..50 {
            say(&format!("m{number}")).await;
        }
    });
    let made = made.expect(0).json();
    assert!(made["head"].as_u64() > Some(0) && made["messages"].as_u64() >= Some(1), "{made}");
    let again = jackfield(&folder, &["backup", "monday"]).await.expect(1);
    assert!(again.stderr.contains("has something in it"), "{}", again.stderr);

    let refused = jackfield(&folder, &["restore", "monday"]).await.expect(1);
    assert!(refused.stderr.contains("has something in it"), "what is there is not overwritten: {}", refused.stderr);
    server.kill().await;
    std::fs::rename(folder.join("data"), folder.join("lost")).expect("renames");
    jackfield(&folder, &["restore", "monday"]).await.expect(0);
    server.start_again().await;
    let known = server.operator().get("/v1/work-items?limit=500").await.expect(200).json();
    assert_eq!(known["items"].as_array().map(|items| items.len() as u64), made["messages"].as_u64());
    // What was taken in before is still recognized.
    say("before").await;
    let after = server.operator().get("/v1/work-items?limit=500").await.expect(200).json();
    assert_eq!(after["items"], known["items"]);

    // One that was damaged meanwhile is not restored.
    let database = folder.join("monday/journal.db");
    let mut bytes = std::fs::read(&database).expect("reads");
    let at = bytes.windows(17).position(|window| window == b"hello from before").expect("a body");
    bytes[at] ^= 1;
    std::fs::write(&database, bytes).expect("writes");
    let damaged = jackfield(&folder, &["restore", "monday", "--data", "elsewhere"]).await.expect(1);
    assert!(damaged.stderr.contains("damaged"), "{}", damaged.stderr);
    assert!(!folder.join("elsewhere").exists());
}
