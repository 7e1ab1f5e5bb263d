//! WhatsApp's error codes: what they mean, and what is to be done about them.

use jackfield_sdk::error::code;
use jackfield_sdk::{Message, WorkItem};
use meta_common::graph::{Catalogue, Refusal};
use meta_common::window;

use crate::{MEDIA_TYPE, notices};

/// What is known of WhatsApp's errors.
pub const CATALOGUE: Catalogue = Catalogue { media_type: MEDIA_TYPE, class, meaning, slow_down_ms };

/// The 24 hours are over.
const WINDOW_CLOSED: u32 = 131_047;

fn meaning(vendor_code: u32) -> Option<&'static str> {
    Some(match vendor_code {
        190 => "Meta doesn't accept the access token of this channel: make a new one.",
        4 | 80_007 | 130_429 => "Meta asks to slow down.",
        10 | 200..=219 => "The access token may not do this: it needs whatsapp_business_messaging for this number.",
        368 | 131_031 => "Meta has locked the account for a breach of its rules: see Business Support Home.",
        130_472 => "WhatsApp didn't pass it on: the customer is part of an experiment of Meta's.",
        130_497 => "The account may not write to customers in this country.",
        131_000 | 131_016 | 131_057 => "Meta has a fault.",
        131_008 | 131_009 => "Meta doesn't take what was sent.",
        131_021 => "It would go to the number that it comes from.",
        131_026 => "It can't be delivered: the number isn't on WhatsApp, or its app is too old.",
        131_037 => "The number needs a display name before it may send.",
        131_042 => "Meta has no valid means of payment for the account.",
        131_045 => "The number isn't registered with the Cloud API.",
        WINDOW_CLOSED => "More than 24 hours since the customer's last message: only a template may be sent.",
        131_048 => "Too much of what this number sent was taken for spam.",
        131_049 => "WhatsApp didn't pass it on: the customer gets enough advertising.",
        131_050 => "The customer wants no advertising.",
        131_051 => "WhatsApp doesn't know this kind of message.",
        131_052 => "The customer's file couldn't be fetched.",
        131_053 => "WhatsApp doesn't take this file.",
        131_056 => "Too many messages to this customer in a short time.",
        132_000 => "The template has another number of places than there were values.",
        132_001 => "There is no such template in this language.",
        132_005 => "The template with these values is too long.",
        132_007 | 132_015 | 132_016 => "Meta has paused or closed this template.",
        132_012 => "A value doesn't fit its place in the template.",
        133_010 => "The number isn't registered with the Cloud API.",
        _ => return None,
    })
}

/// What a refusal means for a message: the catalogue's code.
fn class(refusal: &Refusal) -> &'static str {
    match (refusal.status, refusal.code) {
        (_, 4 | 80_007 | 130_429 | 131_056) => code::RATE_LIMITED,
        (_, 1 | 2 | 131_000 | 131_016 | 131_057) => code::TEMPORARY,
        (_, 190 | 10 | 200..=219) => code::BAD_CREDENTIALS,
        (_, 131_026 | 131_049 | 131_050 | 130_472) => code::REJECTED_BY_RECIPIENT,
        (_, 368 | 131_031 | WINDOW_CLOSED | 131_051 | 132_000..=132_999) => code::PERMANENT,
        (429, _) => code::RATE_LIMITED,
        (500.., _) => code::TEMPORARY,
        // It may have been taken before the time was up.
        (408, _) => code::MAYBE_SENT,
        (401, _) => code::BAD_CREDENTIALS,
        (413, _) => code::TOO_LARGE,
        _ => code::PERMANENT,
    }
}

fn slow_down_ms(refusal: &Refusal) -> u32 {
    // About one in six seconds to one customer.
    if refusal.code == 131_056 { 6_000 } else { 10_000 }
}

/// What a refusal means beyond the message that it is about; `about` names that.
pub fn consequences(refusal: &Refusal, work_item: WorkItem, about: &str) -> Vec<Message> {
    match refusal.code {
        131_049 | 131_050 => vec![notices::marketing(work_item, true, about)],
        WINDOW_CLOSED => {
            vec![window::closed(MEDIA_TYPE, work_item, &CATALOGUE.text(refusal), about)]
        }
        _ => Vec::new(),
    }
}
