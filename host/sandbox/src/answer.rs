//! What a handler answers, searched for secrets before anybody sees it.

use crate::bindings::exports::jackfield::channel::driver::Outcome;
use crate::bindings::jackfield::channel::{http_types, message as wit};
use crate::generation::Answer;
use crate::scrub::Scrubber;

/// The answer without known secrets. Not touched: what was pushed (it is the customer's, and its digest is the driver's),
/// and a body that is a blob.
pub(crate) fn scrubbed(answer: Answer, scrubber: &Scrubber) -> Answer {
    match answer {
        Answer::Received(Ok(response)) => Answer::Received(Ok(self::response(response, scrubber))),
        Answer::Received(Err(error)) => Answer::Received(Err(self::error(error, scrubber))),
        Answer::Fired(result) => Answer::Fired(result.map_err(|error| self::error(error, scrubber))),
        Answer::Delivered(outcome) => Answer::Delivered(Box::new(match *outcome {
            Outcome::Failure(error) => Outcome::Failure(self::error(error, scrubber)),
            Outcome::Receipt(mut receipt) => {
                receipt.attributes = attributes(receipt.attributes, scrubber);
                Outcome::Receipt(receipt)
            }
            other => other,
        })),
    }
}

fn response(mut response: http_types::Response, scrubber: &Scrubber) -> http_types::Response {
    for header in &mut response.headers {
        header.value = scrubber.bytes(&header.value, &[]).into_owned();
    }
    if let http_types::Body::Bytes(bytes) = &mut response.body {
        *bytes = scrubber.bytes(bytes, &[]).into_owned();
    }
    response
}

pub(crate) fn error(error: wit::Error, scrubber: &Scrubber) -> wit::Error {
    wit::Error {
        code: scrubber.text(&error.code).into_owned(),
        text: scrubber.text(&error.text).into_owned(),
        attributes: attributes(error.attributes, scrubber),
        ..error
    }
}

fn attributes(attributes: wit::Attributes, scrubber: &Scrubber) -> wit::Attributes {
    attributes.into_iter().map(|(key, value)| (key, scrubber.text(&value).into_owned())).collect()
}
