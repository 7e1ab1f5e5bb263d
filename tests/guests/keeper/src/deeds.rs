//! The deeds.

use jackfield_sdk::{Error, Outgoing, Piece, Request, Response, Result, encoding, host};

use crate::{dump, mail};
use std::sync::Mutex;

/// What it saw of secrets, held for good: so that a dump of the memory has to find it.
static SEEN: Mutex<Vec<Vec<u8>>> = Mutex::new(Vec::new());

fn hold(value: &[u8]) {
    if let Ok(mut seen) = SEEN.lock() {
        seen.push(value.to_vec());
    }
}

/// Text with `{name}` for the secret of that name.
pub fn template(text: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        pieces.push(Piece::Text(before.into()));
        let Some((name, after)) = after.split_once('}') else {
            rest = after;
            continue;
        };
        pieces.push(Piece::Secret(name.into()));
        rest = after;
    }
    pieces.push(Piece::Text(rest.into()));
    pieces
}

fn text(text: impl Into<String>) -> Result<Response> {
    Ok(Response::new(200, "text/plain", text.into()))
}

fn line<'a>(lines: &[&'a str], index: usize) -> &'a str {
    lines.get(index).copied().unwrap_or_default()
}

/// Does it.
pub fn run(name: &str, lines: &[&str], request: &Request) -> Result<Response> {
    let (first, second) = (line(lines, 0), line(lines, 1));
    match name {
        "send" => send(lines),
        "capture" => capture(first, second.parse().ok()),
        "names" => text(host::secrets::names().join(" ")),
        "forget" => host::secrets::forget(first).and_then(|()| text("forgotten")),
        "equals" => text(host::secrets::equals(first, second.as_bytes())?.to_string()),
        "verify" => {
            let key = host::secrets::compose(&[Piece::Secret(first.into())], "sha256")?;
            let claimed = encoding::from_hex(second.as_bytes()).unwrap_or_default();
            text(
                host::secrets::verify_hmac(&key, "sha256", &[Piece::Text(line(lines, 2).into())], &claimed)?
                    .to_string(),
            )
        }
        "compose" => {
            let made = host::secrets::compose(&template(first), second)?;
            // A hash of it may be shown.
            text(encoding::to_hex(&host::secrets::hash("sha256", &[Piece::Secret(made)])?))
        }
        "sign" => text(encoding::to_hex(&host::secrets::sign(first, second, &[Piece::Text(line(lines, 2).into())])?)),
        "hmac" => text(encoding::to_hex(&host::secrets::hmac(first, "sha256", &[Piece::Text(second.into())])?)),
        "reveal" => reveal(first, second),
        "fail" => {
            let value = shown(first)?;
            Err(Error::new("permanent", format!("the service refused {value}")))
        }
        "keep" => text(keep(request)),
        "dump" => text(dump::all()?),
        "store" => {
            let entries = host::store::entries("", None, 100)?;
            let keys: Vec<_> = entries.iter().map(|entry| entry.key.escape_debug().to_string()).collect();
            let direct = host::store::get("\u{1}secret/access-token").err().map(|error| error.code);
            text(format!("{} {}", keys.join(","), direct.unwrap_or_default()))
        }
        "connect" => {
            let connection = host::tcp::connect(first, 2_000)?;
            connection.write(&template(second), 2_000)?;
            let said = connection.read(1_000, 2_000)?;
            host::tcp::close(connection);
            text(String::from_utf8_lossy(&said))
        }
        "drip" => {
            let connection = host::tcp::connect(first, 2_000)?;
            let mut count = 0;
            loop {
                match connection.read(1 << 20, 60_000) {
                    Ok(bytes) => count += bytes.len(),
                    Err(error) => return text(format!("{} after {count}", error.code)),
                }
            }
        }
        "connects" => {
            let mut open = Vec::new();
            loop {
                match host::tcp::connect(first, 2_000) {
                    Ok(connection) => open.push(connection),
                    Err(error) => return text(format!("{} after {}", error.code, open.len())),
                }
            }
        }
        "mail" => mail::send(first, second, line(lines, 2)).and_then(text),
        _ => Ok(Response::empty(404)),
    }
}

/// Method, URL, then headers, an empty line, the body; `redirects: N` is no header but an option.
fn send(lines: &[&str]) -> Result<Response> {
    let mut request = Outgoing::new(line(lines, 0), "");
    request.url = template(line(lines, 1));
    let mut rest = lines.iter().skip(2);
    for line in rest.by_ref().take_while(|line| !line.is_empty()) {
        let (name, value) = line.split_once(": ").unwrap_or((line, ""));
        match name {
            "redirects" => request.options.redirects = value.parse().unwrap_or_default(),
            "timeout" => request.options.timeout_ms = value.parse().ok(),
            "max" => request.options.max_bytes = value.parse().ok(),
            "broken" => request = request.with_header("x-broken", "a\r\nx-other: b"),
            "basic" => {
                let basic = host::secrets::compose(&template(value), "base64")?;
                request = request
                    .with_header_pieces("authorization", vec![Piece::Text("Basic ".into()), Piece::Secret(basic)]);
            }
            _ => request = request.with_header_pieces(name, template(value)),
        }
    }
    request.body = rest.flat_map(|line| template(line)).collect();
    let answer = request.send()?;
    let mut shown = format!("{}\n", answer.status).into_bytes();
    for header in answer.headers.iter().filter(|header| header.name.starts_with("x-")) {
        shown.extend_from_slice(header.name.as_bytes());
        shown.extend_from_slice(b": ");
        shown.extend_from_slice(&header.value);
        shown.push(b'\n');
    }
    shown.extend_from_slice(&answer.body.read(1 << 20)?);
    Ok(Response::new(200, "text/plain", shown))
}

/// Keeps the field `access_token` of the answer as `access-token`, and uses it at once.
fn capture(url: &str, lifetime: Option<u64>) -> Result<Response> {
    let answer = Outgoing::new("POST", url).with_capture("/access_token", "access-token", lifetime).send()?;
    let captured = answer.attributes.iter().find(|(name, _)| name == "captured").map(|(_, names)| names.clone());
    let body = String::from_utf8_lossy(&answer.body.read(1 << 20)?).into_owned();
    let there = host::secrets::names().contains(&"access-token".to_owned());
    text(format!("{} {there} {body}", captured.unwrap_or_default()))
}

fn shown(name: &str) -> Result<String> {
    let value = host::secrets::reveal(name)?;
    hold(&value);
    Ok(String::from_utf8_lossy(&value).into_owned())
}

/// Shows a revealed secret wherever it can.
fn reveal(name: &str, form: &str) -> Result<Response> {
    let value = shown(name)?;
    let value = match form {
        "base64" => encoding::to_base64(value.as_bytes()),
        "hex" => encoding::to_hex(value.as_bytes()),
        _ => value,
    };
    host::log::write(host::Level::Info, &format!("revealed {value}!"), &[("field".into(), value.clone())]);
    Ok(Response::new(200, "text/plain", format!("it is {value}!")).with_header("x-value", value))
}

/// Keeps a token that a peer sent, as every driver does that compares one.
fn keep(request: &Request) -> String {
    let token = request.single_header("x-token").unwrap_or_default();
    hold(token);
    host::secrets::equals("inbound", token).unwrap_or_default().to_string()
}
