//! Drivers are signed by those who make them, and the operator says whose signatures count.

use jackfield_tests::{Kind, Request, Server, Setup, eventually, jackfield, turncoat};
use std::path::Path;

fn setup(server: &str) -> Setup {
    Setup::simple(&["ana"]).server(server).text("[[channel]]\nid = \"words\"\ndriver = \"turncoat\"\n")
}

/// Signs the file with a new key; its public half.
async fn sign(folder: &Path, file: &str, key: &str) -> String {
    let signed = jackfield(folder, &["driver", "sign", file, "--new-key", key, "--json"]).await.expect(0).json();
    signed["key"].as_str().expect("a key").to_owned()
}

#[tokio::test]
async fn the_command_line_signs_and_verifies() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path();
    std::fs::write(path.join("t.wasm"), turncoat(Kind::Good, 400)).expect("a file");
    let before = jackfield(path, &["driver", "check", "t.wasm", "--json"]).await.expect(0).json();
    let key = sign(path, "t.wasm", "acme.key").await;
    let after = jackfield(path, &["driver", "check", "t.wasm", "--json"]).await.expect(0).json();
    assert_eq!(before["digest"], after["digest"], "the digest is of what was signed");
    assert_eq!(after["signedBy"][0], key.as_str());
    let verified = jackfield(path, &["driver", "verify", "t.wasm", "--key", &key]).await.expect(0);
    assert!(verified.stdout.contains(&key), "{verified:?}");
    // Other keys, no key, a changed file.
    std::fs::write(path.join("u.wasm"), turncoat(Kind::Good, 401)).expect("a file");
    let unsigned = jackfield(path, &["driver", "verify", "u.wasm", "--key", &key]).await.expect(1);
    assert!(unsigned.stderr.contains("not signed"), "{unsigned:?}");
    let other = sign(path, "u.wasm", "other.key").await;
    let unknown = jackfield(path, &["driver", "verify", "u.wasm", "--key", &key]).await.expect(1);
    assert!(unknown.stderr.contains(&other), "{unknown:?}");
    let mut bytes = std::fs::read(path.join("t.wasm")).expect("the file");
    let at = bytes.windows(9).position(|window| window == b"1.1.10400").expect("its version");
    bytes[at + 8] = b'1';
    std::fs::write(path.join("t.wasm"), bytes).expect("a file");
    let changed = jackfield(path, &["driver", "verify", "t.wasm", "--key", &key]).await.expect(1);
    assert!(changed.stderr.contains("was changed"), "{changed:?}");

    // A key is never overwritten, nor readable by others, nor shown.
    jackfield(path, &["driver", "sign", "u.wasm", "--new-key", "other.key"]).await.expect(1);
    let secret = std::fs::read_to_string(path.join("acme.key")).expect("the key");
    assert!(secret.starts_with("ed25519-private:"));
    use std::os::unix::fs::PermissionsExt;
    let mode = std::fs::metadata(path.join("acme.key")).expect("the key").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    // A second signature with a kept key.
    let twice = jackfield(path, &["driver", "sign", "u.wasm", "--key", "acme.key", "-o", "twice.wasm"]).await.expect(0);
    assert!(!twice.stdout.contains(secret.trim().rsplit(':').next().expect("base64")));
    jackfield(path, &["driver", "verify", "twice.wasm", "--key", &key]).await.expect(0);
    jackfield(path, &["driver", "verify", "twice.wasm", "--key", &other]).await.expect(0);
}

#[tokio::test]
async fn only_signed_drivers_are_loaded_where_that_is_required() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path();
    for (file, number) in [("a.wasm", 410), ("b.wasm", 411), ("c.wasm", 412)] {
        std::fs::write(path.join(file), turncoat(Kind::Good, number)).expect("a file");
    }
    let (old, new) = (sign(path, "a.wasm", "old.key").await, sign(path, "b.wasm", "new.key").await);
    let read = |file: &str| std::fs::read(path.join(file)).expect("a file");
    let rules = |keys: &str, more: &str| setup(&format!("signing = \"required\"\ntrusted-keys = {{ {keys} }}\n{more}"));
    let mut server = Server::start(rules(&format!("old = \"{old}\""), "")).await;
    let put = async |server: &Server, bytes: Vec<u8>| {
        server.operator().send(Request::new("PUT", "/v1/drivers/turncoat").body(bytes)).await
    };
    let detail = put(&server, read("c.wasm")).await.expect(422).text();
    assert!(detail.contains("jackfield driver sign"), "{detail}");
    let detail = put(&server, read("b.wasm")).await.expect(422).text();
    assert!(detail.contains(&new), "{detail}");
    put(&server, read("a.wasm")).await.expect(200);
    let channel = server.operator().get("/v1/channels/words").await.expect(200).json();
    assert_eq!(channel["signer"], "old", "{channel}");

    // The key is replaced: both are trusted for a while, then the old one is revoked, and what it signed goes.
    server.configure(rules(&format!("old = \"{old}\", new = \"{new}\""), ""));
    server.hang_up();
    eventually("the new key is trusted", async || (put(&server, read("b.wasm")).await.status == 200).then_some(()))
        .await;
    let digest = server.operator().get("/v1/channels/words").await.expect(200).json()["digest"].clone();
    server.configure(rules(
        &format!("new = \"{new}\""),
        &format!("revoked-keys = [\"{old}\"]\nrevoked-drivers = [{digest}]"),
    ));
    server.hang_up();
    let why = eventually("a revoked driver doesn't serve", async || {
        let channel = server.operator().get("/v1/channels/words").await.expect(200).json();
        (channel["state"] == "failed").then(|| channel["detail"].to_string())
    })
    .await;
    assert!(why.contains("revoked"), "{why}");
    server.http().post_text("/channels/words/say", "hello").await.expect(503);
}

#[tokio::test]
async fn an_unsigned_driver_is_loaded_with_a_warning() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("a.wasm"), turncoat(Kind::Good, 420)).expect("a file");
    let key = sign(folder.path(), "a.wasm", "a.key").await;
    let server = Server::start(setup(&format!("trusted-keys = {{ acme = \"{key}\" }}"))).await;
    let unsigned = Request::new("PUT", "/v1/drivers/turncoat").body(turncoat(Kind::Good, 421));
    let answer = server.operator().send(unsigned).await.expect(200).json();
    assert_eq!(answer["signer"], serde_json::Value::Null);
    assert!(server.log().contains("it is not signed"), "{}", server.log());
    // A wrong signature is worse than none.
    let mut wrong = turncoat(Kind::Good, 422);
    let signed = std::fs::read(folder.path().join("a.wasm")).expect("a file");
    wrong.extend(&signed[turncoat(Kind::Good, 420).len()..]);
    let answer =
        server.operator().send(Request::new("PUT", "/v1/drivers/turncoat").body(wrong)).await.expect(422).text();
    assert!(answer.contains("was changed"), "{answer}");
}
