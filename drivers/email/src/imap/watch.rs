//! A connection that waits for news of the mailbox (IDLE, RFC 2177). It takes nothing: what it hears of brings the next
//! look forward. Each look opens it where it isn't there, so that it needs no care when it ends.

use core::cell::RefCell;

use jackfield_sdk::error::code;
use jackfield_sdk::{Error, Peer, Piece, Result, Signal, Target, TimerOptions, host};

use super::{login, quoted};
use crate::settings::{EmailSettings, Place, Tls};

/// The timer of a look that news asked for.
pub const NEWS: &str = "imap-news";
/// The timer of IDLE's renewal, of the connection.
const RENEW: &str = "imap-renew";
/// Under this the connection is found.
const ADDRESS: &str = "imap-watch";
/// Says that the server knows no IDLE.
const NO_IDLE: &str = "imap/no-idle";
/// For how long that is believed.
const BELIEVED_MS: u64 = 24 * 3_600_000;
/// IDLE is renewed before a host ends a connection on which nothing is said (5 minutes here, 30 at IMAP servers).
const RENEW_MS: u64 = 4 * 60_000;
/// What comes in a bunch is one piece of news.
const NEWS_MS: u64 = 100;
/// A line of the server's.
const LONGEST: usize = 64 << 10;

/// Opens the connection unless it is there, or the server knows no IDLE.
///
/// # Errors
/// The host's.
pub fn open(place: &Place) -> Result<()> {
    if host::store::get(NO_IDLE)?.is_some() || !host::connections::find(ADDRESS)?.is_empty() {
        return Ok(());
    }
    let target = Target { url: place.url.clone(), tls_name: None, attributes: Vec::new() };
    let connection = host::connections::open(&target)?;
    host::connections::bind(&connection, ADDRESS)
}

/// The watch that this instance is for, where it is for one.
#[derive(Default)]
pub struct Watcher(RefCell<Option<Watch>>);

impl Watcher {
    /// The server is there. Who came by a listener instead is nobody's mailbox, and hears nothing.
    pub fn opened(&self, connection: &str, peer: &Peer) {
        if peer.listener.is_some() {
            host::warn(
                "somebody called at a listener of a channel with a mailbox, which nobody brings mail to, and was sent \
                 away; take `listen` out of the channel",
            );
            if let Err(error) = host::connections::close(connection, None, "") {
                host::debug(&format!("a connection is gone: {}", error.text));
            }
            return;
        }
        let watch = Watch {
            at: At::Greeting,
            is_secure: peer.tls.is_some(),
            is_in: false,
            able: Vec::new(),
            line: Vec::new(),
            commands: 0,
            has_looked: false,
            is_renewing: false,
            news_at: None,
        };
        self.0.replace(Some(watch));
    }

    /// It says something.
    pub fn received(&self, settings: &EmailSettings, connection: &str, data: &[u8]) {
        self.act(connection, |watch, talk| watch.received(talk, data), settings);
    }

    /// The host says something about the connection.
    pub fn signaled(&self, settings: &EmailSettings, connection: &str, signal: &Signal) {
        match signal.name.as_str() {
            "secured" => self.act(connection, Watch::secured, settings),
            "draining" => self.act(connection, |_, _| Err(ended("the host wants the connection to end")), settings),
            _ => {}
        }
    }

    /// IDLE has lasted for long enough.
    pub fn renew(&self, settings: &EmailSettings, connection: &str) {
        self.act(connection, Watch::renew, settings);
    }

    /// Does something; where that fails, the connection ends, and the next look opens another one.
    fn act(&self, connection: &str, what: impl FnOnce(&mut Watch, &Talk<'_>) -> Result<()>, settings: &EmailSettings) {
        let mut watch = self.0.borrow_mut();
        let (Some(watch), Some(place)) = (watch.as_mut(), &settings.imap) else { return };
        if let Err(error) = what(watch, &Talk { settings, place, connection }) {
            watch.at = At::End;
            host::debug(&format!("the mailbox isn't watched for a while: {}", error.text));
            if let Err(error) = host::connections::close(connection, None, "") {
                host::debug(&format!("a connection is gone: {}", error.text));
            }
        }
    }
}

/// What a watch talks on.
struct Talk<'a> {
    settings: &'a EmailSettings,
    place: &'a Place,
    connection: &'a str,
}

impl Talk<'_> {
    fn user(&self) -> &str {
        self.place.user.as_deref().unwrap_or_default()
    }

    fn write(&self, pieces: &[Piece]) -> Result<()> {
        host::connections::write_template(self.connection, pieces)
    }
}

/// What the server was asked last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum At {
    Greeting,
    Capabilities,
    StartTls,
    /// TLS is being agreed on.
    Securing,
    LogIn,
    Select,
    /// To tell what is new, from now on or after the `+` that says so.
    Idle,
    End,
}

struct Watch {
    at: At,
    is_secure: bool,
    /// The server knows who we are.
    is_in: bool,
    /// What it says it can.
    able: Vec<String>,
    line: Vec<u8>,
    commands: u32,
    /// A look was asked for when this connection began to tell; from then on it tells of everything.
    has_looked: bool,
    /// It is we who end IDLE, to begin it anew.
    is_renewing: bool,
    /// When a look was asked for last, in milliseconds of the host's own clock.
    news_at: Option<u64>,
}

impl Watch {
    fn received(&mut self, talk: &Talk<'_>, data: &[u8]) -> Result<()> {
        for piece in data.split_inclusive(|byte| *byte == b'\n') {
            // What was said in clear behind the answer to STARTTLS is nothing that was said under TLS.
            if matches!(self.at, At::Securing | At::End) {
                break;
            }
            if self.line.len() + piece.len() > LONGEST {
                return Err(ended("the IMAP server says too much"));
            }
            self.line.extend_from_slice(piece);
            if piece.ends_with(b"\n") {
                let line = core::mem::take(&mut self.line);
                self.heard(talk, String::from_utf8_lossy(&line).trim_end())?;
            }
        }
        Ok(())
    }

    fn heard(&mut self, talk: &Talk<'_>, line: &str) -> Result<()> {
        let tag = format!("w{} ", self.commands);
        if let Some(ending) = line.strip_prefix(&tag) {
            return if ending.split(' ').next() == Some("OK") { self.done(talk) } else { Err(ended(ending)) };
        }
        let mut words = line.split_ascii_whitespace();
        match (self.at, words.next()) {
            (At::Greeting, _) if line.starts_with("* OK") || line.starts_with("* PREAUTH") => {
                self.is_in = line.starts_with("* PREAUTH");
                self.ask(talk, At::Capabilities, "CAPABILITY")
            }
            (At::Greeting, _) => Err(ended("the IMAP server doesn't serve")),
            (At::Capabilities, Some("*")) if words.next().is_some_and(|word| word == "CAPABILITY") => {
                self.able = words.map(str::to_ascii_uppercase).collect();
                Ok(())
            }
            (At::LogIn, Some("+")) => talk.write(&[login::plain(talk.user())?, Piece::Text("\r\n".into())]),
            (At::Idle, Some("+")) => {
                // Something may have come between the last look and the beginning of this connection. What comes
                // between two IDLEs of it is told with the second.
                if !self.has_looked {
                    self.has_looked = true;
                    self.news()?;
                }
                set_timer(RENEW, RENEW_MS, Some(talk.connection))
            }
            (At::Idle, Some("*")) if words.nth(1).is_some_and(|word| word == "EXISTS") => self.news(),
            _ => Ok(()),
        }
    }

    /// What was asked for is done: what comes next.
    fn done(&mut self, talk: &Talk<'_>) -> Result<()> {
        match self.at {
            At::Capabilities => self.able(talk),
            At::StartTls => {
                self.at = At::Securing;
                self.line.clear();
                host::connections::start_tls(talk.connection, None)
            }
            At::LogIn => {
                self.is_in = true;
                // Some can more for those whom they know.
                self.ask(talk, At::Capabilities, "CAPABILITY")
            }
            At::Select => self.ask(talk, At::Idle, "IDLE"),
            At::Idle if self.is_renewing => {
                self.is_renewing = false;
                self.ask(talk, At::Idle, "IDLE")
            }
            // Who ends it at once each time would be asked as fast as it answers.
            At::Idle => Err(ended("the IMAP server ended IDLE unasked")),
            At::Greeting | At::Securing | At::End => Ok(()),
        }
    }

    fn able(&mut self, talk: &Talk<'_>) -> Result<()> {
        let can = |word: &str| self.able.iter().any(|able| able == word);
        if talk.place.url.starts_with("tcp:") && talk.settings.tls != Tls::None && !self.is_secure {
            if can("STARTTLS") {
                return self.ask(talk, At::StartTls, "STARTTLS");
            }
            if talk.settings.tls == Tls::Required {
                return Err(ended("the IMAP server offers no STARTTLS"));
            }
        }
        if !self.is_in {
            if can("AUTH=PLAIN") {
                return self.ask(talk, At::LogIn, "AUTHENTICATE PLAIN");
            }
            if can("LOGINDISABLED") {
                return Err(ended("the IMAP server lets nobody log in without TLS"));
            }
            return self.ask_pieces(talk, At::LogIn, &login::login(talk.user())?);
        }
        if !can("IDLE") {
            host::store::set(NO_IDLE, b"", Some(BELIEVED_MS))?;
            return Err(ended("the IMAP server knows no IDLE"));
        }
        // Only to watch: what is read and unread stays as it is.
        self.ask(talk, At::Select, &format!("EXAMINE {}", quoted(&talk.settings.mailbox)))
    }

    fn secured(&mut self, talk: &Talk<'_>) -> Result<()> {
        self.is_secure = true;
        self.able.clear();
        self.ask(talk, At::Capabilities, "CAPABILITY")
    }

    fn renew(&mut self, talk: &Talk<'_>) -> Result<()> {
        if self.at != At::Idle || self.is_renewing {
            return Ok(());
        }
        self.is_renewing = true;
        talk.write(&[Piece::Text("DONE\r\n".into())])
    }

    /// Asks for a look, unless one that was asked for is still to come: it sees this as well, and who tells of something
    /// again and again doesn't put it off.
    fn news(&mut self) -> Result<()> {
        let now = host::clock::monotonic_ms();
        if self.news_at.is_some_and(|at| now.saturating_sub(at) < NEWS_MS) {
            return Ok(());
        }
        self.news_at = Some(now);
        set_timer(NEWS, NEWS_MS, None)
    }

    fn ask(&mut self, talk: &Talk<'_>, at: At, command: &str) -> Result<()> {
        self.ask_pieces(talk, at, &[Piece::Text(command.into())])
    }

    fn ask_pieces(&mut self, talk: &Talk<'_>, at: At, command: &[Piece]) -> Result<()> {
        self.at = at;
        self.commands += 1;
        let mut pieces = vec![Piece::Text(format!("w{} ", self.commands))];
        pieces.extend_from_slice(command);
        pieces.push(Piece::Text("\r\n".into()));
        talk.write(&pieces)
    }
}

fn set_timer(name: &str, delay_ms: u64, connection: Option<&str>) -> Result<()> {
    let options = TimerOptions {
        volatile: connection.is_some(),
        connection: connection.map(String::from),
        attributes: Vec::new(),
    };
    host::timers::set(name, delay_ms, b"", &options)
}

fn ended(why: &str) -> Error {
    let why: String = why.chars().filter(|letter| !letter.is_control()).take(200).collect();
    Error::new(code::UNAVAILABLE, why)
}
