//! An agent of the crowd: takes offers, refuses some, overlooks some, answers, ends, goes away for a moment, loses the
//! connection and goes on where it was.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::SocketAddr;

use jackfield_tests::{Agent, Random};
use serde_json::{Value, json};
use tokio::sync::watch;

use super::history::History;

/// What an item takes of an agent's capacity.
const WEIGHT: u64 = 20;

/// A command that has no result yet: after a lost connection it is sent again under its id.
struct Asked {
    id: String,
    command: Value,
}

pub struct Desk {
    id: String,
    address: SocketAddr,
    random: Random,
    history: History,
    /// The last event that was seen.
    after: Option<u64>,
    commands: u64,
    asked: VecDeque<Asked>,
    /// Offer -> work item.
    offers: BTreeMap<String, String>,
    items: BTreeSet<String>,
    /// Items whose end was asked for.
    ending: BTreeSet<String>,
    /// As the server last said.
    available: bool,
}

impl Desk {
    pub fn new(id: String, address: SocketAddr, random: Random, history: History) -> Self {
        Self {
            id,
            address,
            random,
            history,
            after: None,
            commands: 0,
            asked: VecDeque::new(),
            offers: BTreeMap::new(),
            items: BTreeSet::new(),
            ending: BTreeSet::new(),
            available: false,
        }
    }

    /// Works until it is told to stop.
    pub async fn work(mut self, mut stopped: watch::Receiver<bool>) {
        self.ask(json!({"type": "agent.set-state", "state": "available"}));
        while !*stopped.borrow() {
            let Some(mut agent) = Agent::try_resume(self.address, &self.id, self.after).await else {
                tokio::task::yield_now().await;
                continue;
            };
            let mut sent = 0;
            let mut connected = true;
            while connected {
                for asked in self.asked.iter().skip(sent) {
                    connected = connected && agent.try_send(&asked.command).await;
                }
                sent = self.asked.len();
                let frame = tokio::select! {
                    frame = agent.try_frame() => frame,
                    _ = stopped.changed() => return,
                };
                let Some(frame) = frame else { break };
                if frame["type"] == "command.result" {
                    sent -= self.answered(&frame["data"]);
                } else {
                    self.after = Some(agent.sequence());
                    self.happened(&frame);
                }
                // The line breaks now and then, and the agent is back at once.
                connected = connected && self.random.below(300) != 0;
            }
            agent.vanish();
        }
    }

    fn ask(&mut self, mut command: Value) {
        self.commands += 1;
        let id = format!("{}-{}", self.id, self.commands);
        command["id"] = json!(id);
        self.asked.push_back(Asked { id, command });
    }

    /// Takes a result; how many commands that were sent it answers.
    fn answered(&mut self, result: &Value) -> usize {
        let Some(at) = self.asked.iter().position(|asked| result["id"] == asked.id.as_str()) else {
            return 0;
        };
        let unavailable = result["error"]["code"] == "unavailable";
        let asked = self.asked.remove(at).expect("it is there");
        if unavailable {
            // Nothing was changed: it is asked again under the same id.
            self.asked.push_back(asked);
            return 1;
        }
        let late = ["wrong-state", "not-found", "not-allowed"].map(Value::from);
        assert!(
            result["ok"] == true || late.contains(&result["error"]["code"]),
            "{}: {} -> {result}",
            self.id,
            asked.command
        );
        let item = asked.command["workItemId"].as_str().unwrap_or_default();
        match asked.command["type"].as_str() {
            Some("work-item.complete") if result["ok"] == true => self.history.closes(item, &self.id),
            // Its own item, and nobody else moves items here: it must be allowed.
            Some("work-item.complete" | "message.send") => {
                assert!(result["ok"] == true, "{}: {} -> {result}", self.id, asked.command);
            }
            _ => {}
        }
        1
    }

    fn happened(&mut self, event: &Value) {
        let data = &event["data"];
        match event["type"].as_str().unwrap_or_default() {
            "snapshot" => self.begin_anew(data),
            "agent.updated" => self.updated(&data["agent"]),
            "offer.created" => {
                assert!(self.available, "{} is not available and is offered {data}", self.id);
                self.offered(data);
            }
            "offer.accepted" => {
                let item = text(&data["workItem"]["id"]);
                self.offers.remove(&text(&data["offer"]["id"]));
                assert_eq!(data["workItem"]["owner"], self.id.as_str(), "who accepts owns it");
                self.taken(item);
            }
            "offer.rejected" | "offer.expired" | "offer.rescinded" | "offer.revoked" | "offer.failed" => {
                self.offers.remove(&text(&data["offer"]["id"]));
            }
            "work-item.closed" => {
                let item = text(&data["workItem"]["id"]);
                self.items.remove(&item);
                self.ending.remove(&item);
            }
            _ => {}
        }
    }

    fn begin_anew(&mut self, data: &Value) {
        let (offers, items) = (&data["offers"], &data["workItems"]);
        let ids = |list: &Value, path: &str| -> Vec<String> {
            list.as_array()
                .into_iter()
                .flatten()
                .map(|entry| text(&entry.pointer(path).cloned().unwrap_or_default()))
                .collect()
        };
        let (offered, owned) = (ids(offers, "/offer/id"), ids(items, "/workItem/id"));
        let load = (offered.len() + owned.len()) as u64 * WEIGHT;
        assert_eq!(data["agent"]["load"], load, "{}: the ledger is the sum of what is there: {data}", self.id);
        self.available = data["agent"]["state"] == "available";
        self.offers.retain(|offer, _| offered.contains(offer));
        self.items.retain(|item| owned.contains(item));
        for entry in offers.as_array().into_iter().flatten() {
            if !self.offers.contains_key(&text(&entry["offer"]["id"])) {
                self.offered(entry);
            }
        }
        owned.into_iter().for_each(|item| self.taken(item));
    }

    fn updated(&mut self, agent: &Value) {
        assert!(agent["load"].as_u64() <= agent["capacity"].as_u64(), "{} has more than fits: {agent}", self.id);
        let before = std::mem::replace(&mut self.available, agent["state"] == "available");
        if before && !self.available {
            self.ask(json!({"type": "agent.set-state", "state": "available"}));
        }
    }

    fn offered(&mut self, data: &Value) {
        let (offer, item) = (text(&data["offer"]["id"]), text(&data["workItem"]["id"]));
        let message = &data["message"];
        self.history.offered(&offer, &self.id, &item, &text(&message["eventId"]), &text(&message["id"]));
        self.offers.insert(offer.clone(), item);
        match self.random.below(100) {
            0..85 => self.ask(json!({"type": "offer.accept", "offerId": offer})),
            85..95 => self.ask(json!({"type": "offer.reject", "offerId": offer, "reason": "not me"})),
            // Overlooked: it expires.
            95..98 => {}
            _ => self.ask(json!({"type": "agent.set-state", "state": "away", "reason": "tea"})),
        }
    }

    fn taken(&mut self, item: String) {
        if !self.items.insert(item.clone()) || self.ending.contains(&item) {
            return;
        }
        self.history.holds(&item, &self.id);
        if self.random.below(4) == 0 {
            let key = format!("re-{item}");
            self.ask(json!({"type": "message.send", "workItemId": item, "text": "I see", "idempotencyKey": key}));
        }
        self.history.ends(&item, &self.id);
        self.ending.insert(item.clone());
        self.ask(json!({"type": "work-item.complete", "workItemId": item, "code": "done"}));
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
