//! The desk of an agent in the terminal: what is offered and owned, events as lines, typed lines as commands.

use super::typed::{HELP, Typed, parse};
use crate::out::{cell, one_line, text};
use crate::transcript;
use serde_json::{Value, json};
use std::collections::HashMap;

/// So many messages of a work item are shown again after a reconnect.
const SHOWN: usize = 10;

/// What an agent at a terminal sees.
#[derive(Default)]
pub(super) struct Desk {
    agent: String,
    /// Ids of work items; a work item's number is its place, from 1.
    numbered: Vec<String>,
    /// Pending offers, the newest last.
    offers: Vec<Offer>,
    items: Vec<Item>,
    /// The work item whose customer hears what is typed.
    current: Option<String>,
    /// The offer that was accepted here and not at another desktop of the agent.
    accepting: Option<String>,
    /// What commands that have no result yet were about.
    asked: HashMap<String, String>,
    ids: Ids,
}

/// Makes ids of commands that no other connection of the agent makes.
#[derive(Default)]
pub(super) struct Ids {
    prefix: String,
    count: u64,
}

struct Offer {
    id: String,
    item: String,
    who: String,
}

struct Item {
    id: String,
    who: String,
    state: String,
}

/// What comes of a typed line.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Did {
    /// Shown to the agent.
    pub(super) lines: Vec<String>,
    /// Sent to the server.
    pub(super) command: Option<Value>,
    /// The agent leaves.
    pub(super) quit: bool,
}

impl Did {
    fn shown(line: impl Into<String>) -> Self {
        Self { lines: vec![line.into()], ..Self::default() }
    }
}

impl Ids {
    pub(super) fn new(prefix: String) -> Self {
        Self { prefix, count: 0 }
    }

    pub(super) fn next(&mut self) -> String {
        self.count += 1;
        format!("{}-{}", self.prefix, self.count)
    }
}

impl Desk {
    pub(super) fn new(ids: Ids) -> Self {
        Self { ids, ..Self::default() }
    }

    /// A line that the agent typed.
    pub(super) fn typed(&mut self, line: &str) -> Did {
        match parse(line) {
            Typed::Nothing => Did::default(),
            Typed::State(state, reason) => {
                self.command(state, json!({ "type": "agent.set-state", "state": state, "reason": reason }))
            }
            Typed::Accept(which) => self.accept(which.as_deref()),
            Typed::Reject(rest) => self.reject(&rest),
            Typed::Say(said) => self.say(&said),
            Typed::Items => Did { lines: self.list(), ..Did::default() },
            Typed::Use(which) => self.switch(&which),
            Typed::Done(code) => self.done(code),
            Typed::Hold => self.of_current("hold", "work-item.suspend", json!({})),
            Typed::Resume => self.of_current("resume", "work-item.resume", json!({})),
            Typed::Transfer(agent) => {
                self.of_current("transfer", "work-item.transfer", json!({ "to": { "agent": agent } }))
            }
            Typed::TransferToQueue(queue) => {
                self.of_current("transfer", "work-item.transfer", json!({ "to": { "queue": queue } }))
            }
            Typed::Consult(agent) => self.of_current("consult", "work-item.consult", json!({ "agent": agent })),
            Typed::HandOver => self.of_current("handover", "work-item.transfer-complete", json!({})),
            Typed::TakeBack => self.of_current("takeback", "work-item.transfer-cancel", json!({})),
            Typed::Leave => self.of_current("leave", "work-item.leave", json!({})),
            Typed::Pick(item) => self.command("pick", json!({ "type": "work-item.pick", "workItemId": item })),
            Typed::Help => Did { lines: HELP.lines().map(str::to_owned).collect(), ..Did::default() },
            Typed::Quit => Did { quit: true, ..Did::default() },
        }
    }

    fn command(&mut self, about: &str, mut command: Value) -> Did {
        let id = self.ids.next();
        self.asked.insert(id.clone(), about.to_owned());
        if let Some(members) = command.as_object_mut() {
            members.retain(|_, value| !value.is_null());
            members.insert("id".to_owned(), id.into());
        }
        Did { command: Some(command), ..Did::default() }
    }

    fn accept(&mut self, which: Option<&str>) -> Did {
        let place = match which {
            Some(which) => self.offer(which),
            None => self.offers.len().checked_sub(1),
        };
        let Some(offer) = place.and_then(|place| self.offers.get(place)) else {
            return Did::shown(match which {
                Some(which) => format!("there is no offer {which}; `items` lists them"),
                None => "nothing is offered".to_owned(),
            });
        };
        let id = offer.id.clone();
        self.accepting = Some(id.clone());
        self.command("accept", json!({ "type": "offer.accept", "offerId": id }))
    }

    fn reject(&mut self, rest: &str) -> Did {
        let (first, after) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
        let (place, reason) = match self.offer(first) {
            Some(place) => (Some(place), after.trim()),
            None => (self.offers.len().checked_sub(1), rest),
        };
        let Some(offer) = place.and_then(|place| self.offers.get(place)) else {
            return Did::shown("nothing is offered");
        };
        let id = offer.id.clone();
        let reason = (!reason.is_empty()).then_some(reason);
        self.command("reject", json!({ "type": "offer.reject", "offerId": id, "reason": reason }))
    }

    fn say(&mut self, said: &str) -> Did {
        let Some(item) = self.current.clone() else {
            return Did::shown(match self.items.is_empty() {
                true => "nobody hears that: you have no work item; `help` says what can be typed",
                false => "nobody hears that: say which work item it is for with `use N`; `items` lists them",
            });
        };
        self.command(
            &format!("say {}", excerpt(said)),
            json!({ "type": "message.send", "workItemId": item, "text": said }),
        )
    }

    fn done(&mut self, code: Option<String>) -> Did {
        self.of_current("done", "work-item.complete", json!({ "code": code }))
    }

    /// A command about the work item in use.
    fn of_current(&mut self, about: &str, kind: &str, mut command: Value) -> Did {
        let Some(item) = self.current.clone() else {
            return Did::shown("no work item is in use; `items` lists them, `use N` takes one");
        };
        command["type"] = kind.into();
        command["workItemId"] = item.into();
        self.command(about, command)
    }

    fn switch(&mut self, which: &str) -> Did {
        match self.items.iter().find(|item| self.is_called(&item.id, which)) {
            Some(item) => {
                let shown = format!("{} hears you now", item.who);
                self.current = Some(item.id.clone());
                Did::shown(shown)
            }
            None => Did::shown(format!("you have no work item {which}; `items` lists them")),
        }
    }

    fn list(&mut self) -> Vec<String> {
        if self.items.is_empty() && self.offers.is_empty() {
            return vec!["nothing is offered and you have no work item".to_owned()];
        }
        let number = |id: &str| self.numbered.iter().position(|known| known == id).map_or(0, |place| place + 1);
        let offers = self
            .offers
            .iter()
            .map(|offer| format!("  #{} offered  {}  {}", number(&offer.item), offer.who, offer.item));
        let items = self.items.iter().map(|item| {
            let mark = if self.current.as_ref() == Some(&item.id) { '>' } else { ' ' };
            format!("{mark} #{} {}  {}  {}", number(&item.id), item.state, item.who, item.id)
        });
        offers.chain(items).collect()
    }

    /// The pending offer that is called so: by its work item's number or by an id.
    fn offer(&self, which: &str) -> Option<usize> {
        self.offers.iter().position(|offer| offer.id == which || self.is_called(&offer.item, which))
    }

    fn is_called(&self, item: &str, which: &str) -> bool {
        let number = which.strip_prefix('#').unwrap_or(which).parse::<usize>().ok();
        let numbered = number.and_then(|number| self.numbered.get(number.checked_sub(1)?));
        item == which || numbered.is_some_and(|id| id == item)
    }

    fn number(&mut self, item: &str) -> usize {
        match self.numbered.iter().position(|known| known == item) {
            Some(place) => place + 1,
            None => {
                self.numbered.push(item.to_owned());
                self.numbered.len()
            }
        }
    }

    /// An event of the server, as what is shown of it.
    pub(super) fn event(&mut self, event: &Value) -> Vec<String> {
        let nothing = Value::Null;
        let data = event.get("data").unwrap_or(&nothing);
        match text(event, "type").unwrap_or_default() {
            "snapshot" => self.snapshot(data),
            "agent.updated" => vec![self.me(data)],
            "offer.created" => self.offered(data),
            "offer.accepted" => self.accepted(data),
            "work-item.updated" => self.updated(data),
            "work-item.closed" => self.closed(data),
            "message.received" => self.said(data, ""),
            "message.changed" => self.said(data, "(changed) "),
            "message.status" => self.status(data),
            "typing" => self.types(data),
            "command.result" => self.result(data),
            other => match other.strip_prefix("offer.") {
                Some(outcome) => self.offer_ended(data, outcome),
                None => vec![format!("({})", one_line(other))],
            },
        }
    }

    fn snapshot(&mut self, data: &Value) -> Vec<String> {
        let first = self.agent.is_empty();
        self.agent = text(data, "agent.id").unwrap_or_default().to_owned();
        self.offers.clear();
        self.items.clear();
        let list = |name: &str| data.get(name).and_then(Value::as_array).cloned().unwrap_or_default();
        let mut lines = vec![self.me(data)];
        for offer in list("offers") {
            lines.extend(self.offered(&offer));
        }
        for owned in list("workItems") {
            let Some(item) = self.keep(&owned) else {
                continue;
            };
            lines.push(format!("#{} {}: {}", self.number(&item.id), item.who, item.state));
            let messages = owned.get("messages").and_then(Value::as_array);
            let messages = messages.map_or(&[][..], Vec::as_slice);
            let left_out = messages.len().saturating_sub(SHOWN);
            if left_out > 0 {
                lines.push(format!("    ({left_out} earlier)"));
            }
            let shown = messages.iter().skip(left_out);
            lines.extend(shown.map(|message| format!("    {}", transcript::message(message))));
        }
        self.settle(first);
        lines
    }

    /// The agent's own line.
    fn me(&self, data: &Value) -> String {
        let of = |name: &str| cell(data, &format!("agent.{name}"));
        let reason = text(data, "agent.reason").map_or_else(String::new, |reason| format!(" ({})", one_line(reason)));
        format!("you are {}{reason}, load {} of {}", of("state"), of("load"), of("capacity"))
    }

    fn offered(&mut self, data: &Value) -> Vec<String> {
        let Some(id) = text(data, "offer.id") else {
            return Vec::new();
        };
        let item = text(data, "offer.workItemId").or_else(|| text(data, "workItem.id")).unwrap_or_default();
        let who = who(data);
        let number = self.number(item);
        self.offers.retain(|offer| offer.id != id);
        self.offers.push(Offer { id: id.to_owned(), item: item.to_owned(), who: who.clone() });
        let of = |name: &str| cell(data, &format!("workItem.{name}"));
        let until = text(data, "offer.expiresAt").map_or_else(String::new, |at| format!(", until {}", one_line(at)));
        let mut lines = vec![format!(
            "offer #{number}: {who}, {} on {}, queue {}{until}",
            of("mediaType"),
            of("channel"),
            of("queue")
        )];
        if let Some(message) = data.get("message").filter(|message| !message.is_null()) {
            lines.push(format!("    {}", transcript::message(message)));
        }
        lines.push(format!("    accept {number}, or reject {number} [REASON]"));
        lines
    }

    fn accepted(&mut self, data: &Value) -> Vec<String> {
        let offer = text(data, "offer.id").unwrap_or_default();
        self.offers.retain(|pending| pending.id != offer);
        let here = self.accepting.as_deref() == Some(offer);
        if here {
            self.accepting = None;
        }
        let Some(item) = self.keep(data) else {
            return Vec::new();
        };
        let number = self.number(&item.id);
        // Taken at another desktop of the same agent, it must not catch what is being typed here for somebody else.
        if here || self.current.is_none() {
            self.current = Some(item.id);
            return vec![format!("#{number} is yours: what you type goes to {}", item.who)];
        }
        vec![format!("#{number} is yours too: `use {number}` to answer {}", item.who)]
    }

    fn offer_ended(&mut self, data: &Value, outcome: &str) -> Vec<String> {
        let offer = text(data, "offer.id").unwrap_or_default();
        let Some(place) = self.offers.iter().position(|pending| pending.id == offer) else {
            return Vec::new();
        };
        let ended = self.offers.remove(place);
        vec![format!("offer #{} is over: {}", self.number(&ended.item), one_line(outcome))]
    }

    fn updated(&mut self, data: &Value) -> Vec<String> {
        let Some(id) = text(data, "workItem.id") else {
            return Vec::new();
        };
        let before = self.items.iter().find(|item| item.id == id).map(|item| item.state.clone());
        let helpers = data.pointer("/workItem/helpers").and_then(Value::as_array);
        let helps = helpers.is_some_and(|helpers| helpers.iter().any(|helper| helper == self.agent.as_str()));
        if text(data, "workItem.owner") != Some(&self.agent) && !helps {
            return match before {
                Some(_) => self.gone(id, "isn't yours any more"),
                None => Vec::new(),
            };
        }
        let Some(item) = self.keep(data) else {
            return Vec::new();
        };
        if before.as_ref() == Some(&item.state) {
            return Vec::new();
        }
        vec![format!("#{} {}: {}", self.number(&item.id), item.who, item.state)]
    }

    fn closed(&mut self, data: &Value) -> Vec<String> {
        match text(data, "workItem.id") {
            Some(id) if self.items.iter().any(|item| item.id == id) => self.gone(id, "is closed"),
            _ => Vec::new(),
        }
    }

    fn gone(&mut self, id: &str, how: &str) -> Vec<String> {
        self.items.retain(|item| item.id != id);
        let mut lines = vec![format!("#{} {how}", self.number(id))];
        if self.current.as_deref() == Some(id) {
            self.current = None;
            // Never another one by itself: what is being typed is meant for this customer.
            if !self.items.is_empty() {
                lines.push("`use N` to go on with another; `items` lists them".to_owned());
            }
        }
        lines
    }

    fn said(&mut self, data: &Value, note: &str) -> Vec<String> {
        let number = self.number(text(data, "workItem.id").unwrap_or_default());
        let said = data.get("message").filter(|message| !message.is_null());
        let said = said.map_or_else(|| "a message".to_owned(), transcript::message);
        vec![format!("#{number} {note}{said}")]
    }

    fn types(&mut self, data: &Value) -> Vec<String> {
        if data.get("on").and_then(Value::as_bool) != Some(true) {
            return Vec::new();
        }
        vec![format!("#{} is writing ...", self.number(text(data, "workItemId").unwrap_or_default()))]
    }

    fn status(&mut self, data: &Value) -> Vec<String> {
        let status = cell(data, "status");
        // What goes well isn't worth a line each step.
        if matches!(status.as_str(), "queued" | "sent") {
            return Vec::new();
        }
        let number = self.number(text(data, "workItemId").unwrap_or_default());
        let why = match (text(data, "error.code"), text(data, "error.message")) {
            (Some(code), Some(message)) => format!(": {} ({})", one_line(message), one_line(code)),
            (Some(code), None) => format!(": {}", one_line(code)),
            _ => String::new(),
        };
        vec![format!("#{number} your message: {status}{why}")]
    }

    fn result(&mut self, data: &Value) -> Vec<String> {
        let about = text(data, "id").and_then(|id| self.asked.remove(id));
        if data.get("ok").and_then(Value::as_bool) == Some(true) {
            return Vec::new();
        }
        let about = about.unwrap_or_else(|| "a command".to_owned());
        let state = text(data, "error.state").map_or_else(String::new, |state| format!(" (it is {})", one_line(state)));
        vec![format!("refused: {about}: {}{state}", cell(data, "error.message"))]
    }

    /// Keeps a work item of the agent's as it is now.
    fn keep(&mut self, data: &Value) -> Option<Item> {
        let id = text(data, "workItem.id")?.to_owned();
        let item = || Item { id: id.clone(), who: who(data), state: cell(data, "workItem.state") };
        self.number(&id);
        match self.items.iter_mut().find(|known| known.id == id) {
            Some(known) => *known = item(),
            None => self.items.push(item()),
        }
        Some(item())
    }

    /// After a snapshot: whose work item is gone hears nothing. At the start the only customer there is needs no `use`.
    fn settle(&mut self, first: bool) {
        let there = |id: &String| self.items.iter().any(|item| item.id == *id);
        self.current = self.current.take().filter(there);
        if let ([only], true) = (self.items.as_slice(), first) {
            self.current = Some(only.id.clone());
        }
    }
}

/// The customer of an event.
fn who(data: &Value) -> String {
    let places = ["/workItem/customer", "/customer", "/message/workItem/customer"];
    let found = places.into_iter().filter_map(|place| data.pointer(place)).find(|customer| !customer.is_null());
    found.map_or_else(|| "customer".to_owned(), transcript::customer)
}

fn excerpt(said: &str) -> String {
    let mut short: String = one_line(said).chars().take(30).collect();
    if said.chars().nth(30).is_some() {
        short.push('…');
    }
    format!("`{short}`")
}

#[cfg(test)]
mod tests;
