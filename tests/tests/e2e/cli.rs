//! The command line against a running server and its data folder.

use std::process::Stdio;

use jackfield_tests::{DEADLINE, OPERATOR, Ran, Server, Setup, Sink, binary, jackfield};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::time::timeout;

fn setup() -> Setup {
    Setup::simple(&["ana"]).webhook("forms", "")
}

async fn say(server: &Server, id: &str, from: &str) -> Value {
    let body = json!({"id": id, "from": from, "text": "hello"});
    server.http().post("/channels/forms", &body).await.expect(200).json()
}

/// Runs a command as an operator.
async fn run(server: &Server, arguments: &[&str]) -> Ran {
    let url = server.url();
    let arguments: Vec<&str> = arguments.iter().copied().chain(["--server", &url, "--token", OPERATOR]).collect();
    jackfield(&server.data(), &arguments).await
}

#[tokio::test]
async fn a_running_server_is_looked_at() {
    let server = Server::start(setup()).await;
    say(&server, "m1", "kim").await;
    let items = run(&server, &["item", "list", "--json"]).await.expect(0).json();
    assert_eq!((&items[0]["state"], &items[0]["externalIds"]), (&json!("queued"), &json!(["m1"])));
    let id = items[0]["id"].as_str().expect("an id");
    assert!(run(&server, &["item", "list"]).await.expect(0).stdout.contains(id));
    let shown = run(&server, &["item", "show", id, "--json"]).await.expect(0).json();
    assert_eq!(shown["workItem"]["id"], id);
    assert_eq!(shown["messages"][0]["parts"][0]["text"], "hello");
    run(&server, &["item", "show", "01890000-0000-7000-8000-000000000000"]).await.expect(1);

    let channels = run(&server, &["channel", "list", "--json"]).await.expect(0).json();
    assert_eq!((&channels[0]["id"], &channels[0]["state"]), (&json!("forms"), &json!("serving")));
    run(&server, &["channel", "pause", "forms"]).await.expect(0);
    assert_eq!(run(&server, &["channel", "list", "--json"]).await.expect(0).json()[0]["state"], "paused");
    run(&server, &["channel", "resume", "forms"]).await.expect(0);
    let log = run(&server, &["channel", "log", "forms"]).await.expect(0).stdout;
    assert!(log.contains("paused") && log.contains("resumed"), "{log}");
    let agents = run(&server, &["agent", "list", "--json"]).await.expect(0).json();
    assert_eq!((&agents[0]["id"], &agents[0]["state"]), (&json!("ana"), &json!("offline")));
    let drivers = run(&server, &["driver", "list", "--json"]).await.expect(0).json();
    assert_eq!((&drivers[0]["name"], &drivers[0]["channels"]), (&json!("webhook"), &json!(["forms"])));
}

#[tokio::test]
async fn what_went_wrong_is_told_by_the_exit_code() {
    let mut server = Server::start(setup()).await;
    let (data, url) = (server.data(), server.url());
    let list = ["item", "list", "--server", &url, "--token"];
    let with = |token: &'static str| list.iter().copied().chain([token]).collect::<Vec<_>>();
    jackfield(&data, &with("wrong")).await.expect(4);
    jackfield(&data, &with("ana")).await.expect(4);
    jackfield(&data, &["item", "list", "--nonsense"]).await.expect(2);
    server.stop().await;
    let gone = jackfield(&data, &with(OPERATOR)).await.expect(3);
    assert!(gone.stderr.contains(&url), "{}", gone.stderr);
}

/// An agent in the terminal, spoken to by a program.
struct Terminal {
    _child: Child,
    input: ChildStdin,
    output: Lines<BufReader<ChildStdout>>,
}

impl Terminal {
    fn open(server: &Server) -> Self {
        let mut child = Command::new(binary())
            .args(["agent", "connect", "--json", "--state", "available", "--server", &server.url()])
            .env("JACKFIELD_TOKEN", "ana")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .expect("the terminal");
        let input = child.stdin.take().expect("its stdin");
        let output = BufReader::new(child.stdout.take().expect("its stdout")).lines();
        Self { _child: child, input, output }
    }

    /// The data of the next event of this type.
    async fn event(&mut self, kind: &str) -> Value {
        self.until(kind, |event| (event["type"] == kind).then(|| event["data"].clone())).await
    }

    /// Looks at one event after the other until there is a value.
    async fn until<T>(&mut self, what: &str, look: impl Fn(&Value) -> Option<T>) -> T {
        let next = async {
            loop {
                let line = self.output.next_line().await.expect("a line").expect("it goes on");
                if let Some(value) = look(&serde_json::from_str(&line).expect("a line of JSON")) {
                    return value;
                }
            }
        };
        timeout(DEADLINE, next).await.unwrap_or_else(|_| panic!("no {what}"))
    }

    async fn command(&mut self, command: Value) {
        self.input.write_all(format!("{command}\n").as_bytes()).await.expect("it reads");
    }
}

#[tokio::test]
async fn an_agent_can_be_a_program() {
    let sink = Sink::start().await;
    let mut server = Server::start(Setup::simple(&["ana"]).webhook_with_replies("forms", &sink.url("/"))).await;
    let mut terminal = Terminal::open(&server);
    terminal.event("snapshot").await;
    say(&server, "m1", "kim").await;
    let offered = terminal.event("offer.created").await;
    assert_eq!(offered["message"]["parts"][0]["text"], "hello");
    terminal.command(json!({"id": "c1", "type": "offer.accept", "offerId": offered["offer"]["id"]})).await;
    terminal.event("offer.accepted").await;
    let item = &offered["workItem"]["id"];
    terminal.command(json!({"id": "c2", "type": "message.send", "workItemId": item, "text": "hello back"})).await;
    assert_eq!(sink.wait_for(1).await[0].json()["parts"][0]["text"], "hello back");

    // When the server comes back, so does the agent, and misses nothing.
    server.kill().await;
    server.start_again().await;
    say(&server, "m2", "kim").await;
    // As an event, or in the snapshot that it begins anew with.
    terminal.until("m2", |event| event.to_string().contains("\"m2\"").then_some(())).await;
}

#[tokio::test]
async fn claim_6_the_journal_holds_the_same_digest_and_explains_what_was_decided() {
    let mut server = Server::start(setup()).await;
    let mut ana = jackfield_tests::Agent::available(&server, "ana").await;
    say(&server, "m1", "kim").await;
    let offered = ana.accept().await;
    let item = offered["workItem"]["id"].as_str().expect("an id").to_owned();
    let data = server.data();
    let folder = data.to_string_lossy().into_owned();
    // While the server runs, and after it has ended.
    for running in [true, false] {
        let journal = async |command: &str, more: &[&str]| {
            let arguments: Vec<_> =
                ["journal", command, "--data", &folder].into_iter().chain(more.iter().copied()).collect();
            jackfield(&data, &arguments).await.expect(0).stdout
        };
        let dump = journal("dump", &[]).await;
        let digest =
            offered["message"]["digest"].as_str().and_then(|digest| digest.strip_prefix("sha256-")).expect("a digest");
        assert!(dump.contains(digest), "the message's digest is in a record: {dump}");
        for personal in ["kim", "hello"] {
            assert!(!dump.contains(personal), "`{personal}` stands in bodies only: {dump}");
        }
        let explained = journal("replay", &["--item", &item]).await;
        assert!(explained.contains("support") && explained.contains("ana"), "{explained}");
        if running {
            assert_eq!(server.stop().await.status.code(), Some(0));
        } else {
            journal("verify", &[]).await;
        }
    }
}

/// Why a record was written, as it stands there.
const CAUSE: &[u8] = b"support-request";

#[tokio::test]
async fn a_journal_that_was_tampered_with_is_not_served() {
    let mut server = Server::start(setup()).await;
    for number in 0..5 {
        say(&server, &format!("m{number}"), &format!("kim{number}")).await;
    }
    assert_eq!(server.stop().await.status.code(), Some(0));
    // What was just written stands in the database or still in its log.
    let mut places = 0;
    for file in ["journal.db", "journal.db-wal"].map(|name| server.data().join(name)) {
        let Ok(mut bytes) = std::fs::read(&file) else { continue };
        for at in 0..bytes.len().saturating_sub(CAUSE.len()) {
            if bytes[at..].starts_with(CAUSE) {
                bytes[at] ^= 1;
                places += 1;
            }
        }
        std::fs::write(&file, bytes).expect("the journal's file");
    }
    assert!(places > 0, "no record says why it was written");
    let verified = jackfield(&server.data(), &["journal", "verify", "--data", &server.data().to_string_lossy()]).await;
    assert_eq!(verified.code, 1, "{}{}", verified.stdout, verified.stderr);
    let refused = server.try_start().await.expect_err("it does not serve");
    assert!(refused.contains("journal"), "{refused}");
}
