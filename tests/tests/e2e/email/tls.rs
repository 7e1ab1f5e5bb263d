//! Mail over TLS, both ways: Postfix comes by STARTTLS, and as a relay wants TLS and a login, and Dovecot's
//! mailboxes are looked into, and watched, by TLS from the first byte and by STARTTLS.

use base64::{Engine, engine::general_purpose::STANDARD};
use jackfield_tests::{Agent, Server, Setup, driver, eventually, free_port};
use serde_json::{Value, json};

use super::{Mail, swaks};

fn pem(label: &str, der: &[u8]) -> String {
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", STANDARD.encode(der))
}

/// A channel of the driver; `settings` are lines.
fn channel(id: &str, listen: &str, settings: &str, tcp: &str) -> String {
    format!(
        "[[channel]]\nid = \"{id}\"\ndriver = \"email\"\n{listen}\n\
         secrets = {{ relay-password = \"pw\", mailbox-password = \"pw\" }}\n\
         [channel.settings]\naddresses = [\"@{id}.test\"]\nfrom = \"help@{id}.test\"\n{settings}\n\
         [channel.grants]\ntcp = [\"{tcp}\"]\naddresses = [\"127.0.0.1\"]\n"
    )
}

async fn bring(port: u16, to: &str) -> String {
    let id = format!("Message-Id: <{to}>");
    swaks(port, "ESMTP", &["--from", "ann@example.net", "--to", to, "--header", &id, "--body", "hello"]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn mail_goes_over_tls_both_ways_and_no_password_to_the_wrong_server() {
    let folder = tempfile::tempdir().expect("a folder");
    // Dovecot and Postfix read it as users of their own.
    let (certificate, key) = (folder.path().join("cert.pem"), folder.path().join("key.pem"));
    // For the address, and not for `localhost`.
    let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).expect("a certificate");
    std::fs::write(&certificate, pem("CERTIFICATE", made.cert.der())).expect("the certificate");
    std::fs::write(&key, pem("PRIVATE KEY", &made.signing_key.serialize_der())).expect("its key");

    let ports: Vec<u16> = (0..8).map(|_| free_port()).collect();
    let [direct, smtp, lmtp, imap, imaps, submission, auth, unused] = ports[..] else { unreachable!("eight ports") };
    let ports = json!({
        "driver": unused, "direct": direct, "smtp": smtp, "lmtp": lmtp, "imap": imap, "imaps": imaps,
        "submission": submission, "auth": auth,
    });
    let mail = Mail::start_with(ports, json!({"certificate": certificate, "key": key})).await;
    let listening = format!(
        "listen = [\"tcp://127.0.0.1:{direct}\"]\ntls = {{ certificate = \"{}\", key = \"{}\" }}",
        certificate.display(),
        key.display()
    );
    let relay =
        |host: &str| format!("protocol = \"smtp\"\nrelay = \"smtp://{host}:{submission}\"\nrelay-user = \"shop\"");
    let mailbox =
        |url: &str, user: &str| format!("protocol = \"imap\"\nimap = \"{url}\"\nimap-user = \"{user}\"\npoll = 3600");
    let wrong = "listen = [\"tcp://127.0.0.1:0\"]";
    let setup = Setup::simple(&["ana"])
        .driver(driver("email"))
        .environment("SSL_CERT_FILE", &certificate.display().to_string())
        .text(&channel("direct", &listening, &relay("127.0.0.1"), &format!("127.0.0.1:{submission}")))
        .text(&channel("wrong", wrong, &relay("localhost"), &format!("localhost:{submission}")))
        .text(&channel(
            "box",
            "",
            &mailbox(&format!("imaps://127.0.0.1:{imaps}"), "box"),
            &format!("127.0.0.1:{imaps}"),
        ))
        .text(&channel("ann", "", &mailbox(&format!("imap://127.0.0.1:{imap}"), "ann"), &format!("127.0.0.1:{imap}")));
    let text = |id: &str, to: &str| {
        format!("From: ann@example.net\r\nTo: help@{to}.test\r\nMessage-ID: <{id}@example.net>\r\n\r\nfrom the box\r\n")
    };
    mail.mailbox("box", Some(&text("implicit", "box"))).await;
    mail.mailbox("ann", Some(&text("starttls", "ann"))).await;
    let server = Server::start(setup).await;
    let mut ana = Agent::available(&server, "ana").await;
    let mut ids: Vec<Value> = Vec::new();
    for _ in 0..2 {
        ids.push(ana.accept().await["message"]["externalId"].clone());
    }
    ids.sort_by_key(Value::to_string);
    assert_eq!(ids, ["implicit@example.net", "starttls@example.net"]);
    // The next look is in an hour; the mailboxes say that there is something new (IDLE).
    for (user, to) in [("box", "box"), ("ann", "ann")] {
        let id = format!("later-{user}");
        mail.mailbox(user, Some(&text(&id, to))).await;
        assert_eq!(ana.accept().await["message"]["externalId"], format!("{id}@example.net"));
    }

    // In by Postfix, which sends nothing but under TLS with this certificate.
    let said = bring(smtp, "postfix@direct.test").await;
    assert!(said.contains("queued as"), "{said}");
    let offer = ana.accept().await;
    assert_eq!(offer["message"]["externalId"], "postfix@direct.test", "{offer}");
    let log = mail.log();
    assert!(log.contains("Verified TLS connection established to 127.0.0.1[127.0.0.1]"), "{log}");

    // Out, by TLS and with a login.
    let sent = ana.reply(&offer["workItem"]["id"], "Here you are").await;
    ana.event_where("message.status", |data| data["messageId"] == sent.as_str() && data["status"] == "sent").await;
    let logged_in = |log: &str| log.matches("sasl_username=shop").count();
    eventually("Postfix says who logged in", async || (logged_in(&mail.log()) == 1).then_some(())).await;

    // A server that isn't the one that was named hears no password, whatever it offers.
    let operator = server.operator();
    let listens = eventually("the channel listens", async || {
        let channel = operator.get("/v1/channels/wrong").await.expect(200).json();
        channel["listening"][0].as_str()?.rsplit(':').next()?.parse().ok()
    });
    bring(listens.await, "x@wrong.test").await;
    let offer = ana.accept().await;
    ana.reply(&offer["workItem"]["id"], "Not to everybody").await;
    let end = eventually("the server was left", async || {
        let log = mail.log();
        let line = log.lines().find(|line| line.contains("disconnect") && line.contains("starttls=0/1"))?;
        Some(line.to_owned())
    })
    .await;
    assert!(!end.contains("auth="), "{end}");
    assert_eq!(logged_in(&mail.log()), 1, "{}", mail.log());
    mail.stop().await;
}
