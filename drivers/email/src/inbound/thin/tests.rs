//! However a mail is cut, the message that it gives is the one that the whole mail gives.

use jackfield_sdk::native;
use jackfield_sdk::{Message, native::with};
use mail_parser::decoders::charsets::map::charset_decoder;
use mail_parser::parsers::MessageStream;
use proptest::prelude::*;
use sha2::{Digest, Sha256};

use super::decode::{Decoder, Encoding, Text};
use super::trace::TraceDigest;
use super::{Bounds, Thinned, Thinner};
use crate::inbound::{Arrival, mime::Mail, take};
use crate::tests::{LMTP, corpus, driver, pushed};

/// What mails are made of.
const PIECES: [&[u8]; 30] = [
    b"\r\n",
    b"\r\n",
    b"\r\n",
    b"\n",
    b" \r\n",
    b"\r",
    b"--",
    b"-",
    b"=",
    b"--b",
    b"--b--",
    b"\r\n--b\r\n",
    b"\r\n--b\r\n",
    b"\r\n--b--\r\n",
    b"\r\n--c\r\n",
    b"\r\n--c--\r\n",
    b"x--b\r\n",
    b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n",
    b"Content-Type: multipart/alternative; boundary=c\r\n\r\n--c\r\n",
    b"Content-Type: multipart/digest;\r\n boundary=\"b\"\r\n\r\n",
    b"Content-Type: message/rfc822\r\n\r\nSubject: within\r\n",
    b"Content-Type: a/b\r\n\r\n",
    b"Content-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n\r\n",
    b"Content-Type: text/csv; charset=iso-8859-1\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n",
    b"Content-Type: text/plain; name=x\r\n\r\n",
    b"Content-Disposition: attachment\r\n",
    b"SGVsbG8gdGhlcmUsIHRoaXMgaXMgdGV4dA==",
    b"caf=E9 =\r\n=3D  \r\n",
    b"a text that is longer than others",
    b"caf\xc3\xa9 \xff\xe2\x82",
];

/// Next to nothing of a file stays in memory.
const SMALL: Bounds = Bounds { file: 3, text: 1 << 20, html: 6 << 20, all: 8 << 20 };

fn thin(raw: &[u8], cuts: &[usize], bounds: Bounds) -> Thinned {
    let mut thinner = Thinner::new(bounds);
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

/// What becomes of a mail; its files' bytes are in it by their digests.
fn given(driver: &crate::EmailDriver, mail: Thinned) -> Vec<Message> {
    let recipients = ["help@support.test".to_owned()];
    take(&driver.settings, Arrival { sender: Some("c@d.test"), recipients: &recipients, mail });
    pushed()
}

/// Whether a mail that comes in pieces of these sizes gives the same message as the whole mail; otherwise it isn't taken
/// apart at all.
pub fn is_the_same(raw: &[u8], cuts: &[usize], bounds: Bounds) -> bool {
    if Mail::parse(raw).is_none() {
        return true;
    }
    let driver = driver(LMTP);
    let whole = given(&driver, Thinned::whole(raw.to_vec()));
    let thinned = thin(raw, cuts, bounds);
    let is_too_much = thinned.is_too_much || Mail::parse(&thinned.skeleton).is_none();
    let thinned = given(&driver, thinned);
    if !is_too_much {
        let parts = |messages: &[Message]| messages.iter().map(|message| message.parts.clone()).collect::<Vec<_>>();
        assert_eq!(parts(&thinned), parts(&whole), "{}", raw.escape_ascii());
        assert_eq!(thinned, whole, "{}", raw.escape_ascii());
    }
    assert_eq!(with(|host| host.open_writers()), 0);
    !is_too_much
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
    let mail =
        part(depth - 1).prop_map(|part| format!("Content-Type: message/rfc822\r\n\r\nSubject: within\r\n{part}"));
    prop_oneof![3 => leaf(), 3 => multipart, 1 => mail].boxed()
}

/// The digest of a mail that is there as a whole.
fn digest(raw: &[u8]) -> String {
    const TRACE: [&[u8]; 5] = [b"received:", b"return-path:", b"delivered-to:", b"x-original-to:", b"x-envelope-to:"];
    let mut rest = raw;
    let mut is_trace = false;
    while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
        let line = &rest[..end];
        is_trace = match line.first() {
            Some(b' ' | b'\t') => is_trace,
            _ => TRACE.iter().any(|name| line.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name))),
        };
        if !is_trace {
            break;
        }
        rest = &rest[end + 1..];
    }
    jackfield_sdk::encoding::to_hex(&Sha256::digest(rest))
}

#[test]
fn the_corpus_gives_the_same() {
    for (path, raw) in corpus::mails() {
        let lf: Vec<u8> = raw.iter().copied().filter(|byte| *byte != b'\r').collect();
        let crlf = String::from_utf8_lossy(&lf).replace('\n', "\r\n");
        for raw in [&raw, &lf, crlf.as_bytes()] {
            for cuts in [&[1][..], &[7, 1, 50], &[4096], &[1 << 20]] {
                for bounds in [SMALL, Bounds { file: 100, ..SMALL }, Bounds::default()] {
                    assert!(is_the_same(raw, cuts, bounds), "{path:?}");
                }
            }
        }
    }
}

proptest! {
    #[test]
    fn what_is_built_gives_the_same(part in part(3), cuts in proptest::collection::vec(1..50usize, 1..20), file in 0..60usize) {
        let raw = format!("From: a@b.test\r\nMessage-ID: <1@x>\r\n{part}").into_bytes();
        let is_taken_apart = is_the_same(&raw, &cuts, Bounds { file, ..SMALL });
        prop_assert!(is_taken_apart);
    }

    #[test]
    fn what_is_broken_gives_the_same(pieces in proptest::collection::vec(proptest::sample::select(PIECES.to_vec()), 0..40), cuts in proptest::collection::vec(1..60usize, 1..20), file in 0..60usize) {
        is_the_same(&[&b"From: a@b.test\r\n"[..], &pieces.concat()].concat(), &cuts, Bounds { file, ..SMALL });
    }

    #[test]
    fn nothing_of_the_whole_is_lost(pieces in proptest::collection::vec(proptest::sample::select(PIECES.to_vec()), 0..40), cuts in proptest::collection::vec(1..9usize, 1..20), all in 0..2000usize) {
        let raw = pieces.concat();
        native::install(native::Host::new());
        let thinned = thin(&raw, &cuts, Bounds { text: 10, html: 10, all, ..SMALL });
        let kept = match thinned.whole {
            Some(whole) => {
                let blob = whole.finish().unwrap().0;
                with(|host| host.blobs[&blob].clone())
            }
            None => thinned.skeleton,
        };
        prop_assert_eq!(kept, raw);
    }

    #[test]
    fn the_digest_is_that_of_the_whole(lines in "(Received: x\r\n|\t y\n|Return-Path: <>\r\n|Subject: a\r\n|Rec|\r\n){0,8}", cuts in proptest::collection::vec(1..9usize, 1..9)) {
        let mut hash = TraceDigest::new();
        let mut rest = lines.as_bytes();
        for cut in cuts.iter().cycle() {
            if rest.is_empty() { break }
            let (piece, after) = rest.split_at((*cut).min(rest.len()));
            hash.take(piece);
            rest = after;
        }
        prop_assert_eq!(hash.finish(), digest(lines.as_bytes()));
    }

    #[test]
    fn charsets_are_undone_as_the_parser_does(bytes in proptest::collection::vec(prop_oneof![any::<u8>(), Just(0xe2), Just(0x82), Just(0xac), Just(0xf0), Just(0x9f)], 0..60), cut in 1..9usize) {
        for name in ["utf-8", "us-ascii", "iso-8859-1", "iso-8859-15", "windows-1252", "koi8-r"] {
            let decoder = charset_decoder(name.as_bytes());
            let text = decoder.map_or(Some(Text::Utf8), Text::by_byte).expect("a charset of bytes");
            let (mut held, mut out) = (Vec::new(), Vec::new());
            for piece in bytes.chunks(cut) {
                held.extend_from_slice(piece);
                text.decode(&mut held, &mut out);
            }
            if !held.is_empty() {
                out.extend_from_slice(super::decode::NO_LETTER.as_bytes());
            }
            let whole = decoder.map_or_else(|| String::from_utf8_lossy(&bytes).into_owned(), |decoder| decoder(&bytes));
            prop_assert_eq!(String::from_utf8(out).unwrap(), whole, "{}", name);
        }
        for name in ["utf-16", "utf-16le", "utf-7", "iso-2022-jp", "iso-2022-kr", "gb18030", "gbk", "big5", "shift_jis", "euc-jp", "euc-kr"] {
            let decoder = charset_decoder(name.as_bytes()).expect(name);
            prop_assert!(Text::by_byte(decoder).is_none(), "{}", name);
        }
    }

    #[test]
    fn encodings_are_undone_as_the_parser_does(text in "[A-Za-z0-9+/=\r\n -]{0,80}", quoted in "[a-f0-9A-F=\r\n \t_]{0,80}") {
        for (name, text) in [("base64", text), ("quoted-printable", quoted)] {
            let mut stream = MessageStream::new(text.as_bytes());
            let (end, expected) =
                if name == "base64" { stream.decode_base64_mime(b"") } else { stream.decode_quoted_printable_mime(b"") };
            let mut out = Vec::new();
            let mut decoder = Decoder::new(Encoding::named(name));
            let done = decoder.decode(text.as_bytes(), &mut out);
            decoder.finish(&mut out);
            prop_assert_eq!(done.is_ok(), end != usize::MAX);
            if done.is_ok() {
                prop_assert_eq!(out, expected.into_owned(), "{}", text);
            }
        }
    }
}
