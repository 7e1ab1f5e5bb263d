//! The driver against the host in memory.

mod deliver;
mod media;
mod receive;
mod segments;
mod signature;
mod status;

use jackfield_sdk::encoding::to_base64;
use jackfield_sdk::native::{self, Host};
use jackfield_sdk::{Driver, Piece, Request, Response, Webhook, form, host};

use crate::TwilioDriver;
use crate::settings::AUTH_TOKEN;

const URL: &str = "https://support.example.com/channels/support-sms";
const SETTINGS: &str = r#"{"account-sid":"AC123","from":"+18005551212"}"#;
const TOKEN: &str = "12345";

fn driver(settings: &str) -> TwilioDriver {
    native::install(Host::new().with_secret(AUTH_TOKEN, TOKEN));
    match TwilioDriver::configure(native::context("support-sms", URL), settings) {
        Ok(driver) => driver,
        Err(error) => panic!("{}: {}", error.key, error.text),
    }
}

/// A form as Twilio posts it, signed as Twilio does: an implementation of its own, to check the driver's.
fn signed(url: &str, params: &[(&str, &str)]) -> Request {
    let mut sorted = params.to_vec();
    sorted.sort();
    sorted.dedup();
    let text = sorted.iter().fold(url.to_owned(), |text, (name, value)| text + name + value);
    let hmac = host::secrets::hmac(AUTH_TOKEN, "sha1", &[Piece::Text(text)]).expect("a key");
    form_request(url, params).with_header("x-twilio-signature", to_base64(&hmac))
}

fn form_request(url: &str, params: &[(&str, &str)]) -> Request {
    native::request("POST", url, form::write(params)).with_header("content-type", "application/x-www-form-urlencoded")
}

fn receive(driver: &TwilioDriver, params: &[(&str, &str)]) -> Response {
    driver.receive(signed(URL, params)).expect("the host has all that is asked of it")
}
