//! The commands of a line, good ones and hostile ones.

use jackfield_sdk::{Frame, Message, Piece, Target, TimerOptions, WorkItem, error::code, host};

use crate::PartyLine;

/// Writes a line.
pub fn say(connection: &str, text: &str) {
    if let Err(error) = host::connections::write(connection, format!("{text}\r\n").as_bytes()) {
        host::warn(&format!("{}: {}", error.code, error.text));
    }
}

/// Pushes a line as a customer's request; its first word is the event id. What came of it.
pub fn push(conversation: &str, address: &str, line: &str) -> String {
    let (id, text) = line.split_once(' ').unwrap_or((line, "-"));
    let message =
        Message::support_request("party-line", WorkItem::new(conversation, address)).with_event_id(id).with_text(text);
    match host::server::push(&message) {
        Ok(_) => format!("ok {id}"),
        Err(refused) => format!("no {}", refused.code),
    }
}

/// Does what a line asks for.
pub fn obey(line: &PartyLine, connection: &str, said: &str) {
    let (word, rest) = said.split_once(' ').unwrap_or((said, ""));
    let outcome = match word {
        "SAY" => Ok(push(&line.peer.borrow(), &line.peer.borrow(), rest)),
        "VERSION" => Ok(format!("version {}", env!("CARGO_PKG_VERSION"))),
        "COUNT" => Ok(format!("count {}", line.lines.get())),
        "QUIT" => {
            say(connection, "bye");
            host::connections::close(connection, None, "").map(|()| String::new())
        }
        "STARTTLS" => {
            say(connection, "go ahead");
            host::connections::start_tls(connection, None).map(|()| String::new())
        }
        "BIND" => host::connections::bind(connection, rest).map(|()| "bound".into()),
        "UNBIND" => host::connections::unbind(connection, rest).map(|()| "unbound".into()),
        "FIND" => host::connections::find(rest).map(|found| format!("found {}", found.len())),
        "WRITE" => {
            // To another connection, or one that is no longer there.
            host::connections::write(rest, b"psst\r\n").map(|()| "written".into())
        }
        "PASSWORD" => {
            let pieces = [Piece::Secret("password".into()), Piece::Text("\r\n".into())];
            host::connections::write_template(connection, &pieces).map(|()| String::new())
        }
        "CREDENTIALS" => {
            // As SASL's PLAIN has them.
            let pieces = [Piece::Text("\0kim\0".into()), Piece::Secret("password".into())];
            host::secrets::compose(&pieces, "base64").and_then(|composed| {
                let pieces = [Piece::Secret(composed), Piece::Text("\r\n".into())];
                host::connections::write_template(connection, &pieces).map(|()| String::new())
            })
        }
        "FLOOD" => flood(connection, rest),
        "TIMER" => {
            let options = TimerOptions { volatile: true, connection: Some(connection.into()), attributes: vec![] };
            host::timers::set(rest, 50, b"", &options).map(|()| "set".into())
        }
        "RING" => {
            let options = TimerOptions { volatile: false, connection: None, attributes: vec![] };
            host::timers::set("call", 10, rest.as_bytes(), &options).map(|()| "set".into())
        }
        "DIAL" => {
            let target = Target { url: rest.into(), tls_name: None, attributes: vec![] };
            host::connections::open(&target).map(|id| format!("dialled {id}"))
        }
        "OPEN" | "PUT" | "DONE" | "DROP" => crate::files::obey(&mut line.files.borrow_mut(), word, rest),
        "ADD" => add(rest),
        "WHO" => host::store::entries("closed/", None, 100)
            .map(|all| all.iter().map(|entry| String::from_utf8_lossy(&entry.value).into_owned()).collect())
            .map(|all: Vec<_>| format!("who {}", all.join(", "))),
        "SOCKET" => host::connections::send(connection, &Frame::Text("no".into())).map(|()| "sent".into()),
        // The hostile ones: nothing of these calls may be seen.
        "TRAP" => {
            say(connection, "never seen");
            push(connection, &line.peer.borrow(), rest);
            panic!("on purpose")
        }
        "SPIN" => {
            say(connection, "never seen");
            #[allow(clippy::empty_loop, reason = "that is the misdeed")]
            loop {}
        }
        "" => return,
        _ => Ok("what".into()),
    };
    match outcome {
        Ok(text) if text.is_empty() => {}
        Ok(text) => say(connection, &text),
        Err(error) => say(connection, &format!("error {}", error.code)),
    }
}

/// Writes until there were that many bytes, or the quota says that it is enough.
fn flood(connection: &str, bytes: &str) -> jackfield_sdk::Result<String> {
    let mut left: usize = bytes.parse().unwrap_or(0);
    let piece = vec![b'x'; 1 << 14];
    while left > 0 {
        let now = left.min(piece.len());
        match host::connections::write(connection, &piece[..now]) {
            Ok(()) => left -= now,
            Err(error) if error.code == code::QUOTA => {
                host::warn("flood met its quota");
                return Ok(String::new());
            }
            Err(error) => return Err(error),
        }
    }
    Ok("flooded".into())
}

/// Counts in the store, so that two connections meet there.
fn add(key: &str) -> jackfield_sdk::Result<String> {
    let value = host::store::get(key)?.and_then(|value| String::from_utf8(value).ok()?.parse().ok()).unwrap_or(0) + 1;
    host::store::set(key, value.to_string().as_bytes(), None)?;
    Ok(format!("sum {value}"))
}
