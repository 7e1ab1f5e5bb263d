//! Giving one mail for one recipient to a mail server (RFC 5321), over a connection for the length of one call.

use jackfield_sdk::error::code;
use jackfield_sdk::{Dialog, Error, Piece, Result, host};

use super::Reply;
use super::compose::{self, Piece as MailPiece};
use crate::settings::{EmailSettings, Place, RELAY_PASSWORD, Tls};

/// How long an answer may take: what RFC 5321, 4.5.3.2, gives to the longest, that to the whole mail.
const STEP_MS: u32 = 10 * 60_000;

/// Gives the mail to the relay. What it answers to the end of the mail is given back.
///
/// # Errors
/// `temporary` where it may go better later and surely nothing was taken; `maybe-sent` where that can't be known;
/// others are final.
pub fn send(
    settings: &EmailSettings,
    relay: &Place,
    envelope_from: &str,
    to: &str,
    pieces: &[MailPiece],
) -> Result<String> {
    let connection = Dialog::connect(&relay.url, STEP_MS).map_err(later)?;
    let mut talk = Talk { connection, hello: Reply { code: 0, lines: Vec::new() } };
    talk.begin(settings, relay)?;

    let mut mail = format!("MAIL FROM:<{envelope_from}>");
    let size = compose::size(pieces);
    if let Some(limit) = talk.hello.keyword("SIZE") {
        if limit.trim().parse::<u64>().is_ok_and(|limit| limit > 0 && size > limit) {
            return Err(Error::new(code::TOO_LARGE, format!("the mail has {size} bytes, and the relay takes {limit}")));
        }
        mail.push_str(&format!(" SIZE={size}"));
    }
    // In the mail all is ASCII but for addresses in its headers.
    let is_ascii = |piece: &MailPiece| !matches!(piece, MailPiece::Text(text) if !text.is_ascii());
    if !to.is_ascii() || !envelope_from.is_ascii() || !pieces.iter().all(is_ascii) {
        if talk.hello.keyword("SMTPUTF8").is_none() {
            return Err(Error::new(code::PERMANENT, "the relay doesn't take addresses that aren't ASCII (SMTPUTF8)"));
        }
        mail.push_str(" SMTPUTF8");
    }
    talk.ask(&mail)?.must(code::PERMANENT)?;
    talk.ask(&format!("RCPT TO:<{to}>"))?.must(code::REJECTED_BY_RECIPIENT)?;
    let go_on = talk.ask("DATA")?;
    if go_on.code != 354 {
        return Err(refusal(&go_on, code::PERMANENT));
    }
    talk.text(pieces)?;
    // Up to here nothing was taken, whatever breaks. From here on that can't be known.
    let taken = talk.connection.write(b".\r\n").and_then(|()| talk.read());
    let reply = taken.map_err(|error| {
        Error::new(code::MAYBE_SENT, format!("the relay was given the whole mail and didn't answer: {}", error.text))
    })?;
    if !reply.is_good() {
        return Err(refusal(&reply, code::PERMANENT));
    }
    // The mail is taken: how the connection ends is no matter.
    let _ = talk.connection.write(b"QUIT\r\n");
    talk.connection.close();
    Ok(reply.text())
}

struct Talk {
    connection: Dialog,
    /// The answer to EHLO.
    hello: Reply,
}

impl Talk {
    fn begin(&mut self, settings: &EmailSettings, relay: &Place) -> Result<()> {
        let greeting = self.read()?;
        if greeting.code != 220 {
            return Err(Error::new(code::TEMPORARY, format!("the relay doesn't serve: {}", greeting.text())));
        }
        self.greet(settings)?;
        if relay.url.starts_with("tcp:") && settings.tls != Tls::None {
            if self.hello.keyword("STARTTLS").is_some() {
                self.ask("STARTTLS")?.must(code::TEMPORARY)?;
                self.connection.start_tls(None).map_err(later)?;
                self.greet(settings)?;
            } else if settings.tls == Tls::Required {
                return Err(Error::new(
                    code::TEMPORARY,
                    "the relay offers no STARTTLS; nothing is sent in clear unless the setting `tls` allows it",
                ));
            }
        }
        match &relay.user {
            Some(user) => self.log_in(user),
            None => Ok(()),
        }
    }

    fn greet(&mut self, settings: &EmailSettings) -> Result<()> {
        let hello = self.ask(&format!("EHLO {}", settings.hostname))?;
        if hello.is_temporary() {
            return Err(refusal(&hello, code::TEMPORARY));
        }
        self.hello = if hello.is_good() {
            hello
        } else {
            // A server of long ago.
            let hello = self.ask(&format!("HELO {}", settings.hostname))?;
            hello.must(code::PERMANENT)?;
            hello
        };
        Ok(())
    }

    /// AUTH (RFC 4954). The host puts in the password; it is never here.
    fn log_in(&self, user: &str) -> Result<()> {
        let ways = self.hello.keyword("AUTH").unwrap_or_default().to_ascii_uppercase();
        let offers = |way: &str| ways.split_ascii_whitespace().any(|offered| offered == way);
        let password = Piece::Secret(RELAY_PASSWORD.into());
        let reply = if offers("PLAIN") {
            let pieces = [Piece::Text(format!("\0{user}\0")), password];
            let encoded = host::secrets::compose(&pieces, "base64")?;
            self.write(&[Piece::Text("AUTH PLAIN ".into()), Piece::Secret(encoded), Piece::Text("\r\n".into())])?;
            self.read()?
        } else if offers("LOGIN") {
            let name = jackfield_sdk::encoding::to_base64(user.as_bytes());
            for line in ["AUTH LOGIN", &name] {
                let reply = self.ask(line)?;
                if reply.code != 334 {
                    return Err(refusal(&reply, code::BAD_CREDENTIALS));
                }
            }
            let encoded = host::secrets::compose(&[password], "base64")?;
            self.write(&[Piece::Secret(encoded), Piece::Text("\r\n".into())])?;
            self.read()?
        } else {
            let text = "the relay offers neither AUTH PLAIN nor AUTH LOGIN; without a login, leave out `relay-user`";
            return Err(Error::new(code::BAD_CREDENTIALS, text));
        };
        if reply.code == 235 { Ok(()) } else { Err(refusal(&reply, code::BAD_CREDENTIALS)) }
    }

    /// The mail, dots at the beginning of lines doubled.
    fn text(&self, pieces: &[MailPiece]) -> Result<()> {
        for piece in pieces {
            match piece {
                MailPiece::Text(text) => self.write(&[Piece::Text(doubled(text))])?,
                // Base64 has no dots.
                MailPiece::Blob { digest, .. } => {
                    compose::blob_lines(digest, |lines| self.write(&[Piece::Bytes(lines)]))?;
                }
            }
        }
        Ok(())
    }

    fn ask(&self, line: &str) -> Result<Reply> {
        // An address with a line's end in it would be a command of its own.
        if line.contains(char::is_control) {
            return Err(Error::new(code::INVALID, "there is a control character in what goes to the relay"));
        }
        self.write(&[Piece::Text(format!("{line}\r\n"))])?;
        self.read()
    }

    fn write(&self, pieces: &[Piece]) -> Result<()> {
        self.connection.write_pieces(pieces).map_err(later)
    }

    fn read(&self) -> Result<Reply> {
        let reply = Reply::read(|| self.connection.line()).map_err(later)?;
        reply.ok_or_else(|| Error::new(code::TEMPORARY, "the relay ended in the midst, or says what is no SMTP"))
    }
}

impl Reply {
    fn must(&self, otherwise: &str) -> Result<()> {
        if self.is_good() { Ok(()) } else { Err(refusal(self, otherwise)) }
    }
}

/// 4xx may go better later; what 5xx means depends on what was asked.
fn refusal(reply: &Reply, otherwise: &str) -> Error {
    let enhanced = reply.lines.last().and_then(|line| line.split(' ').next()).unwrap_or_default();
    let class = match (reply.code, enhanced) {
        _ if !reply.is_temporary() && reply.code < 500 => code::TEMPORARY,
        _ if reply.is_temporary() => code::TEMPORARY,
        (530, _) => code::BAD_CREDENTIALS,
        (552, _) | (_, "5.3.4") => code::TOO_LARGE,
        _ => otherwise,
    };
    Error::new(class, format!("the relay answers {}", reply.text()))
        .with_attribute("vendor-code", reply.code.to_string())
}

/// What a connection fails with before the mail's end: nothing was taken.
fn later(error: Error) -> Error {
    match error.code.as_str() {
        code::DENIED | code::INVALID | code::NOT_FOUND => error,
        _ => Error { code: code::TEMPORARY.into(), ..error },
    }
}

/// Dots at the beginning of lines doubled (RFC 5321, 4.5.2).
fn doubled(text: &str) -> String {
    let text = text.replace("\r\n.", "\r\n..");
    if text.starts_with('.') { format!(".{text}") } else { text }
}
