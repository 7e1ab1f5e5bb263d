//! `tcp` against a real mail server: STARTTLS, and a password that the driver never sees.

use std::process::Stdio;

use super::{NameServer, deed, setup};
use base64::Engine;
use jackfield_tests::{Server, python, root};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

const PASSWORD: &str = "password-of-the-relay";

fn pem(label: &str, der: &[u8]) -> String {
    let text = base64::engine::general_purpose::STANDARD.encode(der);
    let lines: Vec<_> = text.as_bytes().chunks(64).map(|line| String::from_utf8_lossy(line).into_owned()).collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}

struct Relay {
    port: u16,
    lines: Lines<BufReader<ChildStdout>>,
    _stdin: ChildStdin,
    _child: Child,
}

impl Relay {
    async fn start(folder: &std::path::Path) -> Self {
        let made = rcgen::generate_simple_self_signed(["relay.example".to_owned()]).expect("a certificate");
        let (certificate, key) = (folder.join("relay.pem"), folder.join("relay.key"));
        std::fs::write(&certificate, pem("CERTIFICATE", made.cert.der())).expect("the certificate");
        std::fs::write(&key, pem("PRIVATE KEY", &made.signing_key.serialize_der())).expect("its key");
        let mut child = Command::new(python())
            .arg(root().join("tests/peers/smtp.py"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("the mail server");
        let given = json!({"certificate": certificate, "key": key, "user": "shop", "password": PASSWORD});
        let mut stdin = child.stdin.take().expect("its stdin");
        stdin.write_all(format!("{given}\n").as_bytes()).await.expect("it reads");
        let mut lines = BufReader::new(child.stdout.take().expect("its stdout")).lines();
        let port = lines.next_line().await.expect("its port").expect("its port").parse().expect("a port");
        Self { port, lines, _stdin: stdin, _child: child }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_goes_out_over_tls_with_a_password_that_the_driver_never_sees() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut relay = Relay::start(folder.path()).await;
    let port = relay.port;
    let names = NameServer::start()
        .await
        .with("relay.example", &[&["127.0.0.1"]])
        .with("other.example", &[&["127.0.0.1"]])
        .with("inside.example", &[&["127.0.0.2"]]);
    let channel = format!(
        "secrets = {{ token = \"env:PASSWORD\" }}\n[channel.grants]\naddresses = [\"127.0.0.1\"]\n\
         tcp = [\"relay.example:{port}\", \"other.example:{port}\", \"inside.example:{port}\"]"
    );
    let setup = setup(&format!("resolver = \"{}\"", names.address()), &channel)
        .environment("PASSWORD", PASSWORD)
        .environment("SSL_CERT_FILE", &folder.path().join("relay.pem").display().to_string());
    let server = Server::start(setup).await;
    let mail = async |host: &str, name: &str, user: &str| {
        deed(&server, "mail", &[&format!("tcp://{host}:{port}"), name, user]).await
    };

    assert_eq!(mail("relay.example", "", "shop").await, "sent");
    let kept: Value =
        serde_json::from_str(&relay.lines.next_line().await.expect("a line").expect("a mail")).expect("JSON");
    assert_eq!(kept["text"].as_str().map(str::trim_end), Some("Subject: hello\r\n\r\nYour parcel is there."));
    assert_eq!(
        (&kept["user"], &kept["tls"], &kept["to"]),
        (&json!("shop"), &json!(true), &json!(["kim@tests.example"]))
    );

    // A wrong login is the server's to refuse, and the driver's to hear of.
    assert!(mail("relay.example", "", "thief").await.starts_with("permanent: 535"));
    // The certificate is not for this name; with the right one it is.
    assert!(mail("other.example", "", "shop").await.starts_with("unavailable: "));
    assert_eq!(mail("other.example", "relay.example", "shop").await, "sent");
    let denied = mail("inside.example", "", "shop").await;
    assert!(denied.starts_with("denied: ") && denied.contains("127.0.0.2"), "{denied}");
    let denied = deed(&server, "mail", &["tcp://elsewhere.example:25", "", "shop"]).await;
    assert!(denied.contains("add \"elsewhere.example:25\" to grants.tcp"), "{denied}");
}
