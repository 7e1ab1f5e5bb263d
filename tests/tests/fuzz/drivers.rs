//! What services send to drivers, and answer them: whatever it is, the driver neither panics nor says that it went well
//! where nothing was taken, and what it pushes has the form of the specification.
//!
//! The drivers run as ordinary programs, with the host in memory.

use jackfield_sdk::encoding::to_hex;
use jackfield_sdk::native::{self, Host};
use jackfield_sdk::{Driver, Outcome, Piece, Request, Response, Timer, Webhook, WorkItem, host};
use jackfield_spec::{Message, validate};
use jackfield_tests::{corpus, fuzz, kind_of};
use messenger::MessengerDriver;
use meta_common::testing as meta;
use slack::SlackDriver;
use telegram::TelegramDriver;
use whatsapp::WhatsAppDriver;

pub const URL: &str = "https://support.example.com/channels/fuzz";
pub const SECRET: &str = "the-secret-of-the-channel";
const TELEGRAM_WORDS: [&str; 14] = [
    "\"update_id\":",
    "\"message\":{",
    "\"chat\":{\"id\":-5}",
    "\"from\":{\"id\":5}",
    "\"entities\":[",
    "\"offset\":",
    "\"length\":",
    "\"url\":\"x\"",
    "\"text_link\"",
    "\"photo\":[{\"file_id\":\"x\"}]",
    "\"ok\":true",
    "\\ud83d\\ude00",
    "👍",
    "null",
];
const SLACK_WORDS: [&str; 14] = [
    "\"event\":{",
    "\"subtype\":\"message_changed\"",
    "\"files\":[{",
    "\"thread_ts\":\"1.1\"",
    "\"ok\":false",
    "\"error\":\"",
    "payload=",
    "ssl_check=1",
    "&amp;",
    "<@U1|",
    "<!",
    ">",
    "%",
    "null",
];
const META_WORDS: [&str; 22] = [
    "\"id\":",
    "\"type\":",
    "\"text\"",
    "\"image\"",
    "\"system\"",
    "\"reaction\"",
    "\"edit\":{\"original_message_id\":",
    "\"errors\":[",
    "\"code\":131047",
    "\"statuses\":[",
    "\"messages\":[",
    "\"message\":{",
    "\"is_echo\":true",
    "\"metadata\":",
    "\"attachments\":[{\"type\":",
    "\"payload\":{\"url\":",
    "\"watermark\":",
    "\\ud83d",
    "\\u0000",
    "null",
    "{}",
    "[[[[[[",
];

/// Calls the driver with a request, then with all timers that it set and with an answer of an agent's, the service
/// answering each time with the input.
pub fn exercise<D: Driver + Webhook + Timer>(driver: &D, request: Request, input: &[u8], conversation: &str) -> String {
    let answer = input.to_vec();
    native::with(|host| host.http = Some(Box::new(move |_| Ok(Response::json(200, answer.clone())))));
    let response = driver.receive(request).expect("a response, whatever comes");
    assert!(matches!(response.status, 200 | 204 | 400 | 401 | 403 | 422), "{}", response.status);
    let mut kind = response.status.to_string();
    for timer in native::with(|host| std::mem::take(&mut host.timers)) {
        let fired = driver.fired(native::expiry(&timer, 9));
        kind.push_str(fired.map_or_else(|error| error.code, |()| "fired".to_owned()).as_str());
    }
    let text = String::from_utf8_lossy(input);
    let delivery = native::delivery(native::answer("m", WorkItem::new(conversation, "5"), &text));
    kind.push_str(
        match driver.deliver(delivery) {
            Outcome::Failure(error) => error.code,
            _ => "sent".to_owned(),
        }
        .as_str(),
    );
    kind + &pushed()
}

/// What was pushed: it has the form of a message, and is what the server takes or refuses with a reason.
pub fn pushed() -> String {
    let mut kind = String::new();
    for message in native::with(|host| std::mem::take(&mut host.pushed)) {
        let json = host::server::to_json(&message).expect("JSON");
        let message: Message = serde_json::from_str(&json).unwrap_or_else(|error| panic!("{error}: {json}"));
        kind.push_str(&message.interaction.name);
        let parts: Vec<_> = message.parts.iter().map(std::mem::discriminant).collect();
        kind.push_str(&format!("{parts:?}"));
        if let Err(invalid) = validate::validate(&message) {
            // The server refuses it, and the driver sets it aside.
            kind.push_str(&kind_of(&invalid.to_string()));
        }
    }
    kind
}

/// A host with these secrets, all of the same value.
pub fn install(secrets: [&str; 2]) {
    native::install(secrets.iter().fold(Host::new(), |host, name| host.with_secret(name, SECRET)));
}

pub fn telegram() -> u64 {
    fuzz("telegram", corpus("telegram"), &TELEGRAM_WORDS, |bytes| {
        install(["webhook-secret", "bot-token"]);
        let context = native::context("fuzz", URL);
        let driver = TelegramDriver::configure(context.clone(), "{}").expect("settings");
        let request = native::request("POST", URL, bytes).with_header("x-telegram-bot-api-secret-token", SECRET);
        let kind = exercise(&driver, request, bytes, "5");
        let driver = TelegramDriver::configure(context, r#"{"updates":"polling"}"#).expect("settings");
        let poll = native::SetTimer { name: "poll".into(), delay_ms: 0, payload: bytes.into(), connection: None };
        driver.fired(native::expiry(&poll, 1)).expect("asked again");
        kind
    })
}

pub fn slack() -> u64 {
    fuzz("slack", corpus("slack"), &SLACK_WORDS, |bytes| {
        install(["signing-secret", "bot-token"]);
        let driver = SlackDriver::configure(native::context("fuzz", URL), "{}").expect("settings");
        let time = host::clock::now() / 1000;
        let data = [Piece::Text(format!("v0:{time}:")), Piece::Bytes(bytes.into())];
        let hmac = host::secrets::hmac("signing-secret", "sha256", &data).expect("a key");
        let form = bytes.first() != Some(&b'{');
        let content_type = if form { "application/x-www-form-urlencoded" } else { "application/json" };
        let request = native::request("POST", URL, bytes)
            .with_header("content-type", content_type)
            .with_header("x-slack-request-timestamp", time.to_string())
            .with_header("x-slack-signature", format!("v0={}", to_hex(&hmac)));
        exercise(&driver, request, bytes, "T1/C1/5.1")
    })
}

pub fn whatsapp() -> u64 {
    of_meta::<WhatsAppDriver>("whatsapp", r#"{"phone-number-id":"106540352242922","mark-read":true}"#)
}

pub fn messenger() -> u64 {
    of_meta::<MessengerDriver>("messenger", r#"{"page-id":"1067280970047460","profile-names":true}"#)
}

fn of_meta<D: Driver + Webhook + Timer>(name: &str, settings: &str) -> u64 {
    fuzz(name, corpus(name), &META_WORDS, |bytes| {
        meta::install();
        let context = native::context(name, meta::URL);
        let driver = D::configure(context, settings).unwrap_or_else(|error| panic!("{}: {}", error.key, error.text));
        exercise(&driver, meta::signed(&String::from_utf8_lossy(bytes)), bytes, "16505551234")
    })
}
