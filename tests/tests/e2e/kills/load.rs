//! Customers and agents who don't mind that the server dies under them: they come again.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;

use jackfield_tests::{Agent, Http, Random, Request};
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// What all of them share.
#[derive(Clone)]
pub struct Load {
    address: SocketAddr,
    stopped: watch::Receiver<bool>,
    /// Requests answered with 2xx so far.
    answered: Arc<watch::Sender<u64>>,
}

impl Load {
    pub fn new(address: SocketAddr, stopped: watch::Receiver<bool>) -> Self {
        Self { address, stopped, answered: Arc::new(watch::channel(0).0) }
    }

    /// Waits until so many more requests were answered.
    pub async fn wait_for(&self, more: u64) {
        let mut answered = self.answered.subscribe();
        let goal = *answered.borrow() + more;
        answered.wait_for(|count| *count >= goal).await.expect("the load runs");
    }

    fn is_stopped(&self) -> bool {
        *self.stopped.borrow()
    }
}

/// Customers: each says one thing after the other, each thing until it is answered with 2xx.
pub struct Senders(Vec<JoinHandle<BTreeMap<String, String>>>);

impl Senders {
    pub fn start(load: &Load, count: u64, seed: u64) -> Self {
        let sender = |number: u64| tokio::spawn(send(load.clone(), number, Random::new(seed ^ (number + 1))));
        Self((0..count).map(sender).collect())
    }

    /// Event ids, and the message ids that they were answered with.
    pub async fn finish(self) -> BTreeMap<String, String> {
        let mut answered = BTreeMap::new();
        for sender in self.0 {
            answered.extend(sender.await.expect("the sender ends"));
        }
        answered
    }
}

async fn send(load: Load, number: u64, mut random: Random) -> BTreeMap<String, String> {
    let http = Http::new(load.address);
    let mut answered = BTreeMap::new();
    for said in 0.. {
        if load.is_stopped() {
            break;
        }
        let event = format!("s{number}-{said}");
        let from = format!("customer-{}", random.below(25));
        let body = json!({"id": event, "from": from, "text": format!("{event} of {from}")});
        let message = until_answered(&http, &body).await;
        if random.below(5) == 0 {
            let again = until_answered(&http, &body).await;
            assert_eq!(again, message, "a duplicate is answered with the same id");
        }
        answered.insert(event, message);
        load.answered.send_modify(|count| *count += 1);
    }
    answered
}

async fn until_answered(http: &Http, body: &Value) -> String {
    loop {
        match http.try_send(Request::json("/channels/forms", body)).await {
            Ok(answer) if answer.is_success() => return answer.json()["id"].as_str().expect("an id").to_owned(),
            Ok(answer) => assert!(answer.status == 503, "{}: {}", answer.status, answer.text()),
            Err(_) => tokio::task::yield_now().await,
        }
    }
}

/// Agents: they take every offer, answer every message once, and now and then end a work item.
pub struct Agents(Vec<JoinHandle<BTreeMap<String, String>>>);

impl Agents {
    pub fn start(load: &Load, ids: &[&str]) -> Self {
        Self(ids.iter().map(|id| tokio::spawn(answer(load.clone(), (*id).to_owned()))).collect())
    }

    /// The customers' event ids that were replied to, and the replies' message ids.
    pub async fn finish(self) -> BTreeMap<String, String> {
        let mut replies = BTreeMap::new();
        for agent in self.0 {
            replies.extend(agent.await.expect("the agent ends"));
        }
        replies
    }
}

async fn answer(mut load: Load, id: String) -> BTreeMap<String, String> {
    let mut desk = Desk { replies: BTreeMap::new(), offered: BTreeMap::new() };
    while !load.is_stopped() {
        let Some(mut agent) = Agent::try_connect(load.address, &id).await else {
            tokio::task::yield_now().await;
            continue;
        };
        agent.try_send(&json!({"id": format!("{id}-here-{}", agent.prefix()), "type": "agent.set-state", "state": "available"})).await;
        loop {
            let frame = tokio::select! {
                frame = agent.try_frame() => frame,
                _ = load.stopped.changed() => break,
            };
            let Some(frame) = frame else { break };
            for command in desk.react(&frame, agent.prefix()) {
                agent.try_send(&command).await;
            }
        }
    }
    // Whose result is missing may have been taken or not: nothing can be said of them.
    desk.replies
}

struct Desk {
    replies: BTreeMap<String, String>,
    /// What was said in items that are offered: answered when the item is ours.
    offered: BTreeMap<String, Vec<Value>>,
}

impl Desk {
    fn react(&mut self, event: &Value, connection: &str) -> Vec<Value> {
        let data = &event["data"];
        match event["type"].as_str() {
            Some("snapshot") => {
                self.offered.clear();
                let mut commands = Vec::new();
                for offered in data["offers"].as_array().into_iter().flatten() {
                    self.keep(&offered["workItem"], &offered["message"]);
                    commands.push(accept(&offered["offer"], connection));
                }
                for owned in data["workItems"].as_array().into_iter().flatten() {
                    for message in owned["messages"].as_array().into_iter().flatten() {
                        commands.extend(self.reply(&owned["workItem"]["id"], message, connection));
                    }
                }
                commands
            }
            Some("offer.created") => {
                self.keep(&data["workItem"], &data["message"]);
                vec![accept(&data["offer"], connection)]
            }
            Some("offer.accepted") => {
                let item = &data["workItem"]["id"];
                let said = self.offered.remove(item.as_str().unwrap_or_default()).unwrap_or_default();
                said.iter().flat_map(|message| self.reply(item, message, connection)).collect()
            }
            Some("message.received") if data["workItem"]["state"] == "active" => {
                self.reply(&data["workItem"]["id"], &data["message"], connection)
            }
            Some("message.received") => {
                self.keep(&data["workItem"], &data["message"]);
                Vec::new()
            }
            Some("command.result") => {
                self.note(data);
                Vec::new()
            }
            _ => Vec::new(),
        }
    }

    fn keep(&mut self, item: &Value, message: &Value) {
        self.offered.entry(item["id"].as_str().unwrap_or_default().to_owned()).or_default().push(message.clone());
    }

    fn reply(&self, item: &Value, message: &Value, connection: &str) -> Vec<Value> {
        let (Some(event), "inbound") = (message["eventId"].as_str(), message["direction"].as_str().unwrap_or_default())
        else {
            return Vec::new();
        };
        let key = format!("re-{event}");
        let mut commands = vec![json!({
            "id": format!("{connection}/{event}"), "type": "message.send", "workItemId": item, "text": format!("re {event}"), "idempotencyKey": key
        })];
        if event.ends_with('7') {
            commands.push(
                json!({"id": format!("{connection}/end-{event}"), "type": "work-item.complete", "workItemId": item}),
            );
        }
        commands
    }

    fn note(&mut self, result: &Value) {
        let event = result["id"].as_str().and_then(|id| id.split_once('/')).map(|(_, event)| event.to_owned());
        if let (Some(event), Some(message)) = (event, result["messageId"].as_str()) {
            let before = self.replies.insert(event.clone(), message.to_owned());
            assert!(
                before.as_deref().is_none_or(|before| before == message),
                "{event} has two replies: {before:?} and {message}"
            );
        }
    }
}

fn accept(offer: &Value, connection: &str) -> Value {
    json!({"id": format!("{connection}-{}", offer["id"].as_str().unwrap_or_default()), "type": "offer.accept", "offerId": offer["id"]})
}
