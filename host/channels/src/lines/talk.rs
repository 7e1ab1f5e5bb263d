//! One connection's calls: the driver is told, what it wants is committed, then let out.

use super::limits::Admission;
use super::line::{Line, Order};
use crate::channels::Channels;
use crate::counters::CallKind;
use crate::live::Live;
use crate::serving::Serving;
use jackfield_sandbox::{Connected, Failed, Limit, LineEvent, LogLevel};
use std::sync::Arc;
use std::time::Instant;
use tokio::sync::mpsc;

/// Why a connection ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct End {
    /// A code of the specification, or [`FAILED`].
    pub(super) code: &'static str,
    pub(super) text: String,
}

/// A handler failed: its instance is gone, so nobody is told.
pub(super) const FAILED: &str = "failed";

impl End {
    pub(super) fn new(code: &'static str, text: impl Into<String>) -> Self {
        Self { code, text: text.into() }
    }
}

/// A connection with its instance.
pub(super) struct Talk {
    pub(super) channels: Channels,
    pub(super) serving: Arc<Serving>,
    pub(super) line: Arc<Line>,
    pub(super) orders: mpsc::UnboundedReceiver<Order>,
    pub(super) connected: Connected,
    /// None: it was to be opened, and there are too many.
    pub(super) admission: Option<Admission>,
}

impl Channels {
    /// An instance for a connection.
    pub(super) async fn connected(&self, serving: &Arc<Serving>, live: &Arc<Live>) -> Option<Connected> {
        let started = Instant::now();
        let failed = match live.generation.connected().await {
            Ok(connected) => return Some(connected),
            Err(failed) => failed,
        };
        self.count(serving, live, CallKind::Stream, started, Some(&failed));
        if failed.error.is_crash() {
            self.blame(serving, live);
            self.crashed(serving);
        }
        None
    }

    /// Counts that a limit of a channel was met.
    pub(super) fn met(serving: &Serving, limit: Limit) {
        if let Some(generation) = serving.generation() {
            generation.usage().met(limit);
        }
    }
}

impl Talk {
    /// Tells the driver, commits what it wants, and lets it out.
    pub(super) async fn tell(&mut self, event: LineEvent) -> Result<(), End> {
        let channels = self.channels.clone();
        let Some(_under_way) = channels.enter() else {
            return Err(End::new("shutdown", "the server goes down"));
        };
        let live = self.line.live.clone();
        let started = Instant::now();
        let called = self.connected.call(&self.line.id, event).await;
        channels.count(&self.serving, &live, CallKind::Stream, started, called.as_ref().err());
        let called = match called {
            Ok(called) => called,
            Err(failed) => {
                self.failed(&live, &failed);
                return Err(End::new(FAILED, failed.error.to_string()));
            }
        };
        if let Err(error) = &called.output {
            let text = format!("a connection's timer failed: {}: {}", error.code, error.text);
            channels.say(&self.serving.id, LogLevel::Warn, &text);
        }
        let mut transaction = called.transaction;
        let changes = std::mem::take(&mut transaction.lines);
        let aside = std::mem::take(&mut transaction.set_aside);
        let not_kept = |why: &str| End::new(FAILED, why);
        let commit = channels
            .commit_of(&self.serving, CallKind::Stream, transaction)
            .map_err(|error| not_kept(&error.to_string()))?;
        channels.set_aside(&self.serving, aside).await.map_err(|error| not_kept(&error.to_string()))?;
        if !commit.is_empty()
            && let Err(error) = channels.commit(&self.serving, commit).await
        {
            // The instance has seen what is not so: it can't be asked again, only its peer can.
            channels.say(&self.serving.id, LogLevel::Warn, &format!("a connection is closed: {error}"));
            return Err(not_kept(&error.to_string()));
        }
        channels.release_lines(&self.serving, changes);
        Ok(())
    }

    /// Whoever knows what kills the driver is let in no more for a while, and costs it no restart beyond that.
    fn failed(&self, live: &Arc<Live>, failed: &Failed) {
        if !failed.error.is_crash() {
            return;
        }
        self.channels.blame(&self.serving, live);
        self.channels.crashed(&self.serving);
        if let Some(address) = self.admission.as_ref().and_then(|admission| admission.address) {
            self.serving.kept.lines.census.lock().crashed(address, self.channels.now().millis());
        }
    }
}
