//! Customers' files: Telegram tells a path for each, for an hour.

use jackfield_sdk::encoding::to_percent;
use jackfield_sdk::error::code;
use jackfield_sdk::json::{Object, Value, parse};
use jackfield_sdk::media::{File, download};
use jackfield_sdk::{AttachmentPart, Error, Outgoing, Piece, Result};

use crate::api;
use crate::settings::{BOT_TOKEN, TelegramSettings};

/// The attribute of a part with Telegram's id of the file.
pub const FILE_ID: &str = "telegram.file-id";
/// Telegram gives bots no larger files.
pub const MAX_BYTES: u32 = 20 << 20;

/// Fetches one.
///
/// # Errors
/// What became of the request, or what Telegram answered.
pub fn fetch(settings: &TelegramSettings, part: &AttachmentPart) -> Result<File> {
    let Some((_, id)) = part.attributes.iter().find(|(name, _)| name == FILE_ID) else {
        return Err(Error::new(code::INVALID, "it has no file id"));
    };
    let answer = api::call(settings, "getFile", Object::new().string("file_id", id).finish())?;
    let answer = parse(&answer).unwrap_or(Value::Null);
    let Some(path) = answer.pointer("/result/file_path").and_then(Value::as_str) else {
        return Err(Error::new(code::TEMPORARY, "Telegram tells no path for it"));
    };
    let path: Vec<String> = path.split('/').map(to_percent).collect();
    if path.iter().any(|step| step == "." || step == ".." || step.is_empty()) {
        return Err(Error::new(code::PERMANENT, "Telegram tells a path that leads elsewhere"));
    }
    let mut request = Outgoing::new("GET", "");
    request.url = vec![
        Piece::Text(format!("{}/file/bot", settings.api_base)),
        Piece::Secret(BOT_TOKEN.into()),
        Piece::Text(format!("/{}", path.join("/"))),
    ];
    Ok(download(request, MAX_BYTES)?.0)
}
