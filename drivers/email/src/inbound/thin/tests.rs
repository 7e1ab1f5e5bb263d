//! However the mail is cut, the skeleton and the files are what the whole mail says.

use jackfield_sdk::native::{self, Host};
use mail_parser::parsers::MessageStream;
use proptest::prelude::*;

use super::decode::Decoder;
use super::trace::TraceDigest;
use super::{Bounds, Thinned, Thinner};
use crate::inbound::mime::Mail;

const PIECES: [&[u8]; 8] = [
    b"--b",
    b"\r\n",
    b"\n",
    b"\r",
    b"--",
    b"Content-Type: multipart/mixed; boundary=b\r\n\r\n",
    b"Content-Type: a/b\r\n\r\n",
    b"some text that is longer than others",
];

const SMALL: Bounds =
    Bounds { file: 40, file_later: 40, roomy: 1 << 20, text: 1 << 20, html: 1 << 20, between: 1 << 20, all: 10 << 20 };

fn thin(raw: &[u8], cuts: &[usize]) -> Thinned {
    native::install(Host::new());
    let mut thinner = Thinner::new(SMALL);
    let mut rest = raw;
    for cut in cuts.iter().cycle() {
        if rest.is_empty() {
            break;
        }
        let (piece, after) = rest.split_at((*cut).min(rest.len()));
        thinner.take(piece);
        rest = after;
    }
    thinner.finish().expect("there is room")
}

fn blob(digest: &str) -> Vec<u8> {
    native::with(|host| host.blobs[digest].clone())
}

type Shown = (String, Vec<(Option<String>, String, Option<String>, Vec<u8>)>);

/// What is shown of a mail made thin.
fn shown(thinned: Thinned) -> Shown {
    let mail = Mail::parse(&thinned.skeleton).expect("a mail");
    let mut cuts = thinned.cuts;
    let files = mail.files().map(|file| {
        let cut = cuts.iter_mut().find(|cut| Some(cut.start) == file.start);
        let bytes = match cut.and_then(|cut| cut.file.take()) {
            Some(spool) => blob(&spool.finish().expect("kept").0),
            None => file.bytes.to_vec(),
        };
        (file.name, file.media_type, file.content_id, bytes)
    });
    let files = files.collect();
    (mail.text(1 << 20).0, files)
}

fn whole(raw: &[u8]) -> Shown {
    let mail = Mail::parse(raw).expect("a mail");
    let files = mail.files().map(|file| (file.name, file.media_type, file.content_id, file.bytes.to_vec()));
    let files = files.collect();
    (mail.text(1 << 20).0, files)
}

fn quoted(bytes: &[u8]) -> String {
    let text: String = bytes.iter().map(|byte| format!("={byte:02X}")).collect();
    text.as_bytes().chunks(75).map(|line| String::from_utf8_lossy(line).into_owned()).collect::<Vec<_>>().join("=\r\n")
}

fn leaf() -> impl Strategy<Value = String> {
    let encodings = prop_oneof![Just("base64"), Just("quoted-printable"), Just("8bit")];
    let kinds = prop_oneof![
        Just("application/pdf; name=a.pdf"),
        Just("image/png"),
        Just("text/plain"),
        Just("text/html"),
        Just("text/plain; name=\"b.txt\""),
        Just("text/csv"),
    ];
    let dispositions = prop_oneof![
        Just(""),
        Just("Content-Disposition: attachment;\r\n filename*0=long;\r\n filename*1=er.bin\r\n"),
        Just("Content-ID: <x@y>\r\nContent-Disposition: inline\r\n"),
    ];
    (kinds, encodings, dispositions, "[a-z \n]{0,200}").prop_map(|(kind, encoding, disposition, text)| {
        let text = text.replace('\n', "x\r\n");
        let body = match encoding {
            "base64" => jackfield_sdk::encoding::to_base64(text.as_bytes())
                .as_bytes()
                .chunks(76)
                .map(|line| String::from_utf8_lossy(line).into_owned())
                .collect::<Vec<_>>()
                .join("\r\n"),
            "quoted-printable" => quoted(text.as_bytes()),
            _ => text,
        };
        format!("Content-Type: {kind}\r\nContent-Transfer-Encoding: {encoding}\r\n{disposition}\r\n{body}\r\n")
    })
}

fn part(depth: u32) -> BoxedStrategy<String> {
    if depth == 0 {
        return leaf().boxed();
    }
    let subtypes = prop_oneof![Just("mixed"), Just("alternative"), Just("related")];
    let multipart = (subtypes, proptest::collection::vec(part(depth - 1), 1..4)).prop_map(move |(subtype, parts)| {
        let name = format!("b{depth}");
        let parts: String = parts.iter().map(|part| format!("--{name}\r\n{part}")).collect();
        format!("Content-Type: multipart/{subtype};\r\n boundary=\"{name}\"\r\n\r\npreamble\r\n{parts}--{name}--\r\n")
    });
    // Of a mail at the end of a mail without multiparts the parser takes the boundary behind it for a part.
    let within = part(depth - 1).prop_filter("a mail", |part| !part.starts_with("Content-Type: message"));
    let mail = within.prop_map(|part| format!("Content-Type: message/rfc822\r\n\r\nSubject: within\r\n{part}"));
    prop_oneof![3 => leaf(), 3 => multipart, 1 => mail].boxed()
}

proptest! {
    #[test]
    fn it_shows_what_the_whole_mail_shows(part in part(3), cuts in proptest::collection::vec(1..50usize, 1..20)) {
        let raw = format!("From: a@b.test\r\nMessage-ID: <1@x>\r\n{part}").into_bytes();
        let expected = whole(&raw);
        let thinned = thin(&raw, &cuts);
        prop_assert_eq!(shown(thinned), expected, "{}", String::from_utf8_lossy(&raw));
    }

    #[test]
    fn nothing_of_the_whole_is_lost(raw in proptest::collection::vec(proptest::sample::select(PIECES.to_vec()), 0..40), cuts in proptest::collection::vec(1..9usize, 1..20)) {
        let raw = raw.concat();
        let thinned = thin(&raw, &cuts);
        let kept = match thinned.whole {
            Some(whole) => blob(&whole.finish().unwrap().0),
            None => thinned.skeleton,
        };
        prop_assert_eq!(kept, raw);
    }

    #[test]
    fn the_digest_is_that_of_the_whole(lines in "(Received: x\r\n|\t y\n|Return-Path: <>\r\n|Subject: a\r\n|Rec|\r\n){0,8}", cuts in proptest::collection::vec(1..9usize, 1..9)) {
        let mut digest = TraceDigest::new();
        let mut rest = lines.as_bytes();
        for cut in cuts.iter().cycle() {
            if rest.is_empty() { break }
            let (piece, after) = rest.split_at((*cut).min(rest.len()));
            digest.take(piece);
            rest = after;
        }
        prop_assert_eq!(digest.finish(), crate::inbound::digest(lines.as_bytes()));
    }

    #[test]
    fn encodings_are_undone_as_the_parser_does(text in "[A-Za-z0-9+/=\r\n -]{0,80}", quoted in "[a-f0-9A-F=\r\n \t_]{0,80}") {
        for (name, text) in [("base64", text), ("quoted-printable", quoted)] {
            let mut stream = MessageStream::new(text.as_bytes());
            let (end, expected) =
                if name == "base64" { stream.decode_base64_mime(b"") } else { stream.decode_quoted_printable_mime(b"") };
            let mut out = Vec::new();
            let mut decoder = Decoder::new(Some(name));
            let done = decoder.decode(text.as_bytes(), &mut out);
            decoder.finish(&mut out);
            prop_assert_eq!(done.is_ok(), end != usize::MAX);
            if done.is_ok() {
                prop_assert_eq!(out, expected.into_owned(), "{}", text);
            }
        }
    }
}
