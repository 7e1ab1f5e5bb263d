//! How a channel stands with its service, kept from one call to the next and told when it changes.
//!
//! A driver notes what it learns while it works ([`note`]), and answers the server's `channel.health` with what it
//! noted last ([`reply`]).

use crate::interactions::{ChannelHealthChanged, Own};
use crate::json::{Object, Value, parse};
use crate::{ConnectionInfo, Delivery, Kind, Message, Outcome, host, push_all};

/// Where it is kept.
const KEY: &str = "health";
/// All is well.
pub const CONNECTED: &str = "connected";
/// It goes wrong, and may go better by itself.
pub const TRANSIENT: &str = "transient-error";
/// The service doesn't accept our credentials: somebody has to change them.
pub const BAD_CREDENTIALS: &str = "bad-credentials";
/// The service has closed or locked the account: somebody has to talk to it.
pub const LOGGED_OUT: &str = "logged-out";

/// Notes a state of `connection-info`, with what the service said, and tells the server if it is another than before.
/// Bad credentials and a closed account need somebody to act. Never fails: health is no reason to fail for.
pub fn note(media_type: &str, state: &str, detail: Option<&str>) {
    if kept().0 == state {
        return;
    }
    let value = Object::new().string("state", state).optional("detail", detail).finish();
    let done = host::store::set(KEY, value.as_bytes(), None);
    let mut message = Message::new(media_type, &ChannelHealthChanged);
    message.connection = Some(connection(state, detail));
    if let Err(error) = done {
        host::warn(&format!("the channel's health can't be kept: {}", error.text));
    }
    if let Err(refused) = push_all(&[message]) {
        host::warn(&format!("the channel's health was refused: {}", refused.text));
    }
}

/// The answer to `channel.health`: what was noted last; `connected` before that.
pub fn reply(delivery: &Delivery) -> Outcome {
    let (state, detail) = kept();
    let own = Own { kind: Kind::Notification, name: "channel.health".into(), arguments: "{}".into() };
    let mut message = Message::new(&delivery.message.media_type, &own);
    message.interaction.in_reply_to = delivery.message.interaction.tracking_id.clone();
    message.connection = Some(connection(&state, detail.as_deref()));
    Outcome::Reply(message)
}

fn connection(state: &str, detail: Option<&str>) -> ConnectionInfo {
    ConnectionInfo {
        state: state.into(),
        since: None,
        detail: detail.map(|detail| detail.chars().take(250).collect()),
        user_action: matches!(state, BAD_CREDENTIALS | LOGGED_OUT),
        attributes: Vec::new(),
    }
}

fn kept() -> (String, Option<String>) {
    let bytes = host::store::get(KEY).ok().flatten().unwrap_or_default();
    let value = parse(&bytes).unwrap_or(Value::Null);
    let text = |key: &str| value.get(key).and_then(Value::as_str).map(String::from);
    (text("state").unwrap_or_else(|| CONNECTED.into()), text("detail"))
}

#[cfg(test)]
mod tests {
    use super::{BAD_CREDENTIALS, CONNECTED, note, reply};
    use crate::native::{self, Host};
    use crate::{Outcome, WorkItem};

    #[test]
    fn it_is_told_when_it_changes_and_when_asked() {
        native::install(Host::new());
        note("chat", CONNECTED, None);
        note("chat", BAD_CREDENTIALS, Some("Unauthorized"));
        note("chat", BAD_CREDENTIALS, Some("Unauthorized"));
        let told = native::with(|host| std::mem::take(&mut host.pushed));
        let states: Vec<_> = told.iter().filter_map(|message| message.connection.as_ref()).collect();
        assert_eq!((states.len(), states[0].state.as_str(), states[0].user_action), (1, "bad-credentials", true));

        let mut asked = native::answer("m", WorkItem::new("c", "a"), "");
        asked.interaction.tracking_id = Some("t".into());
        let Outcome::Reply(answer) = reply(&native::delivery(asked)) else { panic!("no reply") };
        let connection = answer.connection.expect("a connection");
        assert_eq!(
            (connection.state.as_str(), connection.detail.as_deref()),
            ("bad-credentials", Some("Unauthorized"))
        );
        assert_eq!(answer.interaction.in_reply_to.as_deref(), Some("t"));
    }
}
