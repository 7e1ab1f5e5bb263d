//! What stands in operators' answers: channels, drivers, what is in quarantine.

use super::shape::{Field, any, boolean, count, digest, field, list, nullable, number, record, text, time, word};
use serde_json::Value;

/// The schemas by name.
pub(super) fn all() -> Vec<(&'static str, Value)> {
    let with_bytes = field("raw", text(), "Base64 of the body, payload or entry as it came.");
    vec![
        ("Channel", channel()),
        ("LogLine", log_line()),
        ("Driver", driver()),
        ("DriverChange", driver_change()),
        ("Quarantined", record("Something that no driver could handle.", quarantined())),
        ("QuarantinedWhole", record("The same with its bytes.", quarantined().into_iter().chain([with_bytes]))),
        ("Replayed", replayed()),
        ("CallRecord", record("What was kept of a driver's call, without its content.", call_record())),
        ("RecordExport", record_export()),
    ]
}

fn call_record() -> Vec<Field> {
    vec![
        field("id", text(), "The record's id."),
        field("at", count(), "When its last call began, in milliseconds since 1970."),
        field("handlers", list(text()), "The handlers that were called."),
        field("ending", text(), "`returned`, or how the last call failed."),
        field("driver", text(), "`name@version` of the driver."),
        field("digest", text(), "SHA-256 of the component."),
        field("steps", count(), "Calls to the host."),
        field("instance", text(), "The instance that was called."),
    ]
}

fn record_export() -> Value {
    record(
        "Records in clear; `jackfield driver replay` takes a file with this object's other members on the first line and a record on each further one.",
        [
            field("format", text(), "`jackfield-record`."),
            field("version", count(), "Of the form."),
            field("records", list(any()), "The records, oldest first."),
        ],
    )
}

fn channel() -> Value {
    let health = record(
        "What the driver says of its contact.",
        [
            field(
                "state",
                word(&["connecting", "connected", "transient-error", "bad-credentials", "logged-out", "unknown-error"]),
                "How it stands.",
            ),
            field("detail", nullable(text()), "More, for people."),
            field("since", time(), "Since when."),
            field("userAction", boolean(), "Somebody has to do something."),
        ],
    );
    let silent = record(
        "Nothing comes in for longer than is usual.",
        [
            field("since", time(), "When the last event came."),
            field("expected", number(), "Events that would usually have come since then."),
        ],
    );
    let latency = record(
        "How long calls took.",
        [
            field("meanMs", number(), "On average."),
            field("p99Ms", nullable(number()), "99 of 100 took at most this; null: more than is told apart."),
        ],
    );
    record(
        "A configured use of a driver.",
        [
            field("id", text(), "The channel's id."),
            field("driver", text(), "`name@version` of the driver that serves it, or what the config asks for."),
            field("digest", nullable(digest()), "Of the driver's component."),
            field("signer", nullable(text()), "Whose signature the driver carries; null: nobody's that is trusted."),
            field("state", text(), "`serving`, `paused`, `failed` or another word."),
            field("detail", nullable(text()), "Why it failed."),
            field("health", health, "Its contact with the channel."),
            field("silent", nullable(silent), "It has gone quiet."),
            field("mediaTypes", list(text()), "Media that the driver brings."),
            field("publicUrl", text(), "Its webhook as vendors call it."),
            field("listening", list(text()), "What it takes connections on, with the ports that were bound."),
            field("connections", count(), "Connections that are open."),
            field("generation", count(), "How many drivers it has been served by."),
            field("servedSince", nullable(time()), "Since when this one serves."),
            field("onTrial", boolean(), "The one before is kept beside it."),
            field("draining", count(), "Generations that were replaced and whose calls have not ended."),
            field("running", count(), "Calls that run now."),
            field("idleInstances", count(), "Instances that wait for a call."),
            field("instances", count(), "Instances that are alive."),
            field("memory", count(), "Bytes of their memories and tables."),
            field("calls", count(), "Calls so far."),
            field("traps", count(), "Calls that trapped."),
            field("timeouts", count(), "Calls that ran out of time."),
            field("conflicts", count(), "Commits that met a change of the store."),
            field("crashes", count(), "Crashes in a row without a healthy minute between them."),
            field("latency", nullable(latency), "How long calls of this generation took."),
            field("record", boolean(), "Its handler calls are kept for replay."),
            field("simulated", boolean(), "What comes of it is marked as simulated."),
        ],
    )
}

fn log_line() -> Value {
    record(
        "A line of a channel's log.",
        [
            field("number", count(), "Its number."),
            field("at", nullable(time()), "When."),
            field("level", word(&["trace", "debug", "info", "warn", "error"]), "How bad."),
            field("text", text(), "What."),
            field("fields", any(), "What the driver said besides."),
        ],
    )
}

fn driver() -> Value {
    let previous = record(
        "A component that served before.",
        [
            field("version", text(), "Its version."),
            field("digest", digest(), "Of the component."),
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
            field("signer", nullable(text()), "Whose signature it carries; null: nobody's that is trusted."),
            field("state", text(), "`serving`, or `loaded` where no channel asks for it."),
            field("generation", count(), "How many components have served under its name."),
            field("source", nullable(text()), "Where it came from: `folder`, `put`, `rollback`, `kept`."),
            field("loadedBy", nullable(text()), "Who let it in."),
            field("loadedAt", nullable(time()), "When."),
            field("previous", list(previous), "What served before, the newest first: a rollback goes there."),
            field("exports", list(text()), "Interfaces that it exports."),
            field("channels", list(text()), "Channels that it serves."),
            field("instances", count(), "Instances that are alive, over all channels."),
            field("memory", count(), "Bytes of their memories and tables."),
            field("calls", count(), "Calls of its generations that serve."),
            field("traps", count(), "Those that trapped."),
            field("timeouts", count(), "Those that ran out of time."),
        ],
    )
}

fn driver_change() -> Value {
    let not_served = record(
        "A channel that it can't serve.",
        [field("channel", text(), "The channel's id."), field("why", text(), "Why, with what to do.")],
    );
    record(
        "A driver that serves now.",
        [
            field("name", text(), "Its name."),
            field("version", text(), "Its version."),
            field("digest", digest(), "Of its component."),
            field("signer", nullable(text()), "Whose signature it carries."),
            field("replaced", nullable(digest()), "What it replaced."),
            field("channels", list(text()), "Channels that it serves from now on."),
            field("notServed", list(not_served), "Channels that were not served before and are not now."),
        ],
    )
}

fn quarantined() -> Vec<Field> {
    vec![
        field("id", text(), "Its id."),
        field("channel", text(), "The channel that it came in by."),
        field("kind", text(), "`request`, `timer`, or `set-aside`: the driver itself could not read it."),
        field("driver", text(), "`name@version` of the driver that failed last."),
        field("driverDigest", nullable(digest()), "Of that driver."),
        field("at", time(), "When it was put here."),
        field("receivedAt", time(), "When it came in."),
        field("reason", text(), "Why it is here: the trap, or what the driver said."),
        field("backtrace", nullable(text()), "The driver's functions at the trap."),
        field("log", list(text()), "The last lines that the driver logged."),
        field("method", nullable(text()), "Of a request."),
        field("url", nullable(text()), "Of a request, as it was called."),
        field("headers", list(list(text())), "Of a request, in order: name and value."),
        field("peer", nullable(text()), "Who sent a request."),
        field("timer", nullable(text()), "Of a timer."),
        field("size", count(), "Bytes of the body, payload or entry."),
        field("fingerprint", digest(), "By which the same is known again."),
    ]
}

fn replayed() -> Value {
    record(
        "What came of a replay.",
        [field("id", text(), "The entry."), field("status", count(), "What the driver answered.")],
    )
}
