//! The files of a payload.
//!
//! Bytes in the payload are stored; a link is shown as a link and never fetched, since anybody who can post could
//! otherwise make the server call any address.

use jackfield_sdk::encoding::from_base64;
use jackfield_sdk::json::{Object, Value};
use jackfield_sdk::{AttachmentPart, Part, Result, StructuredPart, host};

use crate::payload::Malformed;

/// More files in one payload than anybody sends.
const MAX_ATTACHMENTS: usize = 32;

/// The parts for the files at `pointer`: an array of `{name, mediaType, data}` or `{name, mediaType, url}`, or of URLs.
///
/// # Errors
/// The outer ones are the host's; the inner ones are the payload's.
pub fn parts(pointer: Option<&str>, payload: &Value<'_>) -> Result<Result<Vec<Part>, Malformed>> {
    let Some((pointer, value)) = pointer.and_then(|pointer| Some((pointer, payload.pointer(pointer)?))) else {
        return Ok(Ok(Vec::new()));
    };
    let items = match value {
        Value::Null => return Ok(Ok(Vec::new())),
        Value::Array(items) if items.len() <= MAX_ATTACHMENTS => items,
        Value::Array(_) => {
            return Ok(Err(Malformed(format!("{pointer} has more than {MAX_ATTACHMENTS} items"))));
        }
        other => {
            return Ok(Err(Malformed(format!("{pointer} is {}; an array was expected", other.kind()))));
        }
    };
    // First all are read, so that nothing is stored of a payload that is refused.
    let mut files = Vec::with_capacity(items.len());
    for (at, item) in items.iter().enumerate() {
        match File::read(item) {
            Ok(file) => files.push(file),
            Err(problem) => return Ok(Err(Malformed(format!("{pointer}/{at}{problem}")))),
        }
    }
    let parts: Result<Vec<Part>> = files.into_iter().map(File::into_part).collect();
    Ok(Ok(parts?))
}

struct File<'a> {
    name: Option<&'a str>,
    media_type: Option<&'a str>,
    content: Content<'a>,
}

enum Content<'a> {
    Bytes(Vec<u8>),
    Link(&'a str),
}

impl<'a> File<'a> {
    fn read(item: &'a Value<'_>) -> Result<Self, String> {
        if let Value::String(url) = item {
            return Ok(Self { name: None, media_type: None, content: Content::Link(url) });
        }
        let field = |name: &str| match item.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.as_ref()).filter(|text| !text.is_empty())),
            Some(other) => Err(format!("/{name} is {}; a text was expected", other.kind())),
        };
        let content = match (field("data")?, field("url")?) {
            (Some(data), _) => Content::Bytes(from_base64(data.as_bytes()).ok_or("/data is no Base64")?),
            (None, Some(url)) => Content::Link(url),
            (None, None) => return Err(" has neither `data` nor `url`".into()),
        };
        let media_type = match field("mediaType")? {
            Some(media_type) => Some(media_type),
            None => field("contentType")?,
        };
        Ok(Self { name: field("name")?, media_type, content })
    }

    fn into_part(self) -> Result<Part> {
        match self.content {
            Content::Bytes(bytes) => {
                let digest = host::blobs::put(&bytes)?;
                let media_type = self.media_type.unwrap_or("application/octet-stream");
                let name = self.name.map(String::from);
                Ok(Part::Attachment(AttachmentPart::ready(name, media_type, digest, bytes.len() as u32)))
            }
            Content::Link(url) => {
                let values = Object::new()
                    .optional("mediaType", self.media_type)
                    .optional("name", self.name)
                    .string("url", url)
                    .finish();
                let fallback = match self.name {
                    Some(name) => format!("{name}: {url}"),
                    None => url.into(),
                };
                Ok(Part::Structured(StructuredPart::new("webhook.link", values, fallback)))
            }
        }
    }
}
