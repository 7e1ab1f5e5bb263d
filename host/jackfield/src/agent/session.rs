//! A session of an agent: connections one after the other, until the agent leaves.

use super::Connect;
use super::desk::{Desk, Ids};
use super::input::Input;
use super::link::{Link, Socket};
use crate::exit::{self, Exit};
use crate::out;
use anyhow::anyhow;
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tokio_tungstenite::tungstenite::Message;

/// The server asks every 20 s whether we are there; one that is silent for so long isn't there itself.
const SILENCE: Duration = Duration::from_secs(60);
/// A server that takes nothing for so long is gone.
const STUCK: Duration = Duration::from_secs(30);
/// Between two tries to connect, at first and at most.
const FIRST_WAIT: Duration = Duration::from_secs(1);
const LONGEST_WAIT: Duration = Duration::from_secs(30);
/// How long after the end of stdin results are waited for.
const RESULTS: Duration = Duration::from_secs(10);
/// How long after a reconnect it shows that the presence was given up meanwhile.
const RESTORE: Duration = Duration::from_secs(5);
/// How long the server has to say goodbye.
const GOODBYE: Duration = Duration::from_secs(1);
/// The server closes a connection that sends more.
const LONGEST_COMMAND: usize = 256 * 1024;

/// Shows a line.
type Print = Box<dyn FnMut(&str) -> Result<(), Exit> + Send>;

/// Runs `agent connect`.
pub(super) async fn run(options: Connect) -> Result<(), Exit> {
    let link = Link::new(&options.server)?;
    let mut random = [0; 6];
    getrandom::fill(&mut random).map_err(|error| anyhow!("no randomness for ids: {error}"))?;
    let input = Input::of_process()?;
    let print = Box::new(|line: &str| out::line(line));
    Session::new(&options, hex::encode(random), input, print).run(&link).await
}

/// Who shows events and understands lines.
enum Face {
    /// A person.
    Person(Box<Desk>),
    /// A program.
    Program,
}

/// A command that has no result yet.
struct Unanswered {
    id: String,
    text: String,
    /// It was sent on a second connection: a third time won't help it.
    again: bool,
}

/// Why a connection ended.
enum End {
    /// The agent leaves.
    Left,
    /// It broke, and why.
    Lost(String),
}

struct Session {
    face: Face,
    ids: Ids,
    input: Input,
    print: Print,
    /// The newest event seen.
    after: Option<u64>,
    unanswered: Vec<Unanswered>,
    /// A presence to be set as soon as the server has spoken.
    begin_with: Option<String>,
    /// The presence asked for last in this session, and the one that the server told last.
    asked: Option<String>,
    told: Option<String>,
    /// Set again if it is found given up before that time.
    restore: Option<(String, Instant)>,
    ever_read: bool,
    /// Stdin has ended: when to leave at the latest.
    leaving: Option<Instant>,
    listening: bool,
    first_wait: Duration,
}

impl Session {
    fn new(options: &Connect, random: String, input: Input, print: Print) -> Self {
        let face = match options.json {
            true => Face::Program,
            false => Face::Person(Box::new(Desk::new(Ids::new(format!("{random}t"))))),
        };
        Self {
            face,
            ids: Ids::new(random),
            input,
            print,
            after: options.after,
            unanswered: Vec::new(),
            begin_with: options.state.clone(),
            asked: None,
            told: None,
            restore: None,
            ever_read: false,
            leaving: None,
            listening: false,
            first_wait: FIRST_WAIT,
        }
    }

    async fn run(mut self, link: &Link) -> Result<(), Exit> {
        // Who starts this wants to know at once when it can't work; later it is worth waiting.
        let mut socket = tokio::select! {
            socket = link.open(self.after) => socket?,
            _ = self.input.stop.recv() => return Ok(()),
        };
        let mut wait = self.first_wait;
        loop {
            let before = self.after;
            let why = match self.talk(&mut socket).await? {
                End::Left => {
                    goodbye(&mut socket).await;
                    return Ok(());
                }
                End::Lost(why) => why,
            };
            if self.after != before {
                wait = self.first_wait;
            }
            eprintln!("the connection is lost: {why}");
            socket = loop {
                eprintln!("connecting again in {} s", wait.as_secs());
                if self.rest(wait).await? {
                    return Ok(());
                }
                wait = (wait * 2).min(LONGEST_WAIT);
                let opened = tokio::select! {
                    opened = link.open(self.after) => opened,
                    _ = self.input.stop.recv() => return Ok(()),
                };
                match opened {
                    Ok(socket) => break socket,
                    // The token doesn't count any more: no waiting helps.
                    Err(exit) if exit.is_refused() => return Err(exit),
                    Err(exit) => {
                        exit::report(&exit);
                    }
                }
            };
            eprintln!("connected again");
            let there = |state: &String| self.told.as_ref() == Some(state) && state != "offline";
            self.restore = self.asked.clone().filter(there).map(|state| (state, Instant::now() + RESTORE));
        }
    }

    /// Waits for the next try; true: the agent leaves.
    async fn rest(&mut self, wait: Duration) -> Result<bool, Exit> {
        let until = Instant::now() + wait;
        loop {
            // A program's commands wait in the pipe; a person is told.
            let hears = matches!(self.face, Face::Person(_)) && !self.stdin_ended();
            tokio::select! {
                () = sleep_until(until) => return Ok(self.leaving.is_some_and(|at| at <= Instant::now())),
                _ = self.input.stop.recv() => return Ok(true),
                line = self.input.lines.recv(), if hears => match line.as_deref().map(super::typed::parse) {
                    None => self.end_of_stdin(),
                    Some(super::typed::Typed::Quit) => return Ok(true),
                    Some(super::typed::Typed::Nothing) => {}
                    Some(_) => (self.print)("there is no connection; this was not sent")?,
                },
            }
        }
    }

    /// Talks until the connection ends.
    async fn talk(&mut self, socket: &mut Socket) -> Result<End, Exit> {
        if let Err(end) = self.send_again(socket).await {
            return Ok(end);
        }
        let mut heard = Instant::now();
        loop {
            if self.leaving.is_some_and(|at| self.unanswered.is_empty() || at <= Instant::now()) {
                return Ok(End::Left);
            }
            let hears = !self.stdin_ended();
            tokio::select! {
                frame = socket.next() => {
                    heard = Instant::now();
                    let text = match frame {
                        Some(Ok(Message::Text(text))) => text,
                        Some(Ok(Message::Close(frame))) => {
                            let why = frame.map(|frame| frame.reason.to_string()).filter(|why| !why.is_empty());
                            let why = why.map_or_else(|| "the server closed it".to_owned(), |why| out::one_line(&why));
                            return Ok(End::Lost(why));
                        }
                        Some(Ok(_)) => continue,
                        Some(Err(error)) => return Ok(End::Lost(error.to_string())),
                        None => return Ok(End::Lost("the server closed it".to_owned())),
                    };
                    for command in self.event(&text)? {
                        if let Err(end) = self.send(socket, command).await {
                            return Ok(end);
                        }
                    }
                }
                line = self.input.lines.recv(), if hears => match line {
                    None => self.end_of_stdin(),
                    Some(line) => {
                        self.ever_read = true;
                        match self.line(&line)? {
                            Asked::Nothing => {}
                            Asked::Leave => return Ok(End::Left),
                            Asked::Send(command) => {
                                if let Err(end) = self.send(socket, command).await {
                                    return Ok(end);
                                }
                            }
                        }
                    }
                },
                _ = self.input.stop.recv() => return Ok(End::Left),
                () = sleep_until(heard + SILENCE) => return Ok(End::Lost(format!("the server was silent for {} s", SILENCE.as_secs()))),
                () = sleep_until(self.leaving.unwrap_or(heard + SILENCE)) => {}
            }
        }
    }

    fn stdin_ended(&self) -> bool {
        self.listening || self.leaving.is_some()
    }

    /// Who typed or piped something is done with it; who was given nothing to read, such as /dev/null, listens.
    fn end_of_stdin(&mut self) {
        match self.ever_read || self.input.terminal {
            true => self.leaving = Some(Instant::now() + RESULTS),
            false => self.listening = true,
        }
    }

    /// Takes an event; what is to be sent because of it.
    fn event(&mut self, text: &str) -> Result<Vec<Value>, Exit> {
        let event: Value =
            serde_json::from_str(text).map_err(|error| anyhow!("the server sent something else than JSON: {error}"))?;
        self.after = event.get("sequence").and_then(Value::as_u64).or(self.after);
        match &mut self.face {
            // One line each, whatever the server's layout.
            Face::Program if text.contains('\n') => (self.print)(&event.to_string())?,
            Face::Program => (self.print)(text)?,
            Face::Person(desk) => {
                for line in desk.event(&event) {
                    (self.print)(&line)?;
                }
            }
        }
        let kind = out::text(&event, "type").unwrap_or_default();
        if kind == "command.result" {
            let id = out::text(&event, "data.id");
            self.unanswered.retain(|command| Some(command.id.as_str()) != id);
            return Ok(Vec::new());
        }
        let mut commands = Vec::new();
        if let Some(state) = self.begin_with.take() {
            commands.push(self.set_state(&state));
        }
        if matches!(kind, "snapshot" | "agent.updated")
            && let Some(state) = out::text(&event, "data.agent.state")
        {
            if let Some((wanted, until)) = self.restore.take() {
                if state == "offline" && Instant::now() < until {
                    commands.push(self.set_state(&wanted));
                } else if Instant::now() < until {
                    self.restore = Some((wanted, until));
                }
            }
            self.told = Some(state.to_owned());
        }
        Ok(commands)
    }

    fn set_state(&mut self, state: &str) -> Value {
        json!({ "id": self.ids.next(), "type": "agent.set-state", "state": state })
    }

    /// A line of stdin.
    fn line(&mut self, line: &str) -> Result<Asked, Exit> {
        let command = match &mut self.face {
            Face::Person(desk) => {
                let did = desk.typed(line);
                for line in did.lines {
                    (self.print)(&line)?;
                }
                if did.quit {
                    return Ok(Asked::Leave);
                }
                did.command
            }
            Face::Program if line.trim().is_empty() => None,
            Face::Program => match serde_json::from_str::<Value>(line) {
                Ok(Value::Object(mut members)) => {
                    members.entry("id").or_insert_with(|| self.ids.next().into());
                    Some(Value::Object(members))
                }
                Ok(_) => {
                    eprintln!("not sent: a command is a JSON object");
                    None
                }
                Err(error) => {
                    eprintln!("not sent: this is not JSON: {error}");
                    None
                }
            },
        };
        Ok(match command {
            Some(command) if command.to_string().len() > LONGEST_COMMAND => {
                eprintln!("not sent: a command has at most {LONGEST_COMMAND} bytes");
                Asked::Nothing
            }
            Some(command) => Asked::Send(command),
            None => Asked::Nothing,
        })
    }

    /// Sends a command and waits for its result, over connections if need be.
    async fn send(&mut self, socket: &mut Socket, command: Value) -> Result<(), End> {
        if out::text(&command, "type") == Some("agent.set-state") {
            self.asked = out::text(&command, "state").map(str::to_owned);
        }
        let text = command.to_string();
        if let Some(id) = out::text(&command, "id") {
            self.unanswered.push(Unanswered { id: id.to_owned(), text: text.clone(), again: false });
        }
        write(socket, text).await
    }

    /// Commands without a result go out once more: the server does nothing twice under one id.
    async fn send_again(&mut self, socket: &mut Socket) -> Result<(), End> {
        for command in self.unanswered.extract_if(.., |command| command.again) {
            eprintln!("the command {} was sent twice and has no result", out::one_line(&command.id));
        }
        for command in &mut self.unanswered {
            command.again = true;
            write(socket, command.text.clone()).await?;
        }
        Ok(())
    }
}

/// What a line asks for.
enum Asked {
    Nothing,
    Send(Value),
    Leave,
}

async fn write(socket: &mut Socket, text: String) -> Result<(), End> {
    match timeout(STUCK, socket.send(Message::text(text))).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(error)) => Err(End::Lost(error.to_string())),
        Err(_) => Err(End::Lost("the server takes nothing any more".to_owned())),
    }
}

/// Closes as the protocol wants it, so that the server knows at once.
async fn goodbye(socket: &mut Socket) {
    let close = async {
        if socket.close(None).await.is_ok() {
            while let Some(Ok(_)) = socket.next().await {}
        }
    };
    // A server that doesn't answer finds out by itself.
    tokio::select! {
        () = close => {}
        () = sleep(GOODBYE) => {}
    }
}

#[cfg(test)]
mod tests;
