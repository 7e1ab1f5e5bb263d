//! Seeded mutation of real mails, reports, commands and IMAP responses: nothing traps, and what is safe stays safe.
//!
//! Each target runs for two seconds; `JACKFIELD_FUZZ_SECONDS` says otherwise.

use std::time::{Duration, Instant};

use super::corpus::mails;
use super::poll::Bytes;
use crate::imap::Response;
use crate::inbound::html::safe;
use crate::inbound::mime::Mail;
use crate::inbound::thin::{Bounds, tests::is_the_same};
use crate::inbound::{bounce, bounds};
use crate::outbound::header;
use crate::session::{Command, Receiver};
use crate::{address, tokens};

/// What mails are made of.
const WORDS: [&[u8]; 16] = [
    b"\r\n\r\n",
    b"--",
    b"Content-Type: multipart/mixed; boundary=",
    b"Content-Type: message/rfc822\r\n\r\n",
    b"Content-Transfer-Encoding: base64\r\n",
    b"=?utf-8?B?",
    b"?=",
    b"filename*0*=utf-8''%",
    b"charset=utf-7",
    b"charset=iso-2022-jp",
    b"<script>",
    b"<a href=\"",
    b"&#x",
    b"From: <",
    b"Action: failed\r\n",
    b"{99999}\r\n",
];

/// Numbers by chance that are the same in each run (xorshift).
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % end.max(1) as u64) as usize
    }
}

fn mutated(chance: &mut Chance, inputs: &[Vec<u8>]) -> Vec<u8> {
    let mut input = inputs[chance.below(inputs.len())].clone();
    for _ in 0..=chance.below(6) {
        let (at, end) = (chance.below(input.len() + 1), chance.below(input.len() + 1));
        let (at, end) = (at.min(end), at.max(end));
        match chance.below(5) {
            0 if at < input.len() => input[at] = chance.below(256) as u8,
            1 => input.truncate(end),
            2 => drop(input.drain(at..end)),
            3 => {
                let other = &inputs[chance.below(inputs.len())];
                let (one, two) = (chance.below(other.len() + 1), chance.below(other.len() + 1));
                input.splice(at..at, other[one.min(two)..one.max(two)].iter().copied());
            }
            _ => drop(input.splice(at..at, WORDS[chance.below(WORDS.len())].iter().copied())),
        }
        input.truncate(256 << 10);
    }
    input
}

fn fuzz(inputs: &[Vec<u8>], run: impl Fn(&[u8])) {
    let seconds = std::env::var("JACKFIELD_FUZZ_SECONDS").ok().and_then(|seconds| seconds.parse().ok());
    let end = Instant::now() + Duration::from_secs(seconds.unwrap_or(2));
    let mut chance = Chance(20_261_123);
    let mut count = 0;
    while Instant::now() < end {
        run(&mutated(&mut chance, inputs));
        count += 1;
    }
    assert!(count > 20, "next to nothing was tried");
}

#[test]
fn fuzz_mails() {
    let inputs: Vec<Vec<u8>> = mails().into_iter().map(|(_, mail)| mail).filter(|mail| mail.len() < 64 << 10).collect();
    fuzz(&inputs, |raw| {
        let Some(mail) = Mail::parse(raw) else { return };
        let _ = (mail.from(), mail.reply_to(), mail.subject(), mail.date(), mail.text(1000), mail.in_reply_to().len());
        let _ = (mail.references().len(), mail.message_id(), mail.files().map(|file| file.bytes.len()).sum::<usize>());
        bounce::reports(&mail);
        bounce::original_ids(&mail);
        if let Some(html) = mail.html() {
            assert!(!html.to_ascii_lowercase().contains("<script"));
        }
        let text = String::from_utf8_lossy(raw);
        let once = safe(&text);
        assert_eq!(safe(&once), once);
    });
}

/// What multiparts are made of.
const PIECES: [&[u8]; 28] = [
    b"\r\n",
    b"\r\n",
    b"\n",
    b" \r\n",
    b"\x0c\r\n",
    b"\r\r\n",
    b"\r\n\r\n",
    b"--b",
    b"--b--",
    b"\r\n--b\r\n",
    b"\r\n--c\r\n",
    b"x--b\r\n",
    b"--bb",
    b"--c--",
    b"Content-Type: multipart/mixed; boundary=b\r\n",
    b"Content-Type: multipart/mixed; boundary=c\r\n\r\n--c\r\n",
    b"Content-Type: multipart/digest;\r\n boundary=\"c\"\r\n\r\n",
    b"Content-Type: message/rfc822\r\n",
    b"Content-Type: message/rfc822\r\n\r\n",
    b"Content-Type: text/plain\r\n",
    b"Content-Type: ;\r\n",
    b"Content-Transfer-Encoding: base64\r\n",
    b"Content-Transfer-Encoding: quoted-printable\r\n",
    b":Con tent-Type: message/global\r\n",
    b"Subject: =?utf-8?q?x?=\r\n",
    b"text\r\n",
    b" a",
    b": ",
];

/// A mail of pieces; now and then some of it is in Base64.
fn pieced(chance: &mut Chance, depth: usize) -> Vec<u8> {
    let mut mail = Vec::new();
    for _ in 0..chance.below(24) {
        if depth > 0 && chance.below(12) == 0 {
            mail.extend_from_slice(b"Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\n");
            mail.extend(jackfield_sdk::encoding::to_base64(&pieced(chance, depth - 1)).into_bytes());
        } else {
            mail.extend_from_slice(PIECES[chance.below(PIECES.len())]);
        }
    }
    mail
}

fn is_counted(raw: &[u8]) {
    let Some((parts, mails)) = bounds::counted(raw) else { return };
    let Some(mail) = Mail::parse(raw) else { return };
    let found = mail.found();
    assert!(
        found.0 <= parts && found.1 <= mails,
        "{found:?} of {:?} in {:?}",
        (parts, mails),
        raw.escape_ascii().to_string()
    );
}

#[test]
fn fuzz_counts() {
    let inputs: Vec<Vec<u8>> = mails().into_iter().map(|(_, mail)| mail).filter(|mail| mail.len() < 16 << 10).collect();
    let chance = std::cell::RefCell::new(Chance(7));
    fuzz(&inputs, |raw| {
        is_counted(raw);
        for _ in 0..20 {
            is_counted(&pieced(&mut chance.borrow_mut(), 3));
        }
    });
}

#[test]
fn fuzz_thin() {
    let inputs: Vec<Vec<u8>> = mails().into_iter().map(|(_, mail)| mail).filter(|mail| mail.len() < 16 << 10).collect();
    let chance = std::cell::RefCell::new(Chance(11));
    fuzz(&inputs, |raw| {
        let mut chance = chance.borrow_mut();
        let cuts = [1 + chance.below(9), 1 + chance.below(900)];
        is_the_same(raw, &cuts, Bounds { file: chance.below(300), ..Bounds::default() });
        for _ in 0..5 {
            is_the_same(&pieced(&mut chance, 1), &cuts, Bounds { file: 0, ..Bounds::default() });
        }
    });
}

#[test]
fn fuzz_commands_and_text() {
    let kept = [
        "MAIL FROM:<a@b.test> SIZE=1 BODY=8BITMIME",
        "RCPT TO:<@x,@y:\"a b\"@c.test>",
        "EHLO [127.0.0.1]",
        "\r\n.\r\n..\r\n.a\r\n",
    ];
    let inputs: Vec<Vec<u8>> = kept.iter().map(|line| line.as_bytes().to_vec()).collect();
    fuzz(&inputs, |bytes| {
        let _ = Command::parse(bytes);
        // However it is cut, it is the same.
        let (mut one, mut two) = (Receiver::new(1000), Receiver::new(1000));
        let whole = one.receive(bytes);
        let mut cut = (0, false);
        for byte in bytes {
            let (used, ended) = two.receive(core::slice::from_ref(byte));
            cut = (cut.0 + used, ended);
            if ended {
                break;
            }
        }
        assert_eq!(whole, cut);
        let mail = |one: Receiver| one.into_mail().expect("there is room").map(|mail| mail.skeleton);
        assert_eq!(mail(one), mail(two));
    });
}

#[test]
fn fuzz_names() {
    super::driver(super::LMTP);
    let key = tokens::conversation(&["x"]).expect("a key");
    let reply = tokens::reply_address("help@support.test", &key).expect("a key");
    let bounce = tokens::bounce_address("help@support.test", &key, &tokens::send("1").expect("a key")).expect("a key");
    let kept = [&reply, &bounce, "Änn \"x\" <ann@example.net>", "=?utf-8?Q?a?= \r\nBcc: x@y", "a\u{0}b;\tc\u{85}d"];
    let inputs: Vec<Vec<u8>> = kept.iter().map(|name| name.as_bytes().to_vec()).collect();
    fuzz(&inputs, |bytes| {
        let text = String::from_utf8_lossy(bytes);
        if let Some(mailbox) = address::parse(&text) {
            assert!(address::is_address(&mailbox.address));
        }
        let ours = [&reply, &bounce].iter().any(|known| text.eq_ignore_ascii_case(known));
        let mark = tokens::of_address(&text).expect("the key is there");
        // What stands behind the tag and the domain is not signed.
        assert!(mark.is_none() || ours || text.contains(&key) || text.to_lowercase().contains(&key));
        let _ = (tokens::of_message_id(&text), address::without_tag(&text), address::tag(&text));
        // Whatever it is, it stays in its header.
        for value in [
            header::text(&text),
            header::mailbox(Some(&text), "a@b.test"),
            format!("x{}", header::parameter("filename", &text)),
        ] {
            let field = header::field("X", &value);
            assert!(field.is_ascii() && field.ends_with("\r\n"), "{field:?}");
            let lines: Vec<&str> = field[..field.len() - 2].split("\r\n").collect();
            assert!(lines[1..].iter().all(|line| line.starts_with(' ')), "{field:?}");
            assert!(lines.iter().all(|line| line.len() <= 998 && !line.contains(char::is_control)), "{field:?}");
        }
    });
}

#[test]
fn fuzz_reports() {
    let kept = b"Reporting-MTA: dns; a\r\n\r\nFinal-Recipient: rfc822; a@b\r\nAction: failed\r\nStatus: 5.1.1\r\nDiagnostic-Code: smtp; 550 x\r\n y\r\n";
    fuzz(&[kept.to_vec()], |bytes| {
        bounce::parse(bytes);
    });
}

#[test]
fn fuzz_imap() {
    let kept = b"* OK [UIDVALIDITY 7] x\r\n* 1 FETCH (UID 5 RFC822.SIZE 3 BODY[] {3}\r\nabc)\r\n* SEARCH 1 2\r\nj1 OK done\r\n";
    fuzz(&[kept.to_vec()], |bytes| {
        let mut source = Bytes(bytes);
        while let Ok(Some(response)) = Response::read(&mut source, 100) {
            let _ = (response.fetched("UID"), response.code("UIDNEXT"), response.ending("j1").map(str::len));
            let _ = response.untagged("SEARCH").map(Iterator::count);
            assert!(response.literals.iter().map(Vec::len).sum::<usize>() <= 100);
        }
    });
}
