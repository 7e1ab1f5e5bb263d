use super::*;

#[test]
fn what_was_written_comes_back_and_what_was_changed_does_not() {
    let dir = tempfile::tempdir().expect("a folder");
    let cache = Cache::open(dir.path()).expect("opens");
    let digest = Digest::of(b"component");
    assert_eq!(cache.get(&digest, "e"), None);
    cache.put(&digest, "e", b"machine code").expect("writes");
    assert_eq!(cache.get(&digest, "e").as_deref(), Some(&b"machine code"[..]));
    assert_eq!(cache.get(&digest, "f"), None, "code for another engine is other code");

    let again = Cache::open(dir.path()).expect("opens again, with the same key");
    assert!(again.get(&digest, "e").is_some());

    let path = cache.path(&digest, "e");
    let mut bytes = std::fs::read(&path).expect("is there");
    bytes[3] ^= 1;
    std::fs::write(&path, bytes).expect("can be changed");
    assert_eq!(cache.get(&digest, "e"), None, "one flipped bit is noticed");
    assert!(!path.exists(), "and the file is gone, so that it is made anew");
}

#[test]
fn code_cannot_be_moved_to_another_component() {
    let dir = tempfile::tempdir().expect("a folder");
    let cache = Cache::open(dir.path()).expect("opens");
    let (one, two) = (Digest::of(b"1"), Digest::of(b"2"));
    cache.put(&one, "e", b"code").expect("writes");
    std::fs::copy(cache.path(&one, "e"), cache.path(&two, "e")).expect("copies");
    assert_eq!(cache.get(&two, "e"), None);
}

#[cfg(unix)]
#[test]
fn nobody_else_can_read_the_folder() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().expect("a folder");
    Cache::open(dir.path()).expect("opens");
    let mode = |name: &str| std::fs::metadata(dir.path().join(name)).expect("is there").permissions().mode() & 0o777;
    assert_eq!(mode(""), 0o700);
    assert_eq!(mode("key"), 0o600);
}
