//! Messages for property tests.

use crate::{
    AgentInfo, Attachment, Attributes, ConnectionInfo, Customer, Digest, Direction, Interaction, Kind, Message, Part,
    QueueInfo, RuleInfo, StatisticsInfo, Structured, Text, Timestamp, WorkItemInfo, vocabulary,
};
use proptest::collection::{btree_map, vec};
use proptest::option::of;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::RngSeed;
use serde_json::{Map, Value, json};

/// The same cases in every run.
pub(crate) fn config() -> ProptestConfig {
    ProptestConfig { rng_seed: RngSeed::Fixed(0x6a61_636b), failure_persistence: None, ..ProptestConfig::default() }
}

/// A text of an id's form.
pub(crate) fn id() -> impl Strategy<Value = String> {
    "[!-~é好]{1,12}"
}

fn name() -> impl Strategy<Value = String> {
    "[a-z][a-z0-9._-]{0,11}"
}

/// Any text, control characters and quotes among it.
fn anything() -> impl Strategy<Value = String> {
    prop_oneof!["[ -~]{0,20}", "\\PC{0,20}", any::<String>()]
}

fn word(words: &'static [&'static str]) -> impl Strategy<Value = String> {
    select(words).prop_map(str::to_owned)
}

fn attributes() -> impl Strategy<Value = Attributes> {
    btree_map("[a-z😀.]{1,8}", anything(), 0..4).prop_map(|pairs| Attributes(pairs.into_iter().rev().collect()))
}

fn timestamp() -> impl Strategy<Value = Timestamp> {
    (0_u64..253_402_300_800_000).prop_map(|millis| Timestamp::from_millis(millis).unwrap_or_default())
}

fn digest() -> impl Strategy<Value = Digest> {
    any::<[u8; 32]>().prop_map(Digest)
}

/// Any JSON value, as its canonical form is read.
pub(crate) fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-9_007_199_254_740_991_i64..=9_007_199_254_740_991).prop_map(Value::from),
        (-1e9..1e9_f64).prop_map(Value::from),
        any::<f64>()
            .prop_filter("I-JSON", |n| n.abs() < 9e15 || n.abs() >= 1e21 && n.is_finite())
            .prop_map(Value::from),
        anything().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![vec(inner.clone(), 0..4).prop_map(Value::from), btree_map(anything(), inner, 0..4).prop_map(object)]
    })
}

fn object(members: std::collections::BTreeMap<String, Value>) -> Value {
    Value::Object(members.into_iter().collect::<Map<_, _>>())
}

fn values() -> impl Strategy<Value = Value> {
    btree_map(anything(), value(), 0..4).prop_map(object)
}

fn customer() -> impl Strategy<Value = Customer> {
    (id(), vec(id(), 0..3), of(anything()), of(id()), attributes())
        .prop_map(|(address, aliases, name, id, attributes)| Customer { address, aliases, name, id, attributes })
}

fn work_item() -> impl Strategy<Value = WorkItemInfo> {
    let line = (of(anything()), of(0..=1000_u32), of(select(&["es", "pt-BR", "x-klingon"][..])));
    (of(id()), id(), customer(), line, of(word(vocabulary::WORK_ITEM_STATES)), attributes()).prop_map(
        |(id, conversation, customer, (subject, priority, language), state, attributes)| WorkItemInfo {
            id,
            conversation,
            customer,
            subject,
            priority,
            language: language.map(str::to_owned),
            state,
            attributes,
        },
    )
}

/// An agent.
pub(crate) fn agent() -> impl Strategy<Value = AgentInfo> {
    (id(), of(anything()), of(id()), of(word(vocabulary::PRESENCES)), attributes())
        .prop_map(|(id, name, address, presence, attributes)| AgentInfo { id, name, address, presence, attributes })
}

fn queue() -> impl Strategy<Value = QueueInfo> {
    (id(), of(1..u32::MAX), of(any::<u32>()), of(any::<u32>()), attributes()).prop_map(
        |(id, position, waiting, expected_wait_ms, attributes)| QueueInfo {
            id,
            position,
            waiting,
            expected_wait_ms,
            attributes,
        },
    )
}

fn statistics() -> impl Strategy<Value = StatisticsInfo> {
    (name(), values(), attributes()).prop_map(|(name, values, attributes)| StatisticsInfo { name, values, attributes })
}

fn connection() -> impl Strategy<Value = ConnectionInfo> {
    (word(vocabulary::CONNECTION_STATES), of(timestamp()), of(anything()), any::<bool>(), attributes()).prop_map(
        |(state, since, detail, user_action, attributes)| ConnectionInfo {
            state,
            since,
            detail,
            user_action,
            attributes,
        },
    )
}

fn rule() -> impl Strategy<Value = RuleInfo> {
    (name(), of(anything()), attributes()).prop_map(|(name, outcome, attributes)| RuleInfo {
        name,
        outcome,
        attributes,
    })
}

fn part() -> impl Strategy<Value = Part> {
    let text = (anything(), word(vocabulary::FORMATS), of(Just("de".to_owned())), attributes())
        .prop_map(|(text, format, language, attributes)| Part::Text(Text { text, format, language, attributes }));
    let attachment = (
        of(anything()),
        of(any::<u32>()),
        digest(),
        word(vocabulary::ATTACHMENT_STATES),
        word(vocabulary::DISPOSITIONS),
        attributes(),
    )
        .prop_map(|(name, size, blob, state, disposition, attributes)| {
            let blob = (state == "ready").then_some(blob);
            let media_type = "image/jpeg".to_owned();
            Part::Attachment(Attachment { name, media_type, size, blob, state, disposition, attributes })
        });
    let structured = (name(), values(), anything(), attributes()).prop_map(|(name, values, fallback, attributes)| {
        Part::Structured(Structured { name, values, fallback, attributes })
    });
    prop_oneof![text, attachment, structured]
}

fn interaction() -> impl Strategy<Value = Interaction> {
    let known = prop_oneof![
        Just((Kind::Request, "support-request", json!({}))),
        Just((Kind::Request, "support-request", json!({"intent": "billing", "later": [1.5]}))),
        Just((Kind::Notification, "message.status", json!({"status": "read", "at": "2026-11-22T16:04:05.123Z"}))),
        Just((Kind::Command, "work-item.complete", json!({"reason": "hung up", "code": null}))),
        Just((Kind::Notification, "telegraph.stop", json!({"dashes": [1, 2.5, {"a/b~c": null}]}))),
    ];
    (known, of(id()), of(id())).prop_map(|((kind, name, arguments), tracking_id, in_reply_to)| Interaction {
        kind,
        name: name.to_owned(),
        arguments,
        tracking_id,
        in_reply_to,
    })
}

/// A message as a driver may push it; it has event id and work item, whatever its interaction is.
pub(crate) fn message() -> impl Strategy<Value = Message> {
    let ids = (id(), of(id()), "[a-z0-9-]{1,12}", of(timestamp()), of(id()));
    let crm = (work_item(), of(agent()), of(queue()), of(statistics()), of(connection()), of(rule()));
    (ids, crm, interaction(), vec(part(), 0..4), attributes()).prop_map(|(ids, crm, interaction, parts, attributes)| {
        let (event_id, external_id, media_type, occurred_at, cause) = ids;
        let (work_item, agent, queue, statistics, connection, rule) = crm;
        Message {
            id: None,
            event_id: Some(event_id),
            external_id,
            channel: None,
            driver: None,
            media_type,
            direction: None,
            occurred_at,
            received_at: None,
            cause,
            digest: None,
            work_item: Some(work_item),
            agent,
            encoded_agent: None,
            queue,
            statistics,
            connection,
            rule,
            interaction,
            parts,
            attributes,
        }
    })
}

/// A message with all that the server stamps onto it.
pub(crate) fn stamped() -> impl Strategy<Value = Message> {
    let stamps = (id(), id(), any::<bool>(), timestamp(), digest(), id());
    (message(), stamps).prop_map(|(mut message, (id, channel, inbound, received_at, digest, item))| {
        message.id = Some(id);
        message.channel = Some(channel);
        message.driver = Some("telegraph@1.2.3".to_owned());
        message.direction = Some(if inbound { Direction::Inbound } else { Direction::Outbound });
        message.received_at = Some(received_at);
        message.digest = Some(digest);
        if let Some(info) = &mut message.work_item {
            info.id = Some(item);
        }
        message
    })
}
