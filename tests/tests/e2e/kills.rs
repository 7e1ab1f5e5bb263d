//! The server is killed at random moments under load, again and again, and nothing that it said is untrue afterwards.

use std::collections::{BTreeMap, BTreeSet};

use jackfield_tests::{Http, Random, Server, Setup, Sink, eventually, jackfield, within};
use serde_json::Value;
use std::time::Duration;
use tokio::sync::watch;

mod load;

use load::{Agents, Load, Senders};

/// How often, unless `JACKFIELD_SOAK` says otherwise.
const KILLS: u64 = 20;

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|value| value.parse().ok()).unwrap_or(default)
}

fn setup(sink: &Sink) -> Setup {
    let agents = ["ana", "ben"].map(|id| format!("[[agent]]\nid = \"{id}\"\ntoken = \"{id}\"\ncapacity = 1000000\n"));
    Setup::new()
        .text(&agents.concat())
        .text("[[queue]]\nid = \"support\"\n[[route]]\nqueue = \"support\"\n")
        .webhook_with_replies("forms", &sink.url("/replies"))
}

#[tokio::test(flavor = "multi_thread")]
async fn kills_lose_nothing_and_double_nothing() {
    let (kills, seed) = (setting("JACKFIELD_SOAK", KILLS), setting("JACKFIELD_SEED", 20_261_122));
    println!("JACKFIELD_SEED={seed} JACKFIELD_SOAK={kills}");
    let mut random = Random::new(seed);
    let sink = Sink::start().await;
    let mut server = Server::start(setup(&sink)).await;
    let (stop, stopped) = watch::channel(false);
    let load = Load::new(server.address(), stopped);
    let senders = Senders::start(&load, 3, seed);
    let agents = Agents::start(&load, &["ana", "ben"]);

    for kill in 1..=kills {
        // The moment is chosen by what was answered so far, so that each finds the server at work.
        load.wait_for(random.below(40) + 1).await;
        server.kill().await;
        if let Err(why) = server.try_start().await {
            panic!("after kill {kill} of seed {seed} the server does not start: {why}");
        }
    }
    load.wait_for(20).await;
    stop.send(true).expect("somebody listens");
    let answered = senders.finish().await;
    let replies = agents.finish().await;
    println!("{} requests were answered with 2xx, {} replies were taken", answered.len(), replies.len());
    assert!(replies.len() > 20, "the agents did nothing");

    let found = Found::read(&server.operator()).await;
    found.check_requests(&answered);
    check_replies(&server.operator(), &found, &replies, &sink).await;

    let ended = server.stop().await;
    assert_eq!(ended.status.code(), Some(0));
    let data = server.data();
    jackfield(&data, &["journal", "verify", "--data", &data.to_string_lossy()]).await.expect(0);
}

/// What is there after the last start.
struct Found {
    /// Work items by id.
    items: BTreeMap<String, Value>,
    /// Messages of customers: event id, and every (work item, message id) it stands in.
    requests: BTreeMap<String, Vec<(String, String)>>,
    /// Messages of agents: message id, and the work item.
    replies: BTreeMap<String, String>,
}

/// All entries of a list.
async fn all(operator: &Http, path: &str) -> Vec<Value> {
    let mut entries = Vec::new();
    let mut next = Some(path.to_owned());
    while let Some(path) = next {
        let page = operator.get(&path).await.expect(200).json();
        entries.extend(page["items"].as_array().expect("a list").iter().cloned());
        next = page["next"].as_str().map(str::to_owned);
    }
    entries
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

impl Found {
    async fn read(operator: &Http) -> Self {
        let mut found = Self { items: BTreeMap::new(), requests: BTreeMap::new(), replies: BTreeMap::new() };
        for item in all(operator, "/v1/work-items?limit=500").await {
            let id = text(&item["id"]);
            for message in all(operator, &format!("/v1/work-items/{id}/messages?limit=500")).await {
                let place = (id.clone(), text(&message["id"]));
                match message["direction"].as_str() {
                    Some("inbound") => found.requests.entry(text(&message["eventId"])).or_default().push(place),
                    _ => {
                        let before = found.replies.insert(place.1, id.clone());
                        assert_eq!(before, None, "a reply stands there twice: {message}");
                    }
                }
            }
            assert!(found.items.insert(id, item).is_none(), "no item twice");
        }
        found
    }

    /// Everything that was answered with 2xx is there once, under the id that was answered; nothing else is there.
    fn check_requests(&self, answered: &BTreeMap<String, String>) {
        for (event, message) in answered {
            let places = self.requests.get(event).map(Vec::as_slice).unwrap_or_default();
            assert_eq!(places.len(), 1, "{event} was answered with 2xx and stands in {places:?}");
            assert_eq!(&places[0].1, message, "{event}");
        }
        let unknown: Vec<_> = self.requests.keys().filter(|event| !answered.contains_key(*event)).collect();
        assert_eq!(unknown, Vec::<&String>::new(), "each was sent until it was answered");
        // A conversation has one open item at most.
        let mut open = BTreeSet::new();
        for item in self.items.values().filter(|item| item["state"] != "closed" && item["state"] != "cancelled") {
            assert!(open.insert(text(&item["conversation"])), "two open items of one conversation: {item}");
        }
    }
}

/// Each reply that was taken is in its thread once, and has reached the far side under one id, or is shown as unknown.
async fn check_replies(operator: &Http, found: &Found, replies: &BTreeMap<String, String>, sink: &Sink) {
    for (event, message) in replies {
        let item = found
            .replies
            .get(message)
            .unwrap_or_else(|| panic!("the reply {message} to {event} was taken and is gone"));
        let request = found.requests.get(event).and_then(|places| places.first());
        assert_eq!(request.map(|(item, _)| item), Some(item), "the reply to {event} is in its work item");
    }
    let unknown = within(Duration::from_secs(60), "each reply has arrived or is unknown", async || {
        let arrived: BTreeSet<String> =
            sink.received().iter().map(|request| request.header("webhook-id").to_owned()).collect();
        let mut unknown = 0;
        for (message, item) in &found.replies {
            if arrived.contains(message) {
                continue;
            }
            let path = format!("/v1/work-items/{item}/messages?limit=500");
            let thread = operator.get(&path).await.expect(200).json();
            match thread["statuses"][message]["status"].as_str() {
                Some("unknown") => unknown += 1,
                _ => return None,
            }
        }
        Some(unknown)
    })
    .await;
    let mut texts: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for request in sink.received() {
        let id = request.header("webhook-id").to_owned();
        assert!(found.replies.contains_key(&id), "what arrived as {id} was never said");
        texts.entry(id).or_default().insert(text(&request.json()["parts"][0]["text"]));
    }
    assert!(texts.values().all(|texts| texts.len() == 1), "one id, one text");
    let doubled: BTreeSet<_> = texts.values().flatten().collect();
    assert_eq!(doubled.len(), texts.len(), "one text, one id: the agents repeat themselves under one idempotency key");
    println!("{} replies arrived in {} requests, {unknown} are unknown", texts.len(), sink.received().len());
}

#[tokio::test]
async fn after_a_kill_offers_keep_their_expiry_and_replies_go_on() {
    let sink = Sink::start().await;
    let mut server = Server::start(setup(&sink)).await;
    let say = async |server: &Server, id: &str, from: &str| {
        let body = serde_json::json!({"id": id, "from": from, "text": "hello"});
        server.http().post("/channels/forms", &body).await.expect(200);
    };
    let mut ana = jackfield_tests::Agent::available(&server, "ana").await;
    say(&server, "m1", "kim").await;
    let item = ana.accept().await["workItem"]["id"].clone();
    say(&server, "m2", "lee").await;
    let offered = ana.event("offer.created").await;
    // The far side is down for now, so the reply is under way when the server dies.
    sink.answer_next(&[503; 3]);
    let reply = ana.reply(&item, "hello back").await;
    sink.wait_for(1).await;
    server.kill().await;
    server.start_again().await;

    let mut ana = jackfield_tests::Agent::connect(&server, "ana").await;
    let kept = &ana.snapshot()["offers"][0]["offer"];
    assert_eq!((&kept["id"], &kept["expiresAt"]), (&offered["offer"]["id"], &offered["offer"]["expiresAt"]));
    ana.ok(serde_json::json!({"type": "offer.accept", "offerId": offered["offer"]["id"]})).await;
    let status = eventually("the reply is through, or shown as unknown", async || {
        let path = format!("/v1/work-items/{}/messages", item.as_str()?);
        let thread = server.operator().get(&path).await.expect(200).json();
        let status = thread["statuses"][&reply]["status"].as_str().unwrap_or("sent").to_owned();
        matches!(status.as_str(), "sent" | "unknown").then_some(status)
    })
    .await;
    let ids: BTreeSet<_> = sink.received().iter().map(|request| request.header("webhook-id").to_owned()).collect();
    assert_eq!(ids, BTreeSet::from([reply]), "one id over all tries");
    println!("the reply is {status}");
}
