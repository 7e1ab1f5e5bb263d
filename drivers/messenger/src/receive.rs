//! The events of a batch: in each entry, which is about one page, what happened in its conversations.

use jackfield_sdk::host;
use jackfield_sdk::json::Value;
use meta_common::{Events, Found, Trouble, cut, id, is_no_list, items};

use crate::{MessengerDriver, echo, inbound, status};

/// Fields of an event that have what a customer did.
const SAID: [&str; 4] = ["message", "postback", "message_edit", "reaction"];

/// One event.
pub enum Event<'v> {
    /// A customer did something, or something became of what was sent.
    Messaging(&'v Value<'v>),
    /// One of the messages that a customer's device has.
    Delivered { messaging: &'v Value<'v>, mid: &'v Value<'v> },
}

impl Events for MessengerDriver {
    const OBJECT: &'static str = "page";
    type Event<'v> = Event<'v>;

    fn split<'v>(&self, body: &'v Value<'v>) -> Vec<Found<'v, Event<'v>>> {
        let mut events = Vec::new();
        for entry in items(body, "entry") {
            match id(entry, "id") {
                Some(page) if page == self.settings.meta.account => split_entry(entry, &mut events),
                Some(page) => {
                    events.push(Found::Ignored(format!("ignored: an entry about the page with id {}", cut(page, 64))));
                }
                None => events.push(Found::Unreadable(entry, "an entry that doesn't say which page it is about")),
            }
        }
        events
    }

    fn handle(&self, event: &Event<'_>) -> Result<(), Trouble> {
        match event {
            Event::Messaging(messaging) => self.messaging(messaging),
            Event::Delivered { messaging, mid } => status::delivered(messaging, mid),
        }
    }

    fn raw(event: &Event<'_>) -> String {
        match event {
            Event::Messaging(messaging) | Event::Delivered { messaging, .. } => messaging.to_json(),
        }
    }
}

fn split_entry<'v>(entry: &'v Value<'v>, events: &mut Vec<Found<'v, Event<'v>>>) {
    let before = events.len();
    if is_no_list(entry, "messaging") {
        events.push(Found::Unreadable(entry, "an entry whose `messaging` is no list"));
    }
    for messaging in items(entry, "messaging") {
        events.push(Found::Event(Event::Messaging(messaging)));
        let mids = messaging.get("delivery").map(|delivery| items(delivery, "mids")).unwrap_or_default();
        events.extend(mids.iter().map(|mid| Found::Event(Event::Delivered { messaging, mid })));
    }
    // Another app or the page's inbox has the conversation: it is not our turn.
    for _ in items(entry, "standby") {
        events.push(Found::Ignored("ignored: what another app has to answer (standby)".into()));
    }
    if events.len() == before {
        events.push(Found::Ignored("ignored: an entry with nothing for this channel".into()));
    }
}

impl MessengerDriver {
    fn messaging(&self, messaging: &Value<'_>) -> Result<(), Trouble> {
        let has = |name: &str| messaging.get(name).filter(|value| value.as_object().is_some());
        let is_said = |name: &&&str| !matches!(messaging.get(name), None | Some(Value::Null | Value::Object(_)));
        if let Some(name) = SAID.iter().find(is_said) {
            return Err(Trouble::Bad(format!("an event whose `{name}` is no object")));
        }
        if let Some(message) = has("message") {
            return match message.get("is_echo").and_then(Value::as_bool) {
                Some(true) => echo::echo(&self.settings, messaging, message),
                _ => inbound::message(&self.settings, messaging, message),
            };
        }
        if let Some(postback) = has("postback") {
            return inbound::postback(&self.settings, messaging, postback);
        }
        if let Some(edit) = has("message_edit") {
            return inbound::edit(messaging, edit);
        }
        if let Some(reaction) = has("reaction") {
            return inbound::reaction(messaging, reaction);
        }
        if let Some(delivery) = has("delivery") {
            return status::up_to(messaging, delivery, "delivered");
        }
        if let Some(read) = has("read") {
            return status::up_to(messaging, read, "read");
        }
        match messaging.as_object() {
            Some(_) => {
                host::log::write(host::Level::Info, "ignored: an event of a kind that is nothing here", &[]);
                Ok(())
            }
            None => Err(Trouble::Bad("an event that is no object".into())),
        }
    }
}
