//! Drivers swapped while requests come in as fast as they are answered: each has exactly one right answer.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use jackfield_tests::{Http, Kind, Request, Server, Setup, eventually, turncoat, turncoat_version};

/// Callers at the same time.
const CALLERS: usize = 8;
/// Answers that are waited for after each swap: more than a trapping version may trap in.
const BETWEEN: usize = 40;

fn setup(server: &str) -> Setup {
    Setup::simple(&["ana"]).server(server).text("[[channel]]\nid = \"words\"\ndriver = \"turncoat\"\n")
}

/// What the callers have been told.
struct Load {
    stop: AtomicBool,
    answered: AtomicUsize,
}

impl Load {
    /// Words that no other caller says, until it is stopped; how many.
    async fn caller(self: Arc<Self>, http: Http, number: usize) -> Result<usize, String> {
        let mut said = 0;
        while !self.stop.load(Ordering::Relaxed) {
            let word = format!("word-{number}-{said}");
            let answer = http.post_text("/channels/words/say", &word).await;
            let text = answer.text();
            let right = answer.status == 200 && text.split_once(' ').is_some_and(|(_, rest)| rest == word);
            if !right {
                return Err(format!("{word} was answered {}: {text}", answer.status));
            }
            said += 1;
            self.answered.fetch_add(1, Ordering::Relaxed);
        }
        Ok(said)
    }
}

async fn value(server: &Server, name: &str) -> u64 {
    let metrics = server.http().get("/metrics").await.expect(200).text();
    let line = format!("jackfield_{name}{{channel=\"words\"}} ");
    metrics.lines().find_map(|found| found.strip_prefix(&line)).unwrap_or_else(|| panic!("{metrics}")).parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_swaps_under_full_load_lose_nothing_and_double_nothing() {
    let server = Server::start(setup("trial = \"10s\"\ndrain = \"10s\"")).await;
    let put = async |bytes: Vec<u8>| {
        server.operator().send(Request::new("PUT", "/v1/drivers/turncoat").body(bytes)).await.status
    };
    assert_eq!(put(turncoat(Kind::Good, 100)).await, 200);
    let load = Arc::new(Load { stop: AtomicBool::new(false), answered: AtomicUsize::new(0) });
    let callers: Vec<_> = (0..CALLERS).map(|number| tokio::spawn(load.clone().caller(server.http(), number))).collect();
    for number in 101..=150 {
        let (kind, bytes) = match number % 5 {
            0 => (Kind::Slow, turncoat(Kind::Slow, number)),
            1 => (Kind::Trapping, turncoat(Kind::Trapping, number)),
            2 => (Kind::Choosy, turncoat(Kind::Choosy, number)),
            3 => (Kind::Choosy, turncoat(Kind::Good, number)[..10_000].to_vec()),
            _ => (Kind::Good, turncoat(Kind::Good, number)),
        };
        let expected = if kind == Kind::Choosy { 422 } else { 200 };
        assert_eq!(put(bytes).await, expected, "version {number}");
        let seen = load.answered.load(Ordering::Relaxed);
        eventually("the callers go on", async || {
            let ended = callers.iter().any(tokio::task::JoinHandle::is_finished);
            (ended || load.answered.load(Ordering::Relaxed) >= seen + BETWEEN).then_some(())
        })
        .await;
    }
    load.stop.store(true, Ordering::Relaxed);
    let mut said = 0;
    for caller in callers {
        said += caller.await.expect("it ends").unwrap_or_else(|wrong| panic!("{wrong}"));
    }
    assert_eq!(value(&server, "channel_messages_total").await, said as u64, "as many messages as answers");
    assert_eq!(value(&server, "channel_duplicates_total").await, 0);
    assert_eq!(value(&server, "channel_cut_off_total").await, 0);
    assert!(value(&server, "channel_retried_total").await > 0, "versions trapped");
    assert!(value(&server, "channel_rollbacks_total").await > 0, "and were rolled back by themselves");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_that_crashes_on_trial_is_rolled_back_and_stays_so() {
    let mut server = Server::start(setup("trial-crashes = 2")).await;
    let put = async |server: &Server, kind, number| {
        let request = Request::new("PUT", "/v1/drivers/turncoat").body(turncoat(kind, number));
        server.operator().send(request).await.expect(200)
    };
    put(&server, Kind::Good, 200).await;
    put(&server, Kind::Trapping, 201).await;
    let channel = server.operator().get("/v1/channels/words").await.expect(200).json();
    assert_eq!(channel["onTrial"], true, "{channel}");
    let mut versions = BTreeSet::new();
    for number in 0..20 {
        let answer = server.http().post_text("/channels/words/say", &format!("w{number}")).await.expect(200).text();
        versions.insert(answer.split(' ').next().unwrap_or_default().to_owned());
    }
    assert_eq!(versions, BTreeSet::from([turncoat_version(Kind::Good, 200)]), "only the good one ever answers");
    let good = format!("turncoat@{}", turncoat_version(Kind::Good, 200));
    let channel = eventually("it is rolled back", async || {
        let channel = server.operator().get("/v1/channels/words").await.expect(200).json();
        (channel["driver"] == good).then_some(channel)
    })
    .await;
    assert_eq!(channel["state"], "serving");
    let drivers = server.operator().get("/v1/drivers").await.expect(200).json();
    assert_eq!(
        (&drivers["items"][0]["loadedBy"], &drivers["items"][0]["source"]),
        (&"server".into(), &"rollback".into())
    );
    server.stop().await;
    server.start_again().await;
    let answer = server.http().post_text("/channels/words/say", "after").await.expect(200).text();
    assert!(answer.starts_with(&turncoat_version(Kind::Good, 200)), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_config_that_is_read_anew_does_not_end_a_trial() {
    let mut server = Server::start(setup("trial-crashes = 1000")).await;
    for (kind, number) in [(Kind::Good, 220), (Kind::Trapping, 221)] {
        let request = Request::new("PUT", "/v1/drivers/turncoat").body(turncoat(kind, number));
        server.operator().send(request).await.expect(200);
    }
    let before = server.operator().get("/v1/channels/words").await.expect(200).json();
    assert_eq!(before["onTrial"], true, "{before}");
    server.configure(setup("trial-crashes = 1001"));
    server.hang_up();
    eventually("the config was read", async || {
        let now = server.operator().get("/v1/channels/words").await.expect(200).json();
        (now["generation"] != before["generation"]).then_some(())
    })
    .await;
    let channel = server.operator().get("/v1/channels/words").await.expect(200).json();
    assert_eq!((&channel["onTrial"], &channel["driver"]), (&true.into(), &before["driver"]), "{channel}");
    let answer = server.http().post_text("/channels/words/say", "still").await.expect(200).text();
    assert!(answer.starts_with(&turncoat_version(Kind::Good, 220)), "the one before answers: {answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_driver_that_always_crashes_is_held_back_and_its_neighbour_is_not() {
    let setup = setup("").text("limits = { restarts = 5, quarantine = 1 }").webhook("forms", "");
    let server = Server::start(setup).await;
    let request = Request::new("PUT", "/v1/drivers/turncoat").body(turncoat(Kind::Trapping, 210));
    server.operator().send(request).await.expect(200);
    let words = async |number: usize| server.http().post_text("/channels/words/say", &format!("w{number}")).await;
    let neighbour = async |number: usize| {
        let body = serde_json::json!({"id": format!("m{number}"), "from": "kim", "text": "hello"});
        server.http().post("/channels/forms", &body).await.expect(200);
    };
    for number in 0..6 {
        words(number).await.expect(502);
        neighbour(number).await;
    }
    // Pauses grow, so that one is met also on a machine that is slow.
    let number = AtomicUsize::new(6);
    let held_back = eventually("a new instance has to wait", async || {
        let answer = words(number.fetch_add(1, Ordering::Relaxed)).await;
        (answer.status != 502).then_some(answer)
    })
    .await
    .expect(503);
    assert!(!held_back.header("retry-after").is_empty());
    neighbour(7).await;
    let channel = server.operator().get("/v1/channels/words").await.expect(200).json();
    assert!(channel["crashes"].as_u64() >= Some(6), "{channel}");
    assert_eq!(channel["health"]["state"], "transient-error", "{channel}");
    assert!(value(&server, "channel_restart_pauses_total").await >= 1);
    // Another version starts with a clean slate.
    let request = Request::new("PUT", "/v1/drivers/turncoat").body(turncoat(Kind::Good, 211));
    server.operator().send(request).await.expect(200);
    server.http().post_text("/channels/words/say", "at last").await.expect(200);
}
