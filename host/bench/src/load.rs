//! Load on one server: webhooks over keep-alive connections, and the frames that come out at the agent's socket.

use crate::client::Client;
use crate::process::{Process, TOKEN};
use crate::sample::Sample;
use crate::socket::Socket;
use crate::wire::{event_of, to_http};
use anyhow::{Context, bail, ensure};
use serde_json::{Value, json};
use std::cell::{Cell, RefCell};
use std::collections::HashSet;
use std::rc::Rc;
use std::time::{Duration, Instant};
use tokio::time::{sleep_until, timeout};

/// Connections that send.
pub const CONNECTIONS: u32 = 64;
/// Conversations that the messages belong to, each owned by the agent.
const CONVERSATIONS: u32 = 100;
/// Where webhooks go.
const PATH: &str = "/channels/shop";
/// How long what was answered may take to come out.
const DEADLINE: Duration = Duration::from_secs(10);

/// What is connected to one server, for all rounds.
pub struct Load {
    process: Process,
    clients: Vec<Client>,
    socket: Socket,
    /// The number of the next event; none is used twice.
    next_event: Rc<Cell<u32>>,
}

/// What a round came to.
pub struct Round {
    /// Requests answered and frames received, the same number.
    pub messages: usize,
    /// From the first request to the last frame.
    pub took: Duration,
    /// From each request to its frame.
    pub latencies: Vec<Duration>,
    /// When each of them was sent.
    pub sent: Vec<Instant>,
}

impl Round {
    /// Messages a second.
    pub fn rate(&self) -> f64 {
        self.messages as f64 / self.took.as_secs_f64()
    }
}

/// When each request of a round was sent, and what has come out of it.
struct Track {
    first: u32,
    sent: Vec<Instant>,
    latencies: Vec<Option<Duration>>,
    received: usize,
    last: Instant,
}

impl Load {
    /// Connects everything.
    ///
    /// # Errors
    /// The server doesn't let it.
    pub async fn new(process: Process) -> anyhow::Result<Self> {
        let mut clients = Vec::new();
        for _ in 0..CONNECTIONS {
            clients.push(Client::connect(process.address).await?);
        }
        let socket = Socket::connect(process.address, TOKEN).await?;
        Ok(Self { process, clients, socket, next_event: Rc::new(Cell::new(0)) })
    }

    /// The end of the server's log, for when something goes wrong.
    pub fn log(&self) -> String {
        self.process.log()
    }

    /// Opens the conversations: the agent becomes available and takes what is offered. Only with the real server.
    ///
    /// # Errors
    /// The server does something else.
    pub async fn open_conversations(&mut self) -> anyhow::Result<()> {
        let snapshot: Value = serde_json::from_str(self.socket.next().await?)?;
        ensure!(snapshot["type"] == "snapshot", "the first frame is {snapshot}");
        self.socket.command(&json!({"id": "state", "type": "agent.set-state", "state": "available"})).await?;
        for conversation in 0..CONVERSATIONS {
            let sample = Sample::new(self.event(), conversation);
            self.clients[0].send(&to_http(&sample, PATH)).await?;
        }
        let mut accepted = HashSet::new();
        while accepted.len() < CONVERSATIONS as usize {
            let frame =
                timeout(DEADLINE, self.socket.next()).await.context("the conversations were not all offered")??;
            let event: Value = serde_json::from_str(frame)?;
            match event["type"].as_str() {
                Some("offer.created") => {
                    let offer = &event["data"]["offer"]["id"];
                    self.socket.command(&json!({"id": offer, "type": "offer.accept", "offerId": offer})).await?;
                }
                Some("offer.accepted") => drop(accepted.insert(event["data"]["offer"]["id"].to_string())),
                Some("command.result") => ensure!(event["data"]["ok"] == true, "a command was refused: {event}"),
                _ => {}
            }
        }
        Ok(())
    }

    fn event(&self) -> u32 {
        self.next_event.replace(self.next_event.get() + 1)
    }

    /// As fast as the server answers, each connection one request at a time, for this long.
    ///
    /// # Errors
    /// A request is refused, or its frame doesn't come.
    pub async fn closed(&mut self, length: Duration) -> anyhow::Result<Round> {
        let end = Instant::now() + length;
        self.round(move |_, _| (Instant::now() < end).then(Instant::now)).await
    }

    /// At a rate in messages a second, whatever the server does. Each connection has its share of it, in turn; a
    /// request that can't be sent in time, since the one before it isn't answered, counts from when it was due.
    ///
    /// # Errors
    /// As of [`Load::closed`].
    pub async fn open(&mut self, rate: f64, length: Duration) -> anyhow::Result<Round> {
        let start = Instant::now();
        let due = move |connection: u32, count: u32| {
            let turn = f64::from(count) * f64::from(CONNECTIONS) + f64::from(connection);
            let after = Duration::from_secs_f64(turn / rate);
            (after < length).then(|| start + after)
        };
        self.round(due).await
    }

    /// `due` says when a connection sends its next request, given how many it has sent; none: it is done.
    async fn round(&mut self, due: impl Fn(u32, u32) -> Option<Instant> + Clone + 'static) -> anyhow::Result<Round> {
        let start = Instant::now();
        let first = self.next_event.get();
        let track =
            Rc::new(RefCell::new(Track { first, sent: Vec::new(), latencies: Vec::new(), received: 0, last: start }));
        let local = tokio::task::LocalSet::new();
        let mut sending = Vec::new();
        for (connection, client) in (0..).zip(self.clients.drain(..)) {
            let (track, next_event, due) = (track.clone(), self.next_event.clone(), due.clone());
            sending.push(local.spawn_local(send(client, connection, next_event, track, due)));
        }
        let sent = async {
            let mut clients = Vec::new();
            for task in sending {
                clients.push(task.await??);
            }
            anyhow::Ok(clients)
        };
        let socket = &mut self.socket;
        let outcome = local.run_until(async {
            let mut sent = std::pin::pin!(sent);
            let clients = loop {
                tokio::select! {
                    clients = &mut sent => break clients?,
                    frame = socket.next() => track.borrow_mut().frame(frame?)?,
                }
            };
            while !track.borrow().is_complete() {
                let frame = timeout(DEADLINE, socket.next()).await;
                let frame = frame.with_context(|| track.borrow().missing())??;
                track.borrow_mut().frame(frame)?;
            }
            anyhow::Ok(clients)
        });
        self.clients = outcome.await?;
        ensure!(!self.socket.is_ready(), "more frames than requests");
        let track = track.borrow();
        let latencies: Vec<Duration> = track.latencies.iter().flatten().copied().collect();
        let sent = track.sent.clone();
        Ok(Round { messages: latencies.len(), took: track.last - start, latencies, sent })
    }
}

async fn send(
    mut client: Client,
    connection: u32,
    next_event: Rc<Cell<u32>>,
    track: Rc<RefCell<Track>>,
    due: impl Fn(u32, u32) -> Option<Instant>,
) -> anyhow::Result<Client> {
    let mut count = 0;
    while let Some(due) = due(connection, count) {
        count += 1;
        let mut from = due;
        if due > Instant::now() {
            sleep_until(due.into()).await;
            // The timer's own lateness, up to a millisecond, is not the server's.
            from = Instant::now();
        }
        let event = next_event.replace(next_event.get() + 1);
        let request = to_http(&Sample::new(event, event % CONVERSATIONS), PATH);
        track.borrow_mut().sent(event, from);
        client.send(&request).await?;
        track.borrow_mut().last = Instant::now();
    }
    Ok(client)
}

impl Track {
    fn sent(&mut self, event: u32, from: Instant) {
        debug_assert_eq!(self.sent.len(), (event - self.first) as usize, "events are numbered in the order of sending");
        self.sent.push(from);
        self.latencies.push(None);
    }

    /// Takes a frame: of a message, exactly one for each request; others may come between.
    fn frame(&mut self, frame: &str) -> anyhow::Result<()> {
        // The type stands in a CloudEvent's first bytes; the floor's frames are the bodies themselves.
        let head = frame.get(..256).unwrap_or(frame);
        let key = if head.contains(r#""type":"message.received""#) {
            "eventId"
        } else if head.contains(r#""type":"snapshot""#) {
            bail!("the socket fell behind by more events than the server keeps, and was sent a snapshot");
        } else if head.contains(r#""specversion""#) {
            return Ok(());
        } else {
            "id"
        };
        let event = event_of(frame, key).with_context(|| format!("a frame about no event: {frame}"))?;
        let index =
            event.checked_sub(self.first).with_context(|| format!("a frame of an earlier round: {frame}"))? as usize;
        let now = Instant::now();
        let (Some(sent), Some(latency)) = (self.sent.get(index), self.latencies.get_mut(index)) else {
            bail!("a frame of an event that was not sent: {event}");
        };
        ensure!(latency.replace(now - *sent).is_none(), "two frames of the event {event}");
        self.received += 1;
        self.last = now;
        Ok(())
    }

    fn is_complete(&self) -> bool {
        self.received == self.sent.len()
    }

    fn missing(&self) -> String {
        format!("{} messages were answered with 200, {} came out at the agent's socket", self.sent.len(), self.received)
    }
}
