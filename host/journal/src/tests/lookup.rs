use super::*;
use crate::{Error, MAX_INLINE_BODY, StoreUsage, WorkItemFilter};

fn opened() -> (tempfile::TempDir, SqliteJournal) {
    let dir = tempfile::tempdir().unwrap();
    let journal = SqliteJournal::open(dir.path()).unwrap();
    (dir, journal)
}

fn set(channel: &str, key: &str, value: &[u8], expires_at: Option<i64>) -> Row {
    Row::StoreSet { record: 0, channel: channel.to_owned(), key: key.to_owned(), value: value.to_vec(), expires_at }
}

fn delete(channel: &str, key: &str) -> Row {
    Row::StoreDelete { record: 0, channel: channel.to_owned(), key: key.to_owned() }
}

/// Names that someone might have chosen to do harm.
const HOSTILE: [&str; 9] = [
    "",
    "\0",
    "a\0b",
    "'; DROP TABLE records; --",
    "%_*?[",
    "../../etc/passwd",
    "\u{10ffff}",
    "\u{202e}txt.exe",
    "\n\r\t\"\\",
];

#[test]
fn a_message_is_found_with_all_its_fields() {
    let (_dir, mut journal) = opened();
    let mut two = batch(1);
    two.records.push(record(b"second"));
    two.rows.push(Row::Message {
        id: id(2),
        record: 1,
        channel: "mail".to_owned(),
        conversation: id(3),
        work_item: None,
        inbound: false,
        external_id: None,
        body: [9; 32],
        customer: Some(id(4)),
        attachments: Vec::new(),
        at: -1,
    });
    append(&mut journal, two);
    let reader = journal.reader();
    let row = reader.message(&id(2)).unwrap().unwrap();
    assert_eq!((row.id, row.seq, row.at, row.channel.as_str()), (id(2), 2, -1, "mail"));
    assert_eq!((row.conversation, row.work_item), (id(3), None));
    assert_eq!((row.inbound, row.external_id, row.body), (false, None, [9; 32]));
    assert_eq!((row.customer, row.bare), (Some(id(4)), false));
    let row = reader.message(&id(1)).unwrap().unwrap();
    assert_eq!((row.seq, row.work_item, row.inbound), (1, Some(id(2_000_000)), true));
    assert_eq!(reader.message(&id(4)).unwrap(), None);
    assert!(reader.has_message(&id(1)).unwrap() && !reader.has_message(&id(4)).unwrap());
}

#[test]
fn messages_are_paged_in_commit_order() {
    let (_dir, mut journal) = opened();
    for number in 1..=120 {
        let mut batch = batch(number);
        if let [Row::Message { conversation, work_item, channel, .. }] = &mut batch.rows[..] {
            *conversation = id(number % 3);
            *work_item = (number % 2 == 0).then(|| id(7));
            if number % 5 == 0 {
                *channel = "mail".to_owned();
            }
        }
        append(&mut journal, batch);
    }
    let reader = journal.reader();
    let expected: Vec<Id> = (1..=120).filter(|n| n % 2 == 0).map(id).collect();
    let mut paged: Vec<Id> = Vec::new();
    loop {
        let page = reader.messages_of_item(&id(7), paged.last(), 7).unwrap();
        assert!(page.len() <= 7);
        if page.is_empty() {
            break;
        }
        paged.extend(page.iter().map(|row| row.id));
    }
    assert_eq!(paged, expected);
    let mut backwards: Vec<Id> = Vec::new();
    loop {
        let page = reader.newest_of_item(&id(7), backwards.last(), 7).unwrap();
        if page.is_empty() {
            break;
        }
        backwards.extend(page.iter().map(|row| row.id));
    }
    backwards.reverse();
    assert_eq!(backwards, expected);

    // Another channel with the same hash of a conversation is another conversation.
    let expected: Vec<Id> = (1..=120).filter(|n| n % 3 == 0 && n % 5 != 0).map(id).collect();
    let all = reader.conversation("support-sms", &id(0), None, 1000);
    let all: Vec<Id> = all.unwrap().iter().map(|row| row.id).collect();
    assert_eq!(all, expected);
    let page = reader.conversation("support-sms", &id(0), Some(&expected[3]), 5).unwrap();
    let page: Vec<Id> = page.iter().map(|row| row.id).collect();
    assert_eq!(page, expected[4..9]);

    let error = reader.messages_of_item(&id(7), Some(&id(999)), 5);
    assert!(matches!(error, Err(Error::UnknownMessage { .. })));
    assert_eq!(reader.messages_of_item(&id(8), None, 5).unwrap(), []);
}

#[test]
fn keys_that_share_their_64_bits_are_told_apart() {
    let (_dir, mut journal) = opened();
    let one = id(1);
    // The index folds an id's halves together; this undoes in one half what it changes in the other.
    let mut other = one;
    let difference = 0x0123_4567_89ab_cdef_u64;
    for (place, byte) in difference.to_be_bytes().into_iter().enumerate() {
        other[place] ^= byte;
    }
    for (place, byte) in difference.rotate_right(29).to_be_bytes().into_iter().enumerate() {
        other[8 + place] ^= byte;
    }
    use crate::tail::Key;
    assert_eq!(Key::Message(&one).bits(), Key::Message(&other).bits());

    append(&mut journal, batch(1));
    assert!(!journal.has_message(&other).unwrap());
    let mut second = batch(2);
    if let Row::Message { id, .. } = &mut second.rows[0] {
        *id = other;
    }
    append(&mut journal, second);
    let reader = journal.reader();
    assert_eq!(reader.message(&one).unwrap().unwrap().seq, 1);
    assert_eq!(reader.message(&other).unwrap().unwrap().seq, 2);
}

#[test]
fn a_message_is_found_by_each_of_its_external_ids() {
    let (_dir, mut journal) = opened();
    let mut sent = batch(1);
    if let Row::Message { external_id, .. } = &mut sent.rows[0] {
        *external_id = None;
    }
    append(&mut journal, sent);
    append(&mut journal, batch(2));
    let names = |name: &str, number| Row::MessageExternalId { id: id(number), external_id: name.to_owned() };
    append(&mut journal, rows(vec![names("part 1", 1), names("part 2", 1), names("extra", 2)]));
    let reader = journal.reader();
    let found =
        |name: &str| reader.message_by_external("support-sms", name).unwrap().map(|row| (row.id, row.external_id));
    assert_eq!(found("part 1"), Some((id(1), Some("part 1".to_owned()))));
    assert_eq!(found("part 2"), Some((id(1), Some("part 1".to_owned()))));
    assert_eq!(found("SM2"), Some((id(2), Some("SM2".to_owned()))));
    assert_eq!(found("extra"), Some((id(2), Some("SM2".to_owned()))));
    assert_eq!(found("SM1"), None);
    assert_eq!(reader.message_by_external("mail", "SM2").unwrap(), None);

    // The first message that has an external id keeps it.
    append(&mut journal, rows(vec![names("part 1", 2)]));
    assert_eq!(found("part 1").unwrap().0, id(1));
    let error = journal.append(4, rows(vec![names("x", 99)])).unwrap_err();
    assert!(matches!(error, Error::UnknownMessage { .. }), "{error}");
}

#[test]
fn a_message_can_get_another_body() {
    let (_dir, mut journal) = opened();
    let mut first = batch(1);
    first.rows.push(Row::MessageBody { id: id(1), body: [1; 32] });
    append(&mut journal, first);
    let reader = journal.reader();
    assert_eq!(reader.message(&id(1)).unwrap().unwrap().body, [1; 32]);
    append(&mut journal, rows(vec![Row::MessageBody { id: id(1), body: [2; 32] }]));
    assert_eq!(reader.message(&id(1)).unwrap().unwrap().body, [2; 32]);
}

#[test]
fn bodies_of_all_sizes_come_back() {
    let (_dir, mut journal) = opened();
    let bodies: Vec<Body> = [0, 1, 5000, MAX_INLINE_BODY, MAX_INLINE_BODY + 1, 1_000_000]
        .into_iter()
        .map(|size| body(&vec![b'x'; size]))
        .collect();
    let batch =
        Batch { records: vec![record(b"")], bodies: [bodies.clone(), bodies.clone()].concat(), ..Batch::default() };
    append(&mut journal, batch);
    let reader = journal.reader();
    for body in &bodies {
        assert_eq!(reader.body(&body.digest).unwrap().as_deref(), Some(&*body.bytes));
        let large = body.bytes.len() > MAX_INLINE_BODY;
        assert_eq!(reader.blob_needed(&body.digest).unwrap(), large);
        assert_eq!(journal.blobs().size(&body.digest).unwrap().is_some(), large, "only large bodies are files");
    }
    assert_eq!(reader.body(&[0; 32]).unwrap(), None);
}

#[test]
fn the_store_keeps_versions_also_of_what_is_not_there() {
    let (_dir, mut journal) = opened();
    let reader = journal.reader();
    let get = |key: &str, now| {
        let read = reader.store_get("c", key, now).unwrap();
        (read.value, read.version)
    };
    assert_eq!(get("k", NOW), (None, 0));
    append(&mut journal, rows(vec![set("c", "k", b"one", None)]));
    assert_eq!(get("k", NOW), (Some(b"one".to_vec()), 1));
    append(&mut journal, rows(vec![delete("c", "k"), delete("c", "l")]));
    assert_eq!((get("k", NOW), get("l", NOW)), ((None, 2), (None, 2)));
    append(&mut journal, rows(vec![set("c", "k", b"two", Some(NOW + 10))]));
    assert_eq!(get("k", NOW + 9), (Some(b"two".to_vec()), 3));
    assert_eq!(get("k", NOW + 10), (None, 3));
    assert_eq!(journal.store_version("c", "k").unwrap(), 3);
    assert_eq!(journal.store_version("d", "k").unwrap(), 0);
    assert_eq!(reader.store_get("d", "k", NOW).unwrap().version, 0);

    // A record in the middle of a batch gives its own number.
    let mut batch = rows(vec![set("c", "m", b"", None)]);
    batch.records = vec![record(b"a"), record(b"b"), record(b"c")];
    if let Row::StoreSet { record, .. } = &mut batch.rows[0] {
        *record = 1;
    }
    assert_eq!(append(&mut journal, batch), 6);
    assert_eq!(get("m", NOW), (Some(Vec::new()), 5));
}

#[test]
fn what_a_channel_stores_is_counted() {
    let (_dir, mut journal) = opened();
    let reader = journal.reader();
    let usage = |keys, bytes| {
        assert_eq!(reader.store_usage("c").unwrap(), StoreUsage { keys, bytes });
    };
    usage(0, 0);
    append(
        &mut journal,
        rows(vec![
            set("c", "ab", b"123", None),
            set("c", "c", b"", Some(NOW)),
            set("d", "x", b"1234567", None),
            delete("c", "never"),
        ]),
    );
    usage(2, 6);
    append(&mut journal, rows(vec![set("c", "ab", b"12345", None)]));
    usage(2, 8);
    append(&mut journal, rows(vec![delete("c", "ab"), delete("c", "ab")]));
    usage(1, 1);
    // The expired "c", and the deletions of "never" and "ab".
    assert_eq!(journal.collect_store(NOW - 1, 0, 10).unwrap(), 0);
    assert_eq!(journal.collect_store(NOW, 3, 10).unwrap(), 2);
    usage(0, 0);
    assert_eq!(journal.store_version("c", "never").unwrap(), 0);
    assert_eq!(journal.store_version("c", "ab").unwrap(), 3);
    assert_eq!(journal.collect_store(NOW, 4, 10).unwrap(), 1);
    assert_eq!(journal.store_version("c", "ab").unwrap(), 0);
    assert_eq!(reader.store_usage("d").unwrap().bytes, 8);
}

#[test]
fn entries_are_paged_by_prefix() {
    let (_dir, mut journal) = opened();
    let keys = ["a", "a/", "a/1", "a/2", "a/\u{10ffff}", "a0", "b"];
    append(
        &mut journal,
        rows(
            keys.iter()
                .map(|key| set("c", key, key.as_bytes(), None))
                .chain([set("c", "a/gone", b"", Some(NOW)), delete("c", "a/deleted"), set("d", "a/other", b"", None)])
                .collect(),
        ),
    );
    let reader = journal.reader();
    let list = |prefix: &str, after: Option<&str>, limit| -> Vec<String> {
        let entries = reader.store_entries("c", prefix, after, limit, NOW);
        entries.unwrap().into_iter().map(|entry| entry.key).collect()
    };
    assert_eq!(list("", None, 100), keys);
    assert_eq!(list("a/", None, 100), keys[1..5]);
    assert_eq!(list("a/", Some("a/1"), 100), keys[3..5]);
    assert_eq!(list("a/", Some("a"), 2), keys[1..3]);
    assert_eq!(list("a/", Some("z"), 100), [""; 0]);
    assert_eq!(list("a/\u{10ffff}", None, 100), keys[4..5]);
    assert_eq!(list("a/", None, 0), [""; 0]);
    let names = |prefix: &str| reader.store_keys("c", prefix, NOW).unwrap();
    assert_eq!((names(""), names("a/")), (list("", None, 100), list("a/", None, 100)), "the same without values");
}

#[test]
fn work_items_are_listed_by_id_and_state() {
    let (_dir, mut journal) = opened();
    let item = |number: u8, state: &str| Row::WorkItem {
        id: [number; 16],
        state: state.to_owned(),
        closed: state == "closed",
        json: vec![number],
        at: NOW,
    };
    append(&mut journal, rows((1..=20).map(|number| item(number, "queued")).collect()));
    append(
        &mut journal,
        rows((1..=20).filter(|number| number % 2 == 0).map(|number| item(number, "closed")).collect()),
    );
    let reader = journal.reader();
    let list = |state: Option<&str>, after: Option<u8>, limit| -> Vec<u8> {
        let filter = WorkItemFilter { state: state.map(str::to_owned), after: after.map(|number| [number; 16]), limit };
        let items = reader.work_items(&filter).unwrap();
        items.iter().map(|item| item.json[0]).collect()
    };
    assert_eq!(list(None, None, 100), (1..=20).collect::<Vec<_>>());
    assert_eq!(list(Some("closed"), Some(4), 3), [6, 8, 10]);
    assert_eq!(list(Some("queued"), None, 3), [1, 3, 5]);
    assert_eq!(list(Some("offered"), None, 3), [0; 0]);
    assert_eq!(list(None, Some(18), 100), [19, 20]);
    let row = reader.work_item(&[4; 16]).unwrap().unwrap();
    assert!(row.closed && row.state == "closed");
    assert_eq!(reader.work_item(&[99; 16]).unwrap(), None);
}

#[test]
fn blobs_are_granted_to_single_channels() {
    let (_dir, mut journal) = opened();
    let grant = |channel: &str| Row::BlobGrant { channel: channel.to_owned(), digest: [1; 32] };
    append(&mut journal, rows(vec![grant("a"), grant("a"), grant("b")]));
    let reader = journal.reader();
    let granted = |channel, digest| reader.blob_granted(channel, &[digest; 32]).unwrap();
    assert!(granted("a", 1) && granted("b", 1) && !granted("c", 1) && !granted("a", 2));
    assert!(reader.blob_needed(&[1; 32]).unwrap() && !reader.blob_needed(&[2; 32]).unwrap());
}

#[test]
fn hostile_names_are_only_names() {
    let (dir, mut journal) = opened();
    for (number, name) in HOSTILE.iter().enumerate() {
        append(
            &mut journal,
            rows(vec![
                set(name, name, name.as_bytes(), None),
                Row::BlobGrant { channel: (*name).to_owned(), digest: [1; 32] },
                Row::WorkItem {
                    id: id(number as u64),
                    state: (*name).to_owned(),
                    closed: false,
                    json: Vec::new(),
                    at: NOW,
                },
                Row::Message {
                    id: id(number as u64),
                    record: 0,
                    channel: (*name).to_owned(),
                    conversation: [0; 16],
                    work_item: None,
                    inbound: true,
                    external_id: Some((*name).to_owned()),
                    body: [0; 32],
                    customer: None,
                    attachments: Vec::new(),
                    at: i64::MAX,
                },
            ]),
        );
    }
    let reader = journal.reader();
    for (number, name) in HOSTILE.iter().enumerate() {
        let value = reader.store_get(name, name, NOW).unwrap().value;
        assert_eq!(value.as_deref(), Some(name.as_bytes()));
        let entries = reader.store_entries(name, name, None, 10, NOW).unwrap();
        assert_eq!(entries.len(), 1, "{name:?}");
        assert_eq!(reader.store_keys(name, name, NOW).unwrap(), [*name]);
        assert_eq!(reader.store_usage(name).unwrap(), StoreUsage { keys: 1, bytes: 2 * name.len() as u64 });
        assert!(reader.blob_granted(name, &[1; 32]).unwrap());
        let filter = WorkItemFilter { state: Some((*name).to_owned()), after: None, limit: 10 };
        assert_eq!(reader.work_items(&filter).unwrap().len(), 1);
        let row = reader.message_by_external(name, name).unwrap().unwrap();
        assert_eq!(row.id, id(number as u64));
        let talk = reader.conversation(name, &[0; 16], None, 100).unwrap();
        assert_eq!(talk, [row]);
    }
    assert_eq!(journal.head(), HOSTILE.len() as u64);
    drop(journal);
    assert_eq!(SqliteJournal::open(dir.path()).unwrap().head(), HOSTILE.len() as u64);
}
