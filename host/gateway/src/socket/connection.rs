//! One WebSocket of an agent, from its first frame to its last.

use super::command::{self, Frame};
use super::pace::Pace;
use super::perform::{Outcome, Submission, prepare};
use super::snapshot;
use crate::gateway::{Gateway, Signal};
use crate::hub::{Next, Seat};
use crate::people::Caller;
use crate::render::{Event, write};
use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket, close_code};
use futures_util::stream::FuturesUnordered;
use futures_util::{SinkExt, StreamExt};
use jackfield_config::TokenHash;
use jackfield_router::{Command, Id, Reply};
use jackfield_sequencer::CommitError;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::atomic::Ordering;
use std::task::Poll;
use std::time::{Duration, Instant};
use tokio::time::MissedTickBehavior;

/// How often the far end is asked whether it is there.
const PING: Duration = Duration::from_secs(20);
/// After so long without a sign of life, or with a write that doesn't get through, a connection is dead.
const DEAD: Duration = Duration::from_secs(60);
/// Commands that may be under way; no further frame is read until one of them has its result.
const UNDER_WAY: usize = 64;
/// How long to wait before the journal is told again that an agent is gone.
const RETRY: Duration = Duration::from_secs(1);

type UnderWay = Pin<Box<dyn Future<Output = Outcome> + Send>>;

/// Why a connection ends: a close code of RFC 6455 and a reason for people.
#[derive(Debug)]
struct End(u16, &'static str);

const GONE: End = End(close_code::NORMAL, "");

/// An agent's connection.
pub(super) struct Connection {
    gateway: Gateway,
    agent: Id,
    token: TokenHash,
    id: Id,
    seat: Seat,
}

/// What changes while a connection is open.
struct Running {
    /// The number of the last event that was sent.
    seen: u64,
    /// How much advice there had been when some was last sent.
    advised: u64,
    /// Frames sent that are no numbered events.
    count: u64,
    pace: Pace,
    heard: Instant,
    under_way: FuturesUnordered<UnderWay>,
}

impl Connection {
    pub(super) fn new(gateway: Gateway, agent: Id, token: TokenHash, seat: Seat) -> Self {
        let id = gateway.socket_id().into();
        Self { gateway, agent, token, id, seat }
    }

    /// Serves the connection until it ends.
    pub(super) async fn run(self, mut socket: WebSocket, after: Option<u64>) {
        let End(code, reason) = match Lease::begin(&self).await {
            Ok(lease) => {
                let end = self.talk(&mut socket, after).await;
                lease.end(&self.gateway);
                end
            }
            Err(end) => end,
        };
        tracing::debug!(agent = %self.agent, connection = %self.id, code, reason, "an agent's connection ends");
        let close = Message::Close(Some(CloseFrame { code, reason: Utf8Bytes::from_static(reason) }));
        // What still comes in is read, so that the close frame isn't lost to a reset; the far end may be gone already.
        let goodbye = async {
            if socket.send(close).await.is_ok() {
                while let Some(Ok(_)) = socket.recv().await {}
            }
        };
        let _ = tokio::time::timeout(RETRY, goodbye).await;
    }

    async fn talk(&self, socket: &mut WebSocket, after: Option<u64>) -> End {
        match self.converse(socket, after).await {
            Ok(never) => match never {},
            Err(end) => end,
        }
    }

    async fn converse(&self, socket: &mut WebSocket, after: Option<u64>) -> Result<std::convert::Infallible, End> {
        let mut changes = self.seat.feed.changes();
        let mut signals = self.gateway.signals();
        // What was said between the upgrade and this counts too.
        let signal = *signals.borrow_and_update();
        self.obey(signal)?;
        let now = Instant::now();
        let advised = self.seat.feed.advised();
        let mut running = Running {
            seen: 0,
            advised,
            count: 0,
            pace: Pace::new(now),
            heard: now,
            under_way: FuturesUnordered::new(),
        };
        match after {
            Some(after) if self.seat.feed.covers(after) => running.seen = after,
            _ => self.begin_anew(socket, &mut running, after).await?,
        }
        let mut ping = tokio::time::interval(PING);
        ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
        ping.reset();
        loop {
            let more = self.send_events(socket, &mut running).await?;
            // In this order: what has come in is looked at before the far end is held to be dead, and neither waits for
            // a stream of events to end.
            tokio::select! {
                biased;
                signal = signals.changed() => {
                    signal.map_err(|_| GONE)?;
                    let signal = *signals.borrow_and_update();
                    self.obey(signal)?;
                }
                Some(outcome) = running.under_way.next() => self.answer(socket, &mut running, outcome).await?,
                frame = socket.recv(), if running.under_way.len() < UNDER_WAY => {
                    self.take(socket, &mut running, frame).await?;
                }
                _ = ping.tick() => {
                    if running.heard.elapsed() >= DEAD {
                        self.gateway.hub().counters().dead.fetch_add(1, Ordering::Relaxed);
                        return Err(End(close_code::AGAIN, "no sign of life"));
                    }
                    deliver(socket, Message::Ping(bytes::Bytes::new())).await?;
                }
                () = std::future::ready(()), if more => {}
                changed = changes.changed() => changed.map_err(|_| GONE)?,
            }
        }
    }

    /// Sends some of what is new, or a snapshot if it is no longer there. False when there was nothing.
    async fn send_events(&self, socket: &mut WebSocket, running: &mut Running) -> Result<bool, End> {
        match self.seat.feed.after(running.seen) {
            Next::Nothing => {
                let (advice, advised) = self.seat.feed.advice(running.advised);
                running.advised = advised;
                for frame in advice {
                    deliver(socket, Message::Text(frame)).await?;
                }
                return Ok(false);
            }
            Next::Events(events, last) => {
                let send = async {
                    for event in events {
                        socket.feed(Message::Text(event)).await?;
                    }
                    socket.flush().await
                };
                in_time(send).await?;
                running.seen = last;
            }
            Next::Gap => {
                self.gateway.hub().counters().gaps.fetch_add(1, Ordering::Relaxed);
                self.begin_anew(socket, running, None).await?;
            }
        }
        Ok(true)
    }

    /// Sends a snapshot, unless the agent has seen all that it would contain.
    async fn begin_anew(&self, socket: &mut WebSocket, running: &mut Running, seen: Option<u64>) -> Result<(), End> {
        running.count += 1;
        // Boxed, as what is rare need not stand in the memory of every connection.
        let made = Box::pin(snapshot::make(&self.gateway, &self.agent, &self.id, running.count)).await;
        let (sequence, snapshot) = made
            .map_err(|problem| {
                tracing::warn!(agent = %self.agent, "no snapshot for an agent: {problem}");
                End(close_code::AGAIN, "the state can't be read now")
            })?
            .ok_or(End(close_code::POLICY, "the config doesn't name this agent any more"))?;
        running.seen = sequence;
        if seen == Some(sequence) {
            return Ok(());
        }
        deliver(socket, Message::Text(snapshot)).await
    }

    /// Takes a frame.
    async fn take(
        &self,
        socket: &mut WebSocket,
        running: &mut Running,
        frame: Option<Result<Message, axum::Error>>,
    ) -> Result<(), End> {
        let frame = match frame {
            None => return Err(GONE),
            Some(Ok(frame)) => frame,
            // The library says in words only what is wrong; what can be meant by it is a frame that is too long.
            Some(Err(error)) if error.to_string().contains("too long") => {
                return Err(End(close_code::SIZE, "a frame has at most 256 KiB"));
            }
            Some(Err(_)) => return Err(End(close_code::PROTOCOL, "")),
        };
        running.heard = Instant::now();
        let parsed = match frame {
            Message::Text(text) => command::parse(&text).map_err(Outcome::from),
            Message::Binary(_) => Err(Outcome::failed(None, "bad-request", "commands are text frames")),
            Message::Ping(_) | Message::Pong(_) => return Ok(()),
            Message::Close(_) => return Err(GONE),
        };
        let id = match &parsed {
            Ok(frame) => Some(frame.id.clone()),
            Err(outcome) => outcome.id.clone(),
        };
        let parsed = if running.pace.take(running.heard) {
            parsed
        } else {
            Err(Outcome::failed(id, "rate-limited", "at most 200 commands a second; slow down and send it again"))
        };
        match parsed {
            Ok(frame) => self.submit(socket, running, frame).await,
            Err(outcome) => self.answer(socket, running, outcome).await,
        }
    }

    /// Hands a command over to the sequencer. Commands of a connection are decided in the order of their frames, but
    /// none waits for the result of the one before it.
    async fn submit(&self, socket: &mut WebSocket, running: &mut Running, frame: Frame) -> Result<(), End> {
        let submission: Submission = match Box::pin(prepare(&self.gateway, &self.agent, frame)).await {
            Ok(submission) => submission,
            Err(outcome) => return self.answer(socket, running, outcome).await,
        };
        let mut deciding: UnderWay = Box::pin(submission.decide(self.gateway.clone()));
        // Polled once here: from then on it stands in the sequencer's queue, before whatever comes next.
        match poll_fn(|context| Poll::Ready(deciding.as_mut().poll(context))).await {
            Poll::Ready(outcome) => self.answer(socket, running, outcome).await,
            Poll::Pending => {
                running.under_way.push(deciding);
                Ok(())
            }
        }
    }

    async fn answer(&self, socket: &mut WebSocket, running: &mut Running, outcome: Outcome) -> Result<(), End> {
        running.count += 1;
        let event = Event::result(&self.agent, &self.id, running.count, self.gateway.sequencer().now(), outcome);
        let text = write(&event).map_err(|_| End(close_code::ERROR, ""))?;
        deliver(socket, Message::Text(text.into())).await
    }

    /// Ends when the server goes down, or when the token is void by a new config.
    fn obey(&self, signal: Signal) -> Result<(), End> {
        if signal.draining {
            return Err(End(close_code::AWAY, "the server is going down"));
        }
        match self.gateway.people().now().caller(&self.token) {
            Some(Caller::Agent(agent)) if *agent == self.agent => Ok(()),
            _ => Err(End(close_code::POLICY, "the token is void")),
        }
    }
}

/// Sends a frame.
async fn deliver(socket: &mut WebSocket, message: Message) -> Result<(), End> {
    in_time(socket.send(message)).await
}

async fn in_time(send: impl Future<Output = Result<(), axum::Error>>) -> Result<(), End> {
    match tokio::time::timeout(DEAD, send).await {
        Ok(sent) => sent.map_err(|_| GONE),
        Err(_) => Err(End(close_code::AGAIN, "the far end reads nothing")),
    }
}

/// The router's knowledge that this connection is open. When it is dropped, however that comes, the router is told that
/// the connection is lost.
struct Lease {
    gateway: Option<Gateway>,
    agent: Id,
    connection: Id,
}

impl Lease {
    async fn begin(of: &Connection) -> Result<Self, End> {
        let command = Command::Connected { agent: of.agent.clone(), connection: of.id.clone() };
        match of.gateway.sequencer().command(command).await {
            Ok(Reply::Refused(refusal)) => {
                tracing::info!(agent = %of.agent, "an agent can't be connected: {refusal}");
                Err(End(close_code::POLICY, "the router doesn't know this agent"))
            }
            Ok(_) => Ok(Self { gateway: Some(of.gateway.clone()), agent: of.agent.clone(), connection: of.id.clone() }),
            Err(error) => {
                tracing::warn!(agent = %of.agent, "an agent can't be connected: {error}");
                Err(End(close_code::AGAIN, "the journal can't be written now"))
            }
        }
    }

    /// Ends the lease. A server that goes down is not an agent's loss: offers and presence outlive it.
    fn end(mut self, gateway: &Gateway) {
        if gateway.is_draining() {
            self.gateway = None;
        }
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let Some(gateway) = self.gateway.take() else {
            return;
        };
        let command = Command::Disconnected { agent: self.agent.clone(), connection: self.connection.clone() };
        tokio::spawn(async move {
            while let Err(CommitError::Unavailable(_)) = gateway.sequencer().command(command.clone()).await {
                tokio::time::sleep(RETRY).await;
            }
        });
    }
}

#[cfg(test)]
mod tests;
