//! Telegram's calls of the webhook.
//!
//! The answer to what was taken is empty: a method that stands in it, Telegram would carry out.

use jackfield_sdk::error::code;
use jackfield_sdk::json::{parse, repaired};
use jackfield_sdk::{Request, Response, Result, host, set_aside};

use crate::settings::{TelegramSettings, WEBHOOK_SECRET};
use crate::update::{self, Taken};

/// The header with the secret token.
pub const HEADER: &str = "x-telegram-bot-api-secret-token";
/// Far more than Telegram's largest update.
const MAX_BODY: u32 = 1 << 20;

/// Answers a request.
///
/// # Errors
/// The host's.
pub fn receive(settings: &TelegramSettings, request: &Request) -> Result<Response> {
    if settings.polling {
        return Ok(Response::problem(403, "polling", "this channel asks for its updates and takes none here"));
    }
    let token = request.single_header(HEADER);
    if !token.map_or(Ok(false), |token| host::secrets::equals(WEBHOOK_SECRET, token))? {
        return Ok(Response::problem(403, "bad-secret", "the secret token is missing, repeated or wrong"));
    }
    if request.method != "POST" {
        return Ok(Response::problem(405, "method-not-allowed", "Telegram calls by POST").with_header("allow", "POST"));
    }
    let body = match request.body_bytes(MAX_BODY) {
        Ok(body) => body,
        Err(error) if error.code == code::TOO_LARGE => {
            return Ok(Response::problem(413, code::TOO_LARGE, &error.text));
        }
        Err(error) => return Err(error),
    };
    let update = repaired(&body);
    let update = match parse(&update) {
        Ok(update) => update,
        Err(error) => return Ok(Response::problem(400, code::INVALID, &format!("the update isn't JSON: {error}"))),
    };
    match update::take(&update)? {
        Taken::Done => Ok(Response::empty(200)),
        Taken::Malformed(what) => Ok(Response::problem(400, code::INVALID, what)),
        Taken::Refused(refused) if refused.is_for_good() => {
            // Told so, Telegram would send it for a day, and nothing else of that chat.
            set_aside(&body, &refused.text)?;
            Ok(Response::empty(200))
        }
        Taken::Refused(refused) => Ok(Response::refused(&refused)),
    }
}
