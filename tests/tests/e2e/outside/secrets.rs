//! Secrets: out in every place, never in.

use super::{Far, ask, deed, setup};
use jackfield_tests::{Request, Server, eventually};

const TOKEN: &str = "outbound-Token/7+secret";
const KEY: &str = "signing-key-of-32-bytes-or-so!!!";
const INBOUND: &str = "inbound-token-of-the-peer";
const SHOWN: &str = "a secret that is shown";

fn with_secrets(grants: &str) -> jackfield_tests::Setup {
    let channel = format!(
        "secrets = {{ token = \"env:TOKEN\", key = \"env:KEY\", inbound = \"env:INBOUND\", shown = \"env:SHOWN\" }}\n\
         [channel.grants]\n{grants}"
    );
    [("TOKEN", TOKEN), ("KEY", KEY), ("INBOUND", INBOUND), ("SHOWN", SHOWN)]
        .into_iter()
        .fold(setup("", &channel), |setup, (name, value)| setup.environment(name, value))
}

/// All of the guest's memory.
async fn dump(server: &Server) -> Vec<u8> {
    let digest = deed(server, "dump", &[]).await;
    let memory = server.operator().get(&format!("/v1/blobs/{digest}")).await.expect(200).body.to_vec();
    assert!(memory.len() > 1 << 20, "{} bytes are no memory", memory.len());
    memory
}

fn holds(memory: &[u8], value: &str) -> bool {
    memory.windows(value.len()).any(|window| window == value.as_bytes())
}

#[tokio::test(flavor = "multi_thread")]
async fn secrets_go_out_in_every_place_and_are_never_in_the_guests_memory() {
    use base64::Engine;
    let base64 = |text: &str| base64::engine::general_purpose::STANDARD.encode(text);
    let far = Far::start().await;
    let server = Server::start(with_secrets(&format!("http = [\"{}\"]", far.url("")))).await;

    let lines = ["POST", &far.url("/bot{token}/send?key={key}"), "authorization: Bearer {token}", "", "token={token}"];
    let echoed = deed(&server, "send", &lines).await;
    let arrived = far.last();
    assert!(arrived.starts_with(&format!("POST /bot{TOKEN}/send?key={KEY}")), "{arrived}");
    assert!(
        arrived.contains(&format!("authorization: Bearer {TOKEN}")) && arrived.ends_with(&format!("token={TOKEN}"))
    );
    // The peer repeats all of it; the guest gets it without.
    assert!(echoed.contains("x-echo: Bearer ******") && echoed.contains("token=******"), "{echoed}");

    let lines = ["GET", &far.url("/"), "basic: ana:{token}"];
    let echoed = deed(&server, "send", &lines).await;
    let basic = base64(&format!("ana:{TOKEN}"));
    assert!(far.last().contains(&format!("authorization: Basic {basic}")), "{}", far.last());
    assert!(echoed.contains("x-echo: Basic ******") && !echoed.contains(&basic), "{echoed}");

    // Everything that computes with them.
    for (name, lines) in [
        ("hmac", vec!["key", "data"]),
        ("equals", vec!["token", "another"]),
        ("compose", vec!["{token}", "hmac-sha256;key"]),
        ("compose", vec!["{token}", "pbkdf2-sha256;c2FsdA==;1000"]),
        ("compose", vec!["user:{token}", "form"]),
        ("sign", vec!["key", "ed25519", "data"]),
    ] {
        deed(&server, name, &lines).await;
    }
    let kept = Request::new("POST", "/channels/keep/keep").header("x-token", INBOUND);
    assert_eq!(server.http().send(kept).await.expect(200).text(), "true");

    let memory = dump(&server).await;
    // What the peer sent is there: so the dump is of the right memory.
    assert!(holds(&memory, INBOUND));
    let key = String::from_utf8_lossy(KEY.as_bytes()).into_owned();
    for (what, value) in [("token", TOKEN), ("key", &key), ("shown", SHOWN)] {
        for form in [value.to_owned(), base64(value), hex::encode(value)] {
            assert!(!holds(&memory, &form), "{what} is in the guest's memory as {form}");
        }
    }
    assert!(!holds(&memory, &basic), "what was composed is in the guest's memory");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_computed_is_what_the_protocols_want() {
    let server = Server::start(with_secrets("")).await;
    let of = |bytes: &[u8]| hex::encode(<sha2::Sha256 as sha2::Digest>::digest(bytes));
    use hmac::{Hmac, KeyInit, Mac};
    let mut mac = <Hmac<sha2::Sha256> as KeyInit>::new_from_slice(KEY.as_bytes()).expect("a key");
    mac.update(TOKEN.as_bytes());
    let mac: Vec<u8> = mac.finalize().into_bytes().to_vec();
    assert_eq!(deed(&server, "compose", &["{token}", "hmac-sha256;key"]).await, of(&mac));
    assert_eq!(deed(&server, "compose", &["a {token}", "form"]).await, of(b"a+outbound-Token%2F7%2Bsecret"));
    for (transform, code) in [("rot13", "not-supported"), ("pbkdf2-sha1;x", "invalid"), ("strip-prefix;out", "invalid")]
    {
        let answer = deed(&server, "compose", &["{token}", transform]).await;
        assert!(answer.starts_with(&format!("{code}: ")), "{transform}: {answer}");
    }
    let missing = deed(&server, "compose", &["{none}", "identity"]).await;
    assert!(missing.contains("secrets = { none = \"env:NAME\" }"), "{missing}");
    assert!(deed(&server, "sign", &["key", "ed25519", "x"]).await.starts_with("invalid: "));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_guest_shows_is_searched_for_secrets() {
    let server = Server::start(with_secrets("reveal = [\"shown\"]")).await;
    let denied = deed(&server, "reveal", &["token", ""]).await;
    assert!(denied.starts_with("denied: ") && denied.contains("reveal = [\"token\"]"), "{denied}");

    for form in ["", "base64", "hex"] {
        let answer = ask(&server, "reveal", &["shown", form]).await.expect(200);
        assert_eq!((answer.text().as_str(), answer.header("x-value")), ("it is ******!", "******"), "{form}");
    }
    ask(&server, "fail", &["shown"]).await.expect(502);
    let log = eventually("the lines are in the log", async || {
        let log = server.operator().get("/v1/channels/keep/log?limit=500").await.expect(200).text();
        (log.contains("revealed ******!") && log.contains("the service refused ******")).then_some(log)
    })
    .await;
    assert!(!log.contains(SHOWN) && !server.log().contains(SHOWN), "{log}");
    // It was in the guest's memory: that is what the grant is for.
    assert!(holds(&dump(&server).await, SHOWN));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_field_of_an_answer_becomes_a_secret_that_outlives_the_server() {
    let far = Far::start().await;
    let captured = "captured-access-token";
    far.answers("/token", &format!("{{\"access_token\": \"{captured}\", \"expires_in\": 3600}}"));
    far.answers("/none", "{\"error\": \"denied\"}");
    let mut server = Server::start(with_secrets(&format!("http = [\"{}\"]", far.url("")))).await;

    assert_eq!(deed(&server, "capture", &[&far.url("/none"), ""]).await, " false {\"error\": \"denied\"}");
    let answer = deed(&server, "capture", &[&far.url("/token"), ""]).await;
    assert_eq!(answer, "access-token true {\"access_token\": \"\", \"expires_in\": 3600}");
    let send = ["GET", &far.url("/"), "authorization: Bearer {access-token}"];
    assert!(deed(&server, "send", &send).await.contains("x-echo: Bearer ******"));
    assert!(far.last().contains(&format!("Bearer {captured}")));
    assert!(!holds(&dump(&server).await, captured));
    // Where guests keep things it is not to be found.
    assert_eq!(deed(&server, "store", &[]).await, " invalid");

    server.kill().await;
    for file in ["journal.db", "journal.db-wal", "log.db", "log.db-wal"] {
        let bytes = std::fs::read(server.data().join(file)).unwrap_or_default();
        assert!(!holds(&bytes, captured), "{file} has it in clear");
    }
    server.start_again().await;
    assert!(deed(&server, "send", &send).await.starts_with("200\n"));
    assert!(far.last().contains(&format!("Bearer {captured}")));
    assert!(deed(&server, "names", &[]).await.contains("access-token"));
    assert!(deed(&server, "forget", &["token"]).await.starts_with("denied: "));
    assert_eq!(deed(&server, "forget", &["access-token"]).await, "forgotten");
    assert!(deed(&server, "send", &send).await.starts_with("denied: "));

    // With a lifetime it ends by itself.
    deed(&server, "capture", &[&far.url("/token"), "1"]).await;
    eventually("its lifetime is over", async || {
        (!deed(&server, "names", &[]).await.contains("access-token")).then_some(())
    })
    .await;
}
