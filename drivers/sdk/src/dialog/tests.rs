use super::*;
use crate::native::{Host, install};

#[test]
fn lines_and_blocks_are_taken_apart() {
    let mut said = vec![b"ok\n12345rest".to_vec(), b"220 hi\r\n250-a\r\n250 b".to_vec(), Vec::new()];
    install(Host::new().with_secret("password", "pass").with_tcp(move |written| match written {
        b"" => said.swap_remove(1),
        b"AUTH pass\r\n" => b"\r\n".to_vec(),
        _ => said.remove(0),
    }));
    let dialog = Dialog::connect("tcp://mail.example:25", 1_000).expect("a connection");
    let line = || dialog.line().expect("no error").map(|line| String::from_utf8(line).expect("text"));
    assert_eq!((line().as_deref(), line().as_deref()), (Some("220 hi"), Some("250-a")));
    // Half a line is none, and what came of it is not lost.
    assert_eq!(line(), None);
    assert_eq!(dialog.start_tls(None).expect_err("said in clear").code, "unavailable");
    let pieces = [Piece::Text("AUTH ".into()), Piece::Secret("password".into()), Piece::Text("\r\n".into())];
    dialog.write_pieces(&pieces).expect("written");
    assert_eq!(line().as_deref(), Some("250 b"));
    dialog.start_tls(None).expect("nothing waits");
    dialog.write(b"FETCH").expect("written");
    assert_eq!(line().as_deref(), Some("ok"));
    assert_eq!(dialog.exactly(5).expect("five bytes"), b"12345");
    assert_eq!(dialog.exactly(5).expect_err("four are there").code, "unavailable");
    assert_eq!(dialog.exactly(2 << 20).expect_err("too much").code, "too-large");
    dialog.close();
}

#[test]
fn without_a_grant_a_connection_is_denied() {
    install(Host::new());
    assert_eq!(Dialog::connect("tcp://mail.example:25", 1_000).err().map(|error| error.code), Some("denied".into()));
}
