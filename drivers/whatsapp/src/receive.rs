//! The events of a batch: in each entry changes, in each change messages, statuses and more.

use jackfield_sdk::host;
use jackfield_sdk::json::{Object, Value};
use meta_common::{Events, Trouble, cut, id, items, text};

use crate::{WhatsAppDriver, inbound, notices, status};

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
    /// Nothing for this channel.
    Ignored(String),
    /// It isn't what Meta sends.
    Unreadable(&'v Value<'v>, &'static str),
}

impl Events for WhatsAppDriver {
    const OBJECT: &'static str = "whatsapp_business_account";
    type Event<'v> = Event<'v>;

    fn split<'v>(&self, body: &'v Value<'v>) -> Vec<Event<'v>> {
        let mut events = Vec::new();
        for entry in items(body, "entry") {
            match entry.get("changes").and_then(Value::as_array) {
                Some(changes) => changes.iter().for_each(|change| self.split_change(change, &mut events)),
                None => events.push(Event::Unreadable(entry, "an entry without changes")),
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
            Event::Ignored(line) => {
                host::log::write(host::Level::Info, line, &[]);
                Ok(())
            }
            Event::Unreadable(_, reason) => Err(Trouble::Bad((*reason).into())),
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
            Event::Fault(value) | Event::Unreadable(value, _) => value.to_json(),
            Event::Ignored(line) => Object::new().string("ignored", line).finish(),
        }
    }
}

impl WhatsAppDriver {
    fn split_change<'v>(&self, change: &'v Value<'v>, events: &mut Vec<Event<'v>>) {
        let (Some(field), Some(value)) = (text(change, "field"), change.get("value")) else {
            events.push(Event::Unreadable(change, "a change without field or value"));
            return;
        };
        let number = value.get("metadata").and_then(|metadata| id(metadata, "phone_number_id"));
        match number {
            Some(number) if number != self.settings.meta.account => {
                let line =
                    format!("ignored: a change of `{}` for the number with id {}", cut(field, 64), cut(number, 64));
                events.push(Event::Ignored(line));
                return;
            }
            // What is about the account as a whole (templates, reviews) has none.
            None if field != "messages" => {
                events.push(Event::Ignored(format!("ignored: a change of `{}`", cut(field, 64))));
                return;
            }
            None => {
                events.push(Event::Unreadable(change, "messages that don't say which number they are for"));
                return;
            }
            Some(_) => {}
        }
        let before = events.len();
        events.extend(items(value, "errors").iter().map(Event::Fault));
        events.extend(items(value, "messages").iter().map(|message| Event::Message { value, message }));
        events.extend(items(value, "message_echoes").iter().map(|message| Event::Echo { value, message }));
        events.extend(items(value, "statuses").iter().map(|status| Event::Status { value, status }));
        events.extend(items(value, "user_id_update").iter().map(|update| Event::UserId { value, update }));
        let preferences = items(value, "user_preferences").iter();
        events.extend(preferences.map(|preference| Event::Preference { value, preference }));
        if events.len() == before {
            events.push(Event::Ignored(format!(
                "ignored: a change of `{}` with nothing for this channel",
                cut(field, 64)
            )));
        }
    }
}
