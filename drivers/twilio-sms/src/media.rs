//! Customers' pictures and files.
//!
//! Twilio keeps them under a URL. They are fetched after the answer, one at a time, each by a durable timer; what is
//! still to do stands in the store. After each the whole message is pushed again as changed.

use jackfield_sdk::error::code;
use jackfield_sdk::interactions::MessageChanged;
use jackfield_sdk::json::{Object, Value, parse};
use jackfield_sdk::{
    AttachmentPart, Body, Error, Expiry, Message, Outgoing, Part, Response, Result, TimerOptions, WorkItem, header_of,
    host,
};

use crate::MEDIA_TYPE;
use crate::params::{PREFIX, Params};
use crate::receive::push_all;
use crate::settings::TwilioSettings;

/// How the timers' names begin.
pub const TIMER: &str = "media/";
/// Twilio sends at most this many.
const MAX_ITEMS: usize = 10;
/// More than any carrier lets through.
const MAX_BYTES: u32 = 20 << 20;
/// How long what is still to do is kept: longer than all tries together.
const KEPT_MS: u64 = 7 * 86_400_000;
/// How often one is tried.
const MAX_ATTEMPTS: u32 = 6;

/// The files of one message, and what is needed to push it again.
pub struct Media {
    sid: String,
    from: String,
    body: String,
    pub items: Vec<Item>,
}

/// One file.
pub struct Item {
    url: String,
    media_type: String,
    /// The digest and size, once it is fetched; `Err` once that failed for good; none before.
    fetched: Option<Result<(String, u32), ()>>,
}

impl Media {
    /// What a text of a customer comes with.
    pub fn of(params: &Params, sid: &str, work_item: &WorkItem) -> Self {
        let count: usize = params.get("NumMedia").and_then(|count| count.parse().ok()).unwrap_or(0);
        let items = (0..count.min(MAX_ITEMS)).filter_map(|at| {
            Some(Item {
                url: params.get(&format!("MediaUrl{at}"))?.into(),
                media_type: params.get(&format!("MediaContentType{at}")).unwrap_or("application/octet-stream").into(),
                fetched: None,
            })
        });
        Self {
            sid: sid.into(),
            from: work_item.customer.address.clone(),
            body: params.get("Body").unwrap_or_default().into(),
            items: items.collect(),
        }
    }

    /// Notes what is still to do and sets the timer for the file at `at`; forgets all where there is no such file.
    ///
    /// # Errors
    /// The host's.
    pub fn schedule(&self, at: usize) -> Result<()> {
        let key = format!("{TIMER}{}", self.sid);
        if at >= self.items.len() {
            return if self.items.is_empty() { Ok(()) } else { host::store::delete(&key) };
        }
        host::store::set(&key, self.to_json().as_bytes(), Some(KEPT_MS))?;
        let options = TimerOptions { volatile: false, connection: None, attributes: Vec::new() };
        host::timers::set(&format!("{key}/{at}"), 0, key.as_bytes(), &options)
    }

    fn message(&self, at: usize) -> Message {
        let arguments = MessageChanged { external_id: self.sid.clone() };
        let mut message = Message::new(MEDIA_TYPE, &arguments)
            .with_work_item(WorkItem::new(self.from.as_str(), self.from.as_str()))
            .with_event_id(format!("{}/media/{at}", self.sid))
            .with_external_id(self.sid.as_str());
        if !self.body.is_empty() {
            message = message.with_text(&self.body);
        }
        message.parts.extend(self.items.iter().map(|item| Part::Attachment(item.part())));
        message
    }

    fn to_json(&self) -> String {
        let items: Vec<String> = self.items.iter().map(Item::to_json).collect();
        Object::new()
            .string("sid", &self.sid)
            .string("from", &self.from)
            .string("body", &self.body)
            .raw("items", &format!("[{}]", items.join(",")))
            .finish()
    }

    fn from_json(json: &[u8]) -> Option<Self> {
        let value = parse(json).ok()?;
        let text = |name: &str| value.get(name).and_then(Value::as_str).map(String::from);
        Some(Self {
            sid: text("sid")?,
            from: text("from")?,
            body: text("body")?,
            items: value.get("items")?.as_array()?.iter().map(Item::from_json).collect::<Option<_>>()?,
        })
    }
}

impl Item {
    /// The part that stands for it in the message.
    pub fn part(&self) -> AttachmentPart {
        let name = Some(self.name());
        let mut part = match &self.fetched {
            Some(Ok((digest, size))) => AttachmentPart::ready(name, self.media_type.as_str(), digest.clone(), *size),
            _ => AttachmentPart::pending(name, self.media_type.as_str()),
        };
        if matches!(self.fetched, Some(Err(()))) {
            part.state = "failed".into();
        }
        part.attributes.push((format!("{PREFIX}url"), self.url.clone()));
        part
    }

    /// Twilio gives no name: the last part of the URL, and the usual ending for the type.
    fn name(&self) -> String {
        let path = self.url.split(['?', '#']).next().unwrap_or_default();
        let last = path.rsplit('/').find(|part| !part.is_empty()).unwrap_or("file");
        let ending = match self.media_type.as_str() {
            "image/jpeg" => ".jpg",
            "image/png" => ".png",
            "image/gif" => ".gif",
            "image/webp" => ".webp",
            "video/mp4" => ".mp4",
            "video/3gpp" => ".3gp",
            "audio/mpeg" => ".mp3",
            "audio/amr" => ".amr",
            "audio/ogg" => ".ogg",
            "application/pdf" => ".pdf",
            "text/vcard" | "text/x-vcard" => ".vcf",
            "text/plain" => ".txt",
            _ => "",
        };
        if last.ends_with(ending) { last.into() } else { format!("{last}{ending}") }
    }

    fn to_json(&self) -> String {
        let (state, blob, size) = match &self.fetched {
            None => ("pending", None, 0),
            Some(Ok((digest, size))) => ("ready", Some(digest.as_str()), *size),
            Some(Err(())) => ("failed", None, 0),
        };
        Object::new()
            .string("url", &self.url)
            .string("mediaType", &self.media_type)
            .string("state", state)
            .optional("blob", blob)
            .number("size", size)
            .finish()
    }

    fn from_json(value: &Value<'_>) -> Option<Self> {
        let text = |name: &str| value.get(name).and_then(Value::as_str).map(String::from);
        let fetched = match text("state")?.as_str() {
            "ready" => Some(Ok((text("blob")?, value.get("size")?.as_f64()? as u32))),
            "failed" => Some(Err(())),
            _ => None,
        };
        Some(Self { url: text("url")?, media_type: text("mediaType")?, fetched })
    }
}

/// Fetches the file that a timer is for, pushes the message as it is now, and sets the timer for the next file.
///
/// # Errors
/// What may go better later: the timer is fired again.
pub fn fetch_next(settings: &TwilioSettings, expiry: &Expiry) -> Result<()> {
    let key = core::str::from_utf8(&expiry.payload).unwrap_or_default();
    let noted = if key.starts_with(TIMER) { host::store::get(key)? } else { None };
    let Some(mut media) = noted.as_deref().and_then(Media::from_json) else {
        // Done already: timers fire at least once.
        return Ok(());
    };
    let Some(at) = media.items.iter().position(|item| item.fetched.is_none()) else {
        return host::store::delete(key);
    };
    let fetched = match fetch(settings, &media.items[at].url) {
        Ok(fetched) => Ok(fetched),
        Err(error) if is_worth_a_retry(&error) && expiry.attempt < MAX_ATTEMPTS => {
            return Err(Error { code: code::TEMPORARY.into(), ..error });
        }
        Err(error) => {
            host::warn(&format!("the file {} of {} can't be fetched: {}", at, media.sid, error.text));
            Err(())
        }
    };
    media.items[at].fetched = Some(fetched);
    if let Err(refused) = push_all(&[media.message(at)]) {
        return Err(Error::new(&refused.code, refused.text));
    }
    media.schedule(at + 1)
}

fn fetch(settings: &TwilioSettings, url: &str) -> Result<(String, u32)> {
    let mut request = Outgoing::new("GET", url);
    request.options.redirects = 3;
    request.options.to_blob = true;
    request.options.max_bytes = Some(MAX_BYTES);
    request.options.timeout_ms = Some(30_000);
    if is_twilio(settings, url) {
        request = request.with_header_pieces("authorization", settings.authorization()?);
    }
    let response = request.send()?;
    if !response.is_success() {
        return Err(refusal(&response));
    }
    let digest = match response.body {
        Body::Blob(digest) => digest,
        Body::Bytes(bytes) => host::blobs::put(&bytes)?,
    };
    let size = host::blobs::size(&digest)?;
    Ok((digest, size))
}

fn refusal(response: &Response) -> Error {
    let code = match response.status {
        401 | 403 => code::BAD_CREDENTIALS,
        // Fresh files are sometimes not there yet.
        404 | 408 | 425 | 429 | 500.. => code::TEMPORARY,
        _ => code::PERMANENT,
    };
    let location = header_of(&response.headers, "location").next().map(|_| ", a redirect that isn't followed");
    Error::new(code, format!("Twilio answered {}{}", response.status, location.unwrap_or_default()))
}

/// Who the account's password may be sent to: the API itself. The host drops it at a redirect to another host.
fn is_twilio(settings: &TwilioSettings, url: &str) -> bool {
    let below = |base: &str| url.strip_prefix(base).is_some_and(|rest| rest.starts_with('/'));
    below(origin(&settings.api_base)) || below("https://api.twilio.com")
}

fn origin(url: &str) -> &str {
    let start = url.find("://").map_or(0, |at| at + 3);
    let end = url[start..].find('/').map_or(url.len(), |at| start + at);
    &url[..end]
}

/// A GET can be repeated, whatever became of it.
fn is_worth_a_retry(error: &Error) -> bool {
    matches!(
        error.code.as_str(),
        code::MAYBE_SENT | code::TEMPORARY | code::TIMEOUT | code::UNAVAILABLE | code::RATE_LIMITED
    )
}
