//! A secret is replaced while both its values are in use.

use super::{Far, deed, setup};
use hmac::{Hmac, KeyInit, Mac};
use jackfield_tests::{Server, eventually};
use sha2::Digest;

fn signature(secret: &str, data: &str) -> String {
    // The guest's key is the hash of the secret.
    let key = sha2::Sha256::digest(secret.as_bytes());
    let mut mac = <Hmac<sha2::Sha256> as KeyInit>::new_from_slice(&key).expect("a key");
    mac.update(data.as_bytes());
    hex::encode(mac.finalize().into_bytes())
}

#[tokio::test(flavor = "multi_thread")]
async fn both_values_verify_the_first_is_sent_and_a_reload_takes_new_ones() {
    let far = Far::start().await;
    let channel =
        format!("secrets = {{ token = [\"file:new\", \"file:old\"] }}\n[channel.grants]\nhttp = [\"{}\"]", far.url(""));
    let folder = tempfile::tempdir().expect("a folder");
    let file = |name: &str| folder.path().join(name).display().to_string();
    let channel = channel.replace("file:new", &format!("file:{}", file("new")));
    let channel = channel.replace("file:old", &format!("file:{}", file("old")));
    let write = |name: &str, value: &str| std::fs::write(file(name), value).expect("a secret");
    write("new", "second-secret");
    write("old", "first-secret");
    let server = Server::start(setup("", &channel)).await;

    let equals = async |value: &str| deed(&server, "equals", &["token", value]).await;
    let verify = async |secret: &str| deed(&server, "verify", &["token", &signature(secret, "data"), "data"]).await;
    for (secret, good) in [("first-secret", "true"), ("second-secret", "true"), ("third-secret", "false")] {
        assert_eq!((equals(secret).await.as_str(), verify(secret).await.as_str()), (good, good), "{secret}");
    }
    let send = async || {
        let answer = deed(&server, "send", &["GET", &far.url("/"), "authorization: Bearer {token}"]).await;
        assert!(answer.contains("x-echo: Bearer ******"), "{answer}");
        far.last()
    };
    assert!(send().await.contains("Bearer second-secret"));

    write("new", "third-secret");
    write("old", "second-secret");
    server.hang_up();
    eventually("the new secret is in force", async || (equals("third-secret").await == "true").then_some(())).await;
    for (secret, good) in [("first-secret", "false"), ("second-secret", "true"), ("third-secret", "true")] {
        assert_eq!((equals(secret).await.as_str(), verify(secret).await.as_str()), (good, good), "{secret}");
    }
    assert!(send().await.contains("Bearer third-secret"));
}
