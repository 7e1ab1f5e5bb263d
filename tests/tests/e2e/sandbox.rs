//! Drivers that do what no driver should: nobody else is hurt, and the caller is told in bounded time.

use std::time::{Duration, Instant};

use jackfield_tests::{Agent, Answer, Server, Setup, Sink, eventually, guest, jackfield};
use serde_json::{Value, json};

/// Far above the limits of a call (1 s of its own time, 3 s in all): machines are shared.
const BOUNDED: Duration = Duration::from_secs(12);

fn setup(settings: &str) -> Setup {
    let channel = format!(
        "[[channel]]\nid = \"bad\"\ndriver = \"hostile\"\nlimits = {{ deliver = \"1s\", timer = \"1s\", quarantine = 0 }}\n[channel.settings]\n{settings}"
    );
    Setup::simple(&["ana"]).webhook("forms", "").driver(guest("hostile")).text(&channel)
}

/// Lets it do its deed; the answer.
async fn deed(server: &Server, name: &str) -> Answer {
    let started = Instant::now();
    let answer = server.http().post_text(&format!("/channels/bad/{name}"), "").await;
    assert!(started.elapsed() < BOUNDED, "{name} took {:?}", started.elapsed());
    answer
}

/// Calls of the hostile driver that ended so.
async fn calls(server: &Server, kind: &str, outcome: &str) -> u64 {
    let metrics = server.http().get("/metrics").await.expect(200).text();
    let start = format!("jackfield_channel_calls_total{{channel=\"bad\",kind=\"{kind}\",outcome=\"{outcome}\"}} ");
    let value = metrics.lines().find_map(|line| line.strip_prefix(&start));
    value.unwrap_or_else(|| panic!("no {start}:\n{metrics}")).parse().expect("a number")
}

async fn neighbour_answers(server: &Server, id: &str) {
    let body = json!({"id": id, "from": id, "text": "hello"});
    server.http().post("/channels/forms", &body).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_driver_that_fails_is_answered_for_and_counted_while_its_neighbour_goes_on() {
    let server = Server::start(setup("")).await;
    let cases = [
        ("loop", 504, "guest-time"),
        ("grow", 502, "memory"),
        ("trap", 502, "trap"),
        ("trap-after-push", 502, "trap"),
        ("deep", 502, "trap"),
        ("bad-status", 502, "answer"),
    ];
    for (name, status, outcome) in cases {
        let before = calls(&server, "receive", outcome).await;
        let (answer, ()) = tokio::join!(deed(&server, name), neighbour_answers(&server, name));
        assert_eq!(answer.status, status, "{name}: {}", answer.text());
        assert_eq!(answer.header("content-type"), "application/problem+json", "{name}");
        // Of what went on inside the caller learns nothing.
        assert!(!answer.text().contains("wasm"), "{name}: {}", answer.text());
        assert_eq!(calls(&server, "receive", outcome).await, before + 1, "{name} counts as {outcome}");
    }
    // The next call has a new instance, and what a failed one pushed is not there.
    assert_eq!(deed(&server, "fine").await.status, 200);
    let list = server.operator().get("/v1/work-items").await.expect(200).json();
    let of_bad: Vec<_> =
        list["items"].as_array().expect("a list").iter().filter(|item| item["channel"] == "bad").collect();
    assert_eq!(of_bad.len(), 1, "{of_bad:?}");
    assert_eq!(of_bad[0]["externalIds"], json!([]));
    let log = server.operator().get("/v1/channels/bad/log?limit=500").await.expect(200).json();
    assert!(
        log["items"].to_string().contains("guest time") || log["items"].to_string().contains("1 s"),
        "the log says why: {log}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn many_endless_calls_at_once_do_not_stop_the_neighbour() {
    let server = Server::start(setup("")).await;
    let http = server.http();
    let loops: Vec<_> = (0..8)
        .map(|_| {
            let http = http.clone();
            tokio::spawn(async move { http.post_text("/channels/bad/loop", "").await.status })
        })
        .collect();
    for number in 0..20 {
        let started = Instant::now();
        neighbour_answers(&server, &format!("m{number}")).await;
        assert!(started.elapsed() < BOUNDED, "the neighbour waited {:?}", started.elapsed());
    }
    for ended in loops {
        let status = ended.await.expect("the call ends");
        assert!(matches!(status, 504 | 503), "{status}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn floods_stop_at_their_limits() {
    let server = Server::start(setup("")).await;
    let huge = deed(&server, "huge").await;
    assert!(huge.status == 502 || huge.status == 504, "{}", huge.status);

    assert_eq!(deed(&server, "flood-log").await.status, 200);
    let log = eventually("the lines are in the log", async || {
        let log = server.operator().get("/v1/channels/bad/log?limit=500").await.expect(200).json();
        let noise = log["items"]
            .as_array()?
            .iter()
            .filter(|line| line["text"].as_str().is_some_and(|text| text.starts_with("noise")));
        let lengths: Vec<_> = noise.filter_map(|line| line["text"].as_str().map(str::len)).collect();
        (lengths.len() >= 100).then_some(lengths)
    })
    .await;
    assert_eq!(log.len(), 100, "the rest is dropped");
    assert!(log.iter().all(|length| *length <= 4 << 10), "each is cut");

    let number = |answer: Answer| answer.expect(200).text().parse::<u64>().expect("a number");
    assert_eq!(number(deed(&server, "flood-calls").await), 10_000);
    let stored = number(deed(&server, "flood-store").await);
    assert!((200..256).contains(&stored), "16 MiB of 64 KiB each: {stored}");
    let taken = number(deed(&server, "flood-push").await);
    assert_eq!(taken, 200);
    let messages = server.http().get("/metrics").await.expect(200).text();
    assert!(messages.contains(&format!("jackfield_channel_messages_total{{channel=\"bad\"}} {taken}\n")), "{messages}");
}

#[tokio::test]
async fn an_address_outside_the_grant_is_denied_with_the_line_that_would_grant_it() {
    let sink = Sink::start().await;
    let origin = sink.url("");
    let server = Server::start(setup(&format!("target = \"{origin}\""))).await;
    let answer = deed(&server, "outside").await.expect(200).text();
    assert!(answer.starts_with("denied: "), "{answer}");
    assert!(answer.contains("grants") && answer.contains(&origin), "{answer}");
    assert_eq!(sink.received().len(), 0, "nothing reached it");

    // With the grant the same driver gets there.
    let granted = setup(&format!("target = \"{origin}\"\n[channel.grants]\nhttp = [\"{origin}\"]"));
    let server = Server::start(granted).await;
    assert_eq!(deed(&server, "outside").await.expect(200).text(), "200");
    assert_eq!(sink.received().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_that_never_returns_is_unknown_and_others_go_out() {
    let sink = Sink::start().await;
    let server = Server::start(setup("").webhook_with_replies("shop", &sink.url("/"))).await;
    let mut ana = Agent::available(&server, "ana").await;
    deed(&server, "fine").await.expect(200);
    let bad = ana.accept().await["workItem"]["id"].clone();
    server.http().post("/channels/shop", &json!({"id": "m1", "from": "kim", "text": "hello"})).await.expect(200);
    let good = ana.accept().await["workItem"]["id"].clone();

    let stuck = ana.reply(&bad, "loop").await;
    let through = ana.reply(&good, "hello back").await;
    assert_eq!(sink.wait_for(1).await[0].header("webhook-id"), through);
    let status = async |ana: &mut Agent, id: &str, status: &str| {
        ana.event_where("message.status", |data| data["messageId"] == id && data["status"] == status).await
    };
    status(&mut ana, &through, "sent").await;
    status(&mut ana, &stuck, "unknown").await;
    let trapped = ana.reply(&bad, "trap").await;
    status(&mut ana, &trapped, "unknown").await;
    assert!(calls(&server, "deliver", "trap").await >= 1);
    // The lane is free again.
    let last = ana.reply(&bad, "and now?").await;
    status(&mut ana, &last, "sent").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_timer_that_fails_does_not_stop_what_comes_in() {
    let server = Server::start(setup("")).await;
    deed(&server, "timer-trap").await.expect(200);
    eventually("the timer trapped", async || (calls(&server, "timer", "trap").await >= 1).then_some(())).await;
    deed(&server, "timer-loop").await.expect(200);
    eventually("the timer ran out of time", async || {
        let late = calls(&server, "timer", "guest-time").await + calls(&server, "timer", "wall-time").await;
        (late >= 1).then_some(())
    })
    .await;
    assert_eq!(deed(&server, "fine").await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_driver_that_can_not_begin_leaves_the_others_serving() {
    for (how, says) in [("refuse", "it refuses"), ("trap", "trap"), ("loop", "")] {
        let server = Server::start(setup(&format!("at-configure = \"{how}\""))).await;
        neighbour_answers(&server, "m1").await;
        let channel = server.operator().get("/v1/channels/bad").await.expect(200).json();
        assert_eq!(channel["state"], "failed", "{how}: {channel}");
        assert!(channel["detail"].as_str().is_some_and(|detail| detail.contains(says)), "{how}: {channel}");
        assert_eq!(deed(&server, "fine").await.status, 503, "{how}");
    }
}

#[tokio::test]
async fn a_component_that_does_not_say_who_it_is_is_refused() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let check = async |file: &str| jackfield(folder.path(), &["driver", "check", file]).await;
    let speechless = check(&guest("speechless").to_string_lossy()).await.expect(1);
    assert!(speechless.stderr.contains("describe"), "{}", speechless.stderr);
    std::fs::write(folder.path().join("text.wasm"), "no component").expect("a file");
    let text = check("text.wasm").await.expect(1);
    assert!(text.stderr.contains("text.wasm"), "{}", text.stderr);
    check("missing.wasm").await.expect(1);
    let good =
        jackfield(folder.path(), &["driver", "check", &guest("hostile").to_string_lossy(), "--json"]).await.expect(0);
    let descriptor: Value = good.json();
    assert_eq!((&descriptor["name"], &descriptor["version"]), (&json!("hostile"), &json!("3.14.15")));
}
