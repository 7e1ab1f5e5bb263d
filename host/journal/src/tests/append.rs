use super::*;
use crate::{Error, MAX_BATCH_BYTES, MAX_RECORD_BYTES};

#[test]
fn records_come_back_in_order_and_chained() {
    let dir = tempfile::tempdir().unwrap();
    let mut journal = SqliteJournal::open(dir.path()).unwrap();
    assert_eq!(journal.head(), 0);
    assert_eq!(journal.read(0, 10).unwrap(), []);
    let two = Batch { records: vec![record(b"one"), record(b"two")], ..Batch::default() };
    assert_eq!(journal.append(0, two).unwrap(), 2);
    assert_eq!(journal.append(2, Batch { records: vec![record(b"")], ..Batch::default() }).unwrap(), 3);

    let records = journal.read(0, 10).unwrap();
    let payloads: Vec<_> = records.iter().map(|r| (r.seq, &r.payload[..])).collect();
    assert_eq!(payloads, [(1, &b"one"[..]), (2, b"two"), (3, b"")]);
    let mut first = [0; 32].to_vec();
    first.extend(1_u64.to_be_bytes());
    first.extend(NOW.to_be_bytes());
    first.extend(b"one");
    assert_eq!(records[0].hash, digest_of(&first));
    let mut second = records[0].hash.to_vec();
    second.extend(2_u64.to_be_bytes());
    second.extend(NOW.to_be_bytes());
    second.extend(b"two");
    assert_eq!(records[1].hash, digest_of(&second));

    assert_eq!(journal.read(2, 1).unwrap(), records[1..2]);
    assert_eq!(journal.read(4, 10).unwrap(), []);
    assert_eq!(journal.read(u64::MAX, usize::MAX).unwrap(), []);
    assert_eq!(journal.reader().records(1, 10).unwrap(), records);
}

#[test]
fn a_stale_caller_is_told_the_head() {
    let dir = tempfile::tempdir().unwrap();
    let mut journal = filled(dir.path(), 2);
    for stale in [0, 1, 3] {
        let error = journal.append(stale, batch(3)).unwrap_err();
        assert!(matches!(error, Error::Conflict { expected, found: 2 } if expected == stale), "{error}");
    }
    assert_eq!(journal.append(2, batch(3)).unwrap(), 3);
}

#[test]
fn all_is_there_after_opening_again() {
    let dir = tempfile::tempdir().unwrap();
    let before = filled(dir.path(), 70).read(1, 100).unwrap();
    let mut journal = SqliteJournal::open(dir.path()).unwrap();
    assert_eq!(journal.read(1, 100).unwrap(), before);
    assert!((1..=70).all(|n| journal.has_message(&id(n)).unwrap()));
    assert_eq!(append(&mut journal, batch(71)), 71);
}

#[test]
fn all_that_was_appended_survives_a_kill() {
    let dir = tempfile::tempdir().unwrap();
    let journal = filled(dir.path(), 150);
    let copy = killed(dir.path());
    let mut survivor = SqliteJournal::open(copy.path()).unwrap();
    assert_eq!(survivor.head(), 150);
    assert_eq!(survivor.read(1, 200).unwrap(), journal.read(1, 200).unwrap());
    let reader = survivor.reader();
    for number in 1..=150 {
        let row = reader.message(&id(number)).unwrap().unwrap();
        assert_eq!(row.seq, number);
        let body = reader.body(&row.body).unwrap().unwrap();
        assert_eq!(body, format!("body {number}").into_bytes());
    }
    let again = survivor.append(150, batch(7)).unwrap_err();
    assert!(matches!(again, Error::DuplicateMessage { .. }), "{again}");
    assert_eq!(append(&mut survivor, batch(151)), 151);
}

#[test]
fn sizes_are_limited() {
    let dir = tempfile::tempdir().unwrap();
    let mut journal = SqliteJournal::open(dir.path()).unwrap();
    let of = |sizes: &[usize]| Batch {
        records: sizes.iter().map(|size| record(&vec![0; *size])).collect(),
        ..Batch::default()
    };
    let half = MAX_BATCH_BYTES / 2;
    assert_eq!(journal.append(0, of(&[MAX_RECORD_BYTES])).unwrap(), 1);
    assert_eq!(journal.append(1, of(&[half, half])).unwrap(), 3);

    let error = journal.append(3, of(&[1, MAX_RECORD_BYTES + 1])).unwrap_err();
    assert!(matches!(error, Error::RecordTooLarge { index: 1, .. }), "{error}");
    let error = journal.append(3, of(&[half, half, 1])).unwrap_err();
    assert!(matches!(error, Error::BatchTooLarge { size } if size == MAX_BATCH_BYTES + 1), "{error}");
    let error = journal.append(3, Batch::default()).unwrap_err();
    assert!(matches!(error, Error::EmptyBatch), "{error}");
    assert_eq!(journal.head(), 3);
}

#[test]
fn a_row_must_belong_to_a_record_of_its_batch() {
    let dir = tempfile::tempdir().unwrap();
    let mut journal = SqliteJournal::open(dir.path()).unwrap();
    let row = Row::StoreDelete { record: 1, channel: "c".to_owned(), key: "k".to_owned() };
    let error = journal.append(0, rows(vec![row])).unwrap_err();
    assert_eq!(error.to_string(), "a row belongs to record 1 of its batch (from 0), which has only 1");
}

#[test]
fn a_refused_row_takes_its_whole_batch_with_it() {
    let dir = tempfile::tempdir().unwrap();
    let mut journal = filled(dir.path(), 1);
    let set = Row::StoreSet {
        record: 0,
        channel: "c".to_owned(),
        key: "k".to_owned(),
        value: b"v".to_vec(),
        expires_at: None,
    };
    let mut refused = batch(2);
    refused.rows.push(set.clone());
    refused.rows.push(message(1, [0; 32]));
    let error = journal.append(1, refused).unwrap_err();
    assert!(matches!(&error, Error::DuplicateMessage { id: name } if *name == hex::encode(id(1))), "{error}");

    let reader = journal.reader();
    assert_eq!(journal.head(), 1);
    assert!(!journal.has_message(&id(2)).unwrap());
    assert_eq!(reader.body(&digest_of(b"body 2")).unwrap(), None);
    assert_eq!(reader.store_get("c", "k", NOW).unwrap().version, 0);
    assert_eq!(reader.store_usage("c").unwrap().keys, 0);

    let mut good = batch(2);
    good.rows.push(set);
    assert_eq!(journal.append(1, good).unwrap(), 2);
    assert_eq!(reader.store_get("c", "k", NOW).unwrap().version, 2);
    assert_eq!(crate::verify(dir.path()).unwrap().problems, [""; 0]);
}

#[test]
fn nothing_is_written_twice() {
    let dir = tempfile::tempdir().unwrap();
    let mut journal = SqliteJournal::open(dir.path()).unwrap();
    let twice = vec![message(1, [1; 32]), message(1, [2; 32])];
    let twice = journal.append(0, rows(twice)).unwrap_err();
    assert!(matches!(twice, Error::DuplicateMessage { .. }), "{twice}");

    append(&mut journal, rows(vec![message(1, [1; 32])]));
    let again = journal.append(1, rows(vec![message(1, [1; 32])])).unwrap_err();
    assert!(matches!(again, Error::DuplicateMessage { .. }), "{again}");
}

#[test]
fn an_id_known_as_absent_is_not_believed_after_it_was_written() {
    let dir = tempfile::tempdir().unwrap();
    let mut journal = SqliteJournal::open(dir.path()).unwrap();
    assert!(!journal.has_message(&id(1)).unwrap());
    append(&mut journal, batch(1));
    assert!(journal.has_message(&id(1)).unwrap());
    let again = journal.append(1, batch(1)).unwrap_err();
    assert!(matches!(again, Error::DuplicateMessage { .. }), "{again}");
}

#[test]
fn readers_see_every_append_that_has_returned() {
    use std::sync::atomic::{AtomicU64, Ordering};
    const LAST: u64 = 400;
    let dir = tempfile::tempdir().unwrap();
    let mut journal = SqliteJournal::open(dir.path()).unwrap();
    let reader = journal.reader();
    let returned = AtomicU64::new(0);
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                let mut number = 0;
                while number < LAST {
                    number = returned.load(Ordering::Acquire);
                    for number in number.saturating_sub(50)..number {
                        let row = reader.message(&id(number + 1)).unwrap();
                        let row = row.expect("an appended message is found");
                        assert!(reader.body(&row.body).unwrap().is_some());
                    }
                }
            });
        }
        for number in 1..=LAST {
            append(&mut journal, batch(number));
            returned.store(number, Ordering::Release);
        }
    });
    let all = reader.messages_of_item(&id(2_000_000), None, usize::MAX);
    assert_eq!(all.unwrap().len(), LAST as usize);
}
