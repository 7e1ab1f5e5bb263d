//! Forms and JSON under a signature, and what may stand in the place of one.

use jackfield_sdk::encoding::to_base64;
use jackfield_sdk::{Driver, Piece, Webhook, form, host, native};
use jackfield_tests::{corpus, fuzz};
use messenger::MessengerDriver;
use meta_common::testing as meta;
use slack::SlackDriver;
use telegram::TelegramDriver;
use twilio_sms::TwilioDriver;
use webhook::WebhookDriver;

use super::drivers::{URL, exercise, install, pushed};

const TWILIO: &str = r#"{"account-sid":"AC123","from":"+18005551212"}"#;
const FORM_WORDS: [&str; 12] = [
    "&Body=",
    "&NumMedia=99",
    "&MediaUrl0=https%3A%2F%2Fapi.twilio.com%2F",
    "&MessageStatus=",
    "&OptOutType=STOP",
    "&From=whatsapp%3A",
    "&ErrorCode=",
    "%",
    "%00",
    "%ff",
    "&&=",
    "\"sid\":",
];
const JSON_WORDS: [&str; 10] = [
    "\"id\":",
    "\"conversation\":",
    "\"from\":",
    "\"text\":",
    "\"attachments\":[{\"url\":",
    "\"time\":\"2026-",
    "\"priority\":1e9",
    "\\ud800",
    "null",
    "[[[[[[",
];
const HEADER_WORDS: [&str; 14] = [
    "sha256=",
    "sha1=",
    "v0=",
    "v1=",
    "v1,",
    "t=",
    ",",
    "=",
    " ",
    "key=",
    "algorithm=HMAC_SHA256",
    "Basic ",
    "\u{e9}",
    "\0",
];

pub fn twilio() -> u64 {
    fuzz("twilio", corpus("twilio"), &FORM_WORDS, |bytes| {
        install(["auth-token", "signing-key"]);
        let driver = TwilioDriver::configure(native::context("fuzz", URL), TWILIO).expect("settings");
        let mut params = form::parse(bytes).unwrap_or_default();
        params.sort();
        params.dedup();
        let text = params.iter().fold(URL.to_owned(), |text, (name, value)| text + name + value);
        let hmac = host::secrets::hmac("auth-token", "sha1", &[Piece::Text(text)]).expect("a key");
        let request = native::request("POST", URL, bytes)
            .with_header("content-type", "application/x-www-form-urlencoded")
            .with_header("x-twilio-signature", to_base64(&hmac));
        exercise(&driver, request, bytes, "+14155551212")
    })
}

pub fn webhook() -> u64 {
    let settings = r#"{"signature":"none"}"#;
    fuzz("webhook", corpus("signatures"), &JSON_WORDS, |bytes| {
        install(["unused", "unused-too"]);
        let driver = WebhookDriver::configure(native::context("fuzz", URL), settings).expect("settings");
        // Kept inputs begin with a line that isn't for this.
        let body = bytes.splitn(2, |byte| *byte == b'\n').nth(1).unwrap_or(bytes);
        let response = driver.receive(native::request("POST", URL, body)).expect("a response, whatever comes");
        assert!(matches!(response.status, 200 | 400 | 422), "{}", response.status);
        (response.status, pushed())
    })
}

/// The first line is the signature, the rest what is signed: nothing is taken, since nobody knows the key.
pub fn signatures() -> u64 {
    fuzz("signatures", corpus("signatures"), &HEADER_WORDS, |bytes| {
        let mut lines = bytes.splitn(2, |byte| *byte == b'\n');
        let (value, body) = (lines.next().unwrap_or_default(), lines.next().unwrap_or_default());
        let ask = |driver: &dyn Fn(jackfield_sdk::Request) -> u16, names: &[&str]| {
            let time = (host::clock::now() / 1000).to_string();
            let mut request =
                native::request("POST", URL, body).with_header("x-slack-request-timestamp", time.as_str());
            for name in names {
                request = request.with_header(name, value);
            }
            request = request.with_header("webhook-id", "msg_1").with_header("webhook-timestamp", time.as_str());
            driver(request)
        };
        let mut kinds = Vec::new();
        install(["signing-secret", "bot-token"]);
        let slack = SlackDriver::configure(native::context("fuzz", URL), "{}").expect("settings");
        kinds.push(ask(&|request| slack.receive(request).expect("a response").status, &["x-slack-signature"]));
        for settings in [
            r#"{"signature":"hmac"}"#,
            r#"{"signature":"hmac","encoding":"base64","algorithm":"sha1","prefix":"v0="}"#,
            r#"{"signature":"stripe"}"#,
            r#"{"signature":"standard-webhooks"}"#,
            r#"{"signature":"token"}"#,
            r#"{"signature":"basic"}"#,
        ] {
            let secret = if settings.contains("standard") { "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw" } else { "us:er" };
            native::install(native::Host::new().with_secret("signing-secret", secret));
            let driver = WebhookDriver::configure(native::context("fuzz", URL), settings).expect("settings");
            let names = ["x-hub-signature-256", "stripe-signature", "webhook-signature", "authorization"];
            kinds.push(ask(&|request| driver.receive(request).expect("a response").status, &names));
        }
        install(["webhook-secret", "bot-token"]);
        let telegram = TelegramDriver::configure(native::context("fuzz", URL), "{}").expect("settings");
        let names = ["x-telegram-bot-api-secret-token"];
        kinds.push(ask(&|request| telegram.receive(request).expect("a response").status, &names));
        install(["auth-token", "signing-key"]);
        let twilio = TwilioDriver::configure(native::context("fuzz", URL), TWILIO).expect("settings");
        let names = ["x-twilio-signature", "x-twilio-webhooks-signature-settings"];
        kinds.push(ask(&|request| twilio.receive(request).expect("a response").status, &names));
        meta::install();
        let messenger = MessengerDriver::configure(native::context("fuzz", meta::URL), r#"{"page-id":"1"}"#);
        let messenger = messenger.unwrap_or_else(|error| panic!("{}", error.text));
        kinds.push(ask(&|request| messenger.receive(request).expect("a response").status, &["x-hub-signature-256"]));
        assert!(kinds.iter().all(|status| matches!(status, 400 | 401 | 403)), "{kinds:?}");
        assert_eq!(pushed(), "");
        kinds
    })
}
