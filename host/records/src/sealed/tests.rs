use super::*;
use serde_json::Value;

const KEY: [u8; 32] = [7; 32];

fn record(text: &str) -> Record {
    Record::new("desk", "webhook@0.1.0", text, Value::Null)
}

fn written(path: &Path, texts: &[&str]) {
    let mut file = SealedFile::create(path, "desk", &KEY).expect("a new file");
    texts.iter().for_each(|text| file.add(&record(text)).expect("written"));
    assert_eq!(count(path).expect("counted"), (file.records, file.bytes));
}

fn digests(path: &Path, channel: &str, key: &[u8; 32]) -> Result<Vec<String>, Error> {
    let mut found = Vec::new();
    read(path, channel, key, |record| found.push(record.digest))?;
    Ok(found)
}

#[test]
fn records_come_back_and_stand_in_clear_nowhere() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("a.record");
    written(&path, &["in-the-first", "in-the-second"]);
    assert_eq!(digests(&path, "desk", &KEY).expect("read"), ["in-the-first", "in-the-second"]);
    let bytes = std::fs::read(&path).expect("the file");
    assert!(!bytes.windows(6).any(|window| window == b"in-the"), "encrypted");
    use std::os::unix::fs::PermissionsExt;
    assert_eq!(std::fs::metadata(&path).expect("the file").permissions().mode() & 0o777, 0o600);
    assert!(matches!(SealedFile::create(&path, "desk", &KEY), Err(Error::Io { .. })), "never written over");
}

#[test]
fn another_key_or_channel_reads_nothing() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("a.record");
    written(&path, &["one"]);
    assert!(matches!(digests(&path, "desk", &[8; 32]), Err(Error::Sealed { index: 0, .. })));
    assert!(matches!(digests(&path, "other", &KEY), Err(Error::Sealed { index: 0, .. })));
}

/// Any byte but those of a length, any cut.
#[test]
fn what_was_changed_is_found_and_what_was_cut_off_is_left_out() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("a.record");
    written(&path, &["one", "two"]);
    let whole = std::fs::read(&path).expect("the file");
    let first = u32::from_le_bytes(whole[HEAD..HEAD + 4].try_into().expect("four bytes")) as usize;
    for at in [8, 9, HEAD - 1, HEAD + 4, HEAD + 3 + first, HEAD + 4 + first + 9, whole.len() - 1] {
        let mut changed = whole.clone();
        changed[at] ^= 1;
        std::fs::write(&path, changed).expect("written");
        assert!(digests(&path, "desk", &KEY).is_err(), "byte {at}");
    }
    for (length, left) in
        [(0, 0), (HEAD, 0), (HEAD + 2, 0), (HEAD + 3 + first, 0), (HEAD + 4 + first, 1), (whole.len() - 1, 1)]
    {
        std::fs::write(&path, &whole[..length]).expect("written");
        assert_eq!(digests(&path, "desk", &KEY).expect("read").len(), left, "{length} bytes");
        assert_eq!(count(&path).expect("counted").0, left as u64);
    }
    let swapped = [&whole[..HEAD], &whole[HEAD + 4 + first..], &whole[HEAD..HEAD + 4 + first]].concat();
    std::fs::write(&path, swapped).expect("written");
    assert!(digests(&path, "desk", &KEY).is_err(), "each is bound to its place");
    std::fs::write(&path, [&whole[..HEAD], &u32::MAX.to_le_bytes(), b"x"].concat()).expect("written");
    assert!(digests(&path, "desk", &KEY).is_err(), "no length of a record");
}
