//! Taking in: a request goes to the driver, what it pushes becomes durable, then the driver's answer goes out.

use crate::advice::TYPING;
use crate::channels::Channels;
use crate::counters::CallKind;
use crate::error::ReceiveError;
use crate::health::Health;
use crate::live::Live;
use crate::quarantine::{fingerprint, reason};
use crate::room::BodyRoom;
use crate::serving::Serving;
use bytes::Bytes;
use jackfield_sandbox::{
    Body, CallError, Called, Failed, Header, LogLevel, Request, Response, TimerChange, Transaction,
};
use jackfield_sequencer::{Commit, CommitError, Landed, Push, StoreWrite, Stored};
use jackfield_spec::{Direction, ErrorInfo, Timestamp};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

/// How often a call is run again after its commit met a change.
pub(crate) const RERUNS: u32 = 3;

/// A message that one agent or system wrote to the customer by other means.
const ECHOED: &str = "message.echoed";
/// The driver tells that its contact with the channel changed.
const HEALTH_CHANGED: &str = "channel.health-changed";

/// Why a request was not taken in.
pub(crate) enum NotTaken {
    /// Before or after the driver's part.
    Refused(ReceiveError),
    /// The driver failed.
    Failed(Failed),
}

impl std::fmt::Display for NotTaken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Refused(error) => error.fmt(f),
            Self::Failed(failed) => f.write_str(&reason(failed)),
        }
    }
}

/// What the sender of something in quarantine is told: it need not send it again.
fn accepted() -> Response {
    Response { status: 202, headers: Vec::new(), body: Body::Bytes(Bytes::new()) }
}

impl Channels {
    /// Gives a webhook request to the channel's driver. What the driver pushes is durable before this returns. `room` is what
    /// its body holds; it is given back when the driver has answered.
    ///
    /// # Errors
    /// [`ReceiveError`]; then nothing of the request is left, and the sender should try again where it says so.
    pub async fn receive(&self, channel: &str, request: Request, room: BodyRoom) -> Result<Response, ReceiveError> {
        let (channels, channel) = (self.clone(), channel.to_owned());
        // A sender that hangs up changes nothing: what it sent is taken in, and counts as inside until it is.
        let task = tokio::spawn(async move {
            let _held = room;
            channels.take_in(&channel, request).await
        });
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
        serving.kept.silence.lock().heard(self.now().millis());
        // Looked up only while something is known to kill: the digest of each body would cost.
        if !serving.kept.kills.is_empty() && serving.kept.kills.is_quarantined(&fingerprint(&request)) {
            return Ok(accepted());
        }
        match self.take(&serving, &request, None).await {
            Ok(answer) => Ok(answer),
            Err(NotTaken::Refused(error @ (ReceiveError::NotServed | ReceiveError::Busy))) => refuse(error),
            Err(NotTaken::Refused(error)) => Err(error),
            Err(NotTaken::Failed(failed)) => {
                if failed.error.is_crash() && self.is_deadly(&serving, &request, &failed).await {
                    return Ok(accepted());
                }
                Err(self.failed(&serving, &failed.error))
            }
        }
    }

    /// Counts a kill. True: the request killed its driver often enough and lies in quarantine now.
    async fn is_deadly(&self, serving: &Serving, request: &Request, failed: &Failed) -> bool {
        let often = serving.kept.kills.killed(&fingerprint(request), self.now().millis());
        often && self.quarantine_request(serving, request, failed).await
    }

    /// Gives a request to the driver and makes durable what it pushes. `as_of`: the time that the driver is to see.
    pub(crate) async fn take(
        &self,
        serving: &Arc<Serving>,
        request: &Request,
        as_of: Option<Timestamp>,
    ) -> Result<Response, NotTaken> {
        for run in 0..=RERUNS {
            let called = self.call_receive(serving, request, run > 0, as_of).await?;
            let Called { output, mut transaction } = called;
            let sent = transaction.sent;
            let aside = std::mem::take(&mut transaction.set_aside);
            let lines = std::mem::take(&mut transaction.lines);
            let commit = self.commit_of(serving, CallKind::Receive, transaction).map_err(NotTaken::Refused)?;
            let unavailable = |_| NotTaken::Refused(ReceiveError::Unavailable);
            self.set_aside(serving, aside).await.map_err(unavailable)?;
            if commit.is_empty() {
                self.release_lines(serving, lines);
                return Ok(self.answer(serving, output));
            }
            match self.commit(serving, commit).await {
                Ok(_) => {
                    self.release_lines(serving, lines);
                    return Ok(self.answer(serving, output));
                }
                Err(CommitError::Conflict { .. }) if !sent => {}
                Err(CommitError::Conflict { .. }) => return Err(NotTaken::Refused(ReceiveError::Conflict)),
                Err(error @ CommitError::TooLarge) => {
                    self.say(&serving.id, LogLevel::Error, &format!("receive: {error}"));
                    return Err(NotTaken::Refused(ReceiveError::DriverFailed));
                }
                Err(CommitError::Unavailable(_) | CommitError::Stopping) => {
                    return Err(NotTaken::Refused(ReceiveError::Unavailable));
                }
            }
        }
        Err(NotTaken::Refused(ReceiveError::Conflict))
    }

    /// Calls the generation that serves. One on trial that fails is not the sender's concern: what came is given to the
    /// one before it, or to the one that serves by then.
    async fn call_receive(
        &self,
        serving: &Arc<Serving>,
        request: &Request,
        again: bool,
        as_of: Option<Timestamp>,
    ) -> Result<Called<Result<Response, ErrorInfo>>, NotTaken> {
        let mut live = serving.live().ok_or(NotTaken::Refused(ReceiveError::NotServed))?;
        let mut failures: Vec<(Arc<Live>, Failed)> = Vec::new();
        loop {
            if self.has_to_wait(serving, &live) {
                return Err(NotTaken::Refused(ReceiveError::Restarting));
            }
            let started = Instant::now();
            let called = live.generation.receive_as_of(request, again, as_of).await;
            self.count(serving, &live, CallKind::Receive, started, called.as_ref().err());
            let failed = match called {
                Ok(called) => {
                    let crashed = failures.iter().filter(|(_, failed)| failed.error.is_crash());
                    crashed.for_each(|(live, _)| self.blame(serving, live));
                    return Ok(called);
                }
                Err(failed) => failed,
            };
            let can_go_on = failed.error.is_crash() || failed.error.is_of_generation();
            failures.push((live.clone(), failed));
            let tried = |other: &Arc<Live>| failures.iter().any(|(tried, _)| Arc::ptr_eq(tried, other));
            let next =
                serving.live().filter(|now| !tried(now)).or_else(|| live.before().filter(|before| !tried(before)));
            match next {
                Some(next) if can_go_on => {
                    serving.counters().retried.fetch_add(1, Ordering::Relaxed);
                    live = next;
                }
                _ => {
                    let (_, failed) = failures.swap_remove(0);
                    if failed.error.is_crash() {
                        self.crashed(serving);
                    }
                    return Err(NotTaken::Failed(failed));
                }
            }
        }
    }

    /// Whether the driver crashes so often that a new instance has to wait; those that are alive go on.
    fn has_to_wait(&self, serving: &Serving, live: &Live) -> bool {
        live.generation.idle_instances() == 0 && serving.kept.supervisor.lock().wait(self.now().millis()).is_some()
    }

    /// A call crashed, and nobody else could answer it.
    pub(crate) fn crashed(&self, serving: &Serving) {
        let now = self.now();
        let budget = serving.config.limits.restarts;
        let pause = serving.kept.supervisor.lock().crashed(budget, now.millis());
        let Some(pause) = pause else { return };
        let why = format!(
            "the driver has crashed more than {budget} times without a healthy minute; new instances of it wait {} s",
            pause.as_secs()
        );
        self.complain(serving, &why);
        serving.kept.health.lock().update(Health {
            state: "transient-error".to_owned(),
            detail: Some(why),
            since: now,
            user_action: true,
        });
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
            CallError::Busy(_) | CallError::CutOff => ReceiveError::Busy,
            error if error.is_timeout() => ReceiveError::DriverTimeout,
            CallError::Settings(_) => {
                self.say(&serving.id, LogLevel::Error, &error.to_string());
                ReceiveError::NotServed
            }
            _ => ReceiveError::DriverFailed,
        }
    }

    /// Counts a call and says in the channel's log why it failed.
    pub(crate) fn count(
        &self,
        serving: &Serving,
        live: &Live,
        kind: CallKind,
        started: Instant,
        failed: Option<&Failed>,
    ) {
        let error = failed.map(|failed| &failed.error);
        let outcome = error.map_or("ok", CallError::label);
        serving.counters().call(kind, outcome, started.elapsed());
        live.tally.call(outcome, started.elapsed());
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
            audit: Vec::new(),
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
