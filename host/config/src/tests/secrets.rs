use std::fs;

use crate::{Secret, TokenHash, parse};

use super::{LEAST, read};

#[test]
fn a_secret_is_never_shown() {
    let secret = Secret::new("hunter2");
    assert_eq!(secret.expose(), b"hunter2");
    assert!(!format!("{secret:?} {secret}").contains("hunter2"));
    let text = format!(
        "{LEAST}[[agent]]\nid = \"a\"\ntoken = \"hunter2\"\n[[channel]]\nid = \"c\"\ndriver = \"d\"\nsecrets = {{ s = \"hunter2\" }}"
    );
    let loaded = read(&text).expect("is right");
    assert!(!format!("{loaded:?}").contains("hunter2"));
    assert_eq!(loaded.config.channels[0].secrets["s"][0].expose(), b"hunter2");
}

#[test]
fn a_token_matches_only_itself() {
    let hash = TokenHash::of(b"ana-token");
    assert!(hash.matches(b"ana-token"));
    for other in [&b""[..], b"ana-toke", b"ana-token ", b"Ana-token"] {
        assert!(!hash.matches(other));
    }
}

#[test]
fn files_are_read_beside_the_config_and_trimmed_of_one_newline() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a"), "from-file\r\n").unwrap();
    fs::write(folder.path().join("b"), [0, 255, b'\n', b'\n']).unwrap();
    fs::write(folder.path().join("empty"), "\n").unwrap();
    fs::write(folder.path().join("long"), vec![b'x'; 65 * 1024]).unwrap();
    let with = |secret: &str| {
        let text = format!("{LEAST}[[channel]]\nid = \"c\"\ndriver = \"d\"\nsecrets = {{ s = \"file:{secret}\" }}");
        parse(&text, "c.toml", folder.path(), &|_| None)
    };
    for (file, bytes) in [("a", &b"from-file"[..]), ("b", &[0, 255, b'\n'])] {
        let loaded = with(file).expect("is right");
        assert_eq!(loaded.config.channels[0].secrets["s"][0].expose(), bytes);
        assert_eq!(loaded.warnings, []);
    }
    for (file, problem) in [
        ("empty", "is an empty secret"),
        ("missing", "can't be read: No such file"),
        ("long", "is longer than 64 KiB"),
        (".", "can't be read"),
    ] {
        let errors = with(file).expect_err(file);
        assert!(errors.to_string().contains(problem), "{errors}");
    }
}
