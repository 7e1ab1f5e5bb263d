//! What is signed with the channel's key: conversations and messages in addresses and Message-IDs of ours.
//!
//! `help+CONVERSATION.MAC@` is where a customer's answer comes back to, `help+b-CONVERSATION-SEND-MAC@` where a bounce
//! does (VERP), and `CONVERSATION.SEND.MAC@domain` is the Message-ID of what we sent. All of it can be read back without
//! anything being kept, and nobody else can make one. Letters are those of Base32 in lower case: an address may come
//! back in another case.

use jackfield_sdk::{Piece, Result, host};

use crate::address;

/// The host's key of the channel.
const KEY: &str = "channel-key";
const LETTERS: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
/// Letters of a conversation (80 bits), of a send (65) and of a signature (60).
const CONVERSATION: usize = 16;
const SEND: usize = 13;
const MAC: usize = 12;

/// What an address or Message-ID of ours says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    pub conversation: String,
    /// Which of the messages that we sent in it; none in the address that answers come to.
    pub send: Option<String>,
}

/// The key of the conversation that begins with these facts: the same facts give the same one.
pub fn conversation(facts: &[&str]) -> Result<String> {
    Ok(base32(&hmac("conversation", facts)?, CONVERSATION))
}

/// The name of one send, which is the same each time it is tried.
pub fn send(idempotency_key: &str) -> Result<String> {
    Ok(base32(&hmac("send", &[idempotency_key])?, SEND))
}

/// The address that the customer answers to.
pub fn reply_address(ours: &str, conversation: &str) -> Result<String> {
    Ok(address::with_tag(ours, &format!("{conversation}.{}", mac("reply", conversation, "")?)))
}

/// The address that a bounce comes back to.
pub fn bounce_address(ours: &str, conversation: &str, send: &str) -> Result<String> {
    Ok(address::with_tag(ours, &format!("b-{conversation}-{send}-{}", mac("bounce", conversation, send)?)))
}

/// Our Message-ID, without brackets.
pub fn message_id(conversation: &str, send: &str, domain: &str) -> Result<String> {
    Ok(format!("{conversation}.{send}.{}@{domain}", mac("message", conversation, send)?))
}

/// What an address of ours says, if it is one that we made.
pub fn of_address(address: &str) -> Result<Option<Mark>> {
    let Some(tag) = address::tag(address) else {
        return Ok(None);
    };
    if let Some(rest) = tag.strip_prefix("b-") {
        let fields: Vec<&str> = rest.split('-').collect();
        let [conversation, send, claimed] = fields[..] else {
            return Ok(None);
        };
        return genuine("bounce", conversation, Some(send), claimed);
    }
    match tag.split_once('.') {
        Some((conversation, claimed)) => genuine("reply", conversation, None, claimed),
        None => Ok(None),
    }
}

/// What a Message-ID says, if it is one that we made.
pub fn of_message_id(id: &str) -> Result<Option<Mark>> {
    let Some((left, _)) = id.split_once('@') else {
        return Ok(None);
    };
    let left = left.to_ascii_lowercase();
    let fields: Vec<&str> = left.split('.').collect();
    match fields[..] {
        [conversation, send, claimed] => genuine("message", conversation, Some(send), claimed),
        _ => Ok(None),
    }
}

fn genuine(purpose: &str, conversation: &str, send: Option<&str>, claimed: &str) -> Result<Option<Mark>> {
    let is_token = |text: &str, length: usize| text.len() == length && text.bytes().all(|byte| LETTERS.contains(&byte));
    if !is_token(conversation, CONVERSATION) || !send.is_none_or(|send| is_token(send, SEND)) || !is_token(claimed, MAC)
    {
        return Ok(None);
    }
    let right = mac(purpose, conversation, send.unwrap_or_default())?;
    // All letters are looked at, whichever differs.
    let differs = right.bytes().zip(claimed.bytes()).fold(0, |differs, (one, other)| differs | (one ^ other));
    Ok((differs == 0).then(|| Mark { conversation: conversation.into(), send: send.map(Into::into) }))
}

fn mac(purpose: &str, conversation: &str, send: &str) -> Result<String> {
    Ok(base32(&hmac(purpose, &[conversation, send])?, MAC))
}

/// With the length of each fact before it, so that two lists of facts are never the same text.
fn hmac(purpose: &str, facts: &[&str]) -> Result<Vec<u8>> {
    let mut text = format!("email/{purpose}");
    for fact in facts {
        text.push_str(&format!("/{}:{fact}", fact.len()));
    }
    host::secrets::hmac(KEY, "sha256", &[Piece::Text(text)])
}

fn base32(bytes: &[u8], letters: usize) -> String {
    let bit = |at: usize| bytes.get(at / 8).map_or(0, |byte| byte >> (7 - at % 8) & 1);
    (0..letters)
        .map(|letter| {
            let value = (0..5).fold(0, |value, at| value << 1 | bit(letter * 5 + at));
            LETTERS[usize::from(value)] as char
        })
        .collect()
}
