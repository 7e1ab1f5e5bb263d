//! Two versions of the specification side by side: 0.9, and a 0.10 that changes one handler.

mod v0_10;

pub(in crate::tests) use v0_10::RESOLVE;

use super::drivers::{SOUND, next};
use super::nobody::Nobody;
use super::zoo::{channel, sandbox, timer};
use crate::versions::{SERVED, Version, Versions};
use crate::{Body, LoadError, Peer, Refusal, Request, Sandbox, SandboxConfig};
use jackfield_spec::Timestamp;
use std::sync::Arc;

/// What a server would have that serves both.
const BOTH: Versions = Versions(&[SERVED.0[0], &v0_10::Next]);

fn request(id: Option<&str>) -> Request {
    let header = id.map(|id| crate::Header { name: "x-again".to_owned(), value: id.to_owned().into() });
    Request {
        method: "POST".to_owned(),
        url: "https://example.com/channels/next".to_owned(),
        headers: header.into_iter().collect(),
        body: Body::Bytes(bytes::Bytes::from_static(b"hello")),
        peer: Peer { address: "127.0.0.1:1".to_owned(), local: "127.0.0.1:2".to_owned(), proxied: false },
        received_at: Timestamp::default(),
    }
}

#[tokio::test]
async fn drivers_of_two_versions_serve_beside_each_other() {
    let folder = tempfile::tempdir().expect("a folder");
    let sandbox = Sandbox::serving(SandboxConfig::new(folder.path()), BOTH).expect("it starts");
    let old = sandbox.load(SOUND.component()).await.expect("0.9 is served");
    let new = sandbox.load(next()).await.expect("0.10 is served");
    let old = old.serve(channel("old", Default::default()), Arc::new(Nobody)).await.expect("it serves");
    let new = new.serve(channel("new", Default::default()), Arc::new(Nobody)).await.expect("it serves");
    for _ in 0..3 {
        let (first, again) = (request(None), request(Some("yes")));
        let (fired, first, again) =
            tokio::join!(old.fired(timer("t"), false), new.receive(&first, false), new.receive(&again, false));
        assert_eq!(fired.expect("0.9 is called").output, Ok(()));
        let status = |called: crate::Called<Result<crate::Response, _>>| called.output.expect("a response").status;
        assert_eq!(status(first.expect("0.10 is called")), 204, "it answers with nothing");
        let failure = again.expect("0.10 is called").output.expect_err("it refuses what comes again");
        assert_eq!(failure.code, "conflict");
    }
}

#[tokio::test]
async fn a_version_that_is_not_served_is_refused_with_those_that_are() {
    let folder = tempfile::tempdir().expect("a folder");
    let refused = sandbox(&folder).load(next()).await.err().expect("this server has no 0.10");
    assert!(matches!(refused, LoadError::Refused(Refusal::Version { .. })), "{refused}");
    let text = refused.to_string();
    assert!(text.contains("built against jackfield:channel@0.10.0, this server speaks 0.9.0;"), "{text}");

    let folder = tempfile::tempdir().expect("a folder");
    let both = Sandbox::serving(SandboxConfig::new(folder.path()), BOTH).expect("it starts");
    let other = wat::parse_str(r#"(component (import "jackfield:channel/log@0.11.0" (instance)))"#).expect("a text");
    let text = both.load(other).await.err().expect("nobody has 0.11").to_string();
    assert!(text.contains("this server speaks 0.9.0 and 0.10.0;"), "{text}");
}

#[test]
fn a_version_is_chosen_by_its_line() {
    assert_eq!(BOTH.of("0.10.7").map(Version::number), Some("0.10.0"));
    assert_eq!(BOTH.of("0.9.9").map(Version::number), Some("0.9.0"));
    for number in ["0.1.0", "1.9.0", "0.9", "", "none", "0.100.0"] {
        assert!(BOTH.of(number).is_none(), "{number}");
    }
}
