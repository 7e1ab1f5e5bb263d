//! What a channel's driver says of its contact with the channel.

use jackfield_spec::{Attributes, ConnectionInfo, Message, Timestamp};
use serde::Serialize;
use serde_json::Value;

/// The state of a channel's contact, as its driver sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Health {
    /// `connecting`, `connected`, `transient-error`, `bad-credentials`, `logged-out`, `unknown-error`.
    pub state: String,
    /// More, for people.
    pub detail: Option<String>,
    /// Since when.
    pub since: Timestamp,
    /// Somebody has to do something.
    pub user_action: bool,
}

const STATES: [&str; 6] =
    ["connecting", "connected", "transient-error", "bad-credentials", "logged-out", "unknown-error"];

impl Health {
    /// Before the driver has said anything.
    pub(crate) fn connecting(now: Timestamp) -> Self {
        Self { state: "connecting".to_owned(), detail: None, since: now, user_action: false }
    }

    /// The driver has nothing to say of it: it waits for requests.
    pub(crate) fn connected(now: Timestamp) -> Self {
        Self { state: "connected".to_owned(), ..Self::connecting(now) }
    }

    /// Out of a reply to `channel.health` or a `channel.health-changed`: its arguments, else its connection information.
    pub(crate) fn of(message: &Message, now: Timestamp) -> Option<Self> {
        let arguments = &message.interaction.arguments;
        let (state, detail, user_action) = match (arguments.get("state").and_then(Value::as_str), &message.connection) {
            (Some(state), _) => (
                state,
                arguments.get("detail").and_then(Value::as_str),
                arguments.get("userAction").and_then(Value::as_bool).unwrap_or(false),
            ),
            (None, Some(connection)) => {
                (connection.state.as_str(), connection.detail.as_deref(), connection.user_action)
            }
            (None, None) => return None,
        };
        let state = if STATES.contains(&state) { state } else { "unknown-error" };
        Some(Self { state: state.to_owned(), detail: detail.map(str::to_owned), since: now, user_action })
    }

    /// The same as messages carry it.
    pub(crate) fn info(&self) -> ConnectionInfo {
        ConnectionInfo {
            state: self.state.clone(),
            since: Some(self.since),
            detail: self.detail.clone(),
            user_action: self.user_action,
            attributes: Attributes::default(),
        }
    }

    /// Takes what is new; the time stays where the state stays.
    pub(crate) fn update(&mut self, new: Self) {
        let since = if new.state == self.state { self.since } else { new.since };
        *self = Self { since, ..new };
    }
}

#[cfg(test)]
mod tests;
