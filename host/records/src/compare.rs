//! What two versions of a driver did differently with the same call.

use crate::record::{Call, Ending, Step};
use serde::Serialize;
use serde_json::Value;

/// Functions that only look: that they are called more or less often changes nothing outside the driver.
const LOOKS: [&str; 14] = [
    "clock.",
    "random.",
    "crm.",
    "store.get",
    "store.entries",
    "blobs.size",
    "blobs.read",
    "blobs.writer.size",
    "connections.find",
    "wasi:clocks.",
    "wasi:random.",
    "wasi:io.",
    "wasi:http.answer",
    "wasi:http.room",
];
/// Of `secrets` all but this one.
const FORGET: &str = "secrets.forget";
/// Of `server` these.
const ASKS: [&str; 3] = ["server.query", "server.messages", "server.to-json"];

/// A difference.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", tag = "type")]
pub enum Difference {
    /// The recorded version did this, the new one does not.
    Missing {
        /// Interface and function.
        function: String,
        /// Its arguments.
        arguments: Value,
    },
    /// The new version does this, the recorded one did not.
    Added {
        /// Interface and function.
        function: String,
        /// Its arguments.
        arguments: Value,
    },
    /// Both do it in this place, with other arguments.
    Changed {
        /// Interface and function.
        function: String,
        /// Where.
        changes: Vec<Change>,
    },
    /// What the handler returned, or that it did.
    Ending {
        /// Where.
        changes: Vec<Change>,
    },
    /// The new version asks what the recorded one did not, and the record has no answer: from here on it went its own way.
    Unanswered {
        /// Interface and function.
        function: String,
        /// Its arguments.
        arguments: Value,
    },
    /// The recorded call was not reached, since one before it failed.
    NotReached,
}

/// A place where two values differ.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    /// JSON Pointer (RFC 6901); empty: the whole.
    pub at: String,
    /// The recorded value; none: it was not there.
    pub recorded: Option<Value>,
    /// The new version's.
    pub replayed: Option<Value>,
}

/// Whether a call was ended by what no record can repeat: time, the end of its generation, other instances' memory.
pub fn is_from_outside(ending: &Ending) -> bool {
    let kinds = ["guest-time", "wall-time", "cut-off", "channel-memory"];
    matches!(ending, Ending::Failed { kind, .. } if kinds.contains(&kind.as_str()))
}

fn is_effect(step: &Step) -> bool {
    let function = step.function.as_str();
    let looks = LOOKS.iter().any(|look| function.starts_with(look)) || ASKS.contains(&function);
    !looks && (!function.starts_with("secrets.") || function == FORGET)
}

/// What the replayed call did otherwise. `unanswered`: which of its steps the record has no answer to.
pub fn compare(recorded: &Call, replayed: &Call, unanswered: &[usize]) -> Vec<Difference> {
    let mut before: Vec<&Step> = recorded.steps.iter().filter(|step| is_effect(step)).collect();
    let after: Vec<&Step> = replayed.steps.iter().filter(|step| is_effect(step)).collect();
    // How far a call came until its time was over is nobody's doing.
    if is_from_outside(&recorded.ending) && is_from_outside(&replayed.ending) {
        before.truncate(after.len());
    }
    let mut differences = effects(&before, &after);
    for step in unanswered.iter().filter_map(|index| replayed.steps.get(*index)) {
        let (function, arguments) = (step.function.clone(), step.arguments.clone());
        differences.push(Difference::Unanswered { function, arguments });
    }
    let changes = endings(&recorded.ending, &replayed.ending);
    if !changes.is_empty() {
        differences.push(Difference::Ending { changes });
    }
    differences
}

fn same(a: &Step, b: &Step) -> bool {
    a.function == b.function && a.arguments == b.arguments
}

/// Aligned from both ends; what is left in the middle is compared place by place where the functions agree.
fn effects(before: &[&Step], after: &[&Step]) -> Vec<Difference> {
    let head = before.iter().zip(after).take_while(|(a, b)| same(a, b)).count();
    let (before, after) = (&before[head..], &after[head..]);
    let tail = before.iter().rev().zip(after.iter().rev()).take_while(|(a, b)| same(a, b)).count();
    let (before, after) = (&before[..before.len() - tail], &after[..after.len() - tail]);
    let mut differences = Vec::new();
    let mut rest = after.iter().peekable();
    for step in before {
        // What the new version does before it comes to the same again.
        if let Some(position) = rest.clone().position(|other| same(step, other)) {
            differences.extend(rest.by_ref().take(position).map(|step| added(step)));
            rest.next();
        } else if let Some(other) = rest.next_if(|other| other.function == step.function) {
            let mut changes = Vec::new();
            differ(&step.arguments, &other.arguments, String::new(), &mut changes);
            differences.push(Difference::Changed { function: step.function.clone(), changes });
        } else {
            let (function, arguments) = (step.function.clone(), step.arguments.clone());
            differences.push(Difference::Missing { function, arguments });
        }
    }
    differences.extend(rest.map(|step| added(step)));
    differences
}

fn added(step: &Step) -> Difference {
    Difference::Added { function: step.function.clone(), arguments: step.arguments.clone() }
}

fn endings(recorded: &Ending, replayed: &Ending) -> Vec<Change> {
    let mut changes = Vec::new();
    match (recorded, replayed) {
        (Ending::Returned { answer: before }, Ending::Returned { answer: after }) => {
            differ(before, after, String::new(), &mut changes);
        }
        // Time is counted by the clock, and other limits than those of time have words that say the same.
        (Ending::Failed { kind: before, text: was }, Ending::Failed { kind: after, text: is })
            if before == after && (before != "trap" || was == is) => {}
        (Ending::Failed { kind, .. }, _) if kind == "cut-off" || kind == "channel-memory" => {}
        _ => changes.push(Change { at: String::new(), recorded: shown(recorded), replayed: shown(replayed) }),
    }
    changes
}

fn shown(ending: &Ending) -> Option<Value> {
    serde_json::to_value(ending).ok()
}

fn differ(before: &Value, after: &Value, at: String, changes: &mut Vec<Change>) {
    match (before, after) {
        _ if before == after => {}
        (Value::Object(old), Value::Object(new)) => {
            let names = old.keys().chain(new.keys().filter(|name| !old.contains_key(*name)));
            for name in names {
                let at = format!("{at}/{}", name.replace('~', "~0").replace('/', "~1"));
                differ_at(old.get(name), new.get(name), at, changes);
            }
        }
        (Value::Array(old), Value::Array(new)) => {
            for index in 0..old.len().max(new.len()) {
                differ_at(old.get(index), new.get(index), format!("{at}/{index}"), changes);
            }
        }
        _ => changes.push(Change { at, recorded: Some(before.clone()), replayed: Some(after.clone()) }),
    }
}

fn differ_at(before: Option<&Value>, after: Option<&Value>, at: String, changes: &mut Vec<Change>) {
    match (before, after) {
        (Some(before), Some(after)) => differ(before, after, at, changes),
        (before, after) => changes.push(Change { at, recorded: before.cloned(), replayed: after.cloned() }),
    }
}

#[cfg(test)]
mod tests;
