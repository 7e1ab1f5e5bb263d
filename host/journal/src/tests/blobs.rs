use std::fs;
use std::time::{Duration, SystemTime};

use super::*;
use crate::{Blobs, Error, ORPHAN_AGE};

#[test]
fn a_blob_is_named_by_its_content() {
    let dir = tempfile::tempdir().unwrap();
    let blobs = Blobs::open(dir.path()).unwrap();
    let mut writer = blobs.writer(11).unwrap();
    for chunk in ["hello", " ", "", "world"] {
        writer.write(chunk.as_bytes()).unwrap();
    }
    assert_eq!(writer.size(), 11);
    let digest = writer.finish().unwrap();
    assert_eq!(digest, digest_of(b"hello world"));
    let name = hex::encode(digest);
    let file = dir.path().join("blobs").join(&name[..2]).join(&name);
    assert_eq!(fs::read(file).unwrap(), b"hello world");

    assert_eq!(blobs.size(&digest).unwrap(), Some(11));
    let read = |offset, len| blobs.read(&digest, offset, len).unwrap().unwrap();
    assert_eq!(read(0, u64::MAX), b"hello world");
    assert_eq!(read(6, 3), b"wor");
    assert_eq!(read(9, 100), b"ld");
    assert_eq!((read(11, 5), read(1 << 40, 5)), (vec![], vec![]));
    assert_eq!(blobs.put(b"hello world").unwrap(), digest);
}

#[test]
fn what_is_not_there_is_none() {
    let dir = tempfile::tempdir().unwrap();
    let blobs = Blobs::open(dir.path()).unwrap();
    assert_eq!(blobs.size(&[1; 32]).unwrap(), None);
    assert_eq!(blobs.read(&[1; 32], 0, 1).unwrap(), None);
}

#[test]
fn a_blob_does_not_grow_over_its_limit() {
    let dir = tempfile::tempdir().unwrap();
    let blobs = Blobs::open(dir.path()).unwrap();
    let mut writer = blobs.writer(4).unwrap();
    writer.write(b"1234").unwrap();
    let error = writer.write(b"5").unwrap_err();
    assert!(matches!(error, Error::BlobTooLarge { limit: 4 }), "{error}");
    assert_eq!(writer.finish().unwrap(), digest_of(b"1234"));
}

#[test]
fn an_abandoned_blob_leaves_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let blobs = Blobs::open(dir.path()).unwrap();
    let mut writer = blobs.writer(10).unwrap();
    writer.write(b"1234").unwrap();
    drop(writer);
    let left = fs::read_dir(dir.path().join("blobs/unfinished")).unwrap();
    assert_eq!(left.count(), 0);
    assert_eq!(blobs.size(&digest_of(b"1234")).unwrap(), None);
}

#[test]
fn only_old_orphans_are_collected() {
    let dir = tempfile::tempdir().unwrap();
    let blobs = Blobs::open(dir.path()).unwrap();
    let kept = blobs.put(b"kept").unwrap();
    let orphan = blobs.put(b"orphan").unwrap();
    let torn = dir.path().join("blobs/unfinished/torn");
    fs::write(&torn, b"half of").unwrap();
    let needed = |digest: &Digest| Ok(*digest == kept);

    let now = SystemTime::now();
    assert_eq!(blobs.collect_orphans(now, needed).unwrap(), 0);
    let later = now + ORPHAN_AGE + Duration::from_secs(60);
    assert_eq!(blobs.collect_orphans(later, needed).unwrap(), 2);
    assert!(!torn.exists());
    assert_eq!(blobs.size(&orphan).unwrap(), None);
    assert_eq!(blobs.size(&kept).unwrap(), Some(4));
}

#[test]
fn an_orphan_that_is_written_again_is_young_again() {
    let dir = tempfile::tempdir().unwrap();
    let blobs = Blobs::open(dir.path()).unwrap();
    let digest = blobs.put(b"again").unwrap();
    let name = hex::encode(digest);
    let path = dir.path().join("blobs").join(&name[..2]).join(&name);
    let long_ago = SystemTime::now() - 2 * ORPHAN_AGE;
    let file = fs::OpenOptions::new().write(true).open(&path).unwrap();
    file.set_modified(long_ago).unwrap();
    blobs.put(b"again").unwrap();
    let removed = blobs.collect_orphans(SystemTime::now(), |_| Ok(false));
    assert_eq!(removed.unwrap(), 0);
    assert_eq!(blobs.size(&digest).unwrap(), Some(5));
}

#[test]
fn the_journal_says_which_blobs_it_needs() {
    let dir = tempfile::tempdir().unwrap();
    let mut journal = SqliteJournal::open(dir.path()).unwrap();
    let blobs = journal.blobs();
    let granted = blobs.put(b"granted").unwrap();
    blobs.put(b"orphan").unwrap();
    let large = body(&vec![1; 100_000]);
    let mut batch = rows(vec![Row::BlobGrant { channel: "c".to_owned(), digest: granted }]);
    batch.bodies.push(large.clone());
    append(&mut journal, batch);
    let reader = journal.reader();
    let later = SystemTime::now() + 2 * ORPHAN_AGE;
    let removed = blobs.collect_orphans(later, |digest| reader.blob_needed(digest));
    assert_eq!(removed.unwrap(), 1);
    assert_eq!(reader.body(&large.digest).unwrap().as_deref(), Some(&*large.bytes));
}

#[test]
fn what_is_renewed_is_not_collected() {
    let dir = tempfile::tempdir().unwrap();
    let blobs = Blobs::open(dir.path()).unwrap();
    let digest = blobs.put(b"uploaded").unwrap();
    let later = SystemTime::now() + 2 * ORPHAN_AGE;
    assert_eq!(blobs.renew(&digest, later).unwrap(), Some(8));
    assert_eq!(blobs.collect_orphans(later, |_| Ok(false)).unwrap(), 0);
    assert_eq!(blobs.collect_orphans(later + 2 * ORPHAN_AGE, |_| Ok(false)).unwrap(), 1);
    assert_eq!(blobs.renew(&digest, later).unwrap(), None);
}
