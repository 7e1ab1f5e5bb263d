//! `server`: what a driver tells and asks the server.

use crate::bindings::jackfield::channel::message::{Error, Message};
use crate::bindings::jackfield::channel::server::{Host, Page, Refused};
use crate::call::{State, info, refuse};
use crate::convert::{self, Unfit};
use crate::limits::Limit;
use jackfield_spec::interaction::{self, Way};
use jackfield_spec::validate::validate;
use jackfield_spec::{Interaction, Part, canonical};

/// Most messages of one page.
const PAGE: u32 = 100;

/// Bytes of an id that `progress` takes.
const PROGRESS_ID: usize = 512;
/// Bytes of an entry that is set aside, and of the reason; how many in one call.
const SET_ASIDE_BYTES: usize = 256 << 10;
const SET_ASIDE_REASON: usize = 4 << 10;

fn refused(code: &str, text: impl Into<String>, pointer: Option<String>) -> Refused {
    Refused { code: code.to_owned(), text: text.into(), pointer, attributes: Vec::new() }
}

fn invalid(unfit: Unfit) -> Error {
    refuse("invalid", unfit.to_string())
}

/// Whether a driver may push this: what only the server says may come from it as a reply alone.
fn may_push(interaction: &Interaction) -> bool {
    let known = interaction::find(&interaction.name);
    interaction.in_reply_to.is_some() || known.is_none_or(|known| known.way != Way::ToDriver)
}

/// About how many bytes a message has.
fn weight(message: &jackfield_spec::Message) -> usize {
    let part = |part: &Part| match part {
        Part::Text(text) => text.text.len(),
        Part::Attachment(_) => 256,
        Part::Structured(structured) => structured.values.to_string().len() + structured.fallback.len(),
    };
    1_024 + message.parts.iter().map(part).sum::<usize>()
}

impl Host for State {
    fn push(&mut self, message: Message) -> Result<String, Refused> {
        let channel = self.act().map_err(|error| refused(&error.code, error.text, None))?;
        let limits = &channel.config.limits;
        let most = limits.pushes;
        if self.call.transaction.pushes.len() >= most {
            channel.usage.hit(Limit::Pushes);
            return Err(refused(
                "quota",
                format!("more than {most} pushes in one call; raise limits.pushes or push fewer"),
                None,
            ));
        }
        let mut message =
            convert::message_in(message).map_err(|unfit| refused("invalid", unfit.text, Some(unfit.pointer)))?;
        validate(&message).map_err(|invalid| refused(invalid.code, invalid.text, Some(invalid.pointer)))?;
        if !may_push(&message.interaction) {
            let text = "this interaction goes from the server to drivers; a driver pushes it only in reply";
            return Err(refused("invalid", text, Some("/interaction/name".to_owned())));
        }
        self.call.pushed += weight(&message);
        if self.call.pushed > limits.push_bytes {
            channel.usage.hit(Limit::PushBytes);
            let text =
                format!("the pushes of one call have at most {} bytes; raise limits.push-bytes", limits.push_bytes);
            return Err(refused("quota", text, None));
        }
        for part in &message.parts {
            if let Part::Attachment(attachment) = part
                && let Some(blob) = attachment.blob
            {
                self.readable(&channel, &blob.to_string()).map_err(|error| refused(&error.code, error.text, None))?;
            }
        }
        if !channel.usage.may_push(channel.started.elapsed(), limits.pushes_per_second) {
            channel.usage.hit(Limit::PushesPerSecond);
            let text = format!(
                "the channel pushed {} messages in this second; try again in the next",
                limits.pushes_per_second
            );
            return Err(refused("rate-limited", text, None));
        }
        let id = channel.services.message_id(&channel.config.id, message.event_id.as_deref());
        message.id = Some(id.clone());
        message.driver = Some(channel.driver.clone());
        self.call.transaction.pushes.push(message);
        Ok(id)
    }

    async fn query(&mut self, message: Message) -> Result<Message, Error> {
        let channel = self.look()?;
        self.call.queries += 1;
        let most = channel.config.limits.queries;
        if self.call.queries > most {
            channel.usage.hit(Limit::Queries);
            return Err(refuse("quota", format!("one call may ask the server {most} times; raise limits.queries")));
        }
        let message = convert::message_in(message).map_err(invalid)?;
        let clock = self.clock.clone();
        clock.pause();
        let answer = channel.services.query(&channel.config.id, message).await;
        clock.resume();
        answer.map(convert::message_out).map_err(info)
    }

    fn messages(&mut self, conversation: String, after: Option<String>, limit: u32) -> Result<Page, Error> {
        let channel = self.look()?;
        let limit = limit.clamp(1, PAGE);
        let found = channel.services.messages(&channel.config.id, &conversation, after.as_deref(), limit);
        let (messages, next) = found.map_err(info)?;
        Ok(Page { messages: messages.into_iter().map(convert::message_out).collect(), next, attributes: Vec::new() })
    }

    async fn progress(&mut self, external_id: String) -> Result<(), Error> {
        let channel = self.act()?;
        if external_id.is_empty() || external_id.len() > PROGRESS_ID {
            return Err(refuse("invalid", format!("an external id has 1 to {PROGRESS_ID} bytes")));
        }
        let Some(delivery) = self.call.delivery.clone() else {
            return Err(refuse("wrong-state", "`progress` is for `deliver`, which brings out a message in parts"));
        };
        let clock = self.clock.clone();
        clock.pause();
        let noted = channel.services.progress(&channel.config.id, &delivery, &external_id).await;
        clock.resume();
        noted.map_err(info)
    }

    fn to_json(&mut self, message: Message) -> Result<String, Error> {
        self.look()?;
        let message = convert::message_in(message).map_err(invalid)?;
        canonical::to_json(&message).map_err(|error| refuse("invalid", error.to_string()))
    }

    fn set_aside(&mut self, raw: Vec<u8>, reason: String) -> Result<(), Error> {
        let channel = self.act()?;
        if raw.len() > SET_ASIDE_BYTES || reason.len() > SET_ASIDE_REASON {
            return Err(refuse(
                "too-large",
                format!("`raw` has at most {SET_ASIDE_BYTES} bytes, `reason` {SET_ASIDE_REASON}"),
            ));
        }
        let most = channel.config.limits.set_asides;
        if self.call.transaction.set_aside.len() >= most {
            channel.usage.hit(Limit::SetAsides);
            return Err(refuse("quota", format!("one call may set {most} entries aside; raise limits.set-asides")));
        }
        self.call.transaction.set_aside.push((raw, reason));
        Ok(())
    }
}
