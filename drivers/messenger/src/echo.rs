//! What the business wrote: by this channel, or by other means.
//!
//! Each message that we send bears a mark, which comes back with its echo: so an echo of ours is known as such, also
//! before Meta's answer to the sending came, and where that answer is lost it tells that the message is out.

use jackfield_sdk::interactions::{MessageEchoed, MessageStatus};
use jackfield_sdk::json::Value;
use jackfield_sdk::{Message, Result, host, media, push_all};
use meta_common::{Trouble, id, millis, text};

use crate::inbound::customer;
use crate::settings::MessengerSettings;
use crate::{MEDIA_TYPE, content};

/// How the mark of our messages begins; the key of the delivery follows.
pub const MARK: &str = "jackfield/";
/// Where it is kept which app we send by.
const APP_ID: &str = "app-id";
/// The app that is the page's inbox.
const PAGE_INBOX: &str = "263902037430900";

/// Handles an echo.
///
/// # Errors
/// What is to become of it.
pub fn echo(settings: &MessengerSettings, messaging: &Value<'_>, message: &Value<'_>) -> Result<(), Trouble> {
    let Some(mid) = id(message, "mid") else { return Err(Trouble::Bad("an echo without a mid".into())) };
    let work_item = customer(messaging, "recipient")?;
    let app_id = id(message, "app_id");
    let at = millis(messaging, "timestamp");
    if let Some(key) = text(message, "metadata").and_then(|mark| mark.strip_prefix(MARK)) {
        if let Some(app_id) = app_id {
            learn(settings, app_id)?;
        }
        let arguments = MessageStatus {
            external_id: Some(mid.into()),
            up_to: None,
            status: "sent".into(),
            code: None,
            text: None,
            at: at.unwrap_or_else(host::clock::now),
        };
        let mut sent = Message::new(MEDIA_TYPE, &arguments)
            .with_work_item(work_item)
            .with_event_id(format!("{mid}/sent"))
            .with_external_id(mid);
        sent.cause = Some(key.into()).filter(|key: &String| !key.is_empty() && !key.contains(char::is_control));
        return Ok(push_all(&[sent])?);
    }
    if app_id.is_some() && app_id == ours(settings)?.as_deref() {
        return Ok(());
    }
    let by = match app_id {
        Some(PAGE_INBOX) => Some("the page's inbox".to_owned()),
        Some(app_id) => Some(format!("the app with id {app_id}")),
        None => None,
    };
    let mut echoed = Message::new(MEDIA_TYPE, &MessageEchoed { by })
        .with_work_item(work_item)
        .with_event_id(mid)
        .with_external_id(mid)
        .with_occurred_at(at);
    echoed.parts = content::of(message);
    push_all(core::slice::from_ref(&echoed))?;
    Ok(media::later(&echoed)?)
}

/// Keeps which app we send by, where the settings don't say.
fn learn(settings: &MessengerSettings, app_id: &str) -> Result<()> {
    if ours(settings)?.is_none() {
        host::store::set(APP_ID, app_id.as_bytes(), None)?;
    }
    Ok(())
}

fn ours(settings: &MessengerSettings) -> Result<Option<String>> {
    match &settings.app_id {
        Some(app_id) => Ok(Some(app_id.clone())),
        None => Ok(host::store::get(APP_ID)?.and_then(|kept| String::from_utf8(kept).ok())),
    }
}
