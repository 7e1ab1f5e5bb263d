//! Answers one call of a replayed instance from its record.

use super::model::Model;
use super::{Replayed, unknown};
use crate::tape::Before;
use jackfield_records::{Call, Ending, Step, facts, is_from_outside, shortened, unfold};
use parking_lot::Mutex;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use sha2::Digest as _;
use std::sync::Arc;
use tokio::sync::Notify;

/// Most calls to the host that are looked at; beyond them the sandbox's own limit is met.
const STEPS: usize = 100_000;
/// Most random bytes of one call, and of one of WASI's.
const RANDOM: usize = 64 << 10;
const RANDOM_OF_WASI: usize = 1 << 20;
/// Functions whose answers come from outside the call: without one in the record there is none.
const OUTSIDE: [&str; 9] = [
    "http.",
    "tcp.",
    "crm.",
    "secrets.",
    "server.query",
    "server.messages",
    "connections.",
    "wasi:http.send",
    "wasi:http.answer",
];
/// Bytes that a body has room for where the record doesn't say: what a way out lets through by default.
const ROOM: usize = jackfield_egress::Limits::REQUEST_BYTES;

/// Where the replayed call is put when it has ended.
#[derive(Clone, Default)]
pub(crate) struct Done(Arc<Mutex<Option<Replayed>>>);

impl Done {
    pub(crate) fn take(&self) -> Option<Replayed> {
        self.0.lock().take()
    }
}

/// A recorded call on the one hand, what its successor does on the other.
pub(crate) struct Player {
    recorded: Call,
    /// Which of the recorded steps have been asked again.
    used: Vec<bool>,
    call: Call,
    unanswered: Vec<usize>,
    model: Arc<Model>,
    /// The call has come to where the recorded one was ended from outside.
    over: bool,
    ended: Arc<Notify>,
    done: Done,
}

impl Player {
    pub(crate) fn new(recorded: &Call, model: Arc<Model>) -> Self {
        model.learn(recorded);
        let call = Call { steps: Vec::new(), ..recorded.clone() };
        Self {
            used: vec![false; recorded.steps.len()],
            recorded: recorded.clone(),
            call,
            unanswered: Vec::new(),
            model,
            over: false,
            ended: Arc::default(),
            done: Done::default(),
        }
    }

    pub(crate) fn done(&self) -> Done {
        self.done.clone()
    }

    /// Told when the call has come to its recorded end while it waits.
    pub(crate) fn ended(&self) -> Arc<Notify> {
        self.ended.clone()
    }

    pub(crate) fn is_over(&self) -> bool {
        self.over
    }

    pub(crate) fn begin(&mut self, handler: &str, input: Value) {
        handler.clone_into(&mut self.call.handler);
        self.call.input = input;
    }

    pub(crate) fn end(&mut self, ending: Ending) {
        let ending = if self.over { self.recorded.ending.clone() } else { ending };
        let call = Call { ending, ..self.call.clone() };
        *self.done.0.lock() = Some(Replayed { call, unanswered: std::mem::take(&mut self.unanswered) });
    }

    /// The first recorded step that asked the same and was not asked again yet.
    fn find(&self, function: &str, arguments: &Value) -> Option<usize> {
        let same = |(step, used): (&Step, &bool)| !used && step.function == function && step.arguments == *arguments;
        self.recorded.steps.iter().zip(&self.used).position(same)
    }

    /// Whether this is a call to the host that was never answered. Then the call has come to its end.
    pub(crate) fn is_unanswered(&mut self, function: &str, arguments: &impl Serialize) -> bool {
        let arguments = shortened(facts(arguments));
        let Some(index) = self.find(function, &arguments) else { return false };
        if self.recorded.steps[index].answer.is_some() {
            return false;
        }
        self.used[index] = true;
        self.call.steps.push(self.recorded.steps[index].clone());
        self.over = true;
        self.ended.notify_one();
        true
    }

    /// What a call to the host is answered.
    pub(crate) fn asked<R: DeserializeOwned>(&mut self, function: &str, arguments: &impl Serialize) -> Before<R> {
        if self.over || self.call.steps.len() >= STEPS {
            return Before::Go;
        }
        let arguments = shortened(facts(arguments));
        let found = self.find(function, &arguments);
        if let Some(index) = found {
            self.used[index] = true;
        }
        let answer = match (self.model.written(function, &arguments), found) {
            (Some(written), _) => Some(written),
            (None, Some(index)) => self.recorded.steps[index].answer.clone(),
            (None, None) => None,
        };
        if answer.is_none() && self.is_at_the_end() {
            self.over = true;
            return Before::Go;
        }
        let known = answer.or_else(|| self.guess(function, &arguments));
        self.call.steps.push(Step { function: function.to_owned(), arguments, answer: None });
        if let Some(typed) = known.as_ref().and_then(unfold) {
            self.answered(known.unwrap_or_default());
            return Before::Answered(typed);
        }
        let index = self.call.steps.len() - 1;
        if OUTSIDE.iter().any(|outside| function.starts_with(outside)) {
            self.unanswered.push(index);
            let refused = facts(&Err::<(), _>(unknown()));
            if let Some(typed) = unfold(&refused) {
                self.answered(refused);
                return Before::Answered(typed);
            }
        } else if !self.model.can_know(function, &self.call.steps[index].arguments) {
            self.unanswered.push(index);
        }
        Before::Keep
    }

    /// The answer to the last step.
    pub(crate) fn answered(&mut self, answer: Value) {
        if let Some(step) = self.call.steps.last_mut() {
            self.model.settled(&step.function, &step.arguments, &answer);
            step.answer = Some(answer);
        }
    }

    /// Whether the recorded call was ended from outside, and this one has asked all that it had.
    fn is_at_the_end(&self) -> bool {
        is_from_outside(&self.recorded.ending) && self.used.iter().all(|used| *used)
    }

    /// What can be said without a recorded answer: the time stands still, randomness is made up, and what was asked before
    /// is answered as before.
    fn guess(&self, function: &str, arguments: &Value) -> Option<Value> {
        let last = |function: &str| {
            let before = self.call.steps.iter().rev().find(|step| step.function == function);
            before.and_then(|step| step.answer.clone())
        };
        match function {
            "clock.now" => last(function).or_else(|| Some(self.recorded.at.into())),
            "clock.monotonic-ms" => last(function).or_else(|| Some(0.into())),
            "store.entries" => self.model.page(arguments),
            "wasi:clocks.wall" => last(function).or_else(|| Some(self.recorded.at.into())),
            "wasi:clocks.monotonic" => last(function).or_else(|| Some(0.into())),
            "wasi:io.poll" => Some(ready(arguments.get(0)?)),
            "wasi:io.ready" => Some(true.into()),
            "wasi:io.block" => Some(Value::Null),
            "wasi:http.room" => last(function).or_else(|| Some(ROOM.into())),
            // Asked once more than it was then: it has come.
            "wasi:http.answer" => {
                let came = |step: &&Step| step.function == function && step.arguments == *arguments;
                self.recorded.steps.iter().rev().find(came).and_then(|step| step.answer.clone())
            }
            "random.bytes" | "wasi:random.bytes" => {
                let length = arguments.get(0).and_then(Value::as_u64).unwrap_or(0);
                let most = if function == "random.bytes" { RANDOM } else { RANDOM_OF_WASI };
                let length = usize::try_from(length).unwrap_or(most).min(most);
                Some(facts(&made_up(self.call.steps.len(), length)))
            }
            _ if function.starts_with("connections.") || function.starts_with("datagrams.") => {
                Some(json!({ "Ok": null }))
            }
            _ if OUTSIDE.iter().any(|outside| function.starts_with(outside)) && !function.starts_with("tcp.") => {
                let same = |step: &&Step| step.function == function && step.arguments == *arguments;
                self.recorded.steps.iter().find(same).and_then(|step| step.answer.clone())
            }
            _ => None,
        }
    }
}

/// Which of these is ready, where nobody waits: all but moments, or those where there is nothing else.
fn ready(waits: &Value) -> Value {
    let waits = waits.as_array().map(Vec::as_slice).unwrap_or_default();
    let is_moment = |wait: &Value| wait.get("At").is_some() || wait.get("After").is_some();
    let only_moments = waits.iter().all(is_moment);
    waits
        .iter()
        .zip(0..)
        .filter(|(wait, _)| only_moments || !is_moment(wait))
        .map(|(_, index): (_, u32)| index)
        .collect()
}

/// Bytes that look random and are the same in every replay.
fn made_up(index: usize, length: usize) -> Vec<u8> {
    let blocks = (0_u64..).flat_map(|block| sha2::Sha256::digest(format!("replay {index} {block}")).to_vec());
    blocks.take(length).collect()
}

#[cfg(test)]
mod tests;
