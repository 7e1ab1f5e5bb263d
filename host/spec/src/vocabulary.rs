//! The words that a text of the message may be, where the specification lists them all, and names with a rule of their own.

/// `text-part.format`.
pub(crate) const FORMATS: &[&str] = &["plain", "markdown", "html"];
/// `attachment-part.state`.
pub(crate) const ATTACHMENT_STATES: &[&str] = &["pending", READY, "failed", "removed"];
/// The state in which an attachment has a blob.
pub(crate) const READY: &str = "ready";
/// `attachment-part.disposition`.
pub(crate) const DISPOSITIONS: &[&str] = &["attached", "inline"];
/// `connection-info.state`.
pub(crate) const CONNECTION_STATES: &[&str] =
    &["connecting", "connected", "transient-error", "bad-credentials", "logged-out", "unknown-error"];
/// `agent-info.presence`.
pub(crate) const PRESENCES: &[&str] = &["available", "busy", "away", "finishing", "offline"];
/// `work-item-info.state`.
pub(crate) const WORK_ITEM_STATES: &[&str] =
    &["new", "queued", "offered", "active", "suspended", "wrapping", "closed", "cancelled"];
/// `mode` of who comes to a work item.
const MODES: &[&str] = &["open", "silent"];

/// The one interaction that opens or joins a work item.
pub(crate) const SUPPORT_REQUEST: &str = "support-request";
/// The interaction that carries a command of the driver's own.
pub(crate) const INVOKE: &str = "invoke";
/// Its members, and its reply's, that have a schema of the driver's own.
pub(crate) const INVOKE_OWN: &[&str] = &["arguments", "outcome"];
/// Members of an interaction's arguments that stand for a work item or an agent, without `-` and `_` and in lower case.
pub(crate) const FOREIGN: &[&str] = &["workitem", "workitemid", "workiteminfo", "agent", "agentid", "agentinfo"];
/// The same for a support request's arguments: fields of its work item.
pub(crate) const OF_WORK_ITEM: &[&str] = &["customer", "conversation", "subject", "priority", "language"];

/// Record, field and words of every such text. The JSON Schema is narrowed by it; that the prose of the
/// specification lists the same words is tested.
pub(crate) const WORDS: &[(&str, &str, &[&str])] = &[
    ("text-part", "format", FORMATS),
    ("attachment-part", "state", ATTACHMENT_STATES),
    ("attachment-part", "disposition", DISPOSITIONS),
    ("connection-info", "state", CONNECTION_STATES),
    ("agent-info", "presence", PRESENCES),
    ("media-presence", "presence", PRESENCES),
    ("work-item-info", "state", WORK_ITEM_STATES),
    ("message-status", "status", &["sent", "delivered", "read", "failed"]),
    ("work-item-transfer", "mode", &["blind", "attended"]),
    ("work-item-consult", "mode", MODES),
    ("work-item-join", "mode", MODES),
    ("work-item-supervise", "mode", MODES),
];

/// The words of a field, if the specification lists them.
pub(crate) fn words(record: &str, field: &str) -> Option<&'static [&'static str]> {
    WORDS.iter().find(|(r, f, _)| *r == record && *f == field).map(|(_, _, words)| *words)
}

#[cfg(test)]
mod tests;
