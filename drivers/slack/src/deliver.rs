//! What the server asks for: an agent's answer.

use jackfield_sdk::error::code;
use jackfield_sdk::json::{Object, Value, parse};
use jackfield_sdk::text::split;
use jackfield_sdk::{
    AttachmentPart, Delivery, Error, Message, Outcome, Outgoing, Piece, Receipt, Result, health, host, pieces,
};

use crate::api;
use crate::mrkdwn::{escaped, escaped_length};
use crate::place::Place;
use crate::settings::SlackSettings;

/// The longest text, in characters as they are sent.
const MAX_TEXT: usize = 3_900;
/// The host sends no larger requests.
const MAX_FILE: u32 = 16 << 20;

/// Does it.
pub fn deliver(settings: &SlackSettings, delivery: &Delivery) -> Outcome {
    match delivery.message.interaction.name.as_str() {
        "message.send" => send(settings, delivery).map_or_else(Outcome::Failure, Outcome::Receipt),
        "channel.health" => health::reply(delivery),
        other => Error::new(code::NOT_SUPPORTED, format!("Slack has nothing for `{other}`")).into(),
    }
}

/// One call.
enum Step<'a> {
    /// A text.
    Text(&'a str),
    /// All files, in one message of Slack's.
    Files(Vec<&'a AttachmentPart>),
}

fn send(settings: &SlackSettings, delivery: &Delivery) -> Result<Receipt> {
    let message = &delivery.message;
    let work_item = delivery.work_item()?;
    let Some(place) = Place::parse(&work_item.conversation) else {
        return Err(Error::new(code::INVALID, "the conversation is no thread of Slack's"));
    };
    let text = message.text();
    let steps = steps(message, &text)?;
    let here = |ids: &[String]| ids.first().map_or_else(|| place.clone(), |first| found(settings, &place, first));
    let ids = pieces::send(delivery, "Slack", &steps, |step, before| match step {
        Step::Text(text) => post(settings, &here(before), text),
        Step::Files(files) => share(settings, &here(before), files),
    })?;
    let here = here(&ids);
    let conversation = (here != place).then(|| here.conversation());
    Ok(Receipt { conversation, ..Receipt::sent(ids) })
}

/// Where it goes on, once a user was written to first and `id` is out: in the direct message that Slack made of it.
fn found(settings: &SlackSettings, place: &Place, id: &str) -> Place {
    let is_user = place.channel.starts_with(['U', 'W']);
    match Place::parse(id).filter(|_| is_user) {
        Some(there) if settings.direct_chat => Place { thread: None, ..there },
        Some(there) => there,
        None => place.clone(),
    }
}

fn steps<'a>(message: &'a Message, text: &'a str) -> Result<Vec<Step<'a>>> {
    let mut steps: Vec<Step<'a>> = split(text, MAX_TEXT, escaped_length).into_iter().map(Step::Text).collect();
    let files: Vec<&AttachmentPart> = message.attachments().collect();
    for file in &files {
        file.file(MAX_FILE)?;
    }
    if !files.is_empty() {
        steps.push(Step::Files(files));
    }
    if steps.is_empty() {
        return Err(Error::new(code::INVALID, "there is neither text nor file"));
    }
    Ok(steps)
}

/// Posts a text into the thread; its external id.
fn post(settings: &SlackSettings, place: &Place, text: &str) -> Result<String> {
    let mut body = Object::new().string("channel", &place.channel).string("text", &escaped(text));
    if let Some(thread) = &place.thread {
        body = body.string("thread_ts", thread);
    }
    let answer = api::call_json(settings, "chat.postMessage", body.finish())?;
    let answer = parse(&answer).unwrap_or(Value::Null);
    let Some(ts) = answer.get("ts").and_then(Value::as_str) else {
        return Err(Error::new(code::MAYBE_SENT, "Slack took it, but its answer has no ts"));
    };
    // A user that was written to first is answered in a direct message.
    let channel = answer.get("channel").and_then(Value::as_str).unwrap_or(&place.channel);
    let there = Place::new(&place.team, channel, place.thread.as_deref()).unwrap_or_else(|| place.clone());
    there.remember(ts);
    Ok(there.message(ts))
}

/// Uploads files and shares them in the thread: nobody sees them before the last step.
fn share(settings: &SlackSettings, place: &Place, files: &[&AttachmentPart]) -> Result<String> {
    let mut uploaded = String::from("[");
    let mut first = String::new();
    for file in files {
        let name = file.name.as_deref().filter(|name| !name.is_empty()).unwrap_or("file");
        let id = upload(settings, file, name).map_err(|error| match error.code.as_str() {
            // Done again it only makes another file that nobody sees.
            code::MAYBE_SENT => Error { code: code::TEMPORARY.into(), ..error },
            _ => error,
        })?;
        uploaded.push_str(if uploaded.len() > 1 { "," } else { "" });
        uploaded.push_str(&Object::new().string("id", &id).string("title", name).finish());
        if first.is_empty() {
            first = id;
        }
    }
    uploaded.push(']');
    let channel = channel_of(settings, place)?;
    let mut fields = vec![("files", uploaded.as_str()), ("channel_id", channel.as_str())];
    fields.extend(place.thread.as_deref().map(|thread| ("thread_ts", thread)));
    api::call(settings, "files.completeUploadExternal", &fields)?;
    Ok(format!("{}/{channel}/file/{first}", place.team))
}

/// Files can't be shared with a user: the direct message with them is opened.
fn channel_of(settings: &SlackSettings, place: &Place) -> Result<String> {
    if !place.channel.starts_with(['U', 'W']) {
        return Ok(place.channel.clone());
    }
    let answer = api::call(settings, "conversations.open", &[("users", place.channel.as_str())])?;
    let answer = parse(&answer).unwrap_or(Value::Null);
    let channel = answer.pointer("/channel/id").and_then(Value::as_str).map(String::from);
    channel.ok_or_else(|| Error::new(code::TEMPORARY, "Slack opened a direct message but doesn't say which"))
}

/// Puts a file where Slack says; its id.
fn upload(settings: &SlackSettings, file: &AttachmentPart, name: &str) -> Result<String> {
    let blob = file.blob.clone().unwrap_or_default();
    let length = host::blobs::size(&blob)?.to_string();
    let answer = api::call(settings, "files.getUploadURLExternal", &[("filename", name), ("length", &length)])?;
    let answer = parse(&answer).unwrap_or(Value::Null);
    let told = |key: &str| answer.get(key).and_then(Value::as_str);
    let (Some(url), Some(id)) = (told("upload_url"), told("file_id")) else {
        return Err(Error::new(code::TEMPORARY, "Slack doesn't say where the file goes"));
    };
    // The URL is a secret of its own: the bot's token doesn't go there.
    let mut request = Outgoing::new("POST", url).with_header("content-type", "application/octet-stream");
    request.body = vec![Piece::Blob(blob)];
    request.options.timeout_ms = Some(25_000);
    let response = request.send()?;
    if !response.is_success() {
        let class = if matches!(response.status, 408 | 429 | 500..) { code::TEMPORARY } else { code::PERMANENT };
        return Err(Error::new(class, format!("Slack answered {} to the file {name}", response.status)));
    }
    Ok(id.into())
}
