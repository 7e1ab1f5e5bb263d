//! `server`: what a driver tells and asks the server.

use crate::bindings::jackfield::channel::message::{Error, Message};
use crate::bindings::jackfield::channel::server::{Host, Page, Refused};
use crate::call::{State, info, refuse};
use crate::convert::{self, Unfit};
use jackfield_spec::canonical;
use jackfield_spec::validate::validate;

/// Most messages of one page.
const PAGE: u32 = 100;

fn refused(code: &str, text: impl Into<String>, pointer: Option<String>) -> Refused {
    Refused { code: code.to_owned(), text: text.into(), pointer, attributes: Vec::new() }
}

fn invalid(unfit: Unfit) -> Error {
    refuse("invalid", unfit.to_string())
}

impl Host for State {
    fn push(&mut self, message: Message) -> Result<String, Refused> {
        let channel = self.act().map_err(|error| refused(&error.code, error.text, None))?;
        let most = channel.config.limits.pushes;
        if self.call.transaction.pushes.len() >= most {
            return Err(refused(
                "quota",
                format!("more than {most} pushes in one call; raise limits.pushes or push fewer"),
                None,
            ));
        }
        let mut message =
            convert::message_in(message).map_err(|unfit| refused("invalid", unfit.text, Some(unfit.pointer)))?;
        validate(&message).map_err(|invalid| refused(invalid.code, invalid.text, Some(invalid.pointer)))?;
        let id = channel.services.message_id(&channel.config.id, message.event_id.as_deref());
        message.id = Some(id.clone());
        message.driver = Some(channel.driver.clone());
        self.call.transaction.pushes.push(message);
        Ok(id)
    }

    async fn query(&mut self, message: Message) -> Result<Message, Error> {
        let channel = self.look()?;
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

    async fn progress(&mut self, _: String) -> Result<(), Error> {
        self.look()?;
        Err(refuse("not-supported", "`server.progress` is not served by this server yet; send in one part"))
    }

    fn to_json(&mut self, message: Message) -> Result<String, Error> {
        self.look()?;
        let message = convert::message_in(message).map_err(invalid)?;
        canonical::to_json(&message).map_err(|error| refuse("invalid", error.to_string()))
    }

    fn set_aside(&mut self, _: Vec<u8>, _: String) -> Result<(), Error> {
        self.look()?;
        Err(refuse(
            "not-supported",
            "`server.set-aside` is not served by this server yet; answer the request with an error",
        ))
    }
}
