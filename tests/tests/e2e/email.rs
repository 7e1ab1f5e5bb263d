//! Mail, with Postfix, Dovecot, Pigeonhole and swaks at the other end.

use std::process::Stdio;

use jackfield_tests::{Agent, Server, Setup, ask_python, driver, eventually, free_port, python, root};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, ChildStdin, Command};

mod large;
mod load;
mod tls;

const SETTINGS: &str = "addresses = [\"help@support.test\", \"sales@support.test\"]";

/// A channel behind a mail server; `relay` is where answers go, `more` are lines of the settings.
fn setup(listen: u16, relay: Option<u16>, more: &str) -> Setup {
    let relay = relay.map_or_else(String::new, |port| {
        format!("relay = \"smtp://127.0.0.1:{port}\"\ntls = \"none\"\n[channel.grants]\ntcp = [\"127.0.0.1:{port}\"]\naddresses = [\"127.0.0.1\"]")
    });
    Setup::simple(&["ana"]).driver(driver("email")).text(&format!(
        "[[channel]]\nid = \"mail\"\ndriver = \"email\"\nlisten = [\"tcp://127.0.0.1:{listen}\"]\n\
         [channel.settings]\nprotocol = \"lmtp\"\n{SETTINGS}\n{more}\n{relay}"
    ))
}

/// Where the channel listens, once it does.
async fn port(server: &Server) -> u16 {
    let operator = server.operator();
    eventually("the channel listens", async || {
        let channel = operator.get("/v1/channels/mail").await.expect(200).json();
        channel["listening"][0].as_str()?.rsplit(':').next()?.parse().ok()
    })
    .await
}

/// Postfix and Dovecot. They end with the script's stdin, so also where a test fails.
struct Mail {
    ports: Value,
    stdin: Option<ChildStdin>,
    child: Child,
    folder: tempfile::TempDir,
}

impl Mail {
    /// Postfix gives what is for `support.test` to the driver at this port.
    async fn start(driver: u16) -> Self {
        let ports = json!({"driver": driver, "smtp": free_port(), "lmtp": free_port(), "imap": free_port()});
        Self::start_with(ports, Value::Null).await
    }

    /// With these ports, and TLS where there is a certificate.
    async fn start_with(ports: Value, tls: Value) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let mut child = Command::new(python())
            .arg(root().join("tests/peers/mail.py"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the mail servers");
        let given = json!({"folder": folder.path(), "ports": ports, "tls": tls});
        let mut stdin = child.stdin.take().expect("its stdin");
        stdin.write_all(format!("{given}\n").as_bytes()).await.expect("it reads");
        let mut lines = BufReader::new(child.stdout.take().expect("its stdout")).lines();
        let line = lines.next_line().await.expect("a line");
        assert_eq!(line.as_deref(), Some("ready"), "the mail servers start");
        Self { ports, folder, stdin: Some(stdin), child }
    }

    fn port(&self, name: &str) -> u16 {
        self.ports[name].as_u64().and_then(|port| port.try_into().ok()).expect("a port")
    }

    /// Ends them, in order.
    async fn stop(mut self) {
        drop(self.stdin.take());
        self.child.wait().await.expect("they end");
    }

    /// What Postfix says of it all.
    fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("postfix.log")).unwrap_or_default()
    }

    async fn mailbox(&self, user: &str, append: Option<&str>) -> Value {
        let given = json!({"port": self.port("imap"), "user": user, "append": append});
        serde_json::from_str(&ask_python("mailbox.py", &given).await).expect("JSON")
    }
}

/// What swaks says to a mail that it brings.
async fn swaks(port: u16, protocol: &str, more: &[&str]) -> String {
    let output = Command::new("swaks")
        .args(["--server", &format!("127.0.0.1:{port}"), "--protocol", protocol, "--timeout", "20"])
        .args(more)
        .output()
        .await
        .expect("swaks");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

impl Drop for Mail {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("--- Postfix's log ---\n{}--- end of Postfix's log ---", self.log());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn swaks_is_answered_for_each_recipient() {
    let server = Server::start(setup(0, None, "")).await;
    let mut ana = Agent::available(&server, "ana").await;
    let to = ["--from", "c@d.test", "--to", "help@support.test,nobody@support.test,sales@support.test"];
    let said = swaks(
        port(&server).await,
        "LMTP",
        &[&to[..], &["--header", "Message-Id: <a1@example.net>", "--body", "hello"]].concat(),
    )
    .await;
    assert_eq!(said.matches("250 2.0.0 taken").count(), 2, "{said}");
    assert_eq!(said.matches("550 5.1.1").count(), 1, "{said}");
    let (one, other) = (ana.accept().await, ana.accept().await);
    assert_eq!(one["message"]["externalId"], "a1@example.net", "{one}");
    assert_eq!(one["message"]["parts"][0]["text"].as_str().map(str::trim_end), Some("hello"));
    assert_ne!(one["workItem"]["id"], other["workItem"]["id"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conversation_through_postfix_is_one_thread_to_dovecot() {
    let listen = free_port();
    let mail = Mail::start(listen).await;
    let relay = mail.port("smtp");
    let server = Server::start(setup(listen, Some(relay), "")).await;
    let mut ana = Agent::available(&server, "ana").await;
    port(&server).await;

    // The customer keeps a copy of what she sends.
    let headers = ["--header", "Subject: Broken", "--header", "Message-Id: <1@example.net>", "--body", "hello"];
    swaks(
        relay,
        "ESMTP",
        &[&["--from", "ann@example.net", "--to", "help@support.test,ann@example.net"][..], &headers].concat(),
    )
    .await;
    let offer = ana.accept().await;
    assert_eq!(offer["workItem"]["subject"], "Broken", "{offer}");
    let item = &offer["workItem"]["id"];
    let sent = ana.reply(item, "It is\n.mended").await;
    ana.event_where("message.status", |data| data["messageId"] == sent.as_str() && data["status"] == "sent").await;
    let threads = eventually("both are one thread", async || {
        let threads = mail.mailbox("ann", None).await["threads"].clone();
        (threads == "(1 2)").then_some(threads)
    });
    threads.await;

    // She answers it; the mail joins, by the address and by the references.
    let (to, id) = reply_facts(&mail).await;
    let reply = format!("In-Reply-To: {id}");
    swaks(
        relay,
        "ESMTP",
        &[
            "--from",
            "ann@example.net",
            "--to",
            &to,
            "--header",
            &reply,
            "--header",
            "Message-Id: <3@example.net>",
            "--body",
            "thanks",
        ],
    )
    .await;
    let joined = ana.event("message.received").await;
    assert_eq!((&joined["workItem"]["id"], joined["message"]["externalId"].as_str()), (item, Some("3@example.net")));

    // Nobody of that name: Postfix's own bounce.
    swaks(
        relay,
        "ESMTP",
        &["--from", "bob@gone.test", "--to", "sales@support.test", "--header", "Message-Id: <4@gone.test>"],
    )
    .await;
    let offer = ana.accept().await;
    let lost = ana.reply(&offer["workItem"]["id"], "Are you there?").await;
    let status = ana
        .event_where("message.status", |data| data["messageId"] == lost.as_str() && data["status"] == "failed")
        .await;
    assert_eq!(status["workItemId"], offer["workItem"]["id"], "{status}");
    assert_eq!(status["error"]["code"], "email/5.1.1", "{status}");

    // An absence notice is shown as a machine's, and nothing goes back.
    swaks(
        relay,
        "ESMTP",
        &["--from", "away@example.net", "--to", "help@support.test", "--header", "Message-Id: <5@example.net>"],
    )
    .await;
    let offer = ana.accept().await;
    ana.reply(&offer["workItem"]["id"], "Hello").await;
    let notice = ana.event_where("message.received", |data| data["workItem"]["id"] == offer["workItem"]["id"]).await;
    assert_eq!(notice["message"]["attributes"]["automatic"], "true", "{notice}");
    // Postfix writes its log a little later than it gives the notice to us.
    let from_us = eventually("Postfix has said what it delivered", async || {
        let count = mail.log().matches("to=<away@example.net>").count();
        (count > 0).then_some(count)
    })
    .await;
    assert_eq!(from_us, 1, "{}", mail.log());
    mail.stop().await;
}

/// The address that the answer in the customer's mailbox wants to be answered at, and its Message-ID.
async fn reply_facts(mail: &Mail) -> (String, String) {
    let mut found = None;
    let folder = mail.folder.path().join("dovecot/home/ann/Maildir");
    for kind in ["new", "cur"] {
        for file in std::fs::read_dir(folder.join(kind)).expect("the mailbox") {
            let text = std::fs::read_to_string(file.expect("a mail").path()).expect("text").replace("\n ", " ");
            let header = |name: &str| {
                let line = text.lines().find_map(|line| line.strip_prefix(name))?;
                Some(line.trim().trim_end_matches('>').rsplit('<').next()?.to_owned())
            };
            if let (Some(to), Some(id)) = (header("Reply-To:"), header("Message-ID:")) {
                assert!(text.contains("\n.mended"), "{text}");
                found = Some((to, format!("<{id}>")));
            }
        }
    }
    found.expect("our answer")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mailbox_is_polled() {
    let mail = Mail::start(9).await;
    let imap = mail.port("imap");
    let text =
        "From: ann@example.net\r\nTo: help@support.test\r\nMessage-ID: <box@example.net>\r\n\r\nfrom the box\r\n";
    mail.mailbox("box", Some(text)).await;
    let server = Server::start(Setup::simple(&["ana"]).driver(driver("email")).text(&format!(
        "[[channel]]\nid = \"mail\"\ndriver = \"email\"\nsecrets = {{ mailbox-password = \"pw\" }}\n\
         [channel.settings]\nprotocol = \"imap\"\nimap = \"imap://127.0.0.1:{imap}\"\nimap-user = \"box\"\ntls = \"none\"\npoll = 1\n{SETTINGS}\n\
         [channel.grants]\ntcp = [\"127.0.0.1:{imap}\"]\naddresses = [\"127.0.0.1\"]"
    )))
    .await;
    let mut ana = Agent::available(&server, "ana").await;
    let offer = ana.accept().await;
    assert_eq!(offer["message"]["externalId"], "box@example.net", "{offer}");
    eventually("it is marked as seen", async || {
        mail.mailbox("box", None).await["flags"][0].as_str()?.contains("\\Seen").then_some(())
    })
    .await;
    // What comes later is taken, and what was there isn't taken again.
    let large = text.replace("box@", "late@").replace("from the box", &"a long line from the box\r\n".repeat(60_000));
    mail.mailbox("box", Some(&large)).await;
    let offer = ana.accept().await;
    assert_eq!(offer["message"]["externalId"], "late@example.net", "{offer}");
    // It is longer than a text that is shown, and fetched in pieces.
    assert_eq!(offer["message"]["parts"][1]["size"], json!(large.len()), "{offer}");
    assert!(ana.so_far("offer.created").await.is_empty());
    mail.stop().await;
}
