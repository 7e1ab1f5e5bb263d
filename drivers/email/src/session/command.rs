//! The grammar of commands (RFC 5321, 4.1).

/// A command of the peer's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    Hello {
        /// `HELO`, `EHLO` or `LHLO`
        verb: &'static str,
        name: String,
    },
    Mail {
        /// Empty: the null path.
        from: String,
        size: Option<u64>,
        is_utf8: bool,
    },
    Recipient {
        to: String,
    },
    Data,
    StartTls,
    Reset,
    Noop,
    Verify,
    Help,
    Quit,
}

/// Why a line is no command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Wrong {
    Unknown,
    NotHere,
    Syntax,
    Path,
    Parameter,
    Body,
}

impl Wrong {
    /// What is answered.
    pub fn reply(self) -> &'static str {
        match self {
            Self::Unknown => "500 5.5.1 what is that?",
            Self::NotHere => "502 5.5.1 not here",
            Self::Syntax => "501 5.5.4 that isn't how it is written",
            Self::Path => "501 5.1.7 that is no address",
            Self::Parameter => "555 5.5.4 unknown parameter",
            Self::Body => "501 5.5.4 the body is 7BIT or 8BITMIME",
        }
    }
}

impl Command {
    /// Reads a line without its CRLF.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(line: &[u8]) -> Result<Self, Wrong> {
        let line = core::str::from_utf8(line).map_err(|_| Wrong::Syntax)?;
        if line.contains(char::is_control) {
            return Err(Wrong::Syntax);
        }
        let line = line.trim_end();
        let (verb, rest) = line.split_once(' ').unwrap_or((line, ""));
        let rest = rest.trim_start();
        let alone = |command: Self| if rest.is_empty() { Ok(command) } else { Err(Wrong::Syntax) };
        match verb.to_ascii_uppercase().as_str() {
            "HELO" => Ok(Self::Hello { verb: "HELO", name: rest.into() }),
            "EHLO" => Ok(Self::Hello { verb: "EHLO", name: rest.into() }),
            "LHLO" => Ok(Self::Hello { verb: "LHLO", name: rest.into() }),
            "MAIL" => mail(after(rest, "FROM:")?),
            "RCPT" => recipient(after(rest, "TO:")?),
            "DATA" => alone(Self::Data),
            "STARTTLS" => alone(Self::StartTls),
            "RSET" => alone(Self::Reset),
            "NOOP" => Ok(Self::Noop),
            "VRFY" => Ok(Self::Verify),
            "HELP" => Ok(Self::Help),
            "QUIT" => alone(Self::Quit),
            "EXPN" | "AUTH" | "BDAT" | "ETRN" | "TURN" => Err(Wrong::NotHere),
            _ => Err(Wrong::Unknown),
        }
    }
}

fn after<'a>(text: &'a str, word: &str) -> Result<&'a str, Wrong> {
    match text.get(..word.len()) {
        Some(start) if start.eq_ignore_ascii_case(word) => Ok(text[word.len()..].trim_start()),
        _ => Err(Wrong::Syntax),
    }
}

fn mail(text: &str) -> Result<Command, Wrong> {
    let (from, parameters) = path(text)?;
    let (mut size, mut is_utf8) = (None, false);
    for parameter in parameters.split_ascii_whitespace() {
        let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        match name.to_ascii_uppercase().as_str() {
            "SIZE" => {
                // More digits than a number has: more than anybody takes.
                let digits = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
                size = Some(if digits { value.parse().unwrap_or(u64::MAX) } else { return Err(Wrong::Syntax) });
            }
            "BODY" if value.eq_ignore_ascii_case("7BIT") || value.eq_ignore_ascii_case("8BITMIME") => {}
            "BODY" => return Err(Wrong::Body),
            "SMTPUTF8" if value.is_empty() => is_utf8 = true,
            _ => return Err(Wrong::Parameter),
        }
    }
    Ok(Command::Mail { from: from.into(), size, is_utf8 })
}

fn recipient(text: &str) -> Result<Command, Wrong> {
    let (to, parameters) = path(text)?;
    if to.is_empty() {
        return Err(Wrong::Path);
    }
    if !parameters.trim().is_empty() {
        return Err(Wrong::Parameter);
    }
    Ok(Command::Recipient { to: to.into() })
}

/// `<address>` and what follows. The way that RFC 821 had in it (`@a,@b:`) is passed over, as RFC 5321 says.
fn path(text: &str) -> Result<(&str, &str), Wrong> {
    let rest = text.strip_prefix('<').ok_or(Wrong::Path)?;
    let mut quoted = false;
    let mut escaped = false;
    let end = rest.char_indices().find_map(|(at, letter)| {
        let is_end = letter == '>' && !quoted;
        match letter {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            _ => {}
        }
        is_end.then_some(at)
    });
    let end = end.ok_or(Wrong::Path)?;
    let (address, rest) = (&rest[..end], &rest[end + 1..]);
    if !rest.is_empty() && !rest.starts_with(' ') {
        return Err(Wrong::Syntax);
    }
    let address = match address.strip_prefix('@') {
        Some(route) => route.split_once(':').ok_or(Wrong::Path)?.1,
        None => address,
    };
    let sound = !address.contains([' ', '<']) || address.starts_with('"');
    if sound { Ok((address, rest)) } else { Err(Wrong::Path) }
}
