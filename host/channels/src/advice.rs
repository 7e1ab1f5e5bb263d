//! What is only advice, such as that somebody is writing: passed on at once or not at all, never kept.

use crate::channels::Channels;
use crate::counters::CallKind;
use crate::serving::Serving;
use jackfield_sandbox::Delivery;
use jackfield_spec::Message;
use parking_lot::Mutex;
use serde_json::Value;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;
use tokio::sync::broadcast;

/// Somebody is writing.
pub(crate) const TYPING: &str = "typing";
/// Milliseconds that `typing` lasts: told again within it, it says nothing new.
const LASTS: u64 = 10_000;
/// Conversations whose newest advice is remembered; with more of them at once, further advice is dropped.
const REMEMBERED: usize = 4_096;
/// Advice that may wait for a slow listener.
const WAITING: usize = 256;

/// A customer is writing, or has stopped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Typing {
    /// The channel.
    pub channel: String,
    /// Key of the conversation.
    pub conversation: String,
    /// False: stopped.
    pub on: bool,
}

/// Advice that is under way, and what was told lately.
pub(crate) struct Advice {
    typing: broadcast::Sender<Typing>,
    from_customers: Recent,
    from_agents: Recent,
}

impl Default for Advice {
    fn default() -> Self {
        Self {
            typing: broadcast::Sender::new(WAITING),
            from_customers: Recent::default(),
            from_agents: Recent::default(),
        }
    }
}

/// What was told lately of each conversation.
#[derive(Default)]
struct Recent(Mutex<HashMap<String, (bool, u64)>>);

impl Recent {
    /// Whether this says anything new.
    fn is_new(&self, key: &str, on: bool, now: u64) -> bool {
        let mut told = self.0.lock();
        if told.get(key).is_some_and(|(before, at)| *before == on && now < at + LASTS) {
            return false;
        }
        if told.len() >= REMEMBERED {
            told.retain(|_, (_, at)| now < *at + LASTS);
        }
        if told.len() >= REMEMBERED {
            return false;
        }
        told.insert(key.to_owned(), (on, now));
        true
    }
}

/// Why advice doesn't reach the channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AdviceError {
    /// The driver doesn't take it.
    #[error("the channel's driver doesn't take `{TYPING}`")]
    NotSupported,
    /// Nothing serves the channel now, or it is paused.
    #[error("the channel isn't served now")]
    NotServed,
}

impl Channels {
    /// Customers who write, as drivers tell. Whoever reads too slowly misses some.
    pub fn typing(&self) -> broadcast::Receiver<Typing> {
        self.advice().typing.subscribe()
    }

    /// Tells the listeners that a customer is writing.
    pub(crate) fn customer_types(&self, serving: &Serving, message: &Message) {
        let Some(item) = &message.work_item else { return };
        let sequencer = self.sequencer();
        let conversation = hex::encode(sequencer.keys().conversation(&serving.id, &item.conversation));
        let on = message.interaction.arguments.get("on").and_then(Value::as_bool).unwrap_or(true);
        if self.advice().from_customers.is_new(&conversation, on, sequencer.now()) {
            // Without an agent there is nobody who listens.
            let _ = self.advice().typing.send(Typing { channel: serving.id.clone(), conversation, on });
        }
    }

    /// Tells a channel's driver that an agent is writing, beside everything else. What comes too often, or while the
    /// driver is busy, is dropped.
    ///
    /// # Errors
    /// [`AdviceError`]
    pub fn agent_types(&self, channel: &str, work_item: &str, message: Message) -> Result<(), AdviceError> {
        let serving = self.serving(channel).filter(|serving| !serving.is_paused()).ok_or(AdviceError::NotServed)?;
        let generation = serving.generation().ok_or(AdviceError::NotServed)?;
        if !generation.driver().descriptor().understands(TYPING) {
            return Err(AdviceError::NotSupported);
        }
        if self.advice().from_agents.is_new(work_item, true, self.sequencer().now()) {
            let channels = self.clone();
            tokio::spawn(async move { channels.advise(serving, message).await });
        }
        Ok(())
    }

    /// One call of the driver beside everything else; dropped while the driver has enough to do.
    pub(crate) async fn advise(&self, serving: Arc<Serving>, message: Message) {
        let Some(_under_way) = self.enter() else { return };
        let Some(live) = serving.live() else { return };
        let Ok(_turn) = serving.kept.deliveries.try_acquire() else { return };
        let idempotency_key = message.id.clone().unwrap_or_default();
        let delivery =
            Delivery { message, attempt: 1, idempotency_key, previous: "none".to_owned(), progress: Vec::new() };
        let started = Instant::now();
        let called = live.generation.deliver(delivery).await;
        self.count(&serving, &live, CallKind::Deliver, started, called.as_ref().err());
        if called.as_ref().is_err_and(|failed| failed.error.is_crash()) {
            self.blame(&serving, &live);
            self.crashed(&serving);
        }
        let Ok(mut called) = called else { return };
        let lines = std::mem::take(&mut called.transaction.lines);
        let Ok(commit) = self.commit_of(&serving, CallKind::Deliver, called.transaction) else { return };
        if !commit.is_empty()
            && let Err(error) = self.commit(&serving, commit).await
        {
            return tracing::warn!(channel = serving.id, "what the driver noted with advice is not kept: {error}");
        }
        self.release_lines(&serving, lines);
    }
}

#[cfg(test)]
mod tests;
