//! What is erased or was kept long enough is gone from the disk; the rest is as it was.

use super::*;
use crate::{Cut, Erase, Retained, verify};

const DAY: i64 = 24 * 3_600_000;

/// A record `day` days after [`NOW`] with a message of a work item of the day and a body that says `number`.
fn on_day(number: u64, day: i64) -> Batch {
    let mut batch = batch(number);
    batch.records[0].at = NOW + day * DAY;
    if let Row::Message { at, work_item, customer, .. } = &mut batch.rows[0] {
        *at = NOW + day * DAY;
        *work_item = Some(id(2_000_000 + day.unsigned_abs()));
        *customer = Some(id(3_000_000 + number % 2));
    }
    batch
}

/// Whether these bytes stand anywhere in the data folder.
fn anywhere(dir: &Path, what: &[u8]) -> bool {
    std::fs::read_dir(dir).unwrap().any(|entry| {
        let path = entry.unwrap().path();
        if path.is_dir() {
            return anywhere(&path, what);
        }
        std::fs::read(path).unwrap().windows(what.len()).any(|window| window == what)
    })
}

#[test]
fn an_erased_customers_content_is_nowhere_on_the_disk() {
    let dir = tempfile::tempdir().unwrap();
    let mut journal = SqliteJournal::open(dir.path()).unwrap();
    let picture = journal.blobs().put(b"a picture of the customer").unwrap();
    let shared = journal.blobs().put(b"a picture that everybody sends").unwrap();
    for number in 0..150 {
        let mut batch = on_day(number, 0);
        if let Row::Message { attachments, .. } = &mut batch.rows[0] {
            *attachments = vec![shared];
            attachments.extend((number == 1).then_some(picture));
        }
        let grants = [shared, picture].map(|digest| Row::BlobGrant { channel: "support-sms".to_owned(), digest });
        batch.rows.extend(grants);
        append(&mut journal, batch);
    }
    let set = |key: &str| Row::StoreSet {
        record: 0,
        channel: "support-sms".to_owned(),
        key: key.to_owned(),
        value: b"out".to_vec(),
        expires_at: None,
    };
    let name = Row::MessageExternalId { id: id(1), external_id: "the second part".to_owned() };
    append(&mut journal, rows(vec![set("opt-out/+15550100"), set("cursor"), name]));
    let erasure = Row::Erasure { record: 0, customer: id(3_000_001) };
    append(&mut journal, rows(vec![erasure]));
    let reader = journal.reader();
    assert_eq!(reader.erasures().unwrap(), [(id(3_000_001), 152)]);

    let all = reader.messages_of_customer(&id(3_000_001), None, usize::MAX).unwrap();
    assert_eq!(all.len(), 75);
    let mut step = Erase {
        customer: id(3_000_001),
        messages: all.iter().map(|row| row.id).collect(),
        store: vec![("support-sms".to_owned(), "opt-out/+15550100".to_owned())],
        done: false,
    };
    let loose = journal.erase(&step).unwrap();
    assert_eq!(loose.iter().map(|loose| loose.digest).collect::<Vec<_>>(), [picture]);
    // Written after the message came, as it is a test: it may belong to something else.
    let (mut late, needed) = (loose[0], |digest: &Digest| reader.blob_needed(digest));
    assert!(!journal.blobs().remove(&late, needed).unwrap());
    late.since = i64::MAX;
    assert!(journal.blobs().remove(&late, needed).unwrap());
    step.done = true;
    assert_eq!(journal.erase(&step).unwrap(), []);
    assert_eq!(reader.erasures().unwrap(), []);

    assert!(all.iter().all(|row| reader.body(&row.body).unwrap().is_none()));
    assert!(reader.message(&id(1)).unwrap().unwrap().bare, "a repetition is still known");
    assert_eq!(reader.message_by_external("support-sms", "SM1").unwrap(), None);
    assert_eq!(reader.message_by_external("support-sms", "the second part").unwrap(), None);
    assert!(reader.message_by_external("support-sms", "SM2").unwrap().is_some());
    assert_eq!(reader.store_usage("support-sms").unwrap().keys, 1);
    assert!(journal.blobs().size(&shared).unwrap().is_some() && reader.blob_needed(&shared).unwrap());
    for gone in ["body 1", "body 149", "SM149", "the second part", "+15550100", "a picture of the customer"] {
        // What follows the number would make another text of it.
        let stays = anywhere(dir.path(), format!("{gone}\0").as_bytes()) || anywhere(dir.path(), gone.as_bytes());
        let longer = (0..10).any(|digit| anywhere(dir.path(), format!("{gone}{digit}").as_bytes()));
        assert!(!stays || longer, "{gone} is still on the disk");
    }
    assert!(anywhere(dir.path(), b"body 148"));
    assert_eq!(verify(dir.path()).unwrap().problems, [""; 0]);
    drop((reader, journal));
    assert_eq!(verify(dir.path()).unwrap().problems, [""; 0]);
}

fn retain_all(journal: &mut SqliteJournal, cut: &Cut, open: &dyn Fn(&Id) -> bool) -> usize {
    let mut removed = 0;
    loop {
        let step: Retained = journal.retain(cut, open, 7).unwrap();
        removed += step.removed;
        if !step.more {
            return removed;
        }
    }
}

#[test]
fn what_was_kept_long_enough_goes_and_ids_stay_for_their_window() {
    let dir = tempfile::tempdir().unwrap();
    let mut journal = SqliteJournal::open(dir.path()).unwrap();
    for number in 0..200 {
        let mut batch = on_day(number, number as i64);
        batch.rows.push(Row::WorkItem {
            id: id(2_000_000 + number),
            state: "closed".to_owned(),
            closed: true,
            json: Vec::new(),
            at: NOW + number as i64 * DAY,
        });
        append(&mut journal, batch);
    }
    journal.write_snapshot(81, b"older").unwrap();
    journal.write_snapshot(200, b"newer").unwrap();
    // The item of day 20 is still open.
    let open = |item: &Id| *item == id(2_000_020);
    let cut = Cut { before: NOW + 100 * DAY, ids_before: NOW + 50 * DAY, keep_from: 81 };
    assert!(retain_all(&mut journal, &cut, &open) > 200);
    let reader = journal.reader();
    for number in 0..200 {
        let there = reader.has_message(&id(number)).unwrap();
        assert_eq!(there, number >= 50 || number == 20, "message {number}");
        let whole = reader.body(&digest_of(format!("body {number}").as_bytes())).unwrap().is_some();
        assert_eq!(whole, number >= 100 || number == 20, "content {number}");
        let listed = reader.work_item(&id(2_000_000 + number)).unwrap().is_some();
        assert_eq!(listed, number >= 100, "item {number}");
    }
    assert_eq!(journal.read(0, 1).unwrap()[0].seq, 81);
    assert_eq!(retain_all(&mut journal, &cut, &open), 0, "nothing is left to go");
    assert_eq!(verify(dir.path()).unwrap().problems, [""; 0]);

    // Closed at last, it goes with the next search.
    retain_all(&mut journal, &cut, &|_| false);
    assert!(!reader.has_message(&id(20)).unwrap());
    append(&mut journal, on_day(20, 201));
    drop((reader, journal));
    assert!(!anywhere(dir.path(), b"payload 79") && anywhere(dir.path(), b"payload 80"), "they are overwritten");
    let journal = SqliteJournal::open(dir.path()).unwrap();
    assert_eq!(journal.head(), 201);
    assert_eq!(verify(dir.path()).unwrap().problems, [""; 0]);
}

#[test]
fn the_chain_is_checked_from_where_it_begins_now() {
    let dir = tempfile::tempdir().unwrap();
    let mut journal = filled(dir.path(), 20);
    journal.write_snapshot(11, b"older").unwrap();
    journal.write_snapshot(20, b"newer").unwrap();
    assert_eq!(journal.snapshots().oldest_sound().unwrap(), Some(11));
    retain_all(&mut journal, &Cut { before: i64::MAX, ids_before: 0, keep_from: 11 }, &|_| false);
    drop(journal);
    // The newer one is damaged: what lies before it is looked at after all.
    let newer = dir.path().join("snapshots/20.snap");
    let mut bytes = std::fs::read(&newer).unwrap();
    let last = bytes.len() - 34;
    bytes[last] ^= 1;
    std::fs::write(&newer, bytes).unwrap();
    let journal = SqliteJournal::open(dir.path()).unwrap();
    assert_eq!(journal.latest_snapshot().unwrap().unwrap().seq, 11);
    assert_eq!(journal.snapshots().oldest_sound().unwrap(), None, "one alone could be lost");
    drop(journal);
    let database = rusqlite::Connection::open(dir.path().join("journal.db")).unwrap();
    database.execute_batch("UPDATE records SET payload = x'00' WHERE seq = 15").unwrap();
    let journal = SqliteJournal::open(dir.path()).unwrap();
    let error = journal.latest_snapshot().unwrap_err();
    assert!(error.to_string().contains("record 15 was altered"), "{error}");
}
