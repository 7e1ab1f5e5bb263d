//! Seeded mutation of kept inputs at the boundaries where bytes come in from outside (R4): nothing panics, and what is
//! taken in makes sense. Here are those that need no server; webhooks and agents' frames are in `e2e`, the component
//! file is in `host/sandbox`.
//!
//! Each target runs ten seconds on a thread of its own; `make fuzz` lets them run for hours.

mod drivers;
mod files;
mod mail;
mod signed;

use jackfield_router::State;
use jackfield_spec::{Message, canonical, validate};
use jackfield_tests::{corpus, fuzz, kind_of};
use std::path::Path;
use std::thread;

const CONFIG_WORDS: [&str; 26] = [
    "[server]",
    "[[channel]]",
    "[[route]]",
    "[[queue]]",
    "[[agent]]",
    "[[operator]]",
    "when = ",
    "\"env:NAME\"",
    "\"file:x\"",
    "settings = { a = 1 }",
    "grants",
    "limits",
    "listen",
    "\"1s\"",
    "\"64MiB\"",
    "true",
    "1979-05-27",
    "[1, 2]",
    "'''",
    "\"\"\"",
    "message.mediaType",
    "matches(",
    "size(",
    " ? 1 : 2",
    "has(",
    "in [",
];
const MESSAGE_WORDS: [&str; 12] = [
    "null",
    "\"request\"",
    "\"support-request\"",
    "\"arguments\":{}",
    "\"parts\":[",
    "{\"type\":\"text\"}",
    "\"sha256-",
    "\"2026-01-01T00:00:00.000Z\"",
    "\\ud800",
    "\u{fffd}",
    "{\"a\":1,\"a\":2}",
    "[[[[[[[[",
];
const STATE_WORDS: [&str; 6] = ["null", "{}", "[]", "\"queued\"", "\"active\"", "\"open\":"];

#[test]
fn fuzz_the_boundaries() {
    /// What a target is called, and what runs it and says how many inputs there were.
    type Target = (&'static str, fn() -> u64);
    let targets: [Target; 16] = [
        ("config", config),
        ("message", message),
        ("record", record),
        ("state", state),
        ("snapshot", files::snapshot),
        ("journal", files::journal),
        ("whatsapp", drivers::whatsapp),
        ("messenger", drivers::messenger),
        ("telegram", drivers::telegram),
        ("slack", drivers::slack),
        ("twilio", signed::twilio),
        ("webhook", signed::webhook),
        ("signatures", signed::signatures),
        ("email", mail::email),
        ("relay", mail::relay),
        ("mailbox", mail::mailbox),
    ];
    let running = targets
        .map(|(name, target)| (name, thread::Builder::new().name(name.to_owned()).spawn(target).expect("a thread")));
    let mut faults = Vec::new();
    for (name, target) in running {
        match target.join() {
            Ok(count) => {
                println!("{name}: {count} inputs");
                assert!(count > 20, "{name} tried next to nothing");
            }
            Err(panic) => faults.push(panic.downcast_ref::<String>().cloned().unwrap_or_else(|| name.to_owned())),
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

fn config() -> u64 {
    const SECRET: &str = "a-secret-of-the-environment";
    fuzz("config", corpus("config"), &CONFIG_WORDS, |bytes| {
        let text = String::from_utf8_lossy(bytes);
        let env = |name: &str| (name != "MISSING").then(|| SECRET.to_owned());
        match jackfield_config::parse(&text, "fuzz.toml", Path::new("/nowhere"), &env) {
            Ok(loaded) => {
                let last = loaded.config.routes.last();
                assert!(last.is_none_or(|last| last.when.is_none()), "the last route catches all");
                "right".to_owned()
            }
            Err(errors) => {
                assert!(!errors.0.is_empty(), "what is wrong has a reason");
                let lines = text.split('\n').count();
                let told = errors.to_string();
                assert!(errors.0.iter().all(|problem| problem.place.line <= lines), "{told}");
                assert!(!told.contains(SECRET), "no secret is told");
                kind_of(&told)
            }
        }
    })
}

fn message() -> u64 {
    fuzz("message", corpus("message"), &MESSAGE_WORDS, |bytes| match serde_json::from_slice::<Message>(bytes) {
        Err(error) => kind_of(&error.to_string()),
        Ok(mut message) => {
            let valid = validate::validate(&message);
            if valid.is_ok() {
                // Sealing is stable: the same message again has the same form.
                let sealed = canonical::seal(&mut message).expect("a valid message has a JSON form");
                let mut again: Message = serde_json::from_str(&sealed).expect("what we wrote is a message");
                assert_eq!(canonical::seal(&mut again).expect("the same"), sealed);
            }
            valid.map_or_else(|invalid| kind_of(&invalid.to_string()), |()| "valid".to_owned())
        }
    })
}

/// The state that the kept records make, one after the other, with what each made of it.
fn states() -> Vec<State> {
    let mut states = vec![State::default()];
    for (seq, input) in (1..).zip(corpus("record")) {
        let mut state = states.last().cloned().unwrap_or_default();
        // A kept fault among them may be no record at all.
        if jackfield_sequencer::replay(&mut state, seq, &input).is_ok() {
            states.push(state);
        }
    }
    states
}

fn record() -> u64 {
    let base = states().pop().unwrap_or_default();
    fuzz("record", corpus("record"), &STATE_WORDS, |bytes| {
        let mut state = base.clone();
        let result = jackfield_sequencer::replay(&mut state, 1, bytes);
        look(&state);
        result
            .map_or_else(|error| kind_of(&error.to_string()), |entry| format!("{} {}", entry.cause, entry.events.len()))
    })
}

fn state() -> u64 {
    let inputs = states().iter().map(|state| serde_json::to_vec(state).expect("plain data")).collect();
    fuzz("state", inputs, &STATE_WORDS, |bytes| match serde_json::from_slice::<State>(bytes) {
        Err(error) => kind_of(&error.to_string()),
        Ok(state) => {
            look(&state);
            format!("{} {} {}", state.items().len(), state.agents().len(), state.timers().len())
        }
    })
}

/// What is asked of a state after a start.
fn look(state: &State) {
    let _ = (state.next_due(), state.outstanding(), state.counts());
    for agent in state.agents().keys() {
        let _ = state.snapshot_of(agent);
    }
}
