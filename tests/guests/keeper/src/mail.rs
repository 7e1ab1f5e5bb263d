//! A mail by SMTP (RFC 5321) with STARTTLS and AUTH PLAIN: what a driver for mail does with `tcp`.

use jackfield_sdk::{Dialog, Error, Piece, Result, host};

/// The code of the next reply, all its lines read.
fn reply(dialog: &Dialog) -> Result<u16> {
    loop {
        let line = dialog.line()?.ok_or_else(|| Error::new("unavailable", "the server hung up"))?;
        let text = String::from_utf8_lossy(&line);
        if text.as_bytes().get(3) != Some(&b'-') {
            return text.get(..3).and_then(|code| code.parse().ok()).ok_or_else(|| Error::new("unavailable", text));
        }
    }
}

fn expect(dialog: &Dialog, code: u16, after: &str) -> Result<()> {
    match reply(dialog)? {
        found if found == code => Ok(()),
        found => Err(Error::new("permanent", format!("{found} after {after}"))),
    }
}

/// Sends one; what was agreed is the answer.
pub fn send(relay: &str, server_name: &str, user: &str) -> Result<String> {
    let dialog = Dialog::connect(relay, 5_000)?;
    let say = |command: &str, code: u16| {
        dialog.write(format!("{command}\r\n").as_bytes())?;
        expect(&dialog, code, command)
    };
    expect(&dialog, 220, "connecting")?;
    say("EHLO tests.example", 250)?;
    say("STARTTLS", 220)?;
    dialog.start_tls(Some(server_name).filter(|name| !name.is_empty()))?;
    say("EHLO tests.example", 250)?;
    let login = [Piece::Text(format!("\0{user}\0")), Piece::Secret("token".into())];
    let login = host::secrets::compose(&login, "base64")?;
    let auth = [Piece::Text("AUTH PLAIN ".into()), Piece::Secret(login), Piece::Text("\r\n".into())];
    dialog.write_pieces(&auth)?;
    expect(&dialog, 235, "AUTH")?;
    say("MAIL FROM:<shop@tests.example>", 250)?;
    say("RCPT TO:<kim@tests.example>", 250)?;
    say("DATA", 354)?;
    say("Subject: hello\r\n\r\nYour parcel is there.\r\n.", 250)?;
    say("QUIT", 221)?;
    dialog.close();
    Ok("sent".into())
}
