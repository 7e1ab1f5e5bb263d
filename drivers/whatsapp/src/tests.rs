//! The driver against the host in memory.

mod deliver;
mod identity;
mod inbound;
mod status;

use jackfield_sdk::native::{self, pushed};
use jackfield_sdk::{Driver, Message, Webhook};
use meta_common::testing::{self, URL, signed};

use crate::WhatsAppDriver;

const NUMBER: &str = "106540352242922";
const SETTINGS: &str = r#"{"phone-number-id":"106540352242922"}"#;

fn driver() -> WhatsAppDriver {
    configured(SETTINGS)
}

fn configured(settings: &str) -> WhatsAppDriver {
    testing::install();
    match WhatsAppDriver::configure(native::context("support-wa", URL), settings) {
        Ok(driver) => driver,
        Err(error) => panic!("{}: {}", error.key, error.text),
    }
}

/// A body with one change; `value` is what stands in it besides `metadata`.
fn change(field: &str, value: &str) -> String {
    format!(
        r#"{{"object":"whatsapp_business_account","entry":[{{"id":"102290129340398","changes":[{{"field":"{field}","value":{{
        "messaging_product":"whatsapp","metadata":{{"display_phone_number":"15550783881","phone_number_id":"{NUMBER}"}},{value}}}}}]}}]}}"#
    )
}

/// What becomes of a body; it is answered 200.
fn received(driver: &WhatsAppDriver, body: &str) -> Vec<Message> {
    let response = driver.receive(signed(body)).expect("the host has all that is asked of it");
    assert_eq!(response.status, 200, "{body}");
    pushed()
}

/// What becomes of a customer's message, less what tells of the window.
fn message(driver: &WhatsAppDriver, fields: &str) -> Vec<Message> {
    let value = format!(
        r#""contacts":[{{"profile":{{"name":"Sheena Nelson"}},"wa_id":"16505551234"}}],
        "messages":[{{"from":"16505551234","id":"wamid.1","timestamp":"1795305600",{fields}}}]"#
    );
    let mut messages = received(driver, &change("messages", &value));
    messages.retain(|message| message.interaction.name != "command.status-changed");
    messages
}

/// As `message`, where one message comes of it.
fn one(driver: &WhatsAppDriver, fields: &str) -> Message {
    let mut messages = message(driver, fields);
    assert_eq!(messages.len(), 1, "{messages:?}");
    messages.remove(0)
}
