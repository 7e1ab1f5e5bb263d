//! Maps the generated types to those of `jackfield_spec` and of this crate, both ways, in this one file.

use crate::bindings::exports::jackfield::channel::{driver, timer};
use crate::bindings::jackfield::channel::{http_types, message as wit, peer};
use crate::connections::{LinePeer, Listener};
use crate::descriptor as d;
use crate::handler::{Body, Delivery, Expiry, Header, Outcome, Receipt, Request, Response};
use bytes::Bytes;
use jackfield_spec as spec;
use jackfield_spec::{Attributes, Digest, ErrorInfo, Timestamp};
use serde_json::Value;

/// A value of the guest's that the standard format can't hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{pointer}: {text}")]
pub(crate) struct Unfit {
    pub(crate) pointer: String,
    pub(crate) text: String,
}

fn unfit(pointer: &str, text: impl ToString) -> Unfit {
    Unfit { pointer: pointer.to_owned(), text: text.to_string() }
}

fn json(pointer: &str, text: &str) -> Result<Value, Unfit> {
    // Most messages have no arguments: no parser for them.
    if text == "{}" {
        return Ok(Value::Object(Default::default()));
    }
    if text.len() > spec::limits::ARGUMENTS {
        return Err(unfit(
            pointer,
            format_args!("{} bytes of JSON, at most {} are allowed", text.len(), spec::limits::ARGUMENTS),
        ));
    }
    spec::ijson::parse(text).map_err(|error| unfit(pointer, format_args!("not JSON: {error}")))
}

fn time(pointer: &str, millis: Option<u64>) -> Result<Option<Timestamp>, Unfit> {
    millis.map(Timestamp::from_millis).transpose().map_err(|error| unfit(pointer, error))
}

fn digest(pointer: &str, text: Option<String>) -> Result<Option<Digest>, Unfit> {
    text.map(|text| text.parse()).transpose().map_err(|error: spec::DigestError| unfit(pointer, error))
}

fn optional_text(digest: Option<Digest>) -> Option<String> {
    digest.map(|digest| digest.to_string())
}

pub(crate) fn customer_in(c: wit::Customer) -> spec::Customer {
    spec::Customer {
        address: c.address,
        aliases: c.aliases,
        name: c.name,
        id: c.id,
        attributes: Attributes(c.attributes),
    }
}

pub(crate) fn customer_out(c: spec::Customer) -> wit::Customer {
    wit::Customer { address: c.address, aliases: c.aliases, name: c.name, id: c.id, attributes: c.attributes.0 }
}

fn agent_in(a: wit::AgentInfo) -> spec::AgentInfo {
    spec::AgentInfo {
        id: a.id,
        name: a.name,
        address: a.address,
        presence: a.presence,
        attributes: Attributes(a.attributes),
    }
}

pub(crate) fn agent_out(a: spec::AgentInfo) -> wit::AgentInfo {
    wit::AgentInfo { id: a.id, name: a.name, address: a.address, presence: a.presence, attributes: a.attributes.0 }
}

fn work_item_in(w: wit::WorkItemInfo) -> spec::WorkItemInfo {
    spec::WorkItemInfo {
        id: w.id,
        conversation: w.conversation,
        customer: customer_in(w.customer),
        subject: w.subject,
        priority: w.priority,
        language: w.language,
        state: w.state,
        attributes: Attributes(w.attributes),
    }
}

fn work_item_out(w: spec::WorkItemInfo) -> wit::WorkItemInfo {
    wit::WorkItemInfo {
        id: w.id,
        conversation: w.conversation,
        customer: customer_out(w.customer),
        subject: w.subject,
        priority: w.priority,
        language: w.language,
        state: w.state,
        attributes: w.attributes.0,
    }
}

fn part_in(index: usize, part: wit::Part) -> Result<spec::Part, Unfit> {
    Ok(match part {
        wit::Part::Text(t) => spec::Part::Text(spec::Text {
            text: t.text,
            format: t.format,
            language: t.language,
            attributes: Attributes(t.attributes),
        }),
        wit::Part::Attachment(a) => spec::Part::Attachment(spec::Attachment {
            name: a.name,
            media_type: a.media_type,
            size: a.size,
            blob: digest(&format!("/parts/{index}/blob"), a.blob)?,
            state: a.state,
            disposition: a.disposition,
            attributes: Attributes(a.attributes),
        }),
        wit::Part::Structured(s) => spec::Part::Structured(spec::Structured {
            name: s.name,
            values: json(&format!("/parts/{index}/values"), &s.values)?,
            fallback: s.fallback,
            attributes: Attributes(s.attributes),
        }),
    })
}

fn part_out(part: spec::Part) -> wit::Part {
    match part {
        spec::Part::Text(t) => wit::Part::Text(wit::TextPart {
            text: t.text,
            format: t.format,
            language: t.language,
            attributes: t.attributes.0,
        }),
        spec::Part::Attachment(a) => wit::Part::Attachment(wit::AttachmentPart {
            name: a.name,
            media_type: a.media_type,
            size: a.size,
            blob: optional_text(a.blob),
            state: a.state,
            disposition: a.disposition,
            attributes: a.attributes.0,
        }),
        spec::Part::Structured(s) => wit::Part::Structured(wit::StructuredPart {
            name: s.name,
            values: s.values.to_string(),
            fallback: s.fallback,
            attributes: s.attributes.0,
        }),
    }
}

/// A message as the guest gave it.
pub(crate) fn message_in(m: wit::Message) -> Result<spec::Message, Unfit> {
    let statistics = match m.statistics {
        Some(s) => Some(spec::StatisticsInfo {
            name: s.name,
            values: json("/statistics/values", &s.values)?,
            attributes: Attributes(s.attributes),
        }),
        None => None,
    };
    let connection = match m.connection {
        Some(c) => Some(spec::ConnectionInfo {
            state: c.state,
            since: time("/connection/since", c.since)?,
            detail: c.detail,
            user_action: c.user_action,
            attributes: Attributes(c.attributes),
        }),
        None => None,
    };
    Ok(spec::Message {
        id: m.id,
        event_id: m.event_id,
        external_id: m.external_id,
        channel: m.channel,
        driver: m.driver,
        media_type: m.media_type,
        direction: m.direction.map(|direction| match direction {
            wit::Direction::Inbound => spec::Direction::Inbound,
            wit::Direction::Outbound => spec::Direction::Outbound,
        }),
        occurred_at: time("/occurredAt", m.occurred_at)?,
        received_at: time("/receivedAt", m.received_at)?,
        cause: m.cause,
        digest: digest("/digest", m.digest)?,
        work_item: m.work_item.map(work_item_in),
        agent: m.agent.map(agent_in),
        encoded_agent: None,
        queue: m.queue.map(|q| spec::QueueInfo {
            id: q.id,
            position: q.position,
            waiting: q.waiting,
            expected_wait_ms: q.expected_wait_ms,
            attributes: Attributes(q.attributes),
        }),
        statistics,
        connection,
        rule: m.rule.map(|r| spec::RuleInfo { name: r.name, outcome: r.outcome, attributes: Attributes(r.attributes) }),
        interaction: spec::Interaction {
            kind: match m.interaction.kind {
                wit::Kind::Command => spec::Kind::Command,
                wit::Kind::Request => spec::Kind::Request,
                wit::Kind::Notification => spec::Kind::Notification,
            },
            name: m.interaction.name,
            arguments: json("/interaction/arguments", &m.interaction.arguments)?,
            tracking_id: m.interaction.tracking_id,
            in_reply_to: m.interaction.in_reply_to,
        },
        parts: m.parts.into_iter().enumerate().map(|(index, part)| part_in(index, part)).collect::<Result<_, _>>()?,
        attributes: Attributes(m.attributes),
    })
}

/// A message for the guest.
pub(crate) fn message_out(m: spec::Message) -> wit::Message {
    wit::Message {
        id: m.id,
        event_id: m.event_id,
        external_id: m.external_id,
        channel: m.channel,
        driver: m.driver,
        media_type: m.media_type,
        direction: m.direction.map(|direction| match direction {
            spec::Direction::Inbound => wit::Direction::Inbound,
            spec::Direction::Outbound => wit::Direction::Outbound,
        }),
        occurred_at: m.occurred_at.map(Timestamp::millis),
        received_at: m.received_at.map(Timestamp::millis),
        cause: m.cause,
        digest: optional_text(m.digest),
        work_item: m.work_item.map(work_item_out),
        agent: m.agent.map(agent_out),
        queue: m.queue.map(|q| wit::QueueInfo {
            id: q.id,
            position: q.position,
            waiting: q.waiting,
            expected_wait_ms: q.expected_wait_ms,
            attributes: q.attributes.0,
        }),
        statistics: m.statistics.map(|s| wit::StatisticsInfo {
            name: s.name,
            values: s.values.to_string(),
            attributes: s.attributes.0,
        }),
        connection: m.connection.map(|c| wit::ConnectionInfo {
            state: c.state,
            since: c.since.map(Timestamp::millis),
            detail: c.detail,
            user_action: c.user_action,
            attributes: c.attributes.0,
        }),
        rule: m.rule.map(|r| wit::RuleInfo { name: r.name, outcome: r.outcome, attributes: r.attributes.0 }),
        interaction: wit::Interaction {
            kind: match m.interaction.kind {
                spec::Kind::Command => wit::Kind::Command,
                spec::Kind::Request => wit::Kind::Request,
                spec::Kind::Notification => wit::Kind::Notification,
            },
            name: m.interaction.name,
            arguments: m.interaction.arguments.to_string(),
            tracking_id: m.interaction.tracking_id,
            in_reply_to: m.interaction.in_reply_to,
        },
        parts: m.parts.into_iter().map(part_out).collect(),
        attributes: m.attributes.0,
    }
}

pub(crate) fn error_in(e: wit::Error) -> ErrorInfo {
    ErrorInfo { code: e.code, text: e.text, retry_after_ms: e.retry_after_ms, attributes: Attributes(e.attributes) }
}

pub(crate) fn error_out(e: ErrorInfo) -> wit::Error {
    wit::Error { code: e.code, text: e.text, retry_after_ms: e.retry_after_ms, attributes: e.attributes.0 }
}

fn body_out(body: &Body) -> http_types::Body {
    match body {
        Body::Bytes(bytes) => http_types::Body::Bytes(bytes.to_vec()),
        Body::Blob(digest) => http_types::Body::Blob(digest.to_string()),
    }
}

/// A request for the guest, with the headers that it reads (none named: all). Copies only what goes to the guest.
pub(crate) fn request_out(request: &Request, wanted: &[String]) -> http_types::Request {
    let reads = |name: &str| wanted.is_empty() || wanted.iter().any(|wanted| wanted == name);
    let header = |header: &Header| http_types::Header { name: header.name.clone(), value: header.value.to_vec() };
    http_types::Request {
        method: request.method.clone(),
        url: request.url.clone(),
        headers: request.headers.iter().filter(|header| reads(&header.name)).map(header).collect(),
        body: body_out(&request.body),
        peer: peer::Peer {
            address: request.peer.address.clone(),
            local: request.peer.local.clone(),
            listener: None,
            tls: None,
            attributes: flag("proxied", request.peer.proxied),
        },
        received_at: request.received_at.millis(),
        attributes: Vec::new(),
    }
}

pub(crate) fn response_in(response: http_types::Response) -> Result<Response, Unfit> {
    if !(200..=599).contains(&response.status) {
        return Err(unfit("/status", format_args!("{} is no status between 200 and 599", response.status)));
    }
    Ok(Response {
        status: response.status,
        headers: response
            .headers
            .into_iter()
            .map(|header| Header { name: header.name.to_ascii_lowercase(), value: Bytes::from(header.value) })
            .collect(),
        body: match response.body {
            http_types::Body::Bytes(bytes) => Body::Bytes(Bytes::from(bytes)),
            http_types::Body::Blob(text) => Body::Blob(text.parse().map_err(|error| unfit("/body", error))?),
        },
    })
}

pub(crate) fn response_out(status: u16, headers: Vec<(String, Bytes)>, body: Body) -> http_types::Response {
    http_types::Response {
        status,
        headers: headers.into_iter().map(|(name, value)| http_types::Header { name, value: value.into() }).collect(),
        body: body_out(&body),
        attributes: Vec::new(),
    }
}

pub(crate) fn delivery_out(delivery: Delivery) -> driver::Delivery {
    driver::Delivery {
        message: message_out(delivery.message),
        attempt: delivery.attempt,
        idempotency_key: delivery.idempotency_key,
        previous: delivery.previous,
        progress: delivery.progress,
        attributes: Vec::new(),
    }
}

pub(crate) fn outcome_in(outcome: driver::Outcome) -> Result<Outcome, Unfit> {
    Ok(match outcome {
        driver::Outcome::Receipt(receipt) => {
            if !matches!(receipt.status.as_str(), "sent" | "delivered" | "read") {
                return Err(unfit("/receipt/status", "a receipt's status is `sent`, `delivered` or `read`"));
            }
            if receipt.external_ids.len() > 64 || receipt.external_ids.iter().any(|id| id.len() > spec::limits::ID) {
                return Err(unfit("/receipt/external-ids", "at most 64 ids of at most 512 bytes"));
            }
            Outcome::Receipt(Receipt {
                external_ids: receipt.external_ids,
                conversation: receipt.conversation,
                status: receipt.status,
                attributes: Attributes(receipt.attributes),
            })
        }
        driver::Outcome::Reply(message) => Outcome::Reply(Box::new(message_in(message)?)),
        driver::Outcome::Later => Outcome::Later,
        driver::Outcome::Failure(error) => Outcome::Failure(error_in(error)),
    })
}

pub(crate) fn expiry_out(expiry: Expiry) -> timer::Expiry {
    timer::Expiry {
        name: expiry.name,
        payload: expiry.payload,
        connection: None,
        due: expiry.due.millis(),
        attempt: expiry.attempt,
        attributes: Vec::new(),
    }
}

/// The far end of a connection of bytes.
pub(crate) fn line_peer_out(peer: LinePeer) -> peer::Peer {
    peer::Peer {
        address: peer.address,
        local: peer.local,
        listener: peer.listener,
        tls: peer.tls.map(|tls| peer::Tls {
            version: tls.version,
            cipher: tls.cipher,
            server_name: tls.server_name,
            client_subject: None,
            attributes: Vec::new(),
        }),
        attributes: flag("proxied", peer.proxied),
    }
}

pub(crate) fn listener_out(listener: Listener) -> driver::Listener {
    driver::Listener { url: listener.url, attributes: flag("certificate", listener.has_certificate) }
}

/// An attribute that is there, with the value `true`, or not.
fn flag(name: &str, is_set: bool) -> Vec<(String, String)> {
    if is_set { vec![(name.to_owned(), "true".to_owned())] } else { Vec::new() }
}

/// The descriptor, with its JSON read.
pub(crate) fn descriptor_in(w: driver::Descriptor) -> Result<d::Descriptor, Unfit> {
    Ok(d::Descriptor {
        name: w.name,
        version: w.version,
        vendor: w.vendor,
        title: w.title,
        media_types: w
            .media_types
            .into_iter()
            .map(|m| d::MediaType {
                name: m.name,
                real_time: m.real_time,
                weight: m.weight,
                offer_timeout_ms: m.offer_timeout_ms,
                interruptible: m.interruptible,
                attributes: Attributes(m.attributes),
            })
            .collect(),
        interactions: w
            .interactions
            .into_iter()
            .map(|i| d::SupportedInteraction { name: i.name, attributes: Attributes(i.attributes) })
            .collect(),
        commands: w
            .commands
            .into_iter()
            .map(|c| {
                Ok(d::Command {
                    arguments_schema: json("/commands", &c.arguments_schema)?,
                    name: c.name,
                    title: c.title,
                    attributes: Attributes(c.attributes),
                })
            })
            .collect::<Result<_, Unfit>>()?,
        settings_schema: json("/settingsSchema", &w.settings_schema)?,
        secrets: w
            .secrets
            .into_iter()
            .map(|s| d::WantedSecret {
                name: s.name,
                title: s.title,
                required: s.required,
                attributes: Attributes(s.attributes),
            })
            .collect(),
        capabilities: w
            .capabilities
            .into_iter()
            .map(|c| d::WantedCapability {
                name: c.name,
                targets: c.targets,
                reason: c.reason,
                required: c.required,
                attributes: Attributes(c.attributes),
            })
            .collect(),
        instances: w
            .instances
            .into_iter()
            .map(|i| d::InstancePolicy { of: i.of, policy: i.policy, attributes: Attributes(i.attributes) })
            .collect(),
        headers: w.headers.into_iter().map(|name| name.to_ascii_lowercase()).collect(),
        limits: w
            .limits
            .into_iter()
            .map(|l| d::WantedLimit { name: l.name, value: l.value, attributes: Attributes(l.attributes) })
            .collect(),
        attributes: Attributes(w.attributes),
    })
}
