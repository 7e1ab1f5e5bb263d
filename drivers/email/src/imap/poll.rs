//! One look into the mailbox.
//!
//! What was taken is kept by number (UID), not by the flag `\Seen`, so that nobody who reads along makes a mail go
//! unnoticed; only the first look leaves out what was read before. The flag is set in the look after the one that took
//! the mail: by then that one has been committed.

use jackfield_sdk::error::code;
use jackfield_sdk::{Dialog, Error, Piece, Result, TimerOptions, host};

use super::response::{Response, Source};
use super::{login, quoted, watch};
use crate::inbound::thin::{Bounds, Thinner};
use crate::inbound::{self, Arrival, mime::Mail};
use crate::session::Answer;
use crate::settings::{EmailSettings, Place, Tls};

/// The timer's name.
pub const TIMER: &str = "imap-poll";
/// What was taken: `UIDVALIDITY NEXT`, and the numbers to be marked as seen.
const STATE: &str = "imap/state";
/// Mails taken in one look.
const MAX_MAILS: usize = 20;
/// No further mail is begun after so long.
const MAX_MS: u64 = 25_000;
/// How long the server may take for an answer.
const STEP_MS: u32 = 20_000;
/// Responses to one command.
const MAX_RESPONSES: usize = 20_000;
/// Bytes of a mail that are asked for at once.
const PIECE: usize = 512 << 10;
/// Text and small literals of responses that are no mail.
const SMALL: usize = 64 << 10;

/// Takes what is new, and sets the timer for the next look, unless the mailbox itself has asked for this one.
///
/// # Errors
/// The host's own; what goes wrong with the mailbox is logged, and the next look may go better.
pub fn poll(settings: &EmailSettings, is_news: bool) -> Result<()> {
    let Some(place) = &settings.imap else {
        return Ok(());
    };
    let looked = look(settings, place);
    if let Err(error) = &looked {
        host::warn(&format!("the mailbox can't be looked into: {}", error.text));
    }
    let has_more = looked.as_ref().is_ok_and(|has_more| *has_more);
    if is_news && !has_more {
        return Ok(());
    }
    // Not where there is news: who ends each watch at its beginning would be called without end.
    if looked.is_ok()
        && !is_news
        && let Err(error) = watch::open(place)
    {
        host::debug(&format!("the mailbox can't be watched: {}", error.text));
    }
    let options = TimerOptions { volatile: false, connection: None, attributes: Vec::new() };
    host::timers::set(TIMER, if has_more { 1 } else { settings.poll_ms }, b"", &options)
}

/// What is known of the mailbox.
#[derive(Debug, Default, PartialEq)]
struct State {
    validity: u32,
    /// The first number that wasn't looked at; 0: this is the first look.
    next: u32,
    /// To be marked as seen.
    taken: Vec<u32>,
}

impl State {
    fn read() -> Result<Self> {
        let bytes = host::store::get(STATE)?.unwrap_or_default();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let mut numbers = text.split(' ').map(|number| number.parse().unwrap_or(0));
        let (validity, next) = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
        Ok(Self { validity, next, taken: numbers.collect() })
    }

    fn write(&self) -> Result<()> {
        let numbers = [self.validity, self.next].into_iter().chain(self.taken.iter().copied());
        let text: Vec<String> = numbers.map(|number| number.to_string()).collect();
        host::store::set(STATE, text.join(" ").as_bytes(), None)
    }
}

/// Whether there is more than was taken now.
fn look(settings: &EmailSettings, place: &Place) -> Result<bool> {
    let began = host::clock::monotonic_ms();
    let mut session = Session { connection: Dialog::connect(&place.url, STEP_MS)?, commands: 0 };
    session.begin(settings, place)?;
    let selected = session.ask(&format!("SELECT {}", quoted(&settings.mailbox)))?;
    let validity = selected.iter().find_map(|response| response.code("UIDVALIDITY")).unwrap_or(0);

    let mut state = State::read()?;
    if state.validity != validity {
        // Its numbers mean something else now. What comes a second time is known by its Message-ID.
        state = State { validity, ..State::default() };
    }
    if !state.taken.is_empty() {
        let numbers: Vec<String> = state.taken.drain(..).map(|number| number.to_string()).collect();
        session.ask(&format!("UID STORE {} +FLAGS.SILENT (\\Seen)", numbers.join(",")))?;
    }
    let search = if state.next == 0 { "UID SEARCH UNSEEN".into() } else { format!("UID SEARCH UID {}:*", state.next) };
    let found = session.ask(&search)?;
    let mut numbers: Vec<u32> = found
        .iter()
        .filter_map(|response| response.untagged("SEARCH"))
        .flatten()
        .filter_map(|word| word.parse().ok())
        // `n:*` names the last mail also where its number is below n.
        .filter(|number| *number >= state.next.max(1))
        .collect();
    numbers.sort_unstable();
    if state.next == 0 {
        state.next = selected.iter().find_map(|response| response.code("UIDNEXT")).unwrap_or(1);
        state.next = numbers.first().copied().unwrap_or(state.next).min(state.next);
    }
    let mut has_more = false;
    for (at, number) in numbers.iter().enumerate() {
        let is_late = host::clock::monotonic_ms().saturating_sub(began) > MAX_MS;
        if at >= MAX_MAILS || is_late {
            has_more = true;
            break;
        }
        if !take(settings, &mut session, *number)? {
            break;
        }
        state.taken.push(*number);
        state.next = number.saturating_add(1);
        state.write()?;
    }
    state.write()?;
    session.end();
    Ok(has_more)
}

/// Takes one mail; whether it is done with.
fn take(settings: &EmailSettings, session: &mut Session, number: u32) -> Result<bool> {
    let size = session.ask(&format!("UID FETCH {number} (UID RFC822.SIZE)"))?;
    let of_it = |response: &&Response| response.fetched("UID") == Some(number);
    let Some(size) = size.iter().find(of_it).and_then(|response| response.fetched("RFC822.SIZE")) else {
        // Gone meanwhile.
        return Ok(true);
    };
    if size as usize > settings.max_size {
        host::warn(&format!(
            "mail {number} of the mailbox has {size} bytes, more than `max-size`; it stays there unseen by agents"
        ));
        return Ok(true);
    }
    let mut mail = Thinner::new(Bounds::default());
    let mut taken = 0;
    loop {
        let piece = format!("UID FETCH {number} (UID BODY.PEEK[]<{taken}.{PIECE}>)");
        let fetched = session.ask_for(&piece, PIECE + SMALL)?;
        let Some(answer) = fetched.iter().find(of_it) else {
            if taken == size as usize {
                break;
            }
            // Gone meanwhile: what was fetched of it is no mail.
            return Ok(true);
        };
        let Some(bytes) = answer.literals.first() else {
            // At its end nothing is nothing in quotes.
            if taken == 0 {
                return Ok(true);
            }
            break;
        };
        mail.take(bytes);
        taken += bytes.len();
        if taken > settings.max_size {
            host::warn(&format!("mail {number} of the mailbox is larger than its size says, and than `max-size`"));
            return Ok(true);
        }
        if bytes.len() < PIECE {
            break;
        }
    }
    let mail = mail.finish()?;
    let recipients = recipients(settings, &mail.skeleton);
    let answers = inbound::take(settings, Arrival { sender: None, recipients: &recipients, mail });
    Ok(!answers.iter().any(|answer| matches!(answer, Answer::NotNow(_) | Answer::NoRoom)))
}

/// The addresses of ours that a mail was for, as far as its headers tell.
pub fn recipients(settings: &EmailSettings, raw: &[u8]) -> Vec<String> {
    let mail = Mail::parse(raw).or_else(|| Mail::parse_head(raw));
    for names in [["Delivered-To", "X-Original-To"], ["To", "Cc"]] {
        let values = names.iter().filter_map(|name| Some(mail.as_ref()?.headers(name)));
        let mut found: Vec<String> = Vec::new();
        for word in values
            .flatten()
            .flat_map(|value| value.split(|letter: char| letter.is_whitespace() || "<>,;\":".contains(letter)))
        {
            let is_new = !found.iter().any(|other| other.eq_ignore_ascii_case(word));
            if is_new && found.len() < 20 && settings.ours(word).is_some() {
                found.push(word.into());
            }
        }
        if !found.is_empty() {
            return found;
        }
    }
    vec![settings.return_address(None)]
}

struct Session {
    connection: Dialog,
    commands: u32,
}

impl Source for &Dialog {
    type Error = Error;

    fn line(&mut self) -> Result<Option<Vec<u8>>> {
        Dialog::line(self)
    }

    fn exactly(&mut self, count: usize) -> Result<Vec<u8>> {
        Dialog::exactly(self, count)
    }
}

impl Session {
    fn begin(&mut self, settings: &EmailSettings, place: &Place) -> Result<()> {
        let greeting = self.read(SMALL)?;
        let is_in = greeting.text.starts_with("* PREAUTH");
        if !is_in && !greeting.text.starts_with("* OK") {
            return Err(Error::new(code::UNAVAILABLE, "the IMAP server doesn't serve"));
        }
        let mut able = self.capabilities()?;
        if place.url.starts_with("tcp:") && settings.tls != Tls::None {
            if able.iter().any(|word| word == "STARTTLS") {
                self.ask("STARTTLS")?;
                self.connection.start_tls(None)?;
                able = self.capabilities()?;
            } else if settings.tls == Tls::Required {
                return Err(Error::new(
                    code::UNAVAILABLE,
                    "the IMAP server offers no STARTTLS; nothing is said in clear unless the setting `tls` allows it",
                ));
            }
        }
        if is_in { Ok(()) } else { self.log_in(place.user.as_deref().unwrap_or_default(), &able) }
    }

    fn capabilities(&mut self) -> Result<Vec<String>> {
        let answer = self.ask("CAPABILITY")?;
        let words = answer.iter().filter_map(|response| response.untagged("CAPABILITY")).flatten();
        Ok(words.map(str::to_ascii_uppercase).collect())
    }

    fn log_in(&mut self, user: &str, able: &[String]) -> Result<()> {
        let done = if able.iter().any(|word| word == "AUTH=PLAIN") {
            let tag = self.write(&[Piece::Text("AUTHENTICATE PLAIN".into())])?;
            let go_on = self.read(SMALL)?;
            if !go_on.text.starts_with('+') {
                return Err(Error::new(code::BAD_CREDENTIALS, "the IMAP server wants no password"));
            }
            self.connection.write_pieces(&[login::plain(user)?, Piece::Text("\r\n".into())])?;
            self.until(&tag, SMALL)
        } else if able.iter().any(|word| word == "LOGINDISABLED") {
            let text = "the IMAP server lets nobody log in like this; it may want TLS: see the setting `tls`";
            return Err(Error::new(code::BAD_CREDENTIALS, text));
        } else {
            let tag = self.write(&login::login(user)?)?;
            self.until(&tag, SMALL)
        };
        done.map(|_| ()).map_err(|error| match error.code.as_str() {
            code::PERMANENT => Error::new(code::BAD_CREDENTIALS, format!("the login is refused: {}", error.text)),
            _ => error,
        })
    }

    fn ask(&mut self, command: &str) -> Result<Vec<Response>> {
        self.ask_for(command, SMALL)
    }

    /// Sends a command, and reads up to its end.
    fn ask_for(&mut self, command: &str, max_bytes: usize) -> Result<Vec<Response>> {
        let tag = self.write(&[Piece::Text(command.into())])?;
        self.until(&tag, max_bytes)
    }

    fn write(&mut self, command: &[Piece]) -> Result<String> {
        self.commands += 1;
        let tag = format!("j{}", self.commands);
        let mut pieces = vec![Piece::Text(format!("{tag} "))];
        pieces.extend_from_slice(command);
        pieces.push(Piece::Text("\r\n".into()));
        self.connection.write_pieces(&pieces)?;
        Ok(tag)
    }

    fn until(&mut self, tag: &str, max_bytes: usize) -> Result<Vec<Response>> {
        let mut responses = Vec::new();
        let mut room = max_bytes;
        while responses.len() < MAX_RESPONSES {
            let response = self.read(room)?;
            match response.ending(tag) {
                Some("OK") => return Ok(responses),
                Some(_) => {
                    let text: String = response.text.chars().filter(|letter| !letter.is_control()).take(200).collect();
                    return Err(Error::new(code::PERMANENT, text));
                }
                None => {
                    room -= response.literals.iter().map(Vec::len).sum::<usize>();
                    responses.push(response);
                }
            }
        }
        Err(Error::new(code::TOO_LARGE, "the IMAP server says too much"))
    }

    fn read(&mut self, max_bytes: usize) -> Result<Response> {
        let response = Response::read(&mut &self.connection, max_bytes)?;
        response.ok_or_else(|| Error::new(code::UNAVAILABLE, "the IMAP server ended in the midst, or says too much"))
    }

    fn end(mut self) {
        // What was asked for is there; how it ends is no matter.
        let _ = self.ask("LOGOUT");
        self.connection.close();
    }
}
