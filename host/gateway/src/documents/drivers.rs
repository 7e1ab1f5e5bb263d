//! Drivers and quarantine: their operations and what they answer.

use super::operations::{Answer, Operation, Sent, Who};
use super::shape::{Field, count, digest, field, list, nullable, number, record, text, time, word};
use serde_json::Value;

/// Names of the lists' entries.
pub(super) const LISTED: [&str; 2] = ["Driver", "QuarantineEntry"];

pub(super) fn operations() -> Vec<Operation> {
    vec![
        Operation::new(
            "get",
            "/v1/drivers",
            "listDrivers",
            Who::Reader,
            Answer::Json(200, "DriverList"),
            &[400],
            "Drivers that serve, and those that were put for channels to come.",
        )
        .listed(),
        Operation::new(
            "put",
            "/v1/drivers/{name}",
            "loadDriver",
            Who::Operator,
            Answer::Json(200, "DriverChange"),
            &[400, 408, 413, 422],
            "Loads a component, 64 MiB at most, into every channel that asks for it, or into none. It survives a restart \
             and wins over a file of the drivers folder that is there already.",
        )
        .sent(Sent::File),
        Operation::new(
            "delete",
            "/v1/drivers/{name}",
            "unloadDriver",
            Who::Operator,
            Answer::JsonOrNothing("DriverChange"),
            &[404, 409, 422],
            "Takes back what was put: the drivers folder's file serves again. Nothing is answered where none is left.",
        ),
        Operation::new(
            "post",
            "/v1/drivers/{name}/rollback",
            "rollBackDriver",
            Who::Operator,
            Answer::Json(200, "DriverChange"),
            &[404, 409, 422],
            "Goes back to what served before. What is rolled back isn't taken from the drivers folder again.",
        ),
        Operation::new(
            "get",
            "/v1/quarantine",
            "listQuarantine",
            Who::Reader,
            Answer::Json(200, "QuarantineEntryList"),
            &[400],
            "What drivers could not be given without dying of it, or set aside themselves.",
        )
        .listed(),
        Operation::new(
            "get",
            "/v1/quarantine/{id}",
            "showQuarantined",
            Who::Operator,
            Answer::Json(200, "Quarantined"),
            &[404],
            "One entry with its bytes.",
        ),
        Operation::new(
            "post",
            "/v1/quarantine/{id}/replay",
            "replayQuarantined",
            Who::Operator,
            Answer::Json(200, "Replayed"),
            &[404, 409, 422],
            "Gives an entry to its channel's driver again, with the clock as it was then. Taken in, it leaves the quarantine.",
        ),
        Operation::new(
            "delete",
            "/v1/quarantine/{id}",
            "dropQuarantined",
            Who::Operator,
            Answer::Nothing,
            &[404],
            "Drops an entry for good.",
        ),
    ]
}

pub(super) fn schemas() -> [(&'static str, Value); 5] {
    [
        ("Driver", driver()),
        ("DriverChange", change()),
        ("QuarantineEntry", record("Something in quarantine.", entry())),
        ("Quarantined", quarantined()),
        ("Replayed", replayed()),
    ]
}

/// How long calls took.
pub(super) fn latency() -> Value {
    nullable(record(
        "How long calls took.",
        [
            field("meanMs", number(), "On average."),
            field("p99Ms", nullable(number()), "99 of 100 took at most this; null: more than is measured."),
        ],
    ))
}

/// A channel in which too little comes in.
pub(super) fn silent() -> Value {
    nullable(record(
        "Nothing comes in for longer than is usual.",
        [
            field("since", time(), "When the last event came."),
            field("expected", number(), "Events that would usually have come since then."),
        ],
    ))
}

fn driver() -> Value {
    let previous = record(
        "A component that served before.",
        [
            field("version", text(), "Its version."),
            field("digest", digest(), "Of its component."),
            field("loadedAt", time(), "When it was let in."),
            field("loadedBy", text(), "By whom."),
        ],
    );
    record(
        "A loaded driver.",
        [
            field("id", text(), "`name@version#digest`."),
            field("name", text(), "Its name."),
            field("version", text(), "Its version."),
            field("vendor", text(), "Who made it."),
            field("title", text(), "Shown to people."),
            field("digest", digest(), "Of its component."),
            field("signer", nullable(text()), "The trusted key that signed it, by its name in the config."),
            field("state", word(&["serving", "loaded"]), "`loaded`: no channel asks for it."),
            field("generation", count(), "How many components have served under its name."),
            field("source", nullable(word(&["folder", "put", "rollback", "kept"])), "Where it came from."),
            field("loadedBy", nullable(text()), "`operator NAME`, `folder`, `config`, `start`, `server`."),
            field("loadedAt", nullable(time()), "When."),
            field("previous", list(previous), "What served before, newest first."),
            field("exports", list(text()), "Interfaces that it exports."),
            field("channels", list(text()), "Channels that it serves."),
            field("instances", count(), "Instances that are alive."),
            field("memory", count(), "Bytes of their memories and tables."),
            field("calls", count(), "Calls of its generations that serve."),
            field("traps", count(), "Those that trapped."),
            field("timeouts", count(), "Those that ran out of time."),
        ],
    )
}

fn change() -> Value {
    let not_served = record(
        "A channel that it can't serve.",
        [field("channel", text(), "Its id."), field("why", text(), "Why, with what to do.")],
    );
    record(
        "A driver that serves from now on.",
        [
            field("name", text(), "Its name."),
            field("version", text(), "Its version."),
            field("digest", digest(), "Of its component."),
            field("signer", nullable(text()), "The trusted key that signed it, by its name in the config."),
            field("replaced", nullable(digest()), "What it replaced."),
            field("channels", list(text()), "Channels that it serves."),
            field("notServed", list(not_served), "Channels that were not served before and are not now."),
        ],
    )
}

fn entry() -> Vec<Field> {
    vec![
        field("id", text(), "Its id."),
        field("channel", text(), "The channel that it came in by."),
        field("kind", word(&["request", "timer", "set-aside"]), "What it is."),
        field("driver", text(), "The driver that failed last."),
        field("driverDigest", nullable(digest()), "Of its component."),
        field("at", time(), "When it was put here."),
        field("receivedAt", time(), "When it came in."),
        field("reason", text(), "Why it is here."),
        field("backtrace", nullable(text()), "The driver's functions at that moment."),
        field("log", list(text()), "The last lines that the driver logged."),
        field("method", nullable(text()), "Of a request."),
        field("url", nullable(text()), "Of a request."),
        field("headers", list(list(text())), "Of a request: names and values, in order."),
        field("peer", nullable(text()), "Who sent a request."),
        field("timer", nullable(text()), "A timer's name."),
        field("size", count(), "Bytes."),
        field("fingerprint", digest(), "By which the same is known again."),
    ]
}

fn quarantined() -> Value {
    let mut fields = entry();
    fields.push(field("raw", text(), "Base64 of the bytes as they came."));
    record("Something in quarantine with its bytes.", fields)
}

fn replayed() -> Value {
    record(
        "What came of it.",
        [field("id", text(), "The entry's id."), field("status", count(), "What the driver answered.")],
    )
}
