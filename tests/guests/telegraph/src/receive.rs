//! The telegraph office's counter: HTTP.

use jackfield_sdk::json::push_string;
use jackfield_sdk::{Request, Response, Result, form, host};

use crate::{wire, wrong};

const MAX_BODY: u32 = 256 << 10;

/// Takes telegrams in (`POST /?nr=NUMBER`), or shows what was delivered (`GET /deliveries`) and how often the
/// channel began to be served (`GET /starts`). What else can be posted is in [`wrong`].
pub fn receive(request: &Request) -> Result<Response> {
    let path = request.url.split(['?', '#']).next().unwrap_or_default().rsplit('/').next().unwrap_or_default();
    let fields = form::parse(request.query().as_bytes()).unwrap_or_default();
    let number = fields.iter().find(|(key, _)| key == "nr").map(|(_, value)| value.clone());
    match (request.method.as_str(), path) {
        ("GET", "deliveries") => stored("delivery/"),
        ("GET", "starts") => stored("start/"),
        ("POST", _) => {
            let body = String::from_utf8_lossy(&request.body_bytes(MAX_BODY)?).into_owned();
            let number = number.unwrap_or_else(|| format!("unnumbered-{}", host::clock::now()));
            if let Some(answer) = wrong::hand_in(path, &body, &number) {
                return Ok(answered(answer));
            }
            Ok(answered(take(&body, &number)))
        }
        _ => Ok(Response::problem(405, "method-not-allowed", "telegrams are posted").with_header("allow", "GET, POST")),
    }
}

/// Hands every line in; the answers as a JSON array. The lines after the first have numbers of their own.
fn take(body: &str, number: &str) -> Result<String> {
    let mut answers = Vec::new();
    for (at, line) in body.lines().filter(|line| !line.is_empty()).enumerate() {
        let number = if at == 0 { number.to_owned() } else { format!("{number}.{at}") };
        answers.push(wire::hand_in(line, &number)?);
    }
    Ok(format!("[{}]", answers.join(",")))
}

/// What went wrong is the sender's business here: tests read it.
fn answered(answer: Result<String>) -> Response {
    match answer {
        Ok(json) => Response::json(200, json),
        Err(error) => Response::problem(422, &error.code, &error.text),
    }
}

/// All values under a prefix as a JSON array, in order.
fn stored(prefix: &str) -> Result<Response> {
    let mut values: Vec<String> = Vec::new();
    let mut after: Option<String> = None;
    loop {
        let page = host::store::entries(prefix, after.as_deref(), 100)?;
        let Some(last) = page.last() else { break };
        after = Some(last.key.clone());
        for entry in page {
            match String::from_utf8(entry.value) {
                Ok(json) => values.push(json),
                Err(bytes) => {
                    let mut text = String::new();
                    push_string(&mut text, &String::from_utf8_lossy(bytes.as_bytes()));
                    values.push(text);
                }
            }
        }
    }
    Ok(Response::json(200, format!("[{}]", values.join(","))))
}
