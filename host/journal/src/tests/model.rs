//! Random batches, kills and restarts, against a model that is a few maps.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use super::*;
use crate::{Error, WorkItemFilter};

/// One thing done to the journal. The small numbers make ids and keys meet again.
#[derive(Debug, Clone)]
enum Step {
    Append(Vec<Part>),
    Stale,
    Snapshot,
    Reopen,
    Kill,
}

#[derive(Debug, Clone)]
enum Part {
    Message(u8, u8, Option<u8>),
    Set(u8, Vec<u8>),
    Delete(u8),
    Item(u8, bool),
}

fn part() -> impl Strategy<Value = Part> {
    prop_oneof![
        6 => (any::<u8>(), 0..4_u8, proptest::option::of(0..4_u8))
            .prop_map(|(id, conversation, item)| Part::Message(id, conversation, item)),
        2 => (0..6_u8, proptest::collection::vec(any::<u8>(), 0..5))
            .prop_map(|(key, value)| Part::Set(key, value)),
        1 => (0..6_u8).prop_map(Part::Delete),
        1 => (0..6_u8, any::<bool>()).prop_map(|(id, closed)| Part::Item(id, closed)),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        20 => proptest::collection::vec(part(), 1..12).prop_map(Step::Append),
        1 => Just(Step::Stale),
        1 => Just(Step::Snapshot),
        1 => Just(Step::Reopen),
        1 => Just(Step::Kill),
    ]
}

/// Id, conversation, work item, record.
type Message = (u8, u8, Option<u8>, Seq);

#[derive(Default)]
struct Model {
    payloads: Vec<Vec<u8>>,
    /// In commit order.
    messages: Vec<Message>,
    store: BTreeMap<u8, (Option<Vec<u8>>, Seq)>,
    items: BTreeMap<u8, bool>,
}

impl Model {
    /// What the journal must say to a batch of `parts`.
    fn refuses(&self, parts: &[Part]) -> bool {
        let mut messages = BTreeSet::new();
        parts.iter().any(|part| match part {
            Part::Message(id, ..) => self.messages.iter().any(|known| known.0 == *id) || !messages.insert(*id),
            _ => false,
        })
    }

    fn take(&mut self, parts: &[Part]) {
        for part in parts {
            let seq = self.payloads.len() as Seq + 1;
            self.payloads.push(format!("{part:?}").into_bytes());
            match part {
                Part::Message(id, conversation, item) => {
                    self.messages.push((*id, *conversation, *item, seq));
                }
                Part::Set(key, value) => {
                    self.store.insert(*key, (Some(value.clone()), seq));
                }
                Part::Delete(key) => {
                    self.store.insert(*key, (None, seq));
                }
                Part::Item(id, closed) => {
                    self.items.insert(*id, *closed);
                }
            }
        }
    }
}

/// Each part as a record of its own.
fn batch_of(parts: &[Part], head: Seq) -> Batch {
    let mut batch = Batch::default();
    for (record, part) in parts.iter().enumerate() {
        let at = (head as usize + record + 1) as i64;
        batch.records.push(NewRecord { at, payload: format!("{part:?}").into_bytes() });
        let channel = "c".to_owned();
        batch.rows.push(match part {
            Part::Message(number, conversation, item) => {
                let body = body(&[*number]);
                let digest = body.digest;
                batch.bodies.push(body);
                Row::Message {
                    id: id(u64::from(*number)),
                    record,
                    channel,
                    conversation: [*conversation; 16],
                    work_item: item.map(|item| [item; 16]),
                    inbound: true,
                    external_id: Some(number.to_string()),
                    body: digest,
                    customer: None,
                    attachments: Vec::new(),
                    at,
                }
            }
            Part::Set(key, value) => {
                Row::StoreSet { record, channel, key: key.to_string(), value: value.clone(), expires_at: None }
            }
            Part::Delete(key) => Row::StoreDelete { record, channel, key: key.to_string() },
            Part::Item(number, closed) => Row::WorkItem {
                id: [*number; 16],
                state: if *closed { "closed" } else { "queued" }.to_owned(),
                closed: *closed,
                json: vec![*number],
                at,
            },
        });
    }
    batch
}

fn agrees(journal: &SqliteJournal, model: &Model) {
    assert_eq!(journal.head(), model.payloads.len() as Seq);
    let records = journal.read(1, usize::MAX).unwrap();
    assert!(records.iter().map(|r| &r.payload).eq(&model.payloads));
    let reader = journal.reader();
    for number in 0..=255 {
        let name = id(u64::from(number));
        let expected = model.messages.iter().find(|known| known.0 == number);
        let found = reader.message(&name).unwrap();
        assert_eq!(found.as_ref().map(|row| row.seq), expected.map(|m| m.3));
        assert_eq!(journal.has_message(&name).unwrap(), expected.is_some());
        let external = reader.message_by_external("c", &number.to_string());
        assert_eq!(external.unwrap(), found);
        let stored = reader.body(&digest_of(&[number])).unwrap();
        assert_eq!(stored, expected.map(|_| vec![number]));
    }
    for number in 0..4 {
        let of = |belongs: &dyn Fn(&Message) -> bool| -> Vec<Seq> {
            let found = model.messages.iter().filter(|message| belongs(message));
            found.map(|message| message.3).collect()
        };
        let rows = reader.conversation("c", &[number; 16], None, usize::MAX);
        let seqs: Vec<Seq> = rows.unwrap().iter().map(|row| row.seq).collect();
        assert_eq!(seqs, of(&|message| message.1 == number));
        let rows = reader.messages_of_item(&[number; 16], None, usize::MAX);
        let seqs: Vec<Seq> = rows.unwrap().iter().map(|row| row.seq).collect();
        assert_eq!(seqs, of(&|message| message.2 == Some(number)));
    }
    for key in 0..6 {
        let read = reader.store_get("c", &key.to_string(), 0).unwrap();
        let expected = model.store.get(&key).cloned().unwrap_or_default();
        assert_eq!((read.value, read.version), expected);
    }
    let values = model.store.values().filter_map(|(value, _)| value.as_ref());
    let bytes: usize = values.clone().map(|value| value.len() + 1).sum();
    let usage = reader.store_usage("c").unwrap();
    assert_eq!((usage.keys, usage.bytes), (values.count() as u64, bytes as u64));
    let all = WorkItemFilter { state: None, after: None, limit: usize::MAX };
    let items = reader.work_items(&all).unwrap();
    let items: Vec<(u8, bool)> = items.iter().map(|row| (row.id[0], row.closed)).collect();
    assert!(items.into_iter().eq(model.items.clone()));
}

fn run(steps: Vec<Step>) {
    let mut dir = tempfile::tempdir().unwrap();
    let mut journal = SqliteJournal::open(dir.path()).unwrap();
    let mut model = Model::default();
    for step in steps {
        let head = journal.head();
        match step {
            Step::Append(parts) => {
                let outcome = journal.append(head, batch_of(&parts, head));
                assert_eq!(outcome.is_err(), model.refuses(&parts), "{outcome:?}");
                if outcome.is_ok() {
                    model.take(&parts);
                }
            }
            Step::Stale => {
                let error = journal.append(head + 1, batch(0)).unwrap_err();
                assert!(matches!(error, Error::Conflict { .. }), "{error}");
            }
            Step::Snapshot => {
                assert_eq!(journal.write_snapshot(head, b"state").is_ok(), head > 0);
            }
            Step::Reopen => {
                drop(journal);
                journal = SqliteJournal::open(dir.path()).unwrap();
            }
            Step::Kill => {
                let copy = killed(dir.path());
                drop(journal);
                dir = copy;
                journal = SqliteJournal::open(dir.path()).unwrap();
            }
        }
    }
    agrees(&journal, &model);
    assert_eq!(crate::verify(dir.path()).unwrap().problems, [""; 0]);
}

#[test]
fn random_batches_agree_with_the_model() {
    let config = Config { cases: 32, failure_persistence: None, ..Config::default() };
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32]);
    let mut runner = TestRunner::new_with_rng(config, rng);
    runner
        .run(&proptest::collection::vec(step(), 1..60), |steps| {
            run(steps);
            Ok(())
        })
        .unwrap();
}
