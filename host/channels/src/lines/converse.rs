//! What happens on a connection, one thing after the other, each told to the driver before the next.

use super::flow::{Flow, Flowed};
use super::line::Order;
use super::talk::{End, Talk};
use super::wire::Wire;
use crate::channels::Channels;
use jackfield_sandbox::{Composed, Expiry, Limit, LineDeed, LineEvent, LinePeer};
use jackfield_spec::{Attributes, Timestamp};
use std::collections::BTreeMap;
use std::io;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::time::{Instant, sleep_until};

/// Timers that one connection may have.
const TIMERS: usize = 100;
/// How long what is written before a close may take.
const CLOSE: Duration = Duration::from_secs(10);
/// A moment that never comes.
const NEVER: Duration = Duration::from_secs(365 * 24 * 3600);

/// What is known of a connection besides its bytes.
#[derive(Default)]
struct Course {
    timers: BTreeMap<String, (Instant, Vec<u8>)>,
    /// When the host's patience is over.
    deadline: Option<Instant>,
    /// Secrets were written to the peer; these of them are no one's but this connection's.
    composed: Option<Composed>,
}

/// What comes next.
enum Next {
    Order(Option<Order>),
    Flowed(io::Result<Flowed>),
    Timer(String),
    Over,
    Idle,
}

impl Talk {
    /// Until the connection ends: why, and what is left to be written.
    pub(super) async fn converse(&mut self, wire: Box<dyn Wire>, peer: LinePeer) -> (End, Flow) {
        let mut flow = Flow::new(wire, self.line.clone());
        let mut course = Course::default();
        let Err(end) = self.run(&mut flow, &mut course, peer).await;
        let counters = &self.serving.kept.lines.counters;
        counters.sent.fetch_add(std::mem::take(&mut flow.sent), Ordering::Relaxed);
        (end, flow)
    }

    async fn run(
        &mut self,
        flow: &mut Flow,
        course: &mut Course,
        peer: LinePeer,
    ) -> Result<std::convert::Infallible, End> {
        self.tell(LineEvent::Opened(peer)).await?;
        loop {
            let limits = self.serving.kept.lines.limits();
            // A driver whose answers nobody reads gets nothing more to answer.
            let low = limits.unsent.to_usize() / 4;
            if self.line.has_room_again(low) {
                self.tell(LineEvent::Signaled { name: "writable", attributes: Attributes::default() }).await?;
                continue;
            }
            let may_read = self.line.unsent() <= low;
            let now = Instant::now();
            let timer =
                course.timers.iter().min_by_key(|(_, (due, _))| *due).map(|(name, (due, _))| (name.clone(), *due));
            let (name, due) = timer.unwrap_or_else(|| (String::new(), now + NEVER));
            let idle = flow.last + limits.idle;
            let next = tokio::select! {
                biased;
                order = self.orders.recv() => Next::Order(order),
                () = sleep_until(course.deadline.unwrap_or(now + NEVER)) => Next::Over,
                () = sleep_until(due) => Next::Timer(name),
                flowed = flow.go_on(may_read) => Next::Flowed(flowed),
                () = sleep_until(idle) => Next::Idle,
            };
            match next {
                Next::Order(None) => return Err(End::new("shutdown", "the host closed it")),
                Next::Order(Some(Order::Deed(deed))) => self.obey(flow, course, deed, limits.handshake).await?,
                Next::Order(Some(Order::Drain(within))) => self.told_to_end(course, within).await?,
                Next::Flowed(Ok(Flowed::Written)) => {}
                Next::Flowed(Ok(Flowed::Read(data))) => {
                    self.serving.kept.lines.counters.received.fetch_add(data.len() as u64, Ordering::Relaxed);
                    let generation = &self.line.live.generation;
                    let data = match &course.composed {
                        Some(composed) => generation.scrubbed(data, composed),
                        None => data,
                    };
                    self.tell(LineEvent::Received(data)).await?;
                }
                Next::Flowed(Ok(Flowed::End)) => return Err(End::new("eof", "the peer ended it")),
                Next::Flowed(Err(error)) => return Err(End::new("reset", error.to_string())),
                Next::Timer(name) => self.fire(course, name).await?,
                Next::Over => return Err(End::new("shutdown", "the host's time for it to end is over")),
                Next::Idle if flow.last + limits.idle <= Instant::now() => {
                    return Err(End::new("idle", format!("no byte for {:?}", limits.idle)));
                }
                Next::Idle => {}
            }
        }
    }

    async fn obey(
        &mut self,
        flow: &mut Flow,
        course: &mut Course,
        deed: LineDeed,
        handshake: Duration,
    ) -> Result<(), End> {
        match deed {
            LineDeed::Write { data, secrets } => {
                if let Some(secrets) = secrets {
                    course.composed.get_or_insert_default().learn(secrets);
                }
                flow.put(&data);
            }
            LineDeed::StartTls { name } => {
                let facts = flow.secure(name, handshake).await.map_err(|error| {
                    if error.kind() == io::ErrorKind::TimedOut {
                        Channels::met(&self.serving, Limit::HandshakeTimeout);
                    }
                    End::new("tls", error.to_string())
                })?;
                let facts = [
                    ("version", Some(facts.version)),
                    ("cipher", Some(facts.cipher)),
                    ("server-name", facts.server_name),
                ];
                let facts = facts.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?))).collect();
                self.tell(LineEvent::Signaled { name: "secured", attributes: Attributes(facts) }).await?;
            }
            LineDeed::Close => {
                let text = match flow.flush(CLOSE).await {
                    Ok(()) => "the driver closed it".to_owned(),
                    Err(error) => format!("the driver closed it, and not all was written: {error}"),
                };
                return Err(End::new("by-driver", text));
            }
            LineDeed::LastWords(words) => flow.last_words = words,
            LineDeed::SetTimer { name, delay, payload } => {
                if course.timers.len() < TIMERS || course.timers.contains_key(&name) {
                    let due = Instant::now() + delay.min(NEVER);
                    course.timers.insert(name, (due, payload));
                } else {
                    let text = format!("a connection has at most {TIMERS} timers; `{name}` is not set");
                    self.channels.say(&self.serving.id, jackfield_sandbox::LogLevel::Warn, &text);
                }
            }
            LineDeed::CancelTimer(name) => drop(course.timers.remove(&name)),
            // The board has done these.
            LineDeed::Bind(_) | LineDeed::Unbind(_) => {}
        }
        Ok(())
    }

    async fn told_to_end(&mut self, course: &mut Course, within: Duration) -> Result<(), End> {
        let deadline = Instant::now() + within;
        if course.deadline.is_some_and(|known| known <= deadline) {
            return Ok(());
        }
        course.deadline = Some(deadline);
        let millis = self.channels.now().millis().saturating_add(within.as_millis() as u64);
        let shown = Timestamp::from_millis(millis).unwrap_or_default().to_string();
        let attributes = Attributes(vec![("deadline".to_owned(), shown)]);
        self.tell(LineEvent::Signaled { name: "draining", attributes }).await
    }

    async fn fire(&mut self, course: &mut Course, name: String) -> Result<(), End> {
        let Some((_, payload)) = course.timers.remove(&name) else { return Ok(()) };
        if !self.line.live.generation.driver().exports().timer {
            return Ok(());
        }
        let expiry = Expiry { name, payload, due: self.channels.now(), attempt: 1 };
        self.tell(LineEvent::Fired(expiry)).await
    }

    /// Takes what was still ordered when the connection ended: what is to be written, and the last words.
    pub(super) fn gather(&mut self, flow: &mut Flow) {
        while let Ok(order) = self.orders.try_recv() {
            match order {
                Order::Deed(LineDeed::Write { data, .. }) => flow.put(&data),
                Order::Deed(LineDeed::LastWords(words)) => flow.last_words = words,
                // What came after it belongs to a connection that is no more.
                Order::Deed(LineDeed::StartTls { .. } | LineDeed::Close) => return,
                Order::Deed(_) | Order::Drain(_) => {}
            }
        }
    }
}
