//! What is kept of an instance's calls while it is recorded, and where its answers come from when it is replayed.

use crate::call::State;
use crate::channel::Channel;
use crate::error::CallError;
use crate::replay::Player;
use crate::scrub::Scrubber;
use jackfield_records::{Call, Ending, Record, Recorder, Step, facts, shortened};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{SystemTime, UNIX_EPOCH};

/// What a value costs beside its text: an estimate, for the limit of one record.
const OVERHEAD: usize = 32;

/// An instance's tape.
pub(crate) enum Tape {
    /// Nothing is kept.
    Off,
    /// Calls are kept.
    Recording(Box<Recording>),
    /// Calls are answered from a record.
    Replaying(Box<Player>),
}

/// What is to be done with a call to the host.
pub(crate) enum Before<R> {
    /// The host's function is called.
    Go,
    /// It is called, and its answer kept.
    Keep,
    /// This is its answer.
    Answered(R),
}

/// Ready at once, or never: the record has a call to the host that was cut off before it was answered.
pub(crate) struct Wait(bool);

impl Future for Wait {
    type Output = ();

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        if self.0 { Poll::Pending } else { Poll::Ready(()) }
    }
}

/// The calls of an instance that were not handed on yet.
pub(crate) struct Recording {
    channel: Arc<Channel>,
    recorder: Recorder,
    record: Record,
    current: Option<Call>,
    /// About how many bytes all of it has.
    size: usize,
    /// A call was too large: what follows in this instance could not be replayed.
    lost: bool,
}

impl State {
    /// Before a function of the host is called.
    pub(crate) fn before<R: DeserializeOwned>(
        &mut self,
        function: &'static str,
        arguments: &impl Serialize,
    ) -> Before<R> {
        match &mut self.tape {
            Tape::Off => Before::Go,
            Tape::Recording(recording) => {
                recording.asked(function, arguments);
                Before::Keep
            }
            Tape::Replaying(player) => {
                let before = player.asked(function, arguments);
                if player.is_over() {
                    // A guest can't be stopped here; at its next look at the clock it is.
                    self.call.cpu_limit = std::time::Duration::ZERO;
                }
                before
            }
        }
    }

    /// After it has answered.
    pub(crate) fn after(&mut self, answer: &impl Serialize) {
        match &mut self.tape {
            Tape::Off => {}
            Tape::Recording(recording) => recording.answered(answer),
            Tape::Replaying(player) => player.answered(facts(answer)),
        }
    }

    /// Waits for ever if the record says that this call was never answered.
    pub(crate) fn never(&mut self, function: &'static str, arguments: &impl Serialize) -> Wait {
        match &mut self.tape {
            Tape::Replaying(player) => Wait(player.is_unanswered(function, arguments)),
            _ => Wait(false),
        }
    }
}

impl Tape {
    /// A tape for a new instance of a channel that is recorded; off for others.
    pub(crate) fn of(channel: &Arc<Channel>, digest: &str) -> Self {
        let Some(recorder) = channel.recorder.clone() else { return Self::Off };
        let config = &channel.config;
        let record = Record::new(&config.id, &channel.driver, digest, facts(&config.limits));
        let recording = Recording { channel: channel.clone(), recorder, record, current: None, size: 0, lost: false };
        Self::Recording(Box::new(recording))
    }

    /// A handler is called.
    pub(crate) fn begin(&mut self, handler: &str, input: impl FnOnce() -> Value) {
        match self {
            Self::Off => {}
            Self::Recording(recording) => recording.begin(handler, input()),
            Self::Replaying(player) => player.begin(handler, input()),
        }
    }

    /// It has ended.
    pub(crate) fn end<T: Serialize>(&mut self, ended: &Result<T, CallError>) {
        match self {
            Self::Off => {}
            Self::Recording(recording) => recording.end(ending(ended)),
            Self::Replaying(player) => player.end(ending(ended)),
        }
    }

    /// Whether a replayed call has come to where the recorded one was ended.
    pub(crate) fn is_over(&self) -> bool {
        matches!(self, Self::Replaying(player) if player.is_over())
    }

    /// Hands on what has ended: a handler's call, with what came before it.
    pub(crate) fn hand_on(&mut self) {
        if let Self::Recording(recording) = self {
            recording.hand_on();
        }
    }

    /// The instance is gone; a call that has not ended was cut off.
    pub(crate) fn gone(&mut self) {
        if let Self::Recording(recording) = self {
            if recording.current.is_some() {
                recording.end(ending::<()>(&Err(CallError::CutOff)));
            }
            recording.hand_on();
        }
    }
}

/// How a call ended, as it stands in a record. Of a trap only what it was: where stands for the component's build.
fn ending<T: Serialize>(ended: &Result<T, CallError>) -> Ending {
    match ended {
        Ok(answer) => Ending::Returned { answer: facts(answer) },
        Err(error) => Ending::Failed { kind: kind(error).to_owned(), text: text(error) },
    }
}

fn kind(error: &CallError) -> &'static str {
    match error {
        CallError::Memory { key, .. } => key,
        other => other.label(),
    }
}

fn text(error: &CallError) -> String {
    match error {
        CallError::Trap { trap } | CallError::Memory { trap, .. } => {
            trap.split("; ").next().unwrap_or_default().to_owned()
        }
        other => other.to_string(),
    }
}

impl Recording {
    fn begin(&mut self, handler: &str, input: Value) {
        if self.lost {
            return;
        }
        let at = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
        let at = u64::try_from(at).unwrap_or(u64::MAX);
        let input = self.clean(input);
        let ending = Ending::Returned { answer: Value::Null };
        self.current = Some(Call { handler: handler.to_owned(), at, input, steps: Vec::new(), ending });
    }

    fn asked(&mut self, function: &'static str, arguments: &impl Serialize) {
        if self.current.is_none() {
            return;
        }
        let arguments = shortened(self.clean(facts(arguments)));
        if let Some(call) = &mut self.current {
            call.steps.push(Step { function: function.to_owned(), arguments, answer: None });
        }
    }

    fn answered(&mut self, answer: &impl Serialize) {
        if self.current.is_none() {
            return;
        }
        let answer = self.clean(facts(answer));
        if let Some(step) = self.current.as_mut().and_then(|call| call.steps.last_mut()) {
            step.answer = Some(answer);
        }
    }

    fn end(&mut self, ending: Ending) {
        let ending = match ending {
            Ending::Returned { answer } => Ending::Returned { answer: self.clean(answer) },
            failed @ Ending::Failed { .. } => failed,
        };
        match self.current.take() {
            Some(call) => self.record.calls.push(Call { ending, ..call }),
            None => self.recorder.dropped(),
        }
    }

    fn hand_on(&mut self) {
        if !self.record.calls.is_empty() && !self.lost {
            self.recorder.take(self.record.split_off(), std::mem::take(&mut self.size));
        }
    }

    /// The value without the channel's secrets; gives up the call where it grows too large.
    fn clean(&mut self, mut value: Value) -> Value {
        mask(&mut value, &self.channel.scrubber);
        self.size += weight(&value);
        if self.size > self.recorder.most() {
            self.lost = true;
            self.current = None;
            self.record.calls.clear();
            return Value::Null;
        }
        value
    }
}

/// About how many bytes a value takes.
fn weight(value: &Value) -> usize {
    OVERHEAD
        + match value {
            Value::String(text) => text.len(),
            Value::Array(values) => values.iter().map(weight).sum(),
            Value::Object(fields) => fields.iter().map(|(name, value)| name.len() + weight(value)).sum(),
            _ => 0,
        }
}

/// Puts as many `0` in the place of every known secret. Only what stands as bytes that are no text has to be decoded.
fn mask(value: &mut Value, scrubber: &Scrubber) {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    match value {
        Value::String(text) => {
            if let Some(masked) = scrubber.masked(text.as_bytes()) {
                *text = String::from_utf8_lossy(&masked).into_owned();
            }
        }
        Value::Array(values) => values.iter_mut().for_each(|value| mask(value, scrubber)),
        Value::Object(fields) => {
            if let Some(Value::String(encoded)) = fields.get_mut("$base64") {
                if let Some(masked) = STANDARD.decode(&*encoded).ok().and_then(|bytes| scrubber.masked(&bytes)) {
                    *encoded = STANDARD.encode(masked);
                }
            } else {
                fields.values_mut().for_each(|value| mask(value, scrubber));
            }
        }
        _ => {}
    }
}
