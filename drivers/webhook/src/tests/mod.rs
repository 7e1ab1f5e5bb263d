//! The driver against the host in memory.

mod deliver;
mod payload;
mod receive;
mod signature;

use jackfield_sdk::native::{self, Host};
use jackfield_sdk::{Body, Driver, Message, Request, Response, Webhook, json};

use crate::WebhookDriver;
use crate::settings::SECRET;

const URL: &str = "https://support.example.com/channels/shop";

/// A driver with these settings, and a host with this secret (empty: none).
fn driver(settings: &str, secret: &str) -> WebhookDriver {
    native::install(if secret.is_empty() { Host::new() } else { Host::new().with_secret(SECRET, secret) });
    match WebhookDriver::configure(native::context("shop", URL), settings) {
        Ok(driver) => driver,
        Err(error) => panic!("{}: {}", error.key, error.text),
    }
}

fn post(body: impl Into<Vec<u8>>) -> Request {
    native::request("POST", URL, body).with_header("content-type", "application/json")
}

fn receive(driver: &WebhookDriver, request: Request) -> Response {
    driver.receive(request).expect("the host has all that is asked of it")
}

/// What was pushed by a driver with these settings that got this payload.
fn pushed(settings: &str, payload: &str) -> Message {
    let response = receive(&driver(settings, ""), post(payload));
    assert_eq!(response.status, 200, "{}", text(&response));
    native::with(|host| host.pushed.pop().expect("something was pushed"))
}

fn text(response: &Response) -> String {
    match &response.body {
        Body::Bytes(bytes) => String::from_utf8(bytes.clone()).expect("UTF-8"),
        Body::Blob(digest) => digest.clone(),
    }
}

/// The `detail` of a problem.
fn detail(response: &Response) -> String {
    let body = text(response);
    let problem = json::parse(body.as_bytes()).expect("JSON");
    problem.get("detail").and_then(json::Value::as_str).expect("a detail").into()
}
