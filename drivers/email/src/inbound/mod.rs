//! A mail that came in, turned into messages: one for each recipient of ours.

mod automatic;
pub mod bounce;
pub mod bounds;
pub mod html;
pub mod mime;
mod parts;
pub mod thin;
mod thread;

use crate::address::Mailbox;
use crate::session::Answer;
use crate::settings::EmailSettings;
use crate::{MEDIA_TYPE, address, tokens};
use jackfield_sdk::error::code;
use jackfield_sdk::interactions::MessageStatus;
use jackfield_sdk::{Error, Message, Part, Result, WorkItem, host};
use mime::{Mail, one_line};
use parts::Source;
use thin::Thinned;

/// The attribute of a message that a machine wrote.
const AUTOMATIC: &str = "automatic";
/// Why it is taken for a machine's.
const REASON: &str = "email.automatic";
/// How it came to its conversation.
const THREAD: &str = "email.thread";
/// The address of ours that it was sent to, without a tag.
pub const TO: &str = "email.to";
/// What an answer needs to know.
pub const MESSAGE_ID: &str = "email.message-id";
pub const REFERENCES: &str = "email.references";
pub const REPLY_TO: &str = "email.reply-to";
/// Another mail of the same sender had the same Message-ID.
const ID_REUSED: &str = "email.message-id-reused";
/// The mail that couldn't be shown as a whole, or not at all.
const INCOMPLETE: &str = "email.incomplete";
/// References that are kept, in bytes.
const MAX_REFERENCES: usize = 3_000;

/// A mail as it came in.
pub struct Arrival<'a> {
    /// Who the envelope says it is from: empty for bounces, none where there is no envelope.
    pub sender: Option<&'a str>,
    pub recipients: &'a [String],
    pub mail: Thinned,
}

/// What of a mail is the same for all recipients.
struct Facts<'a> {
    mail: Option<Mail<'a>>,
    /// It was taken apart; else only its headers are known, if anything is.
    is_whole: bool,
    from: Mailbox,
    /// The Message-ID without brackets, or what stands for it.
    id: String,
    /// Of what the sender wrote, without what servers on the way added.
    digest: &'a str,
    /// Why it is taken for a machine's.
    automatic: Option<&'static str>,
}

/// Pushes a mail: one answer for each recipient.
pub fn take(settings: &EmailSettings, arrival: Arrival<'_>) -> Vec<Answer> {
    let Thinned { skeleton, cuts, whole, digest, is_too_much } = arrival.mail;
    let whole_mail = Mail::parse(&skeleton).filter(|mail| !is_too_much && thin::fits(mail, &cuts));
    let facts = facts(settings, arrival.sender, whole_mail, &skeleton, &digest);
    let mut source = Some(Source { raw: &skeleton, cuts, whole });
    let mut shown = None;
    let mut one = |recipient: &String| -> Result<()> {
        if push_reports(settings, &facts, recipient)? {
            return Ok(());
        }
        // Files are stored once, whoever gets them.
        let mail = facts.mail.as_ref().filter(|_| facts.is_whole);
        if let Some(source) = source.take() {
            shown = Some(parts::of(mail, source, arrival.recipients.len()));
        }
        match &shown {
            Some(Ok((parts, incomplete))) => push_request(settings, &facts, recipient, parts.clone(), *incomplete),
            Some(Err(error)) => Err(error.clone()),
            None => Ok(()),
        }
    };
    arrival.recipients.iter().map(|recipient| answer(one(recipient))).collect()
}

/// What is said of a mail, or for one recipient of it.
pub fn answer(done: Result<()>) -> Answer {
    match done {
        Ok(()) => Answer::Taken,
        Err(error) if error.code == code::QUOTA => {
            host::warn(&format!("there is no room for a mail: {}", error.text));
            Answer::NoRoom
        }
        Err(error) if matches!(error.code.as_str(), code::INVALID | code::TOO_LARGE | code::NOT_SUPPORTED) => {
            host::warn(&format!("a mail was refused: {}", error.text));
            Answer::Refused(error.text)
        }
        Err(error) => {
            host::warn(&format!("a mail can't be taken now: {}", error.text));
            Answer::NotNow("try again later".into())
        }
    }
}

fn facts<'a>(
    settings: &EmailSettings,
    envelope: Option<&str>,
    mail: Option<Mail<'a>>,
    raw: &'a [u8],
    digest: &'a str,
) -> Facts<'a> {
    let is_whole = mail.is_some();
    let mail = mail.or_else(|| Mail::parse_head(raw));
    let sender = envelope.filter(|sender| address::is_address(sender));
    let from = mail
        .as_ref()
        .and_then(Mail::from)
        .unwrap_or_else(|| Mailbox { name: None, address: sender.unwrap_or("unknown").into() });
    let id = mail.as_ref().and_then(Mail::message_id).map_or_else(|| digest.into(), String::from);
    let automatic = mail.as_ref().and_then(|mail| automatic::reason(settings, mail, envelope));
    Facts { mail, is_whole, from, id, digest, automatic }
}

fn push_request(
    settings: &EmailSettings,
    facts: &Facts<'_>,
    recipient: &str,
    parts: Vec<Part>,
    incomplete: bool,
) -> Result<()> {
    let ours = settings.ours(recipient).unwrap_or_else(|| address::without_tag(recipient));
    let (conversation, thread) = thread::find(facts, &ours, recipient)?;
    let mut work_item = WorkItem::new(conversation.as_str(), one_line(&facts.from.address.to_lowercase(), 500));
    work_item.customer.name = facts.from.name.clone();
    work_item.subject = facts.mail.as_ref().and_then(Mail::subject);
    work_item.attributes.push((TO.into(), ours.clone()));

    let mut message = Message::support_request(MEDIA_TYPE, work_item)
        .with_event_id(event_id(facts, recipient))
        .with_external_id(facts.id.as_str())
        .with_occurred_at(facts.mail.as_ref().and_then(Mail::date))
        .with_attribute(TO, ours)
        .with_attribute(THREAD, thread);
    message.parts = parts;
    if let Some(mail) = &facts.mail {
        if let Some(id) = mail.message_id() {
            message = message.with_attribute(MESSAGE_ID, id);
        }
        let references = references(mail);
        if !references.is_empty() {
            message = message.with_attribute(REFERENCES, references);
        }
        if let Some(reply_to) = mail.reply_to().filter(|reply_to| reply_to.address != facts.from.address) {
            message = message.with_attribute(REPLY_TO, reply_to.address);
        }
    }
    if let Some(reason) = facts.automatic {
        message = message.with_attribute(AUTOMATIC, "true").with_attribute(REASON, reason);
    }
    if incomplete {
        message = message.with_attribute(INCOMPLETE, "true");
    }
    if thread::has_other_with_id(&conversation, facts, message.event_id.as_deref())? {
        message = message.with_attribute(ID_REUSED, "true");
    }
    push(&message)
}

/// Pushes what a bounce says about a mail of ours; whether it is one.
fn push_reports(settings: &EmailSettings, facts: &Facts<'_>, recipient: &str) -> Result<bool> {
    let Some(mail) = &facts.mail else {
        return Ok(false);
    };
    let reports = bounce::reports(mail);
    if reports.is_empty() {
        return Ok(false);
    }
    let mut mark = tokens::of_address(recipient)?.filter(|mark| mark.send.is_some());
    let mut external_id = None;
    for id in bounce::original_ids(mail) {
        let found = tokens::of_message_id(&id)?;
        if found.is_some() && (mark.is_none() || mark == found) {
            mark = found;
            external_id = Some(id);
            break;
        }
    }
    let Some((mark, send)) = mark.and_then(|mark| mark.send.clone().map(|send| (mark, send))) else {
        return Ok(false);
    };
    let external_id = match external_id {
        Some(id) => id,
        None => tokens::message_id(&mark.conversation, &send, settings.domain())?,
    };
    for (at, report) in reports.iter().enumerate() {
        let status = match report.action.as_str() {
            "failed" => "failed",
            "delivered" | "expanded" => "delivered",
            // Not over yet: a server on the way goes on trying, or gave it to one that reports nothing (RFC 3464, 2.3.3).
            "delayed" | "relayed" => "sent",
            other => {
                host::debug(&format!("a report has the unknown action {}", one_line(other, 50)));
                continue;
            }
        };
        let has_failed = status == "failed";
        let arguments = MessageStatus {
            external_id: Some(external_id.clone()),
            up_to: None,
            status: status.into(),
            code: has_failed.then(|| format!("email/{}", report.status.as_deref().unwrap_or("5.0.0"))),
            text: has_failed
                .then(|| report.diagnostic.clone().unwrap_or_else(|| "The mail came back and doesn't say why.".into())),
            at: host::clock::now(),
        };
        let about = report.recipient.clone().filter(|address| address::is_address(address));
        let about = about.map_or_else(|| "unknown".into(), |address| address.to_lowercase());
        let message = Message::new(MEDIA_TYPE, &arguments)
            .with_work_item(WorkItem::new(mark.conversation.as_str(), about))
            .with_event_id(format!("{}/{at}", event_id(facts, recipient)))
            .with_external_id(external_id.as_str())
            .with_attribute(AUTOMATIC, "true");
        push(&message)?;
    }
    Ok(true)
}

fn push(message: &Message) -> Result<()> {
    host::server::push(message).map(|_id| ()).map_err(|refused| Error::new(&refused.code, refused.text))
}

/// The duplicate key: the mail (its Message-ID, and its bytes, since senders use one for several) and who it is for.
fn event_id(facts: &Facts<'_>, recipient: &str) -> String {
    let digest = &facts.digest[..24];
    format!("{}/{digest}/{}", mime::cut(&facts.id, 200), one_line(&recipient.to_lowercase(), 254))
}

/// What came before, as an answer has to repeat it: the first and the newest ones.
fn references(mail: &Mail<'_>) -> String {
    let mut ids = mail.references();
    if ids.is_empty() {
        // RFC 5322, 3.6.4: where there are none, what it answers stands for them.
        ids = mail.in_reply_to().into_iter().take(1).collect();
    }
    while ids.len() > 1 && ids.iter().map(|id| id.len() + 3).sum::<usize>() > MAX_REFERENCES {
        ids.remove(1);
    }
    ids.iter().map(|id| format!("<{id}>")).collect::<Vec<_>>().join(" ")
}
