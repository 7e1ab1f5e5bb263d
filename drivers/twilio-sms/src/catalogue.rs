//! Twilio's error codes: what they mean, and what is to be done about them.

use jackfield_sdk::error::code;

/// The recipient has opted out.
pub const OPTED_OUT: &str = "21610";

/// What an error code means, for agents and operators.
pub fn meaning(twilio_code: &str) -> Option<&'static str> {
    Some(match twilio_code {
        "20003" => "Twilio doesn't accept the account-sid and auth-token of this channel.",
        "20404" => "Twilio knows no such account: check account-sid.",
        "20429" => "Twilio asks to slow down.",
        "21211" => "The number that it goes to is no valid phone number.",
        "21408" => "The account may not send to this region: enable it in Twilio's console.",
        "21602" => "The text is empty.",
        "21603" => "There is no number that it could be sent from.",
        "21606" => "The number that it comes from can't send texts to this one.",
        "21608" => "A trial account sends only to verified numbers.",
        "21609" => "Twilio can't call the status URL: set [server] public-url to a public one.",
        "21610" => "The customer has opted out by STOP.",
        "21611" => "Too many texts wait for this sender.",
        "21612" => "Twilio can't reach the number from this sender.",
        "21614" => "The number can't get texts: it is no mobile number.",
        "21617" => "The text is longer than 1600 characters.",
        "21703" => "The messaging service has no number to send from.",
        "30001" => "Too many texts wait for this sender.",
        "30002" => "The account is suspended.",
        "30003" => "The phone can't be reached: it is switched off or out of range.",
        "30004" => "The recipient or the carrier blocks it.",
        "30005" => "The number is unknown or no longer in use.",
        "30006" => "It is a landline, or its carrier can't be reached.",
        "30007" => "The carrier filtered it as unwanted.",
        "30008" => "The carrier couldn't deliver it and doesn't say why.",
        "30034" => "The number it comes from isn't registered for texts to the US (A2P 10DLC).",
        "30036" => "It waited too long to be delivered.",
        _ => return None,
    })
}

/// What a refusal of the API means for a text: the catalogue's code.
pub fn class(status: u16, twilio_code: &str) -> &'static str {
    match (status, twilio_code) {
        (429, _) | (_, "20429" | "21611" | "30001") => code::RATE_LIMITED,
        (_, OPTED_OUT | "21211" | "21612" | "21614" | "30004" | "30005" | "30006") => code::REJECTED_BY_RECIPIENT,
        (401 | 403, _) | (_, "20003" | "20404" | "30002") => code::BAD_CREDENTIALS,
        (_, "21617") | (413, _) => code::TOO_LARGE,
        // It may have been sent before something broke; Twilio knows no key that would make a repetition harmless.
        (408 | 500.., _) => code::MAYBE_SENT,
        _ => code::PERMANENT,
    }
}
