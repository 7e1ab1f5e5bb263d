//! The driver against the host in memory.

mod deliver;
mod files;
mod poll;
mod receive;
mod update;

use jackfield_sdk::native::{self, Host, SentRequest, pushed};
use jackfield_sdk::{Driver, Message, Request, Response, Webhook, json};

use crate::TelegramDriver;
use crate::settings::{BOT_TOKEN, WEBHOOK_SECRET};

const URL: &str = "https://support.example.com/channels/telegram";
const SECRET: &str = "a-secret_Token";
const TOKEN: &str = "123456:AAE-the_token";

fn driver(settings: &str) -> TelegramDriver {
    native::install(Host::new().with_secret(BOT_TOKEN, TOKEN).with_secret(WEBHOOK_SECRET, SECRET));
    match TelegramDriver::configure(native::context("telegram", URL), settings) {
        Ok(driver) => driver,
        Err(error) => panic!("{}: {}", error.key, error.text),
    }
}

fn update(json: impl Into<Vec<u8>>) -> Request {
    native::request("POST", URL, json).with_header("x-telegram-bot-api-secret-token", SECRET)
}

/// Takes an update that is answered as Telegram wants it; what it became.
fn take(driver: &TelegramDriver, json: &str) -> Vec<Message> {
    let response = driver.receive(update(json)).expect("the host has all that is asked of it");
    assert_eq!(response, Response::empty(200), "{json}");
    pushed()
}

/// A message in a private chat, with these fields besides.
fn message(fields: &str) -> String {
    format!(
        r#"{{"update_id":10000,"message":{{"message_id":1365,"date":1441645532,
        "from":{{"id":1111111,"is_bot":false,"first_name":"Test","last_name":"Lastname","username":"Testusername","language_code":"de"}},
        "chat":{{"id":1111111,"type":"private","first_name":"Test","username":"Testusername"}},{fields}}}}}"#
    )
}

/// A field of what was sent as JSON.
fn field(sent: &SentRequest, pointer: &str) -> Option<String> {
    let body = json::parse(&sent.body).expect("JSON");
    body.pointer(pointer).map(|value| value.scalar().map_or_else(|| value.to_json(), String::from))
}

fn attribute<'a>(attributes: &'a [(String, String)], name: &str) -> Option<&'a str> {
    attributes.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
}
