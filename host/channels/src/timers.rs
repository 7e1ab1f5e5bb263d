//! Durable timers of drivers, and `start`, which the host fires when a channel begins to be served.

use crate::channels::Channels;
use crate::counters::CallKind;
use crate::intake::RERUNS;
use crate::live::Live;
use crate::quarantine::timer_fingerprint;
use crate::serving::Serving;
use base64::Engine;
use jackfield_router::Command;
use jackfield_sandbox::{Expiry, Failed, LogLevel};
use jackfield_sequencer::CommitError;
use jackfield_spec::Timestamp;
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The host's own timer.
const START: &str = "start";
/// How often `start` is tried.
const STARTS: u32 = 8;

/// A timer that is due, as the router released it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Due {
    pub(crate) channel: String,
    pub(crate) name: String,
    pub(crate) due: u64,
    pub(crate) payload: String,
    pub(crate) attempt: u32,
}

/// Names of timers that are being handled, each with what became due meanwhile: it was set anew while its driver had it.
#[derive(Debug, Default)]
pub(crate) struct Firing(Mutex<BTreeMap<String, Option<Due>>>);

impl Firing {
    /// Begins to handle a timer. None while its name is being handled already; then it waits until that ends.
    fn begin(&self, due: &Due) -> Option<Turn<'_>> {
        match self.0.lock().entry(due.name.clone()) {
            Entry::Occupied(mut handled) => {
                handled.insert(Some(due.clone()));
                None
            }
            Entry::Vacant(free) => {
                free.insert(None);
                Some(Turn { firing: self, name: due.name.clone(), is_over: false })
            }
        }
    }
}

/// A timer that is being handled, until this is dropped.
struct Turn<'a> {
    firing: &'a Firing,
    name: String,
    is_over: bool,
}

impl Turn<'_> {
    /// Ends it; what became due meanwhile, if anything did.
    fn end(mut self) -> Option<Due> {
        self.is_over = true;
        self.firing.0.lock().remove(&self.name).flatten()
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        if !self.is_over {
            self.firing.0.lock().remove(&self.name);
        }
    }
}

/// How a fired timer ended.
enum Fired {
    /// Handled, or never to be handled.
    Done,
    /// To be fired again.
    Again,
}

impl Channels {
    /// Fires a durable timer, then what it was set anew to meanwhile.
    pub(crate) async fn fire(&self, due: Due) {
        let mut next = Some(due);
        while let Some(due) = next.take() {
            let Some(serving) = self.serving(&due.channel) else { return };
            if serving.is_paused() {
                return;
            }
            // Held before the look: of two effects for one timer only one goes on at a time.
            let Some(turn) = serving.kept.firing.begin(&due) else { return };
            self.handle_timer(&serving, &due).await;
            next = turn.end();
        }
    }

    async fn handle_timer(&self, serving: &Arc<Serving>, due: &Due) {
        let Ok(_turn) = serving.kept.timers.acquire().await else { return };
        if serving.is_paused() || !self.is_due(due).await {
            return;
        }
        let payload = base64::engine::general_purpose::STANDARD.decode(&due.payload).unwrap_or_default();
        let expiry = Expiry {
            name: due.name.clone(),
            payload,
            due: Timestamp::from_millis(due.due).unwrap_or_default(),
            attempt: due.attempt,
        };
        let (channel, name) = (due.channel.as_str().into(), due.name.as_str().into());
        let done = Command::TimerDone { channel, name, due: due.due };
        if matches!(self.run_timer(serving, expiry, Some(done)).await, Fired::Again) {
            let (channel, name) = (due.channel.as_str().into(), due.name.as_str().into());
            let failed = Command::TimerFailed { channel, name, due: due.due };
            if let Err(error) = self.persist(failed).await {
                tracing::error!(
                    channel = serving.id,
                    timer = due.name,
                    "a timer is fired again after the next start: {error}"
                );
            }
        }
    }

    /// Whether the timer is still set as the effect says: it may have been handled, put off, or set anew, meanwhile.
    async fn is_due(&self, due: &Due) -> bool {
        let key = (due.channel.as_str().into(), due.name.as_str().into());
        let (at, attempt) = (due.due, due.attempt);
        let look = move |state: &jackfield_router::State| {
            let timer = state.timers().get(&key);
            timer.is_some_and(|timer| timer.due == at && timer.attempt == attempt && timer.fires.is_none())
        };
        self.sequencer().read(look).await.unwrap_or(false)
    }

    /// Fires `start`, with growing pauses while the driver fails.
    pub(crate) async fn fire_start(&self, serving: Arc<Serving>) {
        let Some(generation) = serving.generation() else { return };
        if !generation.driver().exports().timer {
            return;
        }
        let number = serving.kept.generation.load(std::sync::atomic::Ordering::Relaxed);
        for attempt in 1..=STARTS {
            let due = Timestamp::from_millis(self.sequencer().now()).unwrap_or_default();
            let expiry = Expiry { name: START.to_owned(), payload: Vec::new(), due, attempt };
            let replaced = serving.kept.generation.load(std::sync::atomic::Ordering::Relaxed) != number;
            if replaced || matches!(self.run_timer(&serving, expiry, None).await, Fired::Done) {
                return;
            }
            tokio::time::sleep(Duration::from_secs(1 << attempt)).await;
        }
        self.say(
            &serving.id,
            LogLevel::Error,
            "the driver failed on its timer `start` too often; it is not tried again before the next load",
        );
    }

    async fn run_timer(&self, serving: &Arc<Serving>, expiry: Expiry, done: Option<Command>) -> Fired {
        for run in 0..=RERUNS {
            let Some(live) = serving.live() else { return Fired::Again };
            let generation = &live.generation;
            if !generation.driver().exports().timer {
                self.say(
                    &serving.id,
                    LogLevel::Warn,
                    &format!("the timer `{}` is dropped: the driver takes none", expiry.name),
                );
                self.end(serving, done).await;
                return Fired::Done;
            }
            let started = Instant::now();
            let called = generation.fired(expiry.clone(), run > 0).await;
            self.count(serving, &live, CallKind::Timer, started, called.as_ref().err());
            let called = match called {
                Ok(called) => called,
                Err(failed) => return self.timer_failed(serving, &live, &expiry, done, failed).await,
            };
            if let Err(error) = &called.output {
                self.say(
                    &serving.id,
                    LogLevel::Warn,
                    &format!("the timer `{}` failed: {}: {}", expiry.name, error.code, error.text),
                );
                if matches!(error.code.as_str(), "temporary" | "unavailable" | "timeout" | "rate-limited") {
                    return Fired::Again;
                }
            }
            let mut transaction = called.transaction;
            let sent = transaction.sent;
            let aside = std::mem::take(&mut transaction.set_aside);
            let lines = std::mem::take(&mut transaction.lines);
            let Ok(mut commit) = self.commit_of(serving, CallKind::Timer, transaction) else {
                return Fired::Again;
            };
            if self.set_aside(serving, aside).await.is_err() {
                return Fired::Again;
            }
            commit.ends = done.clone();
            if commit.is_empty() {
                self.release_lines(serving, lines);
                return Fired::Done;
            }
            match self.commit(serving, commit).await {
                Ok(_) => {
                    self.release_lines(serving, lines);
                    return Fired::Done;
                }
                Err(CommitError::Conflict { .. }) if !sent => {}
                Err(error @ CommitError::TooLarge) => {
                    self.say(&serving.id, LogLevel::Error, &format!("the timer `{}` is dropped: {error}", expiry.name));
                    self.end(serving, done).await;
                    return Fired::Done;
                }
                Err(_) => return Fired::Again,
            }
        }
        Fired::Again
    }

    /// A timer that kills its driver again and again goes to quarantine, so that it doesn't do so for ever.
    async fn timer_failed(
        &self,
        serving: &Arc<Serving>,
        live: &Arc<Live>,
        expiry: &Expiry,
        done: Option<Command>,
        failed: Failed,
    ) -> Fired {
        if !failed.error.is_crash() {
            return Fired::Again;
        }
        self.blame(serving, live);
        self.crashed(serving);
        // `start` isn't the router's, and is given up by itself.
        let Some(done) = done else { return Fired::Again };
        let fingerprint = timer_fingerprint(&expiry.name, &expiry.payload);
        let often = serving.kept.kills.killed(&fingerprint, self.now().millis());
        if often && self.quarantine_timer(serving, &expiry.name, &expiry.payload, &failed).await {
            self.end(serving, Some(done)).await;
            return Fired::Done;
        }
        Fired::Again
    }

    /// Gives a timer from quarantine to the driver again.
    pub(crate) async fn replay_timer(
        &self,
        serving: &Arc<Serving>,
        name: &str,
        payload: Vec<u8>,
    ) -> Result<(), String> {
        let due = Timestamp::from_millis(self.sequencer().now()).unwrap_or_default();
        let expiry = Expiry { name: name.to_owned(), payload, due, attempt: 1 };
        match self.run_timer(serving, expiry, None).await {
            Fired::Done => Ok(()),
            Fired::Again => Err("the channel's log says why".to_owned()),
        }
    }

    async fn end(&self, serving: &Serving, done: Option<Command>) {
        let Some(done) = done else { return };
        if let Err(error) = self.persist(done).await {
            tracing::error!(channel = serving.id, "a timer's end could not be kept: {error}");
        }
    }
}

#[cfg(test)]
mod tests;
