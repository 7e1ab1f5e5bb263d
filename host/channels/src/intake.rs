//! Taking in: a request goes to the driver, what it pushes becomes durable, then the driver's answer goes out.

use crate::advice::TYPING;
use crate::channels::Channels;
use crate::counters::CallKind;
use crate::error::ReceiveError;
use crate::health::Health;
use crate::serving::Serving;
use bytes::Bytes;
use jackfield_sandbox::{Body, CallError, Header, LogLevel, Request, Response, TimerChange, Transaction};
use jackfield_sequencer::{Commit, CommitError, Landed, Push, StoreWrite, Stored};
use jackfield_spec::{Direction, ErrorInfo, Timestamp};
use std::sync::atomic::Ordering;
use std::time::Instant;

/// How often a call is run again after its commit met a change.
pub(crate) const RERUNS: u32 = 3;

/// A message that one agent or system wrote to the customer by other means.
const ECHOED: &str = "message.echoed";
/// The driver tells that its contact with the channel changed.
const HEALTH_CHANGED: &str = "channel.health-changed";

impl Channels {
    /// Gives a webhook request to the channel's driver. What the driver pushes is durable before this returns.
    ///
    /// # Errors
    /// [`ReceiveError`]; then nothing of the request is left, and the sender should try again where it says so.
    pub async fn receive(&self, channel: &str, request: Request) -> Result<Response, ReceiveError> {
        let (channels, channel) = (self.clone(), channel.to_owned());
        // A sender that hangs up changes nothing: what it sent is taken in, and counts as inside until it is.
        let task = tokio::spawn(async move { channels.take_in(&channel, request).await });
        task.await.unwrap_or(Err(ReceiveError::DriverFailed))
    }

    async fn take_in(&self, channel: &str, request: Request) -> Result<Response, ReceiveError> {
        let serving = self.serving(channel).ok_or(ReceiveError::UnknownChannel)?;
        let refuse = |error| {
            serving.counters().refused.fetch_add(1, Ordering::Relaxed);
            Err(error)
        };
        if serving.is_paused() {
            return refuse(ReceiveError::Paused);
        }
        let Some(_inside) = serving.enter() else {
            return refuse(ReceiveError::Busy);
        };
        for run in 0..=RERUNS {
            let Some(generation) = serving.generation() else {
                return refuse(ReceiveError::NotServed);
            };
            let started = Instant::now();
            let called = generation.receive(&request, run > 0).await;
            self.count(&serving, CallKind::Receive, started, called.as_ref().err());
            let called = called.map_err(|error| self.failed(&serving, &error))?;
            let sent = called.transaction.sent;
            let commit = self.commit_of(&serving, CallKind::Receive, called.transaction)?;
            if commit.is_empty() {
                return Ok(self.answer(&serving, called.output));
            }
            match self.commit(&serving, commit).await {
                Ok(_) => return Ok(self.answer(&serving, called.output)),
                Err(CommitError::Conflict { .. }) if !sent => {}
                Err(CommitError::Conflict { .. }) => return Err(ReceiveError::Conflict),
                Err(error @ CommitError::TooLarge) => {
                    self.say(&serving.id, LogLevel::Error, &format!("receive: {error}"));
                    return Err(ReceiveError::DriverFailed);
                }
                Err(CommitError::Unavailable(_) | CommitError::Stopping) => return Err(ReceiveError::Unavailable),
            }
        }
        Err(ReceiveError::Conflict)
    }

    /// The driver's answer; what it calls an error is told to the log, not to the sender.
    fn answer(&self, serving: &Serving, output: Result<Response, ErrorInfo>) -> Response {
        let error = match output {
            Ok(response) => return response,
            Err(error) => error,
        };
        self.say(&serving.id, LogLevel::Warn, &format!("the driver refused a request: {}: {}", error.code, error.text));
        let mut headers = Vec::new();
        let status = match error.retry_after_ms {
            Some(millis) => {
                let seconds = millis.div_ceil(1_000).max(1).to_string();
                headers.push(Header { name: "retry-after".to_owned(), value: Bytes::from(seconds) });
                503
            }
            None => 502,
        };
        Response { status, headers, body: Body::Bytes(Bytes::new()) }
    }

    fn failed(&self, serving: &Serving, error: &CallError) -> ReceiveError {
        match error {
            CallError::NotExported(_) => ReceiveError::NoWebhook,
            CallError::Busy(_) => ReceiveError::Busy,
            error if error.is_timeout() => ReceiveError::DriverTimeout,
            CallError::Settings(_) => {
                self.say(&serving.id, LogLevel::Error, &error.to_string());
                ReceiveError::NotServed
            }
            _ => ReceiveError::DriverFailed,
        }
    }

    /// Counts a call and says in the channel's log why it failed.
    pub(crate) fn count(&self, serving: &Serving, kind: CallKind, started: Instant, error: Option<&CallError>) {
        let outcome = error.map_or("ok", CallError::label);
        serving.counters().call(kind, outcome, started.elapsed());
        if let Some(error) = error {
            self.say(&serving.id, LogLevel::Error, &format!("{}: {error}", kind.name()));
        }
    }

    /// A handler's transaction as the sequencer takes it: messages stamped, routes decided.
    pub(crate) fn commit_of(
        &self,
        serving: &Serving,
        kind: CallKind,
        transaction: Transaction,
    ) -> Result<Commit, ReceiveError> {
        let sequencer = self.sequencer();
        let now = sequencer.now();
        let stamp = Timestamp::from_millis(now).map_err(|_| ReceiveError::Unavailable)?;
        let mut pushes = Vec::with_capacity(transaction.pushes.len());
        for message in transaction.pushes {
            if message.interaction.name == TYPING {
                self.customer_types(serving, &message);
                continue;
            }
            let direction = if message.interaction.name == ECHOED { Direction::Outbound } else { Direction::Inbound };
            let opens = message.interaction.name == "support-request";
            // The validator has refused what JSON can't write.
            let stored = Stored::new(sequencer.keys(), &serving.id, direction, stamp, message)
                .map_err(|_| ReceiveError::DriverFailed)?;
            let route = if opens { self.route(serving, &stored, now) } else { None };
            pushes.push(Push { stored, route });
        }
        Ok(Commit {
            channel: serving.id.clone(),
            cause: kind.name().to_owned(),
            pushes,
            reads: transaction.reads,
            writes: transaction.writes.into_iter().map(|(key, write)| (key, write.map(store_write))).collect(),
            timers: transaction.timers.into_iter().map(timer_change).collect(),
            blobs: transaction.blobs,
            external_ids: Vec::new(),
            ends: None,
            simulated: serving.config.simulated,
        })
    }

    fn route(&self, serving: &Serving, stored: &Stored, now: u64) -> Option<jackfield_router::Route> {
        let routed = self.routed(serving, &stored.message, now);
        if routed.failures > 0 {
            serving.counters().route_failures.fetch_add(routed.failures, Ordering::Relaxed);
        }
        routed.route
    }

    /// Commits, and counts what became of it.
    pub(crate) async fn commit(
        &self,
        serving: &Serving,
        commit: Commit,
    ) -> Result<jackfield_sequencer::Committed, CommitError> {
        let healths: Vec<_> = commit
            .pushes
            .iter()
            .filter(|push| push.stored.message.interaction.name == HEALTH_CHANGED)
            .filter_map(|push| Health::of(&push.stored.message, self.now()))
            .collect();
        let result = self.sequencer().commit(commit).await;
        match &result {
            Ok(committed) => {
                for landed in &committed.pushes {
                    let counter = match landed {
                        Landed::Duplicate => &serving.counters().duplicates,
                        Landed::New { .. } => &serving.counters().messages,
                    };
                    counter.fetch_add(1, Ordering::Relaxed);
                }
                for health in healths {
                    serving.kept.health.lock().update(health);
                }
            }
            Err(CommitError::Conflict { .. }) => {
                serving.counters().conflicts.fetch_add(1, Ordering::Relaxed);
            }
            Err(error) => tracing::error!(channel = serving.id, "{error}"),
        }
        result
    }
}

fn store_write(write: jackfield_sandbox::StoreWrite) -> StoreWrite {
    StoreWrite { value: write.value, expires_at: write.expires_at }
}

fn timer_change(change: TimerChange) -> jackfield_sequencer::TimerChange {
    use base64::Engine;
    match change {
        TimerChange::Set { name, due, payload } => {
            let payload = base64::engine::general_purpose::STANDARD.encode(payload);
            jackfield_sequencer::TimerChange::Set { name, due, payload }
        }
        TimerChange::Cancel { name } => jackfield_sequencer::TimerChange::Cancel { name },
    }
}
