//! What an agent says, parsed. Unknown fields are ignored, unknown types are not.

use jackfield_router::{Action, Change, Destination, Id, Presence};
use jackfield_spec::Digest;
use jackfield_spec::limits::PRIORITY;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// Bytes of a text.
const TEXT: usize = 64 * 1024;
/// Characters of a command's id and of an idempotency key.
const KEY: usize = 128;
/// Bytes of a reason or a wrap-up code.
const LINE: usize = 1024;
/// Bytes of a command's arguments, in JSON.
const ARGUMENTS: usize = 32 * 1024;
/// Bytes of a customer's address.
const ADDRESS: usize = 512;
/// Skills that are named at once.
const SKILLS: usize = 32;
/// Attachments of one message.
const ATTACHMENTS: usize = 32;

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
    /// What the router decides as it is.
    Do(Action),
    /// `message.send`
    Send(Box<Send>),
    /// `work-item.invoke`
    Invoke(Box<Invoke>),
    /// `contact.start`
    Contact(Box<Contact>),
    /// `typing`
    Typing { work_item: String },
}

/// A message to be sent.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Send {
    pub(super) work_item: String,
    pub(super) text: String,
    pub(super) attachments: Vec<Attached>,
    /// The message that is answered, by its id.
    pub(super) reply_to: Option<String>,
    pub(super) idempotency_key: Option<String>,
    pub(super) if_version: Option<u64>,
}

/// A command of the driver's own.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Invoke {
    pub(super) work_item: String,
    pub(super) name: String,
    pub(super) arguments: Value,
    pub(super) if_version: Option<u64>,
}

/// A customer to be called, texted or written to first.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Contact {
    pub(super) channel: String,
    pub(super) address: String,
    pub(super) name: Option<String>,
    pub(super) media_type: Option<String>,
    pub(super) purpose: String,
    pub(super) text: String,
    pub(super) attachments: Vec<Attached>,
    pub(super) queue: Option<String>,
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

    fn unknown() -> Self {
        Self::bad("this `type` of command is not known")
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
        let action = match self.required("type")?.as_str() {
            "message.send" => return self.send().map(Box::new).map(Command::Send),
            "work-item.invoke" => return self.invoke().map(Box::new).map(Command::Invoke),
            "contact.start" => return self.contact().map(Box::new).map(Command::Contact),
            "typing" => return Ok(Command::Typing { work_item: self.required("workItemId")? }),
            "agent.set-state" => Action::SetState {
                state: self.presence()?,
                reason: self.line("reason")?,
                media_type: self.line("mediaType")?.map(Id::from),
            },
            "offer.accept" => Action::Accept { offer: self.id("offerId")? },
            "offer.reject" => Action::Reject { offer: self.id("offerId")?, reason: self.line("reason")? },
            "message.retry" => Action::Retry { message_id: self.id("messageId")? },
            kind => self.of_item(kind)?,
        };
        Ok(Command::Do(action))
    }

    /// What is done with a work item.
    fn of_item(&self, kind: &str) -> Result<Action, Wrong> {
        let Some(deed) = kind.strip_prefix("work-item.") else { return Err(Wrong::unknown()) };
        let (work_item, if_version) = (self.id("workItemId"), self.number("ifVersion")?);
        let action = match deed {
            "complete" => Action::Complete { work_item: work_item?, code: self.line("code")?, if_version },
            "suspend" => Action::Suspend { work_item: work_item?, if_version },
            "resume" => Action::Resume { work_item: work_item?, if_version },
            "pick" => Action::Pick { work_item: work_item?, if_version },
            "transfer" => self.transfer(work_item?, if_version)?,
            "consult" => Action::Consult { work_item: work_item?, agent: self.id("agent")?, if_version },
            "transfer-complete" => {
                let agent = self.line("agent")?.map(Id::from);
                Action::TransferComplete { work_item: work_item?, agent, if_version }
            }
            "transfer-cancel" => Action::TransferCancel { work_item: work_item?, if_version },
            "leave" => Action::Leave { work_item: work_item? },
            "merge" => Action::Merge { work_item: work_item?, from: self.id("from")?, if_version },
            "split" => Action::Split {
                work_item: work_item?,
                message_id: self.id("messageId")?,
                queue: self.line("queue")?.map(Id::from),
                if_version,
            },
            "update" => Action::Update { work_item: work_item?, change: self.change()?, if_version },
            _ => return Err(Wrong::unknown()),
        };
        Ok(action)
    }

    /// To an agent, a queue, or whoever has a skill; `attended` asks the agent in first.
    fn transfer(&self, work_item: Id, if_version: Option<u64>) -> Result<Action, Wrong> {
        let Some(Value::Object(to)) = self.0.get("to") else {
            return Err(Wrong::bad("`to` is an object with `agent`, `queue` or `skills`"));
        };
        let to = Fields(to.clone());
        let (agent, queue) = (to.line("agent")?.map(Id::from), to.line("queue")?.map(Id::from));
        let skills = to.skills("skills")?;
        let attended = match self.line("mode")?.as_deref() {
            None | Some("blind") => false,
            Some("attended") => true,
            Some(_) => return Err(Wrong::bad("`mode` is `blind` or `attended`")),
        };
        let to = match (agent, queue, skills) {
            (Some(agent), None, None) if attended => return Ok(Action::Consult { work_item, agent, if_version }),
            _ if attended => return Err(Wrong::bad("an attended transfer goes to an agent: `to.agent`")),
            (Some(agent), None, None) => Destination::Agent(agent),
            (None, Some(queue), None) => Destination::Queue(queue),
            (None, queue, Some(skills)) => Destination::Skill { skills, queue },
            _ => return Err(Wrong::bad("`to` names an `agent`, or a `queue`, or `skills` with a `queue` if you like")),
        };
        Ok(Action::Transfer { work_item, to, if_version })
    }

    fn change(&self) -> Result<Change, Wrong> {
        let priority = match self.number("priority")? {
            Some(priority) if priority > u64::from(PRIORITY) => {
                return Err(Wrong::bad(format!("`priority` is a number from 0 to {PRIORITY}")));
            }
            priority => priority.and_then(|priority| u16::try_from(priority).ok()),
        };
        let change =
            Change { priority, skills: self.skills("skills")?, preferred_skills: self.skills("preferredSkills")? };
        if change == Change::default() {
            return Err(Wrong::bad("there is nothing to change: give `priority`, `skills` or `preferredSkills`"));
        }
        Ok(change)
    }

    /// Skill -> level; null is none.
    fn skills(&self, name: &str) -> Result<Option<BTreeMap<Id, u8>>, Wrong> {
        match self.0.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => skills(value).map(Some).map_err(|rule| Wrong::bad(format!("`{name}` {rule}"))),
        }
    }

    fn contact(&self) -> Result<Contact, Wrong> {
        let address = self.required("address")?;
        if address.len() > ADDRESS {
            return Err(Wrong("too-large", format!("`address` has at most {ADDRESS} bytes")));
        }
        Ok(Contact {
            channel: self.required("channel")?,
            address,
            name: self.line("name")?,
            media_type: self.line("mediaType")?,
            purpose: self.key("purpose")?.unwrap_or_else(|| "follow-up".to_owned()),
            text: self.text("text", TEXT)?.unwrap_or_default(),
            attachments: self.attachments()?,
            queue: self.line("queue")?,
        })
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
            reply_to: self.key("replyTo")?,
            idempotency_key: self.key("idempotencyKey")?,
            if_version: self.number("ifVersion")?,
        })
    }

    fn invoke(&self) -> Result<Invoke, Wrong> {
        let arguments = match self.0.get("arguments") {
            None | Some(Value::Null) => Value::Object(Map::new()),
            Some(arguments) => arguments.clone(),
        };
        let size = arguments.to_string().len();
        if size > ARGUMENTS {
            return Err(Wrong("too-large", format!("`arguments` has {size} bytes, at most {ARGUMENTS} are allowed")));
        }
        let if_version = self.number("ifVersion")?;
        Ok(Invoke { work_item: self.required("workItemId")?, name: self.required("name")?, arguments, if_version })
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

    fn id(&self, name: &str) -> Result<Id, Wrong> {
        self.required(name).map(Id::from)
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

/// Skill -> level.
///
/// # Errors
/// What it has to be.
pub(crate) fn skills(value: &Value) -> Result<BTreeMap<Id, u8>, String> {
    let rule = || format!("names up to {SKILLS} skills, each with a level from 1 to 10: {{\"spanish\": 3}}");
    let skills = value.as_object().filter(|skills| skills.len() <= SKILLS).ok_or_else(rule)?;
    let level = |level: &Value| level.as_u64().filter(|level| (1..=10).contains(level));
    let one = |(name, value): (&String, &Value)| {
        let level = level(value).filter(|_| !name.is_empty() && name.len() <= KEY)?;
        Some((Id::from(name.as_str()), u8::try_from(level).ok()?))
    };
    skills.iter().map(|skill| one(skill).ok_or_else(rule)).collect()
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
