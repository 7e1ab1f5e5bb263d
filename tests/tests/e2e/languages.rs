//! Drivers in JavaScript and Python: the examples that authors copy, and what a guest with WASI can't do.

mod recorded;
mod vendors;

use std::time::{Duration, Instant};

use jackfield_tests::{Agent, Answer, Server, Setup, Sink, eventually, example, guest};
use serde_json::{Value, json};
use tokio::sync::Mutex;

/// A server with an example as its channel `slips`, whose answers go to the URL `vendor`; `grant` is what it may reach, `more`
/// what else its config says.
async fn slips(language: &str, vendor: &str, grant: &str, limits: &str, more: &str) -> Server {
    let secrets = if language == "py" { "secrets = { token = \"env:TOKEN\" }" } else { "" };
    let channel = format!(
        "[[channel]]\nid = \"slips\"\ndriver = \"slips-{language}\"\n{secrets}\nlimits = {{ {limits} }}\n{more}\n\
         [channel.settings]\nreply-url = \"{vendor}\"\n[channel.grants]\n{grant}"
    );
    let setup = Setup::simple(&["ana"]).driver(example(&format!("slips-{language}"))).text(&channel);
    start(setup.environment("TOKEN", "hidden-token")).await
}

/// Who takes answers, and the grant to reach it.
async fn vendor() -> (Sink, String) {
    let sink = Sink::start().await;
    sink.serve("/answers", "application/json", "{\"id\": \"their-1\"}");
    let grant = format!("http = [\"{}\"]", sink.url(""));
    (sink, grant)
}

/// One at a time: the first one compiles the driver, the others find it compiled.
async fn start(setup: Setup) -> Server {
    static TURN: Mutex<()> = Mutex::const_new(());
    let _turn = TURN.lock().await;
    Server::start(setup).await
}

async fn log_of(server: &Server, channel: &str) -> Vec<Value> {
    let path = format!("/v1/channels/{channel}/log?limit=500");
    let log = server.operator().get(&path).await.expect(200).json();
    log["items"].as_array().expect("a list").clone()
}

/// Waits for a line that begins so; all of them that do.
async fn lines(server: &Server, channel: &str, start: &str) -> Vec<Value> {
    eventually(&format!("{channel} logs {start}"), async || {
        let found: Vec<_> = log_of(server, channel)
            .await
            .into_iter()
            .filter(|line| line["text"].as_str().is_some_and(|text| text.starts_with(start)))
            .collect();
        (!found.is_empty()).then_some(found)
    })
    .await
}

/// The way of a request and its answer through an example.
async fn there_and_back(language: &str) {
    let (sink, grant) = vendor().await;
    let server = slips(language, &sink.url("/answers"), &grant, "", "").await;
    let mut ana = Agent::available(&server, "ana").await;
    let slip = json!({"id": "slip-1", "from": "kim", "text": "hello, ¿qué tal?"});
    let answer = server.http().post("/channels/slips", &slip).await.expect(200).json();
    assert!(answer["number"].is_u64(), "{answer}");
    let offer = ana.accept().await;
    let message = &offer["message"];
    assert_eq!(message["parts"][0]["text"], "hello, ¿qué tal?", "{offer}");
    assert_eq!(message["externalId"], "slip-1");
    let occurred = message["occurredAt"].as_str().expect("its time");
    assert!(occurred.starts_with("20"), "the guest has a clock: {occurred}");

    let sent = ana.reply(&offer["workItem"]["id"], "hello kim").await;
    let arrived = &sink.wait_for(1).await[0];
    assert_eq!(arrived.json(), json!({"to": "kim", "text": "hello kim"}));
    assert!(!arrived.header("idempotency-key").is_empty());
    let bearer = if language == "py" { "Bearer hidden-token" } else { "" };
    assert_eq!(arrived.header("authorization"), bearer, "wasi:http carries no secrets");
    ana.event_where("message.status", |data| data["messageId"] == sent && data["status"] == "sent").await;

    let came = lines(&server, "slips", "slip slip-1 came at 20").await;
    assert_eq!((&came[0]["level"], &came[0]["fields"]["stream"]), (&json!("info"), &json!("stdout")), "{came:?}");
    let number = lines(&server, "slips", &format!("its number is {}", answer["number"])).await;
    assert_eq!((&number[0]["level"], &number[0]["fields"]["stream"]), (&json!("warn"), &json!("stderr")));
    lines(&server, "slips", "answered 200").await;
    // The same slip again is the same message, and the driver has another number for it.
    let again = server.http().post("/channels/slips", &slip).await.expect(200).json();
    assert_ne!(again["number"], answer["number"], "the guest has randomness");
    // An exception is an error, not a trap.
    server.http().post_text("/channels/slips", "no JSON").await.expect(502);
    let metrics = server.http().get("/metrics").await.expect(200).text();
    assert!(metrics.contains("channel=\"slips\",kind=\"receive\",outcome=\"trap\"} 0\n"), "{metrics}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_driver_in_javascript_takes_a_request_in_and_an_answer_out() {
    there_and_back("js").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_driver_in_python_takes_a_request_in_and_an_answer_out() {
    there_and_back("py").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_operator_does_not_grant_is_not_reached_and_the_log_says_how_to_grant_it() {
    let sink = Sink::start().await;
    let granted = format!("http = [\"{}\"]", sink.url(""));
    for (grant, limits, says) in [
        ("http = [\"http://127.0.0.1:1\"]", "", "grants"),
        (&*granted, "http-requests = 0", "limits.http-requests"),
        (&*granted, "egress-bytes = \"0B\"", "limits.egress-bytes"),
    ] {
        let server = slips("js", &sink.url("/answers"), grant, limits, "").await;
        let mut ana = Agent::available(&server, "ana").await;
        let slip = json!({"id": "1", "from": "kim", "text": "hello"});
        server.http().post("/channels/slips", &slip).await.expect(200);
        let item = ana.accept().await["workItem"]["id"].clone();
        let sent = ana.reply(&item, "hello kim").await;
        let failed = |data: &Value| data["messageId"] == sent && data["status"] == "failed";
        ana.event_where("message.status", failed).await;
        let said = eventually("the log says why", async || {
            log_of(&server, "slips").await.into_iter().find(|line| line["fields"]["call"] == "wasi:http")
        })
        .await;
        assert!(said["text"].as_str().is_some_and(|text| text.contains(says)), "{said}");
        assert_eq!(sink.received().len(), 0, "nothing reached it");
    }
}

fn nosy(limits: &str) -> Setup {
    Setup::simple(&["ana"]).webhook("forms", "").driver(guest("nosy")).text(&format!(
        "[[channel]]\nid = \"nosy\"\ndriver = \"nosy\"\nsecrets = {{ token = \"env:TOKEN\" }}\n\
         limits = {{ quarantine = 0, {limits} }}"
    ))
}

async fn deed(server: &Server, name: &str) -> Answer {
    server.http().post_text(&format!("/channels/nosy/{name}"), "").await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_with_wasi_finds_nothing_behind_it() {
    let setup = nosy("receive = \"2s\"").environment("TOKEN", "hidden-in-Python");
    let server = start(setup).await;
    let said = async |name: &str| deed(&server, name).await.expect(200).text();
    assert_eq!(said("environment").await, "{} [] ''");
    let files = said("files").await;
    assert!(files.matches("Error").count() == 4 && !files.contains("root:") && !files.contains("written"), "{files}");
    let sockets = said("sockets").await;
    assert!(sockets.matches(": ").count() == 3 && !sockets.contains("connected"), "{sockets}");
    assert!(!sockets.contains("127.0.0.1") && !sockets.contains("::1"), "no name is looked up: {sockets}");
    let stopwatch = said("stopwatch").await;
    let (slept, wall) = stopwatch.split_once(' ').expect("two numbers");
    let slept: f64 = slept.parse().expect("seconds");
    assert!((0.05..2.0).contains(&slept), "{stopwatch}");
    assert!(wall.parse::<u64>().is_ok_and(|seconds| seconds > 1_700_000_000), "{stopwatch}");
    assert_ne!(said("random").await, said("random").await);

    said("secret").await;
    let line = lines(&server, "nosy", "the token is").await;
    assert_eq!(line[0]["text"], "the token is ******, is it?");
    said("half").await;
    lines(&server, "nosy", "a line without an end").await;
    said("lines").await;
    let noise = lines(&server, "nosy", "noise ").await;
    assert_eq!(noise.len(), 100, "the rest is dropped");
    assert!(noise.iter().all(|line| line["text"].as_str().is_some_and(|text| text.len() <= 4 << 10)));
    assert!(!server.log().contains("hidden-in-Python"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_with_wasi_keeps_to_the_limits_of_a_call() {
    let setup = nosy("receive = \"1s\", receive-wall = \"2s\", host-calls = 2000").environment("TOKEN", "hidden");
    let server = start(setup).await;
    deed(&server, "stopwatch").await.expect(200);
    // To sleep is not to run: the call's time is over, and others have been served meanwhile.
    let begun = Instant::now();
    let (slept, ()) = tokio::join!(deed(&server, "sleep"), async {
        let body = json!({"id": "1", "from": "kim", "text": "hello"});
        server.http().post("/channels/forms", &body).await.expect(200);
    });
    assert_eq!(slept.status, 504, "{}", slept.text());
    assert!(begun.elapsed() < Duration::from_secs(12), "{:?}", begun.elapsed());
    for (name, says) in [("busy", "limits.host-calls"), ("exit", "it exited with")] {
        assert_eq!(deed(&server, name).await.status, 502, "{name}");
        eventually(&format!("{name} is told"), async || {
            log_of(&server, "nosy").await.iter().any(|line| line.to_string().contains(says)).then_some(())
        })
        .await;
    }
    deed(&server, "raise").await.expect(502);
    let metrics = server.http().get("/metrics").await.expect(200).text();
    for (name, outcome, count) in [("wall-time", "wall-time", 1), ("trap", "trap", 2)] {
        let line = format!("channel=\"nosy\",kind=\"receive\",outcome=\"{outcome}\"}} {count}\n");
        assert!(metrics.contains(&line), "{name}: {metrics}");
    }
    let met = "jackfield_channel_limit_hits_total{channel=\"nosy\",limit=\"host-calls\"} 1\n";
    assert!(metrics.contains(met), "{metrics}");
    deed(&server, "stopwatch").await.expect(200);
}
