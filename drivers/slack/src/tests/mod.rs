//! The driver against the host in memory.

mod deliver;
mod events;
mod files;
mod forms;
mod mrkdwn;
mod signature;

use jackfield_sdk::encoding::to_hex;
use jackfield_sdk::native::{self, Host, pushed};
use jackfield_sdk::{Driver, Message, Piece, Request, Response, Webhook, form, host};

use crate::SlackDriver;
use crate::settings::{BOT_TOKEN, SIGNING_SECRET};

const URL: &str = "https://support.example.com/channels/slack";
const SECRET: &str = "8f742231b10e8888abcd99yyyzzz85a5";
const TOKEN: &str = "xoxb-the-token";

fn driver(settings: &str) -> SlackDriver {
    native::install(Host::new().with_secret(SIGNING_SECRET, SECRET).with_secret(BOT_TOKEN, TOKEN));
    match SlackDriver::configure(native::context("slack", URL), settings) {
        Ok(driver) => driver,
        Err(error) => panic!("{}: {}", error.key, error.text),
    }
}

/// A request signed as Slack does at this second.
fn signed_at(time: u64, content_type: &str, body: &str) -> Request {
    let data = [Piece::Text(format!("v0:{time}:{body}"))];
    let hmac = host::secrets::hmac(SIGNING_SECRET, "sha256", &data).expect("a key");
    native::request("POST", URL, body)
        .with_header("content-type", content_type)
        .with_header("x-slack-request-timestamp", time.to_string())
        .with_header("x-slack-signature", format!("v0={}", to_hex(&hmac)))
}

fn signed(body: &str) -> Request {
    signed_at(host::clock::now() / 1000, "application/json", body)
}

fn signed_form(fields: &[(&str, &str)]) -> Request {
    signed_at(host::clock::now() / 1000, "application/x-www-form-urlencoded", &form::write(fields))
}

/// Takes a request that is answered 200 with nothing; what it became.
fn take(driver: &SlackDriver, request: Request) -> Vec<Message> {
    let response = driver.receive(request).expect("the host has all that is asked of it");
    assert_eq!(response, Response::empty(200));
    pushed()
}

/// An event of the app A1 in the workspace T1, whose bot is UBOT.
fn event(fields: &str) -> String {
    format!(
        r#"{{"token":"t","team_id":"T1","api_app_id":"A1","type":"event_callback","event_id":"Ev01","event_time":1531420618,
        "authorizations":[{{"team_id":"T1","user_id":"UBOT","is_bot":true}}],"event":{{{fields}}}}}"#
    )
}

/// A message in a channel, with these fields besides.
fn message(fields: &str) -> Request {
    signed(&event(&format!(
        r#""type":"message","channel":"C1","channel_type":"channel","user":"U1","ts":"1531420618.000200",{fields}"#
    )))
}

fn conversation(message: &Message) -> &str {
    &message.work_item.as_ref().expect("a work item").conversation
}
