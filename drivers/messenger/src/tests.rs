//! The driver against the host in memory.

mod deliver;
mod receive;

use jackfield_sdk::native::{self, pushed};
use jackfield_sdk::{Driver, Message, Webhook};
use meta_common::testing::{self, URL, signed};

use crate::MessengerDriver;

const SETTINGS: &str = r#"{"page-id":"1067280970047460"}"#;
/// 23 hours before the time of the host in memory.
const AT: u64 = 1_795_305_600_000 - 23 * 3_600_000;

fn driver() -> MessengerDriver {
    configured(SETTINGS)
}

fn configured(settings: &str) -> MessengerDriver {
    testing::install();
    match MessengerDriver::configure(native::context("support-fb", URL), settings) {
        Ok(driver) => driver,
        Err(error) => panic!("{}: {}", error.key, error.text),
    }
}

/// A body with the events that are given, of a customer's unless they say otherwise.
fn body(events: &str) -> String {
    format!(r#"{{"object":"page","entry":[{{"id":"1067280970047460","time":1,"messaging":[{events}]}}]}}"#)
}

/// An event of the customer's.
fn event(fields: &str) -> String {
    format!(r#"{{"sender":{{"id":"PSID1"}},"recipient":{{"id":"1067280970047460"}},"timestamp":{AT},{fields}}}"#)
}

/// What becomes of a body; it is answered 200.
fn received(driver: &MessengerDriver, body: &str) -> Vec<Message> {
    let response = driver.receive(signed(body)).expect("the host has all that is asked of it");
    assert_eq!(response.status, 200, "{body}");
    pushed()
}

/// What becomes of one event, less what tells of the window.
fn of(driver: &MessengerDriver, fields: &str) -> Vec<Message> {
    let mut messages = received(driver, &body(&event(fields)));
    messages.retain(|message| message.interaction.name != "command.status-changed");
    messages
}
