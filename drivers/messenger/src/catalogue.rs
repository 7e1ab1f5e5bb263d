//! Messenger's error codes: what they mean, and what is to be done about them.

use jackfield_sdk::error::code;
use meta_common::graph::{Catalogue, Refusal};

use crate::MEDIA_TYPE;

/// What is known of Messenger's errors.
pub const CATALOGUE: Catalogue = Catalogue { media_type: MEDIA_TYPE, class, meaning, slow_down_ms };

/// The subcode of a message that came after the time to answer.
pub const WINDOW_CLOSED: &str = "2018278";

fn meaning(vendor_code: u32) -> Option<&'static str> {
    Some(match vendor_code {
        1 | 2 | 1200 => "Meta has a fault.",
        4 | 32 | 613 | 80_006 => "Meta asks to slow down.",
        10 => "Meta doesn't allow it: the time to answer is over, or the app lacks a permission.",
        190 => "Meta doesn't accept the access token of this channel: make a new one.",
        200..=219 => "The access token may not do this: it needs pages_messaging for this page.",
        368 => "Meta has blocked the page for a breach of its rules: see the page's quality.",
        551 => "The customer can't be reached: the account is closed, or the customer has blocked the page.",
        _ => return None,
    })
}

/// What a refusal means for a message: the catalogue's code.
fn class(refusal: &Refusal) -> &'static str {
    match (refusal.status, refusal.code, refusal.subcode) {
        (_, 4 | 32 | 613 | 80_006, _) => code::RATE_LIMITED,
        (_, 1 | 2 | 1200, _) => code::TEMPORARY,
        (_, 190 | 200..=219, _) => code::BAD_CREDENTIALS,
        // There is no such person for this page.
        (_, 551, _) | (_, 100, 2_018_001) => code::REJECTED_BY_RECIPIENT,
        (_, 10 | 100 | 368, _) => code::PERMANENT,
        (429, _, _) => code::RATE_LIMITED,
        (500.., _, _) => code::TEMPORARY,
        // It may have been taken before the time was up.
        (408, _, _) => code::MAYBE_SENT,
        (401, _, _) => code::BAD_CREDENTIALS,
        (413, _, _) => code::TOO_LARGE,
        _ => code::PERMANENT,
    }
}

fn slow_down_ms(_refusal: &Refusal) -> u32 {
    10_000
}
