//! Mail that a machine wrote (RFC 3834; RFC 5230, 4.6): shown, and never answered by another machine.

use super::mime::Mail;
use crate::address::Mailbox;
use crate::settings::EmailSettings;
use crate::tokens;

/// A mail that has come by more servers than this goes round in circles.
const MAX_HOPS: usize = 50;
/// What lists and mass mailings have (RFC 2919, RFC 2369).
const LIST: [&str; 7] =
    ["List-Id", "List-Help", "List-Subscribe", "List-Unsubscribe", "List-Post", "List-Owner", "List-Archive"];
/// What absence notices have that know nothing of RFC 3834.
const NOTICE: [&str; 3] = ["X-Autoreply", "X-Autorespond", "X-Auto-Reply"];

/// Why it is taken for a machine's; none: a person's.
pub fn reason(settings: &EmailSettings, mail: &Mail<'_>, sender: Option<&str>) -> Option<&'static str> {
    let has = |name: &str, words: &[&str]| {
        mail.headers(name).any(|value| words.iter().any(|word| word_of(value).eq_ignore_ascii_case(word)))
    };
    // Without an envelope it stands in what the mailbox's server wrote down of it.
    let is_null = match sender {
        Some(sender) => sender.is_empty(),
        None => mail.headers("Return-Path").next() == Some("<>"),
    };
    if is_null {
        return Some("null-sender");
    }
    if mail.headers("Auto-Submitted").any(|value| !word_of(value).eq_ignore_ascii_case("no")) {
        return Some("auto-submitted");
    }
    if NOTICE.iter().any(|name| mail.headers(name).any(|value| !word_of(value).eq_ignore_ascii_case("no"))) {
        return Some("auto-submitted");
    }
    // Exchange's word: who sends it wants no answer of a machine. The others in it are about receipts.
    let is_answer = |word: &str| ["all", "oof", "autoreply"].contains(&&*word.trim().to_ascii_lowercase());
    if mail.headers("X-Auto-Response-Suppress").any(|value| value.split(',').any(is_answer)) {
        return Some("suppressed");
    }
    if has("Precedence", &["bulk", "list", "junk", "auto_reply"]) {
        return Some("precedence");
    }
    if LIST.iter().any(|name| mail.headers(name).next().is_some()) {
        return Some("list");
    }
    let is_daemon = |from: Mailbox| from.address.to_ascii_lowercase().starts_with("mailer-daemon@");
    if mail.from().is_some_and(is_daemon) {
        return Some("mailer-daemon");
    }
    let is_ours = |id: &str| matches!(tokens::of_message_id(id), Ok(Some(_)));
    if mail.message_id().is_some_and(is_ours) || mail.from().is_some_and(|from| settings.ours(&from.address).is_some())
    {
        return Some("own");
    }
    (mail.headers("Received").count() > MAX_HOPS).then_some("hops")
}

/// The first word of a header's value: what stands behind it are parameters and comments.
fn word_of(value: &str) -> &str {
    let end = value.find(|letter: char| letter.is_whitespace() || ";(,".contains(letter));
    &value[..end.unwrap_or(value.len())]
}
