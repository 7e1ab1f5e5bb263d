//! The arguments of the interactions that drivers push, as typed records. What the message itself carries (work
//! item, agent, parts) is not repeated here.

use crate::Kind;
use crate::json::Object;
use crate::time::to_rfc3339;

/// The arguments of one interaction.
pub trait Arguments {
    /// Command, request or notification.
    fn kind(&self) -> Kind;
    /// The interaction's name.
    fn name(&self) -> &str;
    /// The arguments as JSON.
    fn to_json(&self) -> String;
}

/// The request `support-request`: what a customer asks, the first time or again.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SupportRequest {
    /// What the customer wants, where the channel knows it.
    pub intent: Option<String>,
    /// The channel's id of the message that this one quotes.
    pub reply_to: Option<String>,
}

impl Arguments for SupportRequest {
    fn kind(&self) -> Kind {
        Kind::Request
    }

    fn name(&self) -> &str {
        "support-request"
    }

    fn to_json(&self) -> String {
        let mut arguments = Object::new();
        if let Some(intent) = &self.intent {
            arguments = arguments.string("intent", intent);
        }
        if let Some(reply_to) = &self.reply_to {
            arguments = arguments.string("replyTo", reply_to);
        }
        arguments.finish()
    }
}

/// The notification `message.status`: how far a message that was sent has come.
#[derive(Debug, Clone, PartialEq)]
pub struct MessageStatus {
    /// The channel's id of the message; none with `up_to`.
    pub external_id: Option<String>,
    /// All messages of the conversation sent until then, in milliseconds since 1970.
    pub up_to: Option<u64>,
    /// `sent`, `delivered`, `read`, `failed`
    pub status: String,
    /// With `failed`: a code of the catalogue, or the driver's own (`twilio-sms/30003`).
    pub code: Option<String>,
    /// With `failed`: what happened, for the agent.
    pub text: Option<String>,
    /// When, in milliseconds since 1970.
    pub at: u64,
}

impl Arguments for MessageStatus {
    fn kind(&self) -> Kind {
        Kind::Notification
    }

    fn name(&self) -> &str {
        "message.status"
    }

    fn to_json(&self) -> String {
        Object::new()
            .optional("externalId", self.external_id.as_deref())
            .optional("upTo", self.up_to.map(to_rfc3339).as_deref())
            .string("status", &self.status)
            .optional("code", self.code.as_deref())
            .optional("text", self.text.as_deref())
            .string("at", &to_rfc3339(self.at))
            .finish()
    }
}

/// The notification `message.changed`: a message was edited, or a pending attachment came. The parts of this message
/// are all its parts as they are now.
#[derive(Debug, Clone, PartialEq)]
pub struct MessageChanged {
    /// The channel's id of the message that it is about.
    pub external_id: String,
}

impl Arguments for MessageChanged {
    fn kind(&self) -> Kind {
        Kind::Notification
    }

    fn name(&self) -> &str {
        "message.changed"
    }

    fn to_json(&self) -> String {
        Object::new().string("externalId", &self.external_id).finish()
    }
}

/// The notification `message.removed`: a message was taken back.
#[derive(Debug, Clone, PartialEq)]
pub struct MessageRemoved {
    /// The channel's id of the message that it is about.
    pub external_id: String,
}

impl Arguments for MessageRemoved {
    fn kind(&self) -> Kind {
        Kind::Notification
    }

    fn name(&self) -> &str {
        "message.removed"
    }

    fn to_json(&self) -> String {
        Object::new().string("externalId", &self.external_id).finish()
    }
}

/// The notification `typing`.
#[derive(Debug, Clone, PartialEq)]
pub struct Typing {
    /// Began or ended.
    pub on: bool,
}

impl Arguments for Typing {
    fn kind(&self) -> Kind {
        Kind::Notification
    }

    fn name(&self) -> &str {
        "typing"
    }

    fn to_json(&self) -> String {
        Object::new().boolean("on", self.on).finish()
    }
}

/// The notification `opt-out`: the customer wants no more messages, or wants them again.
#[derive(Debug, Clone, PartialEq)]
pub struct OptOut {
    /// Whose.
    pub address: String,
    /// `channel` (all from this channel), `marketing`, or the channel's own word for a list.
    pub scope: String,
    /// Out, or in again.
    pub out: bool,
}

impl Arguments for OptOut {
    fn kind(&self) -> Kind {
        Kind::Notification
    }

    fn name(&self) -> &str {
        "opt-out"
    }

    fn to_json(&self) -> String {
        Object::new().string("address", &self.address).string("scope", &self.scope).boolean("out", self.out).finish()
    }
}

/// The commands `work-item.requeue`, `.cancel` and `.complete`: what the customer did to the work item.
#[derive(Debug, Clone, PartialEq)]
pub struct WorkItemEnd {
    /// Which of them.
    pub how: WorkItemEnding,
    /// In words.
    pub reason: String,
    /// The channel's code, where it has one.
    pub code: Option<String>,
}

/// How a customer ends a work item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WorkItemEnding {
    /// Back to the queue.
    Requeue,
    /// Withdrawn before it was done.
    Cancel,
    /// Done.
    Complete,
}

impl Arguments for WorkItemEnd {
    fn kind(&self) -> Kind {
        Kind::Command
    }

    fn name(&self) -> &str {
        match self.how {
            WorkItemEnding::Requeue => "work-item.requeue",
            WorkItemEnding::Cancel => "work-item.cancel",
            WorkItemEnding::Complete => "work-item.complete",
        }
    }

    fn to_json(&self) -> String {
        Object::new().string("reason", &self.reason).optional("code", self.code.as_deref()).finish()
    }
}

/// The notification `customer.changed`: a new name, address or alias; the work item has the customer as it is now.
#[derive(Debug, Clone, PartialEq)]
pub struct CustomerChanged {
    /// The address until now, if that changed; it becomes an alias.
    pub old_address: Option<String>,
    /// The address from now on, if that changed.
    pub new_address: Option<String>,
}

impl Arguments for CustomerChanged {
    fn kind(&self) -> Kind {
        Kind::Notification
    }

    fn name(&self) -> &str {
        "customer.changed"
    }

    fn to_json(&self) -> String {
        Object::new()
            .optional("oldAddress", self.old_address.as_deref())
            .optional("newAddress", self.new_address.as_deref())
            .finish()
    }
}

/// The notification `message.echoed`: the business wrote by other means, in the vendor's own inbox say.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct MessageEchoed {
    /// Who or what wrote it, as the channel says.
    pub by: Option<String>,
}

impl Arguments for MessageEchoed {
    fn kind(&self) -> Kind {
        Kind::Notification
    }

    fn name(&self) -> &str {
        "message.echoed"
    }

    fn to_json(&self) -> String {
        Object::new().optional("by", self.by.as_deref()).finish()
    }
}

/// The notification `reaction`: somebody put an emoji to a message, or took it back.
#[derive(Debug, Clone, PartialEq)]
pub struct Reaction {
    /// The channel's id of the message that it is about.
    pub external_id: String,
    /// The emoji; none: it was taken back.
    pub emoji: Option<String>,
}

impl Arguments for Reaction {
    fn kind(&self) -> Kind {
        Kind::Notification
    }

    fn name(&self) -> &str {
        "reaction"
    }

    fn to_json(&self) -> String {
        Object::new().string("externalId", &self.external_id).optional("emoji", self.emoji.as_deref()).finish()
    }
}

/// The notification `command.status-changed`: a command became possible or impossible.
#[derive(Debug, Clone, PartialEq)]
pub struct CommandStatusChanged {
    /// An interaction's name, or that of a command of the descriptor's.
    pub command: String,
    /// It can be given now.
    pub enabled: bool,
    /// Why, for the agent.
    pub tooltip: Option<String>,
    /// When that ends by itself, in milliseconds since 1970.
    pub until: Option<u64>,
}

impl Arguments for CommandStatusChanged {
    fn kind(&self) -> Kind {
        Kind::Notification
    }

    fn name(&self) -> &str {
        "command.status-changed"
    }

    fn to_json(&self) -> String {
        let command = Object::new()
            .string("command", &self.command)
            .boolean("supported", true)
            .boolean("enabled", self.enabled)
            .boolean("checked", false)
            .boolean("urgent", false)
            .optional("tooltip", self.tooltip.as_deref())
            .optional("until", self.until.map(to_rfc3339).as_deref());
        Object::new().raw("commands", &format!("[{}]", command.finish())).finish()
    }
}

/// The notification `channel.health-changed`; the message's `connection` says what changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChannelHealthChanged;

impl Arguments for ChannelHealthChanged {
    fn kind(&self) -> Kind {
        Kind::Notification
    }

    fn name(&self) -> &str {
        "channel.health-changed"
    }

    fn to_json(&self) -> String {
        "{}".into()
    }
}

/// The command `work-item.merge`: two conversations became one.
#[derive(Debug, Clone, PartialEq)]
pub struct WorkItemMerge {
    /// The key that ends.
    pub from_conversation: String,
    /// The key that goes on, that of the message's work item.
    pub to_conversation: String,
}

impl Arguments for WorkItemMerge {
    fn kind(&self) -> Kind {
        Kind::Command
    }

    fn name(&self) -> &str {
        "work-item.merge"
    }

    fn to_json(&self) -> String {
        Object::new()
            .string("fromConversation", &self.from_conversation)
            .string("toConversation", &self.to_conversation)
            .finish()
    }
}

/// An interaction of a driver's own; its name carries the driver's prefix.
#[derive(Debug, Clone, PartialEq)]
pub struct Own {
    /// Command, request or notification.
    pub kind: Kind,
    /// `DRIVER.NAME`
    pub name: String,
    /// The arguments as JSON.
    pub arguments: String,
}

impl Arguments for Own {
    fn kind(&self) -> Kind {
        self.kind
    }

    fn name(&self) -> &str {
        &self.name
    }

    fn to_json(&self) -> String {
        self.arguments.clone()
    }
}
