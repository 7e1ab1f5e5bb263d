//! What an agent says, parsed. Unknown fields are ignored, unknown types are not.

use jackfield_router::Presence;
use jackfield_spec::Digest;
use serde_json::{Map, Value};

/// Bytes of a text.
const TEXT: usize = 64 * 1024;
/// Characters of a command's id and of an idempotency key.
const KEY: usize = 128;
/// Bytes of a reason or a wrap-up code.
const LINE: usize = 1024;
/// Attachments of one message.
const ATTACHMENTS: usize = 32;

/// Commands of the protocol that this version doesn't serve.
const UNSERVED: [&str; 5] =
    ["work-item.suspend", "work-item.resume", "work-item.transfer", "work-item.invoke", "typing"];

/// A command with its id.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Frame {
    /// The agent's own id of it.
    pub(super) id: String,
    /// What is to be done.
    pub(super) command: Command,
}

/// What an agent wants done.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Command {
    /// `agent.set-state`
    SetState { state: Presence, reason: Option<String> },
    /// `offer.accept`
    Accept { offer: String },
    /// `offer.reject`
    Reject { offer: String, reason: Option<String> },
    /// `message.send`
    Send(Box<Send>),
    /// `message.retry`
    Retry { message: String },
    /// `work-item.complete`
    Complete { work_item: String, code: Option<String>, if_version: Option<u64> },
    /// One that isn't served, by name.
    Unserved(&'static str),
}

/// A message to be sent.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Send {
    pub(super) work_item: String,
    pub(super) text: String,
    pub(super) attachments: Vec<Attached>,
    pub(super) idempotency_key: Option<String>,
    pub(super) if_version: Option<u64>,
}

/// A file to be sent with a message: a digest, or an object that names the file as well.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Attached {
    pub(super) blob: Digest,
    pub(super) name: Option<String>,
    pub(super) media_type: Option<String>,
}

/// A frame that is no command, with the id if it has a usable one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Malformed {
    pub(super) id: Option<String>,
    pub(super) code: &'static str,
    pub(super) message: String,
}

/// What is wrong with a field.
struct Wrong(&'static str, String);

impl Wrong {
    fn bad(message: impl Into<String>) -> Self {
        Self("bad-request", message.into())
    }
}

/// Parses a text frame.
pub(super) fn parse(text: &str) -> Result<Frame, Malformed> {
    let malformed = |id, Wrong(code, message)| Malformed { id, code, message };
    let fields = match serde_json::from_str(text) {
        Ok(Value::Object(fields)) => Fields(fields),
        Ok(_) => return Err(malformed(None, Wrong::bad("a command is a JSON object"))),
        Err(error) => {
            return Err(malformed(None, Wrong::bad(format!("this is not JSON: {error}"))));
        }
    };
    let id = fields.key("id").map_err(|wrong| malformed(None, wrong))?;
    let Some(id) = id else {
        return Err(malformed(None, Wrong::bad("`id` is missing; give each command an id of its own")));
    };
    match fields.command() {
        Ok(command) => Ok(Frame { id, command }),
        Err(wrong) => Err(malformed(Some(id), wrong)),
    }
}

struct Fields(Map<String, Value>);

impl Fields {
    fn command(&self) -> Result<Command, Wrong> {
        match self.required("type")?.as_str() {
            "agent.set-state" => Ok(Command::SetState { state: self.presence()?, reason: self.line("reason")? }),
            "offer.accept" => Ok(Command::Accept { offer: self.required("offerId")? }),
            "offer.reject" => Ok(Command::Reject { offer: self.required("offerId")?, reason: self.line("reason")? }),
            "message.send" => self.send().map(Box::new).map(Command::Send),
            "message.retry" => Ok(Command::Retry { message: self.required("messageId")? }),
            "work-item.complete" => Ok(Command::Complete {
                work_item: self.required("workItemId")?,
                code: self.line("code")?,
                if_version: self.number("ifVersion")?,
            }),
            other => match UNSERVED.into_iter().find(|name| *name == other) {
                Some(name) => Ok(Command::Unserved(name)),
                None => Err(Wrong::bad("this `type` of command is not known")),
            },
        }
    }

    fn send(&self) -> Result<Send, Wrong> {
        let text = self.text("text", TEXT)?.unwrap_or_default();
        let attachments = self.attachments()?;
        if text.is_empty() && attachments.is_empty() {
            return Err(Wrong::bad("there is nothing to send: give `text` or `attachments`"));
        }
        Ok(Send {
            work_item: self.required("workItemId")?,
            text,
            attachments,
            idempotency_key: self.key("idempotencyKey")?,
            if_version: self.number("ifVersion")?,
        })
    }

    fn attachments(&self) -> Result<Vec<Attached>, Wrong> {
        let list = match self.0.get("attachments") {
            None | Some(Value::Null) => return Ok(Vec::new()),
            Some(Value::Array(list)) => list,
            Some(_) => return Err(Wrong::bad("`attachments` is a list of digests")),
        };
        if list.len() > ATTACHMENTS {
            return Err(Wrong("too-large", format!("at most {ATTACHMENTS} attachments go with a message")));
        }
        list.iter().map(attached).collect()
    }

    fn presence(&self) -> Result<Presence, Wrong> {
        const ALL: [Presence; 5] =
            [Presence::Available, Presence::Busy, Presence::Away, Presence::Finishing, Presence::Offline];
        let name = self.required("state")?;
        let found = ALL.into_iter().find(|presence| presence.name() == name);
        found.ok_or_else(|| Wrong::bad("`state` is one of available, busy, away, finishing, offline"))
    }

    /// A text of up to `limit` bytes; null is none.
    fn text(&self, name: &str, limit: usize) -> Result<Option<String>, Wrong> {
        match self.0.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) if text.len() > limit => {
                Err(Wrong("too-large", format!("`{name}` has {} bytes, at most {limit} are allowed", text.len())))
            }
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(_) => Err(Wrong::bad(format!("`{name}` is a text"))),
        }
    }

    fn line(&self, name: &str) -> Result<Option<String>, Wrong> {
        self.text(name, LINE)
    }

    /// An id of the agent's own making.
    fn key(&self, name: &str) -> Result<Option<String>, Wrong> {
        let key = self.text(name, usize::MAX)?;
        match &key {
            Some(key) if key.is_empty() || key.chars().nth(KEY).is_some() => {
                Err(Wrong::bad(format!("`{name}` has 1 to {KEY} characters")))
            }
            _ => Ok(key),
        }
    }

    fn required(&self, name: &str) -> Result<String, Wrong> {
        match self.text(name, LINE)? {
            Some(text) if !text.is_empty() => Ok(text),
            _ => Err(Wrong::bad(format!("`{name}` is missing"))),
        }
    }

    fn number(&self, name: &str) -> Result<Option<u64>, Wrong> {
        match self.0.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => value.as_u64().map(Some).ok_or_else(|| Wrong::bad(format!("`{name}` is a whole number"))),
        }
    }
}

fn attached(value: &Value) -> Result<Attached, Wrong> {
    let digest = |text: &str| {
        text.parse().map_err(|_| Wrong::bad("an attachment is named by its digest, `sha256-` and 64 hex digits"))
    };
    match value {
        Value::String(text) => Ok(Attached { blob: digest(text)?, name: None, media_type: None }),
        Value::Object(fields) => {
            let fields = Fields(fields.clone());
            let blob = digest(&fields.required("blob")?)?;
            let media_type = fields.text("mediaType", jackfield_spec::limits::CONTENT_TYPE)?;
            if media_type.as_deref().is_some_and(|text| !jackfield_spec::validate::is_content_type(text)) {
                return Err(Wrong::bad("`mediaType` is a type as in RFC 6838, such as `image/jpeg`"));
            }
            Ok(Attached { blob, name: fields.line("name")?, media_type })
        }
        _ => Err(Wrong::bad("an attachment is a digest, or an object with `blob`, `name`, `mediaType`")),
    }
}

#[cfg(test)]
mod tests;
