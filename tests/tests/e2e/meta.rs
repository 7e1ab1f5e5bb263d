//! WhatsApp and Messenger, against a Graph API of our own that keeps what it was sent, and other people's libraries.

use hmac::{Hmac, KeyInit, Mac};
use jackfield_tests::{Answer, Request, Server, Setup, ask_node, driver};
use serde_json::{Value, json};
use sha2::Sha256;
use std::time::{SystemTime, UNIX_EPOCH};

mod messenger;
mod oracles;
mod whatsapp;
mod wire;

const SECRET: &str = "the-secret-of-the-app";
const WORD: &str = "the-word-of-the-webhook";
const TOKEN: &str = "EAAtheTokenOfTheSystemUser";
const CHANNEL: &str = "/channels/support";

/// A server with one channel, whose Graph API is at `api_base`.
fn setup(name: &str, account: &str, api_base: &str) -> Setup {
    let channel = format!(
        "[[channel]]\nid = \"support\"\ndriver = \"{name}\"\nsettings = {{ {account}, api-base = \"{api_base}\" }}\n\
         secrets = {{ app-secret = \"env:META_SECRET\", verify-token = \"env:META_WORD\", access-token = \"env:META_TOKEN\" }}\n\
         grants = {{ http = [\"{api_base}\"] }}"
    );
    Setup::simple(&["ana"])
        .driver(driver(name))
        .environment("META_SECRET", SECRET)
        .environment("META_WORD", WORD)
        .environment("META_TOKEN", TOKEN)
        .text(&channel)
}

/// A body as Meta writes it: what isn't ASCII is escaped.
fn escaped(body: &Value) -> String {
    let plain = body.to_string();
    let mut units = [0; 2];
    let escape = |letter: char| match letter {
        ' '..='~' => letter.to_string(),
        other => other.encode_utf16(&mut units).iter().map(|unit| format!("\\u{unit:04x}")).collect(),
    };
    plain.chars().map(escape).collect()
}

/// The signature that another library makes.
async fn signature(body: &str) -> String {
    ask_node("sign.mjs", &json!({"scheme": "github", "secret": SECRET, "body": body})).await
}

/// A webhook as Meta sends it.
async fn post(server: &Server, body: &Value) -> Answer {
    let body = escaped(body);
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).expect("a key");
    mac.update(body.as_bytes());
    let signature = format!("sha256={}", hex::encode(mac.finalize().into_bytes()));
    server.http().send(raw(&body).header("x-hub-signature-256", signature)).await
}

fn raw(body: &str) -> Request {
    Request::new("POST", CHANNEL).header("content-type", "application/json").body(body.to_owned())
}

/// Milliseconds since 1970.
fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock after 1970");
    u64::try_from(since.as_millis()).expect("milliseconds")
}
