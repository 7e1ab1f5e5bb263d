//! What comes as a form: slash commands, and the JSON of buttons and shortcuts.

use jackfield_sdk::json::{Object, Value};
use jackfield_sdk::{Message, Part, StructuredPart, host};

use crate::events::{quoting, work_item};
use crate::place::{Place, time_of};
use crate::settings::SlackSettings;
use crate::{PREFIX, content};

/// Buttons of one request that are taken.
const MAX_ACTIONS: usize = 20;

/// A slash command: what it says, to be answered in a direct message, since only its author has seen it.
pub fn command<'a>(field: &impl Fn(&str) -> Option<&'a str>) -> Option<Message> {
    let (command, user, trigger) = (field("command")?, field("user_id")?, field("trigger_id")?);
    let place = Place::new(field("team_id")?, user, None)?;
    let id = format!("command/{}", trigger.chars().take(200).collect::<String>());
    let text = [Some(command), field("text")].into_iter().flatten().collect::<Vec<_>>().join(" ");
    let name = field("user_name").map(|name| name.chars().take(250).collect());
    let message = quoting(None)
        .with_work_item(work_item(&place, user, name))
        .with_event_id(id.as_str())
        .with_external_id(id)
        .with_occurred_at(Some(host::clock::now()))
        .with_text(&text)
        .with_attribute(&format!("{PREFIX}command"), command.chars().take(256).collect::<String>());
    Some(match field("channel_id") {
        Some(channel) => {
            message.with_attribute(&format!("{PREFIX}from-channel"), channel.chars().take(64).collect::<String>())
        }
        None => message,
    })
}

/// A button that was pressed, or a message that somebody handed over by a shortcut.
pub fn interaction(settings: &SlackSettings, kind: &str, json: &Value<'_>) -> Option<Vec<Message>> {
    let text = |pointer: &str| json.pointer(pointer).and_then(Value::as_str).filter(|text| !text.is_empty());
    let (team, user) = (text("/team/id").or_else(|| text("/user/team_id"))?, text("/user/id")?);
    let Some(channel) = text("/channel/id").or_else(|| text("/container/channel_id")) else {
        // In a view: nothing that belongs to a conversation.
        return Some(Vec::new());
    };
    let ts = text("/message/ts").or_else(|| text("/container/message_ts"));
    let thread = text("/message/thread_ts").or_else(|| text("/container/thread_ts"));
    let is_chat = settings.direct_chat && channel.starts_with('D');
    let place = Place::new(team, channel, thread.or(ts.filter(|_| !is_chat)))?;
    let name = text("/user/name").or_else(|| text("/user/username")).map(|name| name.chars().take(250).collect());
    let about = ts.map(|ts| place.message(ts));
    let item = work_item(&place, user, name);
    if kind == "message_action" {
        let id = format!("action/{}", text("/action_ts").or_else(|| text("/trigger_id"))?);
        let mut message = quoting(about).with_work_item(item).with_event_id(id.as_str()).with_external_id(id);
        message.parts = content::parts(json.get("message")?);
        return Some(vec![message.with_occurred_at(text("/action_ts").and_then(time_of))]);
    }
    let actions = json.get("actions").and_then(Value::as_array)?;
    let messages = actions.iter().take(MAX_ACTIONS).filter_map(|action| {
        let text = |pointer: &str| action.pointer(pointer).and_then(Value::as_str).filter(|text| !text.is_empty());
        let (action_id, at) = (text("/action_id")?, text("/action_ts")?);
        let value = text("/selected_option/value").or_else(|| text("/value")).unwrap_or(action_id);
        let title = text("/selected_option/text/text").or_else(|| text("/text/text")).unwrap_or(value);
        let id: String = format!("action/{channel}/{at}/{action_id}").chars().take(400).collect();
        let choice = Object::new().string("id", value).string("title", title).finish();
        let message = quoting(about.clone())
            .with_work_item(item.clone())
            .with_event_id(id.as_str())
            .with_external_id(id)
            .with_occurred_at(time_of(at))
            .with_part(Part::Structured(StructuredPart::new("choice", choice, title)));
        Some(message.with_attribute(&format!("{PREFIX}action-id"), action_id.chars().take(256).collect::<String>()))
    });
    Some(messages.collect())
}
