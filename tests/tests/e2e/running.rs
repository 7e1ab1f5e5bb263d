//! A server's life: its lock, its log, its config read anew, its end.

use std::time::Duration;

use jackfield_tests::{Agent, Request, Server, Setup, eventually, jackfield};
use serde_json::json;

fn setup() -> Setup {
    Setup::simple(&["ana"]).webhook("forms", "")
}

#[tokio::test]
async fn a_data_folder_has_one_server() {
    let server = Server::start(setup()).await;
    let config = server.config_path();
    let folder = config.parent().expect("its folder");
    let second = jackfield(folder, &["serve", "--config", "jackfield.toml", "--listen", "127.0.0.1:0"]).await;
    assert_eq!((second.code, second.stdout.as_str()), (1, ""), "{}", second.stderr);
    assert!(second.stderr.contains("data"), "it names the folder: {}", second.stderr);
    server.http().get("/readyz").await.expect(200);
}

#[tokio::test]
async fn a_config_that_is_wrong_changes_nothing() {
    let mut server = Server::start(setup()).await;
    server.configure(setup().agent("ben").text("colour = \"blue\""));
    server.hang_up();
    eventually("the log says what is wrong", async || server.log().contains("colour").then_some(())).await;
    assert_eq!(Agent::open(&server, "/v1/agent", "ben", false).await.err().map(|refused| refused.status), Some(401));
    server.http().post("/channels/forms", &json!({"id": "m1", "from": "kim", "text": "hello"})).await.expect(200);

    // Put right, it is taken without a restart, and who is connected stays so.
    let mut ana = Agent::available(&server, "ana").await;
    server.configure(setup().agent("ben").webhook("shop", ""));
    server.hang_up();
    eventually("the new agent may come in", async || Agent::open(&server, "/v1/agent", "ben", false).await.ok()).await;
    eventually("the new channel is served", async || {
        let answer = server.http().post("/channels/shop", &json!({"id": "m1", "from": "lee", "text": "hello"})).await;
        answer.is_success().then_some(())
    })
    .await;
    let first = ana.accept().await;
    let second = ana.accept().await;
    assert_ne!(first["workItem"]["id"], second["workItem"]["id"]);
}

#[tokio::test]
async fn the_log_can_be_json() {
    let mut server = Server::start(setup().server("log-format = \"json\"")).await;
    server.stop().await;
    let log = server.log();
    assert!(log.lines().count() > 2, "{log}");
    for line in log.lines() {
        let line: serde_json::Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        assert!(line["level"].is_string() && line["timestamp"].is_string(), "{line}");
    }
    assert!(!log.contains("\"ana\\\"") && !log.contains("operator-token"), "no secret is in the log: {log}");
}

#[tokio::test]
async fn what_is_under_way_is_finished_before_the_end() {
    let mut server = Server::start(
        setup().driver(jackfield_tests::guest("hostile")).text("[[channel]]\nid = \"bad\"\ndriver = \"hostile\""),
    )
    .await;
    // A call that takes its whole second, and the end asked for meanwhile.
    let http = server.http();
    let slow = tokio::spawn(async move { http.post_text("/channels/bad/loop", "").await.status });
    eventually("the call is under way", async || {
        let channel = server.operator().get("/v1/channels/bad").await.expect(200).json();
        (channel["running"].as_u64() >= Some(1)).then_some(())
    })
    .await;
    let ended = server.stop().await;
    assert_eq!(ended.status.code(), Some(0));
    assert!(ended.took < Duration::from_secs(15), "{ended:?}");
    assert_eq!(slow.await.expect("an answer"), 504, "it was answered, not cut off");
}

#[tokio::test]
async fn a_channels_limits_are_its_own() {
    let limits = "[channel.limits]\nbody = \"1KiB\"";
    let server = Server::start(setup().webhook("small", limits)).await;
    let body = json!({"id": "m1", "from": "kim", "text": "x".repeat(1 << 10)});
    assert_eq!(server.http().post("/channels/small", &body).await.status, 413);
    server.http().post("/channels/forms", &body).await.expect(200);
    // One that doesn't say how long it is, neither.
    let chunked = Request::json("/channels/small", &body).header("transfer-encoding", "chunked");
    assert_eq!(server.http().send(chunked).await.status, 413);
}

#[tokio::test]
async fn completing_with_a_wrap_up_waits_for_the_second_word() {
    let text = "[[queue]]\nid = \"support\"\nwrap-up = \"1h\"\n[[route]]\nqueue = \"support\"\n";
    let server = Server::start(Setup::new().agent("ana").text(text).webhook("forms", "")).await;
    let say = async |id: &str| {
        server.http().post("/channels/forms", &json!({"id": id, "from": "kim", "text": "hello"})).await.expect(200);
    };
    let mut ana = Agent::available(&server, "ana").await;
    say("m1").await;
    let item = ana.accept().await["workItem"]["id"].clone();
    ana.complete(&item).await;
    ana.event_where("work-item.updated", |data| data["workItem"]["state"] == "wrapping").await;
    // The customer has something to add: it goes on.
    say("m2").await;
    let added = ana.event_where("message.received", |data| data["message"]["eventId"] == "m2").await;
    assert_eq!((&added["workItem"]["id"], &added["workItem"]["state"]), (&item, &json!("active")));
    ana.complete(&item).await;
    ana.complete(&item).await;
    let closed = ana.event("work-item.closed").await;
    assert_eq!(closed["workItem"]["id"], item);
    ana.refused(json!({"type": "work-item.complete", "workItemId": item}), "wrong-state").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn too_many_requests_of_a_channel_are_asked_to_come_again() {
    let bad = "[[channel]]\nid = \"bad\"\ndriver = \"hostile\"\nlimits = { queue = 2, instances = 1, quarantine = 0 }";
    let server = Server::start(setup().driver(jackfield_tests::guest("hostile")).text(bad)).await;
    let http = server.http();
    let calls: Vec<_> = (0..10)
        .map(|_| {
            let http = http.clone();
            tokio::spawn(async move { http.post_text("/channels/bad/loop", "").await })
        })
        .collect();
    let mut refused = 0;
    for call in calls {
        let answer = call.await.expect("an answer");
        match answer.status {
            503 => {
                assert!(answer.header("retry-after").parse::<u32>().is_ok(), "{:?}", answer.headers);
                refused += 1;
            }
            status => assert_eq!(status, 504),
        }
    }
    assert!(refused >= 5, "only {refused} were refused");
    server.http().post("/channels/forms", &json!({"id": "m1", "from": "kim", "text": "hello"})).await.expect(200);
}
