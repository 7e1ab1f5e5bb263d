//! One SMTP (RFC 5321) or LMTP (RFC 2033) connection, as what comes in and what is said to it: no sockets, no clock.

mod command;
mod data;

pub use command::Command;
pub use data::Receiver;

use jackfield_sdk::error::code;
use jackfield_sdk::{Error, host};

use crate::address;
use crate::inbound::thin::Thinned;

/// A command line is no longer than this, its CRLF included.
const LONGEST_LINE: usize = 2048;
/// So much of a line that is too long is passed over before the peer is given up.
const PASSED_OVER: usize = 64 << 10;
/// Recipients of one mail.
const MAX_RECIPIENTS: usize = 100;
/// Commands that were wrong before the peer is given up.
const MAX_ERRORS: u32 = 20;
/// Commands that are no mail (NOOP, RSET, HELO, VRFY) before the peer is given up.
const MAX_IDLE_COMMANDS: u32 = 500;

/// The mail has more bytes than is taken.
const TOO_LARGE: &str = "552 5.3.4 the mail is too large";

/// What a session has to know.
#[derive(Debug, Clone)]
pub struct Config {
    pub is_lmtp: bool,
    /// What this side calls itself.
    pub hostname: String,
    /// The largest mail taken, in bytes.
    pub max_size: usize,
    /// STARTTLS works here.
    pub can_tls: bool,
}

/// Who a mail is from and for, as the protocol says it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Envelope {
    /// Empty: the null path of bounces.
    pub from: String,
    pub recipients: Vec<String>,
}

/// Takes what a session brings.
pub trait Desk {
    /// Whether mail for this address is taken.
    fn knows(&self, address: &str) -> bool;
    /// Takes a mail: one answer for each recipient, in order.
    fn take(&self, envelope: &Envelope, mail: Thinned) -> Vec<Answer>;
}

/// What becomes of a mail for one recipient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    Taken,
    /// Later perhaps.
    NotNow(String),
    /// Later, when there is room again.
    NoRoom,
    /// Never.
    Refused(String),
}

impl Answer {
    fn line(&self) -> String {
        match self {
            Self::Taken => "250 2.0.0 taken".into(),
            Self::NotNow(why) => format!("451 4.3.0 {}", clean(why)),
            Self::NoRoom => "452 4.3.1 there is no room for it now".into(),
            Self::Refused(why) => format!("554 5.6.0 {}", clean(why)),
        }
    }
}

/// What is to be done on the connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    Write(Vec<u8>),
    StartTls,
    Close,
}

/// Where a session stands.
pub struct Session {
    config: Config,
    greeted: bool,
    is_secure: bool,
    is_draining: bool,
    is_over: bool,
    from: Option<String>,
    /// The mail has SMTPUTF8 (RFC 6531): its addresses may be other than ASCII.
    is_utf8: bool,
    recipients: Vec<String>,
    /// Set while a mail's text comes in.
    receiver: Option<Receiver>,
    line: Vec<u8>,
    /// Bytes passed over of a line that is too long; none: the line is not.
    passed_over: Option<usize>,
    errors: u32,
    idle_commands: u32,
    steps: Vec<Step>,
}

impl Session {
    /// A session that has begun; the greeting is its first step.
    pub fn new(config: Config, is_secure: bool) -> Self {
        let mut session = Self {
            greeted: false,
            is_secure,
            is_draining: false,
            is_over: false,
            from: None,
            is_utf8: false,
            recipients: Vec::new(),
            receiver: None,
            line: Vec::new(),
            passed_over: None,
            errors: 0,
            idle_commands: 0,
            steps: Vec::new(),
            config,
        };
        let protocol = if session.config.is_lmtp { "LMTP" } else { "ESMTP" };
        let greeting = format!("220 {} {protocol} ready", session.config.hostname);
        session.say(&greeting);
        session
    }

    /// What is to be done by now.
    pub fn take_steps(&mut self) -> Vec<Step> {
        core::mem::take(&mut self.steps)
    }

    /// Bytes of the peer's, cut anywhere.
    pub fn received(&mut self, mut data: &[u8], desk: &impl Desk) {
        while !data.is_empty() && !self.is_over {
            data = match &mut self.receiver {
                Some(receiver) => {
                    let (used, finished) = receiver.receive(data);
                    if finished {
                        self.finish(desk);
                    } else if receiver.is_hopeless() {
                        self.answer_mail(|_| TOO_LARGE.into());
                        self.end();
                    }
                    &data[used..]
                }
                None => self.command_bytes(data, desk),
            };
        }
    }

    /// TLS is up: what was said before it counts for nothing (RFC 3207).
    pub fn secured(&mut self) {
        self.is_secure = true;
        self.greeted = false;
        self.reset();
        self.line.clear();
    }

    /// The host wants the connection to end: at once, or after the mail that is coming in.
    pub fn drain(&mut self) {
        self.is_draining = true;
        if self.from.is_none() {
            self.shut_down();
        }
    }

    fn shut_down(&mut self) {
        if !self.is_over {
            let bye = format!("421 4.3.2 {} goes down, come again", self.config.hostname);
            self.say(&bye);
            self.end();
        }
    }

    /// Uses what belongs to one command line, and gives back the rest.
    fn command_bytes<'a>(&mut self, data: &'a [u8], desk: &impl Desk) -> &'a [u8] {
        let Some(end) = data.iter().position(|byte| *byte == b'\n') else {
            self.keep(data);
            return &[];
        };
        let (line, rest) = data.split_at(end + 1);
        self.keep(line);
        if self.is_over {
            return &[];
        }
        let line = core::mem::take(&mut self.line);
        if self.passed_over.take().is_some() {
            self.wrong("500 5.5.2 the line is too long");
            return rest;
        }
        let before = self.steps.len();
        match line.strip_suffix(b"\r\n") {
            Some(line) if !line.contains(&b'\r') => self.command(line, desk),
            // Who takes a bare LF or CR for a line's end can be made to see commands where others see text.
            Some(_) => self.wrong("500 5.5.2 lines end in CRLF"),
            // And what stands behind a bare LF may be the rest of that line to others: it is no command.
            None => {
                self.say("500 5.5.2 lines end in CRLF");
                self.end();
                return &[];
            }
        }
        // What was pipelined behind STARTTLS came in clear, and is nothing that was said under TLS.
        if self.steps[before..].contains(&Step::StartTls) { &[] } else { rest }
    }

    fn keep(&mut self, bytes: &[u8]) {
        if self.line.len() + bytes.len() <= LONGEST_LINE && self.passed_over.is_none() {
            self.line.extend_from_slice(bytes);
            return;
        }
        let passed = self.passed_over.unwrap_or(self.line.len()) + bytes.len();
        self.line = Vec::new();
        self.passed_over = Some(passed);
        if passed > PASSED_OVER {
            self.say("421 4.7.0 the line is endless");
            self.end();
        }
    }

    fn command(&mut self, line: &[u8], desk: &impl Desk) {
        let command = match Command::parse(line) {
            Ok(command) => command,
            Err(wrong) => return self.wrong(wrong.reply()),
        };
        match command {
            Command::Hello { verb, name } => self.hello(verb, &name),
            Command::Mail { from, size, is_utf8 } => self.mail(from, size, is_utf8),
            Command::Recipient { to, .. } => self.recipient(to, desk),
            Command::Data => self.data(),
            Command::StartTls => self.start_tls(),
            Command::Reset => {
                self.reset();
                self.idle("250 2.0.0 forgotten");
            }
            Command::Noop => self.idle("250 2.0.0 here"),
            Command::Verify => self.idle("252 2.5.0 send it, and it shows"),
            Command::Help => self.idle("214 2.0.0 see RFC 5321"),
            Command::Quit => {
                self.say("221 2.0.0 good bye");
                self.end();
            }
        }
    }

    fn hello(&mut self, verb: &'static str, name: &str) {
        let fits = if self.config.is_lmtp { verb == "LHLO" } else { verb != "LHLO" };
        if !fits {
            return self.wrong(if self.config.is_lmtp {
                "500 5.5.1 this is LMTP: say LHLO"
            } else {
                "500 5.5.1 this is SMTP: say EHLO"
            });
        }
        if name.is_empty() {
            return self.wrong("501 5.5.4 say who you are");
        }
        self.greeted = true;
        self.reset();
        if verb == "HELO" {
            let hostname = format!("250 {}", self.config.hostname);
            return self.idle(&hostname);
        }
        let mut lines = vec![
            self.config.hostname.clone(),
            "PIPELINING".into(),
            format!("SIZE {}", self.config.max_size),
            "8BITMIME".into(),
            "SMTPUTF8".into(),
            "ENHANCEDSTATUSCODES".into(),
        ];
        if self.config.can_tls && !self.is_secure {
            lines.push("STARTTLS".into());
        }
        let last = lines.len() - 1;
        let lines = lines.iter().enumerate();
        let text: Vec<String> =
            lines.map(|(at, line)| format!("250{}{line}", if at == last { ' ' } else { '-' })).collect();
        self.idle(&text.join("\r\n"));
    }

    fn mail(&mut self, from: String, size: Option<u64>, is_utf8: bool) {
        if self.is_draining {
            return self.shut_down();
        }
        if !self.greeted {
            return self.wrong("503 5.5.1 say EHLO or LHLO first");
        }
        if self.from.is_some() {
            return self.wrong("503 5.5.1 one mail after the other");
        }
        if !from.is_ascii() && !is_utf8 {
            return self.wrong("553 5.6.7 such an address needs SMTPUTF8");
        }
        if size.is_some_and(|size| size > self.config.max_size as u64) {
            return self.say(TOO_LARGE);
        }
        self.from = Some(from);
        self.is_utf8 = is_utf8;
        self.say("250 2.1.0 go on");
    }

    fn recipient(&mut self, to: String, desk: &impl Desk) {
        if self.from.is_none() {
            return self.wrong("503 5.5.1 MAIL comes first");
        }
        if self.recipients.len() >= MAX_RECIPIENTS {
            return self.say("452 4.5.3 too many recipients");
        }
        if !to.is_ascii() && !self.is_utf8 {
            return self.wrong("553 5.6.7 such an address needs SMTPUTF8");
        }
        if !address::is_address(&to) || !desk.knows(&to) {
            return self.wrong("550 5.1.1 there is no such address here");
        }
        self.recipients.push(to);
        self.say("250 2.1.5 go on");
    }

    fn data(&mut self) {
        if self.recipients.is_empty() {
            return self.wrong("503 5.5.1 there is no recipient");
        }
        self.receiver = Some(Receiver::new(self.config.max_size));
        self.say("354 end it with a dot alone on a line");
    }

    fn start_tls(&mut self) {
        if !self.config.can_tls || self.is_secure {
            return self.wrong("502 5.5.1 there is no TLS to start");
        }
        self.say("220 2.0.0 go ahead");
        self.steps.push(Step::StartTls);
    }

    fn finish(&mut self, desk: &impl Desk) {
        let Some(receiver) = self.receiver.take() else { return };
        match receiver.into_mail() {
            Ok(None) => self.answer_mail(|_| TOO_LARGE.into()),
            Err(error) => {
                let answer = not_kept(&error);
                self.answer_mail(|_| answer.clone());
            }
            Ok(Some(mail)) => {
                let envelope = Envelope {
                    from: self.from.clone().unwrap_or_default(),
                    recipients: core::mem::take(&mut self.recipients),
                };
                let answers = desk.take(&envelope, mail);
                self.recipients = envelope.recipients;
                self.answer_mail(|at| answers.get(at).map_or_else(|| "451 4.3.0 try again".into(), Answer::line));
            }
        }
        if self.is_draining {
            self.shut_down();
        }
    }

    /// In LMTP one answer for each recipient. In SMTP one for all: what is taken for some and not for others is asked
    /// for again, and those who have it are not given it twice.
    fn answer_mail(&mut self, answer: impl Fn(usize) -> String) {
        let answers: Vec<String> = (0..self.recipients.len()).map(answer).collect();
        if answers.iter().any(|answer| answer.starts_with('2')) {
            // Who brings mail for us may get some addresses wrong, mail after mail.
            self.errors = 0;
        }
        if self.config.is_lmtp {
            answers.iter().for_each(|answer| self.say(answer));
        } else {
            let worst = |first: char| answers.iter().find(|answer| answer.starts_with(first));
            let answer = worst('4').or_else(|| worst('5')).or(answers.first()).cloned();
            self.say(answer.as_deref().unwrap_or("451 4.3.0 try again"));
        }
        self.reset();
        self.idle_commands = 0;
    }

    fn reset(&mut self) {
        self.from = None;
        self.recipients.clear();
        self.receiver = None;
    }

    /// Answers a command that brings no mail nearer.
    fn idle(&mut self, line: &str) {
        self.idle_commands += 1;
        self.say(line);
        if self.idle_commands > MAX_IDLE_COMMANDS {
            self.say("421 4.7.0 that is enough");
            self.end();
        }
    }

    fn wrong(&mut self, line: &str) {
        self.errors += 1;
        self.say(line);
        if self.errors >= MAX_ERRORS {
            self.say("421 4.7.0 too many errors");
            self.end();
        }
    }

    fn say(&mut self, line: &str) {
        match self.steps.last_mut() {
            Some(Step::Write(bytes)) => bytes.extend_from_slice(line.as_bytes()),
            _ => self.steps.push(Step::Write(line.as_bytes().into())),
        }
        if let Some(Step::Write(bytes)) = self.steps.last_mut() {
            bytes.extend_from_slice(b"\r\n");
        }
    }

    fn end(&mut self) {
        self.is_over = true;
        self.steps.push(Step::Close);
        self.reset();
    }
}

/// What is said where the host doesn't keep what comes in.
fn not_kept(error: &Error) -> String {
    host::warn(&format!("a mail can't be kept while it comes: {}", error.text));
    match error.code.as_str() {
        code::TOO_LARGE => TOO_LARGE.into(),
        code::QUOTA => Answer::NoRoom.line(),
        _ => Answer::NotNow("try again later".into()).line(),
    }
}

/// A reason as one line of ASCII.
fn clean(text: &str) -> String {
    text.chars().map(|letter| if letter.is_ascii_graphic() || letter == ' ' { letter } else { '?' }).take(200).collect()
}
