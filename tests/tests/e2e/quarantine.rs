//! What kills its driver, or can't be read by it, goes aside; the channel goes on.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jackfield_tests::{Agent, Answer, Kind, Request, Server, Setup, eventually, guest, jackfield, turncoat};
use serde_json::{Value, json};

fn setup(limits: &str) -> Setup {
    Setup::simple(&["ana"])
        .driver(guest("turncoat"))
        .text("[[channel]]\nid = \"words\"\ndriver = \"turncoat\"\nresend-unknown = true\n")
        .text(limits)
}

async fn die(server: &Server, body: &str) -> Answer {
    let request = Request::new("POST", "/channels/words/die?try=1").header("x-mark", b"caf\xe9".to_vec());
    server.http().send(request.body(body.to_owned())).await
}

async fn say(server: &Server, word: &str) -> Answer {
    server.http().post_text("/channels/words/say", word).await
}

async fn entries(server: &Server) -> Vec<Value> {
    let list = server.operator().get("/v1/quarantine").await.expect(200).json();
    list["items"].as_array().expect("a list").clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn requirement_12_a_message_that_kills_its_driver_goes_aside_and_never_blocks_the_channel() {
    let mut server = Server::start(setup("")).await;
    for (number, status) in [502, 502, 202, 202].into_iter().enumerate() {
        die(&server, "poison").await.expect(status);
        say(&server, &format!("w{number}")).await.expect(200);
    }
    let found = entries(&server).await;
    assert_eq!(found.len(), 1, "{found:?}");
    let entry = &found[0];
    assert_eq!((&entry["channel"], &entry["kind"], &entry["size"]), (&json!("words"), &json!("request"), &json!(6)));
    assert!(entry["reason"].as_str().is_some_and(|reason| reason.contains("trap")), "{entry}");
    // The SDK tells the panic that the trap came of.
    let (words, panic) = (&entry["log"][0], entry["log"][1].as_str().unwrap_or_default());
    assert_eq!(words, "these are my last words");
    assert!(panic.starts_with("panicked at ") && panic.ends_with("a deadly message of 6 bytes"), "{panic}");
    assert!(
        entry["backtrace"].as_str().is_some_and(|trace| trace.contains("turncoat") && trace.contains("::die")),
        "{entry}"
    );
    let id = entry["id"].as_str().expect("an id").to_owned();
    let path = format!("/v1/quarantine/{id}");
    let shown = server.operator().get(&path).await.expect(200).json();
    assert_eq!(STANDARD.decode(shown["raw"].as_str().expect("bytes")).expect("base64"), b"poison");
    assert!(shown["headers"].to_string().contains("x-mark"), "{shown}");
    // What a customer wrote is for operators only.
    server.http().with_token(jackfield_tests::READER).get(&path).await.expect(403);

    // It is still there, and still known, after a restart.
    server.kill().await;
    server.start_again().await;
    assert_eq!(entries(&server).await.len(), 1);
    die(&server, "poison").await.expect(202);
    assert_eq!(entries(&server).await.len(), 1);

    // Replayed, it kills again and stays; the command line says so.
    let config = server.config_path();
    let folder = config.parent().expect("a folder");
    let url = server.url();
    let run = async |arguments: &[&str]| {
        let mut all = arguments.to_vec();
        all.extend(["--server", &url, "--token", jackfield_tests::OPERATOR]);
        jackfield(folder, &all).await
    };
    let again = run(&["quarantine", "replay", &id]).await.expect(1);
    assert!(again.stderr.contains("failed again"), "{again:?}");
    let show = run(&["quarantine", "show", &id]).await.expect(0).stdout;
    assert!(show.contains("these are my last words") && show.contains("x-mark"), "{show}");
    assert!(run(&["quarantine", "list"]).await.expect(0).stdout.contains(&id));
    run(&["quarantine", "drop", &id]).await.expect(0);
    run(&["quarantine", "drop", &id]).await.expect(1);
    assert!(entries(&server).await.is_empty());
    die(&server, "poison").await.expect(502);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_better_version_takes_in_what_lies_in_quarantine() {
    let server = Server::start(setup("")).await;
    let put = async |kind, number| {
        let request = Request::new("PUT", "/v1/drivers/turncoat").body(turncoat(kind, number));
        server.operator().send(request).await.expect(200);
    };
    // The first version that this server has had crash on trial is rolled back: so this one must be all there is.
    let only =
        Server::start(Setup::simple(&["ana"]).text("[[channel]]\nid = \"words\"\ndriver = \"turncoat\"\n")).await;
    let request = Request::new("PUT", "/v1/drivers/turncoat").body(turncoat(Kind::Trapping, 300));
    only.operator().send(request).await.expect(200);
    for status in [502, 502, 202] {
        say(&only, "precious").await.expect(status);
    }
    let id = entries(&only).await[0]["id"].as_str().expect("an id").to_owned();
    let request = Request::new("PUT", "/v1/drivers/turncoat").body(turncoat(Kind::Good, 301));
    only.operator().send(request).await.expect(200);
    let mut ana = Agent::available(&only, "ana").await;
    let replay = Request::new("POST", &format!("/v1/quarantine/{id}/replay"));
    let answer = only.operator().send(replay.clone()).await.expect(200).json();
    assert_eq!((&answer["id"], &answer["status"]), (&json!(id), &json!(200)));
    let offer = ana.event_where("offer.created", |_| true).await;
    assert_eq!(offer["message"]["eventId"], "precious");
    assert!(entries(&only).await.is_empty());
    only.operator().send(replay).await.expect(404);

    // Beside one that can, a version that can't is no reason for quarantine.
    put(Kind::Good, 302).await;
    put(Kind::Trapping, 303).await;
    for _ in 0..5 {
        say(&server, "again").await.expect(200);
    }
    assert!(entries(&server).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_quarantine_has_a_quota() {
    let server = Server::start(setup("limits = { quarantine = 2 }")).await;
    for (poison, last) in [("a", 202), ("b", 202), ("c", 502)] {
        for status in [502, 502, last] {
            die(&server, poison).await.expect(status);
        }
    }
    assert_eq!(entries(&server).await.len(), 2);
    let metrics = server.http().get("/metrics").await.expect(200).text();
    assert!(metrics.contains("jackfield_channel_quarantined_total{channel=\"words\"} 2"), "{metrics}");
    assert!(metrics.contains("jackfield_channel_quarantine_full_total{channel=\"words\"} 1"), "{metrics}");
    // Pages of one.
    let first = server.operator().get("/v1/quarantine?limit=1").await.expect(200).json();
    let next = first["next"].as_str().expect("a next page");
    let second = server.operator().get(next).await.expect(200).json();
    assert_ne!(first["items"][0]["id"], second["items"][0]["id"]);
    assert_eq!(second["next"], Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_driver_sets_aside_is_seen_once() {
    let server = Server::start(setup("")).await;
    for _ in 0..2 {
        server.http().post_text("/channels/words/aside", "%%%").await.expect(200);
    }
    let found = entries(&server).await;
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!((&found[0]["kind"], &found[0]["reason"]), (&json!("set-aside"), &json!("no driver can read this")));
    let id = found[0]["id"].as_str().expect("an id");
    let replay = Request::new("POST", &format!("/v1/quarantine/{id}/replay"));
    server.operator().send(replay).await.expect(409);
    server.operator().send(Request::new("DELETE", &format!("/v1/quarantine/{id}"))).await.expect(204);
    server.operator().send(Request::new("DELETE", &format!("/v1/quarantine/{id}"))).await.expect(404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_timer_that_kills_its_driver_goes_aside_too() {
    let hostile = Setup::simple(&["ana"]).guest("bad", "hostile");
    let server = Server::start(hostile).await;
    server.http().post_text("/channels/bad/timer-trap", "").await.expect(200);
    let entry = eventually("the timer is in quarantine", async || entries(&server).await.into_iter().next()).await;
    assert_eq!((&entry["kind"], &entry["timer"]), (&json!("timer"), &json!("deed")));
    server.http().post_text("/channels/bad/fine", "").await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_out_of_a_message_in_parts_is_known_to_the_next_attempt() {
    let server = Server::start(setup("")).await;
    let mut ana = Agent::available(&server, "ana").await;
    say(&server, "question").await.expect(200);
    let item = ana.accept().await["workItem"]["id"].clone();
    let sent = ana.reply(&item, "in parts").await;
    ana.event_where("message.status", |data| data["messageId"] == sent && data["status"] == "sent").await;
    let shown = server.operator().get(&format!("/v1/work-items/{}", item.as_str().expect("an id"))).await.expect(200);
    let ids = shown.json()["externalIds"].clone();
    assert!(ids.to_string().contains("part-1"), "{ids}");
}
