//! The events of a batch: in each entry changes, in each change messages, statuses and more.

use jackfield_sdk::json::{Object, Value};
use meta_common::{Events, Found, Trouble, cut, id, is_no_list, items, text};

use crate::{WhatsAppDriver, inbound, notices, status};

/// What events stand in, in a change.
const LISTS: [&str; 6] = ["errors", "messages", "message_echoes", "statuses", "user_id_update", "user_preferences"];

/// One event.
pub enum Event<'v> {
    /// What a customer wrote; `value` is the change that it stands in.
    Message { value: &'v Value<'v>, message: &'v Value<'v> },
    /// What the business wrote with the phone's own app.
    Echo { value: &'v Value<'v>, message: &'v Value<'v> },
    /// How far something that was sent has come.
    Status { value: &'v Value<'v>, status: &'v Value<'v> },
    /// Meta tells of a fault.
    Fault(&'v Value<'v>),
    /// A customer's id changed.
    UserId { value: &'v Value<'v>, update: &'v Value<'v> },
    /// A customer does or doesn't want advertising.
    Preference { value: &'v Value<'v>, preference: &'v Value<'v> },
}

impl Events for WhatsAppDriver {
    const OBJECT: &'static str = "whatsapp_business_account";
    type Event<'v> = Event<'v>;

    fn split<'v>(&self, body: &'v Value<'v>) -> Vec<Found<'v, Event<'v>>> {
        let mut events = Vec::new();
        for entry in items(body, "entry") {
            match entry.get("changes").and_then(Value::as_array) {
                Some(changes) => changes.iter().for_each(|change| self.split_change(change, &mut events)),
                None => events.push(Found::Unreadable(entry, "an entry without changes")),
            }
        }
        events
    }

    fn handle(&self, event: &Event<'_>) -> Result<(), Trouble> {
        match event {
            Event::Message { value, message } => inbound::message(value, message),
            Event::Echo { value, message } => inbound::echo(value, message),
            Event::Status { value, status } => status::status(value, status),
            Event::Fault(error) => {
                notices::fault(error);
                Ok(())
            }
            Event::UserId { value, update } => notices::user_id(value, update),
            Event::Preference { value, preference } => notices::preference(value, preference),
        }
    }

    fn raw(event: &Event<'_>) -> String {
        match event {
            Event::Message { value, message: item }
            | Event::Echo { value, message: item }
            | Event::Status { value, status: item }
            | Event::UserId { value, update: item }
            | Event::Preference { value, preference: item } => {
                let contacts = value.get("contacts").map_or_else(|| "null".into(), Value::to_json);
                Object::new().raw("contacts", &contacts).raw("event", &item.to_json()).finish()
            }
            Event::Fault(value) => value.to_json(),
        }
    }
}

impl WhatsAppDriver {
    fn split_change<'v>(&self, change: &'v Value<'v>, events: &mut Vec<Found<'v, Event<'v>>>) {
        let (Some(field), Some(value)) = (text(change, "field"), change.get("value")) else {
            events.push(Found::Unreadable(change, "a change without field or value"));
            return;
        };
        let number = value.get("metadata").and_then(|metadata| id(metadata, "phone_number_id"));
        match number {
            Some(number) if number != self.settings.meta.account => {
                let line =
                    format!("ignored: a change of `{}` for the number with id {}", cut(field, 64), cut(number, 64));
                events.push(Found::Ignored(line));
                return;
            }
            // What is about the account as a whole (templates, reviews) has none.
            None if field != "messages" => {
                events.push(Found::Ignored(format!("ignored: a change of `{}`", cut(field, 64))));
                return;
            }
            None => {
                events.push(Found::Unreadable(change, "messages that don't say which number they are for"));
                return;
            }
            Some(_) => {}
        }
        let before = events.len();
        if LISTS.iter().any(|name| is_no_list(value, name)) {
            events.push(Found::Unreadable(change, "a change with something that is no list where one should be"));
        }
        let mut add = |found: &mut dyn Iterator<Item = Event<'v>>| events.extend(found.map(Found::Event));
        add(&mut items(value, "errors").iter().map(Event::Fault));
        add(&mut items(value, "messages").iter().map(|message| Event::Message { value, message }));
        add(&mut items(value, "message_echoes").iter().map(|message| Event::Echo { value, message }));
        add(&mut items(value, "statuses").iter().map(|status| Event::Status { value, status }));
        add(&mut items(value, "user_id_update").iter().map(|update| Event::UserId { value, update }));
        let preferences = items(value, "user_preferences").iter();
        add(&mut preferences.map(|preference| Event::Preference { value, preference }));
        if events.len() == before {
            events.push(Found::Ignored(format!(
                "ignored: a change of `{}` with nothing for this channel",
                cut(field, 64)
            )));
        }
    }
}
