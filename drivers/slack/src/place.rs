//! Where things are said: threads of channels of workspaces. Also what Slack's ids look like.

use jackfield_sdk::time::from_unix;
use jackfield_sdk::{Piece, Result, host};

/// A place that messages come from and go to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The workspace.
    pub team: String,
    /// The channel, the direct message or, for who is written to first, the user.
    pub channel: String,
    /// The timestamp of the thread's first message.
    pub thread: Option<String>,
}

/// Of so many messages it is known at most which thread they belong to; later ones take the places of earlier ones.
const REMEMBERED: u16 = 2048;

impl Place {
    /// A place of Slack's; none where an id isn't one.
    pub fn new(team: &str, channel: &str, thread: Option<&str>) -> Option<Self> {
        let is_whole = is_id(team) && is_id(channel) && thread.is_none_or(is_id);
        is_whole.then(|| Self { team: team.into(), channel: channel.into(), thread: thread.map(String::from) })
    }

    /// The conversation's key: `TEAM/CHANNEL/THREAD`, or `TEAM/CHANNEL` for what is in no thread.
    pub fn conversation(&self) -> String {
        match &self.thread {
            Some(thread) => format!("{}/{}/{thread}", self.team, self.channel),
            None => format!("{}/{}", self.team, self.channel),
        }
    }

    /// The place of a conversation's key.
    pub fn parse(conversation: &str) -> Option<Self> {
        let mut pieces = conversation.split('/');
        let place = Self::new(pieces.next()?, pieces.next()?, pieces.next());
        place.filter(|_| pieces.next().is_none())
    }

    /// The external id of a message in the channel.
    pub fn message(&self, ts: &str) -> String {
        format!("{}/{}/{ts}", self.team, self.channel)
    }

    /// Remembers which thread a message belongs to that didn't begin it: reactions don't say.
    pub fn remember(&self, ts: &str) {
        let Some(thread) = self.thread.as_deref().filter(|thread| *thread != ts) else { return };
        let value = format!("{}/{ts} {thread}", self.channel);
        let done = key_of(&self.channel, ts).and_then(|key| host::store::set(&key, value.as_bytes(), None));
        if let Err(error) = done {
            host::debug(&format!("a message's thread can't be kept: {}", error.text));
        }
    }

    /// The place of a message of which only channel and timestamp are known.
    pub fn of_message(team: &str, channel: &str, ts: &str) -> Option<Self> {
        let kept = key_of(channel, ts).and_then(|key| host::store::get(&key)).ok().flatten();
        let kept = kept.and_then(|kept| String::from_utf8(kept).ok());
        let thread = kept.as_deref().and_then(|kept| kept.strip_prefix(&format!("{channel}/{ts} ")));
        Self::new(team, channel, Some(thread.unwrap_or(ts)))
    }
}

/// The place in the store of a message's thread.
fn key_of(channel: &str, ts: &str) -> Result<String> {
    let hash = host::secrets::hash("sha256", &[Piece::Text(format!("{channel}/{ts}"))])?;
    let number = hash.first_chunk().map_or(0, |bytes| u16::from_be_bytes(*bytes));
    Ok(format!("thread/{}", number % REMEMBERED))
}

/// Whether it is an id or timestamp of Slack's, fit for keys.
pub fn is_id(text: &str) -> bool {
    (1..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_".contains(&byte))
}

/// When a message with this timestamp was written, in milliseconds since 1970.
pub fn time_of(ts: &str) -> Option<u64> {
    ts.parse().ok().and_then(from_unix)
}
