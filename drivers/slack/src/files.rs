//! Customers' files: Slack keeps them under a URL that asks for the bot's token.

use jackfield_sdk::error::code;
use jackfield_sdk::json::{Value, parse};
use jackfield_sdk::media::{File, download};
use jackfield_sdk::{AttachmentPart, Error, Outgoing, Result, header_of, origin};

use crate::api;
use crate::settings::SlackSettings;

/// The attribute of a part with Slack's id of the file.
pub const FILE_ID: &str = "slack.file-id";
/// The attribute with its URL, where the event told it.
pub const FILE_URL: &str = "slack.url";
/// The largest blob.
pub const MAX_BYTES: u32 = 64 << 20;

/// Fetches one.
///
/// # Errors
/// What became of the request, or what Slack answered.
pub fn fetch(settings: &SlackSettings, part: &AttachmentPart) -> Result<File> {
    let attribute = |key: &str| part.attributes.iter().find(|(name, _)| name == key).map(|(_, value)| value.clone());
    let url = match attribute(FILE_URL) {
        Some(url) => url,
        // Files of other workspaces (Slack Connect) come without.
        None => url_of(settings, &attribute(FILE_ID).unwrap_or_default())?,
    };
    if !is_slack(settings, &url) {
        return Err(Error::new(code::PERMANENT, "its URL isn't Slack's, so the bot's token isn't sent there"));
    }
    let request = Outgoing::new("GET", url).with_header_pieces("authorization", settings.authorization());
    let (file, response) = download(request, MAX_BYTES)?;
    let is_html = |media_type: &str| media_type.trim_start().to_ascii_lowercase().starts_with("text/html");
    let answered = header_of(&response.headers, "content-type").next().unwrap_or_default();
    if is_html(&String::from_utf8_lossy(answered)) && !is_html(&part.media_type) {
        return Err(Error::new(
            code::BAD_CREDENTIALS,
            "Slack answered with its login page: give the app the scope files:read and install it again",
        ));
    }
    Ok(file)
}

fn url_of(settings: &SlackSettings, id: &str) -> Result<String> {
    let answer = api::call(settings, "files.info", &[("file", id)])?;
    let answer = parse(&answer).unwrap_or(Value::Null);
    let url = ["/file/url_private_download", "/file/url_private"]
        .iter()
        .find_map(|pointer| answer.pointer(pointer)?.as_str());
    url.map(String::from).ok_or_else(|| Error::new(code::PERMANENT, "Slack tells no URL of it"))
}

/// Who the bot's token may be sent to: the API's own origin and Slack's hosts. The host drops it at a redirect elsewhere.
fn is_slack(settings: &SlackSettings, url: &str) -> bool {
    if url.strip_prefix(origin(&settings.api_base)).is_some_and(|rest| rest.starts_with('/')) {
        return true;
    }
    let Some(rest) = url.strip_prefix("https://") else { return false };
    let host = rest.split(['/', '?', '#', ':', '@', '\\']).next().unwrap_or_default();
    let ends_there = rest[host.len()..].starts_with('/');
    ends_there && (host == "slack.com" || host.ends_with(".slack.com"))
}
