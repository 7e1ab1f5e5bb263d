//! Calls of a service's HTTP API: what its answer means for the delivery, and for the channel's health.

use crate::error::code;
use crate::json::{Value, parse, repaired};
use crate::{Error, Outgoing, Response, Result, health};

/// Sends a request that has an effect, so that it must not be made twice: an answer that nobody can read means that it may
/// have had it. The host says `too-large` of answers only; a request that is too long is `invalid`, and was not sent.
///
/// # Errors
/// No answer came, or none that can be read: `maybe-sent` if the request may have arrived all the same.
pub fn send(request: &Outgoing) -> Result<Response> {
    request.send().map_err(|error| match error.code.as_str() {
        code::TOO_LARGE => Error { code: code::MAYBE_SENT.into(), ..error },
        _ => error,
    })
}

/// Sends a request to an API whose answers say themselves, as `ok`, whether it went well, and not only by their status
/// (Slack, Telegram). Ok is the body, of at most `max` bytes, where it did. `failure` sorts the other answers into the
/// catalogue. What is learned of the channel's health is noted for `media_type`.
///
/// # Errors
/// As [`send`], or what `failure` says.
pub fn call(
    request: &Outgoing,
    media_type: &str,
    max: u32,
    failure: impl FnOnce(&Response, &Value<'_>) -> Error,
) -> Result<Vec<u8>> {
    let response = send(request)?;
    let body = response.body.read(max).unwrap_or_default();
    // What customers wrote may stand in it.
    let body = repaired(&body).into_owned();
    let answer = parse(&body).unwrap_or(Value::Null);
    if response.is_success() && answer.get("ok").and_then(Value::as_bool) == Some(true) {
        health::note(media_type, health::CONNECTED, None);
        return Ok(body);
    }
    let failure = failure(&response, &answer);
    if failure.code == code::BAD_CREDENTIALS {
        health::note(media_type, health::BAD_CREDENTIALS, Some(&failure.text));
    }
    Err(failure)
}

impl Error {
    /// Says when to try again: when the service `asked` for, else after `usual_ms` where it asks to slow down and
    /// doesn't say for how long.
    #[must_use]
    pub fn slow_down(self, asked: Option<u32>, usual_ms: u32) -> Self {
        let usual = (self.code == code::RATE_LIMITED).then_some(usual_ms);
        self.retry_after(asked.or(usual))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::native::{self, Host, answers, pushed};

    fn called(answer: Result<Response, Error>) -> Result<Vec<u8>, String> {
        answers(move |_| answer.clone());
        let request = Outgoing::new("POST", "https://api.example.com/say");
        let failure = |response: &Response, answer: &Value<'_>| {
            let told = answer.get("error").and_then(Value::as_str).unwrap_or("temporary");
            Error::new(told, response.status.to_string()).slow_down(None, 7)
        };
        call(&request, "chat", 1 << 10, failure).map_err(|error| error.code)
    }

    #[test]
    fn ok_says_whether_it_went_well() {
        native::install(Host::new());
        assert_eq!(called(Ok(Response::json(200, r#"{"ok":true}"#))), Ok(br#"{"ok":true}"#.to_vec()));
        for (answer, expected) in [
            (Ok(Response::json(200, r#"{"ok":false,"error":"permanent"}"#)), "permanent"),
            (Ok(Response::json(500, r#"{"ok":true}"#)), "temporary"),
            (Ok(Response::json(200, "<html>")), "temporary"),
            (Err(Error::new("too-large", "the answer")), "maybe-sent"),
            (Err(Error::new("timeout", "no connection")), "timeout"),
        ] {
            assert_eq!(called(answer), Err(expected.into()));
        }
        drop(native::sent());
        let large = Outgoing::new("POST", "https://api.example.com/say").with_body("text/plain", vec![b'x'; 17 << 20]);
        assert_eq!(send(&large).map_err(|error| error.code).expect_err("it is too long"), "invalid");
        assert!(native::sent().is_empty(), "nothing is sent");
        assert!(pushed().is_empty());
        assert_eq!(called(Ok(Response::json(200, r#"{"error":"bad-credentials"}"#))), Err("bad-credentials".into()));
        assert_eq!(called(Ok(Response::json(200, r#"{"ok":true}"#))).map_err(drop).map(|body| body.len()), Ok(11));
        let states: Vec<_> = pushed().into_iter().filter_map(|told| Some(told.connection?.state)).collect();
        assert_eq!(states, ["bad-credentials", "connected"]);
    }

    #[test]
    fn who_asks_to_slow_down_is_waited_for() {
        let wait = |code, asked| Error::new(code, "").slow_down(asked, 7).retry_after_ms;
        assert_eq!((wait(code::RATE_LIMITED, None), wait(code::RATE_LIMITED, Some(3))), (Some(7), Some(3)));
        assert_eq!((wait(code::TEMPORARY, None), wait(code::TEMPORARY, Some(3))), (None, Some(3)));
    }
}
