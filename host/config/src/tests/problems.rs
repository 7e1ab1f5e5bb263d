//! The golden table: a wrong file, and every line that is said about it.

use super::{LEAST, read};

fn check(text: &str, expected: &[&str]) {
    let said = match read(text) {
        Ok(_) => Vec::new(),
        Err(errors) => errors.0.iter().map(ToString::to_string).collect(),
    };
    assert_eq!(said, expected, "\n{text}");
}

/// The same, with [`LEAST`] behind it.
pub(super) fn check_part(text: &str, expected: &[&str]) {
    check(&format!("{text}\n{LEAST}"), expected);
}

#[test]
fn syntax() {
    check(
        "[server",
        &["c.toml:1:8: TOML: unclosed table, expected `]`; correct the syntax; the rest is checked after that"],
    );
    check(
        "a = 'x",
        &["c.toml:1:7: TOML: invalid literal string, expected `'`; correct the syntax; the rest is checked after that"],
    );
    check(
        r#"[server]
listen = 1
listen = 2"#,
        &["c.toml:3:1: TOML: duplicate key; correct the syntax; the rest is checked after that"],
    );
    check(
        "a = 1979-13-40",
        &[
            "c.toml:1:5: TOML: invalid date, expected month between 01 and 12; correct the syntax; the rest is checked after that",
        ],
    );
}

#[test]
fn unknown_keys() {
    check_part(
        r#"[server]
listn = "127.0.0.1:8080"
[servers]"#,
        &[
            "c.toml:2:1: server.listn: is not a known key; did you mean `listen`?",
            "c.toml:3:2: servers: is not a known key; did you mean `server`?",
        ],
    );
    check_part(
        r#"[[queue]]
id = "s"
offer_timeout = "30s"
parallel = 3"#,
        &[
            "c.toml:3:1: queue[0].offer_timeout: is not a known key; did you mean `offer-timeout`?",
            "c.toml:4:1: queue[0].parallel: is not a known key; remove it; known here: answers, assign, away-after-missed, choose, hours, id, max-length, offer-again, offer-timeout, order, outside-hours, parallel-offers, raise-per-minute, requeue-lost, ring, service-level, sla, sticky-for, suspend-after, suspended-percent, teams, time-to-live, transfer-return, weights, when-full, wrap-up",
        ],
    );
    check_part(
        r#"[[channel]]
id = "c"
driver = "d"
setings = {}
grants = { htp = [] }
limits = { memroy = "1MiB", "a b" = 1 }"#,
        &[
            "c.toml:4:1: channel[0].setings: is not a known key; did you mean `settings`?",
            "c.toml:5:12: channel[0].grants.htp: is not a known key; did you mean `http`?",
            "c.toml:6:12: channel[0].limits.memroy: is not a known key; did you mean `memory`?",
            r#"c.toml:6:29: channel[0].limits."a b": is not a known key; remove it; known here: blob, blobs, bodies, body, captured, captured-bytes, captures, channel-memory, composed, composed-bytes, connect-timeout, connection-changes, connection-idle, connections, connections-opening, connections-per-address, deliver, derivation-rounds, egress-bytes, handles, handshake-timeout, host-call-bytes, host-calls, http-concurrency, http-head, http-redirects, http-request, http-requests, http-response, http-timeout, idle, instances, log-bytes, log-lines, memory, proxy-timeout, push-bytes, pushes, pushes-per-second, quarantine, queries, queue, receive, receive-wall, record-bytes, record-call, record-calls, record-time, restarts, retry-for, set-asides, spooled, store-bytes, store-keys, store-value, store-writes, tcp-concurrency, tcp-connections, timer, timer-changes, timers, unsent, wasi-bytes"#,
        ],
    );
}

#[test]
fn missing_keys() {
    check_part(
        r#"[[agent]]
[[channel]]
[[operator]]
role = "supervisor""#,
        &[
            r#"c.toml:1:1: agent[0].id: is missing; add id = "ana""#,
            r#"c.toml:1:1: agent[0].token: is missing; add token = "env:NAME""#,
            r#"c.toml:2:1: channel[0].id: is missing; add id = "front-desk""#,
            r#"c.toml:2:1: channel[0].driver: is missing; add driver = "webhook""#,
            r#"c.toml:3:1: operator[0].token: is missing; add token = "env:NAME""#,
        ],
    );
    check(
        r#"[[queue]]
[[route]]"#,
        &[
            r#"c.toml:1:1: queue[0].id: is missing; add id = "support""#,
            r#"c.toml:2:1: route[0].queue: is missing; add queue = "support""#,
        ],
    );
}

#[test]
fn wrong_types() {
    check_part(
        r#"server = 1
agent = 5"#,
        &[
            "c.toml:1:10: server: is an integer, not a table; write it as a section, [server]",
            "c.toml:2:9: agent: is an integer, not an array; write it with double brackets, [[agent]]",
        ],
    );
    check_part(
        r#"[agent]
id = "a""#,
        &["c.toml:1:1: agent: is a table, not an array; write it with double brackets, [[agent]]"],
    );
    check_part(
        r#"[server]
listen = 8080
public-url = true
agent-grace = 60
metrics = []
data = 1.5
dedupe-window = 2020-01-01"#,
        &[
            r#"c.toml:2:10: server.listen: is an integer, not a string; write "127.0.0.1:8080""#,
            r#"c.toml:3:14: server.public-url: is a boolean, not a string; write "https://support.example.com""#,
            r#"c.toml:4:15: server.agent-grace: is an integer, not a string; write a duration in quotes, such as "30s""#,
            "c.toml:5:11: server.metrics: is an array, not a string; write one of loopback, public, operator, in quotes",
            "c.toml:6:8: server.data: is a float, not a string; write a path in quotes",
            r#"c.toml:7:17: server.dedupe-window: is a date or time, not a string; write a duration in quotes, such as "30s""#,
        ],
    );
    check_part(
        r#"[[agent]]
id = 1
token = 2
skills = ["x"]
teams = "front"
capacity = "100"
addresses = { voice = 1 }"#,
        &[
            "c.toml:2:6: agent[0].id: is an integer, not a string; write a name in quotes",
            r#"c.toml:3:9: agent[0].token: is an integer, not a string; write "env:NAME" or "file:PATH""#,
            "c.toml:4:10: agent[0].skills: is an array, not a table; write { billing = 5 }",
            r#"c.toml:5:9: agent[0].teams: is a string, not an array; write ["front"]"#,
            "c.toml:6:12: agent[0].capacity: is a string, not a whole number; write a whole number from 0 to 1000000",
            "c.toml:7:23: agent[0].addresses.voice: is an integer, not a string; write it in quotes",
        ],
    );
    check_part(
        r#"[[channel]]
id = "c"
driver = "d"
settings = "x"
secrets = { s = { env = "X" } }
grants = []
limits = 1
listen = "tcp://[::1]:1"
simulated = "yes""#,
        &[
            r#"c.toml:4:12: channel[0].settings: is a string, not a table; write { key = "value" }"#,
            r#"c.toml:5:17: channel[0].secrets.s: is a table, not a string; write "env:NAME" or "file:PATH""#,
            r#"c.toml:6:10: channel[0].grants: is an array, not a table; write { http = ["https://api.example.com"] }"#,
            r#"c.toml:7:10: channel[0].limits: is an integer, not a table; write { memory = "64MiB" }"#,
            r#"c.toml:8:10: channel[0].listen: is a string, not an array; write an array, ["tcp://127.0.0.1:2424"]"#,
            "c.toml:9:13: channel[0].simulated: is a string, not a boolean; write true or false",
        ],
    );
}

#[test]
fn numbers_out_of_range() {
    check_part(
        r#"[[agent]]
id = "a"
token = "env:TOKEN_A"
capacity = -1
skills = { a = 0, b = 11, c = 99999999999999999999 }"#,
        &[
            "c.toml:4:12: agent[0].capacity: `-1` is out of range; write a whole number from 0 to 1000000",
            "c.toml:5:16: agent[0].skills.a: `0` is out of range; write a whole number from 1 to 10",
            "c.toml:5:23: agent[0].skills.b: `11` is out of range; write a whole number from 1 to 10",
            "c.toml:5:31: agent[0].skills.c: `99999999999999999999` is out of range; write a whole number from 1 to 10",
        ],
    );
    check_part(
        r#"[[queue]]
id = "s"
offer-timeout = "0s"
wrap-up = "2d"
weights = { chat = -5 }"#,
        &[
            "c.toml:3:17: queue[0].offer-timeout: `0s` is out of range; write a duration from 1s to 1d",
            "c.toml:4:11: queue[0].wrap-up: `2d` is out of range; write a duration from 0s to 1d",
            "c.toml:5:20: queue[0].weights.chat: `-5` is out of range; write a whole number from 0 to 1000000",
        ],
    );
    check_part(
        r#"[[route]]
when = "true"
queue = "q"
priority = 1001
skills = { spanish = 12 }"#,
        &[
            "c.toml:4:12: route[0].priority: `1001` is out of range; write a whole number from 0 to 1000",
            "c.toml:5:22: route[0].skills.spanish: `12` is out of range; write a whole number from 1 to 10",
        ],
    );
    check_part(
        r#"[[channel]]
id = "c"
driver = "d"
limits = { memory = "1KiB", receive = "5 minutes", body = "10MB", queue = 0, deliver = "1h" }"#,
        &[
            "c.toml:4:21: channel[0].limits.memory: `1KiB` is out of range; write a size from 1MiB to 256MiB",
            r#"c.toml:4:39: channel[0].limits.receive: `5 minutes` is not a duration; write a whole number and one of ms, s, m, h, d, such as "30s""#,
            r#"c.toml:4:59: channel[0].limits.body: `10MB` is not a size; write a whole number and one of B, KiB, MiB, GiB, such as "64MiB""#,
            "c.toml:4:75: channel[0].limits.queue: `0` is out of range; write a whole number from 1 to 1000000",
            "c.toml:4:88: channel[0].limits.deliver: `1h` is out of range; write a duration from 1ms to 15m",
        ],
    );
    check_part(
        r#"[server]
dedupe-window = "1s""#,
        &["c.toml:2:17: server.dedupe-window: `1s` is out of range; write a duration from 1h to 3660d"],
    );
}

#[test]
fn server() {
    check_part(
        r#"[server]
listen = "8080"
public-url = "support.example.com"
metrics = "opperator"
trusted-keys = { acme = "rsa:AAAA" }
log = "verbose"
data = """#,
        &[
            r#"c.toml:2:10: server.listen: `8080` is not an address to listen on; write an IP address and a port, such as "127.0.0.1:8080""#,
            r#"c.toml:3:14: server.public-url: `support.example.com` is not a public URL; write scheme and host, and a path if there is one, such as "https://support.example.com""#,
            "c.toml:4:11: server.metrics: `opperator` is not known; did you mean `operator`?",
            "c.toml:5:25: server.trusted-keys.acme: is no public key; write it as `jackfield driver sign` prints it, `ed25519:...`",
            "c.toml:6:7: server.log: `verbose` is not known; known here: error, warn, info, debug, trace",
            "c.toml:7:8: server.data: is empty; write a path in quotes",
        ],
    );
    check_part(
        r#"[server]
listen = "example.com:80"
public-url = "https://example.com/?a=1"
signing = "strict"
revoked-drivers = ["abc"]
revoked-keys = ["ed25519:"]
drain = "0s"
trial = "2h""#,
        &[
            r#"c.toml:2:10: server.listen: `example.com:80` is not an address to listen on; write an IP address and a port, such as "127.0.0.1:8080""#,
            r#"c.toml:3:14: server.public-url: `https://example.com/?a=1` is not a public URL; write scheme and host, and a path if there is one, such as "https://support.example.com""#,
            "c.toml:4:11: server.signing: `strict` is not known; known here: off, warn, required",
            "c.toml:5:20: server.revoked-drivers[0]: is no digest; write `sha256-` and 64 hexadecimal digits, as `driver list` shows it",
            "c.toml:6:17: server.revoked-keys[0]: is no public key; write it as `jackfield driver sign` prints it, `ed25519:...`",
            "c.toml:7:9: server.drain: `0s` is out of range; write a duration from 1s to 1h",
            "c.toml:8:9: server.trial: `2h` is out of range; write a duration from 0s to 1h",
        ],
    );
}

#[test]
fn people() {
    check_part(
        r#"[[agent]]
id = "ana"
token = "env:TOKEN_A"
[[agent]]
id = "ana"
token = "env:TOKEN_A"
[[operator]]
name = "ops"
token = "env:TOKEN_A""#,
        &[
            "c.toml:5:6: agent[1].id: `ana` is already the agent of line 2; give each a name of its own",
            "c.toml:6:9: agent[1].token: is the same token as `agent[0].token`; give each agent and operator a token of its own",
            "c.toml:9:9: operator[0].token: is the same token as `agent[0].token`; give each agent and operator a token of its own",
        ],
    );
    check_part(
        r#"[[agent]]
id = "a/b"
name = " "
token = ""
teams = ["x", "", "x"]
skills = { "" = 1 }"#,
        &[
            "c.toml:2:6: agent[0].id: `a/b` is not a name; use 1 to 128 of the letters a-z A-Z, digits and - _ . @ +, beginning with a letter or a digit",
            "c.toml:3:8: agent[0].name: is empty; write a name in quotes",
            "c.toml:4:9: agent[0].token: is an empty secret; give it a value, in the file or where it points to",
            "c.toml:5:15: agent[0].teams[1]: is empty; write a name in quotes",
            "c.toml:5:19: agent[0].teams[2]: `x` stands here twice; remove one of them",
            r#"c.toml:6:17: agent[0].skills."": its key is empty; give it a name"#,
        ],
    );
    check_part(
        r#"[[operator]]
name = "ops"
role = "admin"
token = "env:NONE"
[[operator]]
name = "ops"
token = "env:EMPTY"
[[operator]]
token = "env:SPACED"
[[operator]]
token = "env:""#,
        &[
            "c.toml:3:8: operator[0].role: `admin` is not known; known here: operator, supervisor, read-only",
            r#"c.toml:4:9: operator[0].token: the environment variable NONE is not set; set NONE for the server, or use "file:PATH""#,
            "c.toml:6:8: operator[1].name: `ops` is already the operator of line 2; give each a name of its own",
            "c.toml:7:9: operator[1].token: is an empty secret; give it a value, in the file or where it points to",
            "c.toml:9:9: operator[2].token: is a token with spaces or characters beyond ASCII; use letters, digits and punctuation only",
            r#"c.toml:11:9: operator[3].token: names no environment variable; write "env:NAME" with letters, digits and _"#,
        ],
    );
    check_part(
        r#"[[operator]]
token = "file:/nowhere/token""#,
        &[
            "c.toml:2:9: operator[0].token: the file /nowhere/token can't be read: No such file or directory (os error 2); make it readable for the server; the path is relative to the config file",
        ],
    );
}

#[test]
fn what_queues_refer_to_exists() {
    check_part(
        r#"[[hours]]
id = "office"
zone = "Europe/Berlim"
monday = ["09:00-17:30", "18-20"]
tuesday = ["10:00-09:00"]
holidays = ["2026-02-30"]
exceptions = { xmas = [] }
[[queue]]
id = "s"
hours = "offices"
parallel-offers = 51
when-full = { overflow = "t" }
outside-hours = "never"
sla = { first-answer = "0s", warn-percent = 0 }
answers = { acknowledgement = "", thanks = "x" }
[[queue.ring]]
after = "30s"
overflow = "nowhere"
[[queue.ring]]
after = "20s"
drop-skills = ["a", "a"]
[[queue.ring]]
drop-all-skills = true"#,
        &[
            "c.toml:3:8: hours[0].zone: `Europe/Berlim` is not a time zone; write a name of the time zone database, such as \"Europe/Berlin\" or \"UTC\"",
            "c.toml:4:26: hours[0].monday[1]: `18-20` is not a time of the day; write from and to, such as \"09:00-17:30\"; a day ends at 24:00",
            "c.toml:5:12: hours[0].tuesday[0]: `10:00-09:00` is not a time of the day; write from and to, such as \"09:00-17:30\"; a day ends at 24:00",
            "c.toml:6:13: hours[0].holidays[0]: `2026-02-30` is not a day; write year, month and day, such as \"2026-12-25\"",
            "c.toml:7:23: hours[0].exceptions.xmas: `xmas` is not a day; write year, month and day, such as \"2026-12-25\"",
            "c.toml:10:9: queue[0].hours: there are no hours `offices`; did you mean `office`?",
            "c.toml:11:19: queue[0].parallel-offers: `51` is out of range; write a whole number from 1 to 50",
            "c.toml:12:26: queue[0].when-full.overflow: there is no queue `t`; did you mean `s`?",
            "c.toml:13:17: queue[0].outside-hours: `never` is not known; known here: wait, accept, cancel",
            "c.toml:14:24: queue[0].sla.first-answer: `0s` is out of range; write a duration from 1s to 366d",
            "c.toml:14:45: queue[0].sla.warn-percent: `0` is out of range; write a whole number from 1 to 100",
            "c.toml:15:31: queue[0].answers.acknowledgement: is empty; write a text in quotes",
            "c.toml:15:35: queue[0].answers.thanks: is not a known key; remove it; known here: acknowledgement, expired, full, outside-hours, waiting",
            "c.toml:18:12: queue[0].ring[0].overflow: there is no queue `nowhere`; known here: s, q",
            "c.toml:20:9: queue[0].ring[1].after: comes before the ring above it; put the rings in the order of time",
            "c.toml:21:21: queue[0].ring[1].drop-skills[1]: `a` stands here twice; remove one of them",
            "c.toml:22:1: queue[0].ring[2].after: is missing; add after = \"30s\"",
        ],
    );
}

#[test]
fn queues() {
    check_part(
        r#"[[queue]]
id = "s"
choose = "round-robin"
[[queue]]
id = "s"
choose = "longest"
offer-again = 1"#,
        &[
            "c.toml:5:6: queue[1].id: `s` is already the queue of line 2; give each a name of its own",
            "c.toml:6:10: queue[1].choose: `longest` is not known; known here: longest-idle, least-loaded, round-robin, best-skill",
            "c.toml:7:15: queue[1].offer-again: is an integer, not a boolean; write true or false",
        ],
    );
}

#[test]
fn routes() {
    check(
        "",
        &[
            "c.toml:1:1: route: there is no route, so a message would have nowhere to go; add [[route]] with the queue that takes what no other route takes",
        ],
    );
    check(
        r#"[[queue]]
id = "support"
[[route]]
when = 'true'
queue = "support""#,
        &[
            "c.toml:3:1: route[0]: is the last route and has a `when`, so a message could match none; add a last [[route]] with a queue and no `when`",
        ],
    );
    check(
        r#"[[queue]]
id = "support"
[[route]]
queue = "support"
[[route]]
when = 'true'
queue = "support"
[[route]]
queue = "suport""#,
        &[
            "c.toml:5:1: route[1]: is never reached, since route[0] has no `when` and catches all; move it above route[0], or give route[0] a `when`",
            "c.toml:8:1: route[2]: is never reached, since route[0] has no `when` and catches all; move it above route[0], or give route[0] a `when`",
            "c.toml:9:9: route[2].queue: there is no queue `suport`; did you mean `support`?",
        ],
    );
    check(
        r#"[[route]]
queue = "support""#,
        &[r#"c.toml:2:9: route[0].queue: there is no queue `support`; add [[queue]] with id = "support""#],
    );
    check(
        r#"[[queue]]
id = "support"
offer-timeout = 1
[[route]]
queue = "support""#,
        &[
            r#"c.toml:3:17: queue[0].offer-timeout: is an integer, not a string; write a duration in quotes, such as "30s""#,
        ],
    );
    check_part(
        r#"[[route]]
when = 'true'
queue = "elsewhere"
attributes = { tier = 1 }"#,
        &[
            "c.toml:3:9: route[0].queue: there is no queue `elsewhere`; known here: q",
            "c.toml:4:23: route[0].attributes.tier: is an integer, not a string; write it in quotes",
        ],
    );
}

#[test]
fn conditions() {
    check_part(
        r#"[[route]]
queue = "q"
when = 'message.mediaType = "sms"'"#,
        &["c.toml:3:27: route[0].when: `=` compares nothing; compare with `==`"],
    );
    check_part(
        r#"[[route]]
queue = "q"
when = "message.mediaType == \"sms\" && mesage.x""#,
        &[
            "c.toml:3:8: route[0].when: there is no `mesage` (line 1, column 31 of the condition); did you mean `message`?",
        ],
    );
    check_part(
        r#"[[route]]
queue = "q"
when = '''
message.mediaType == "é" &&
  custommer.name == "x"
'''"#,
        &["c.toml:5:3: route[0].when: there is no `custommer`; did you mean `customer`?"],
    );
    check_part(
        r#"[[route]]
queue = "q"
when = "message.mediaType ==""#,
        &["c.toml:3:29: route[0].when: the condition ends too early; write the rest of it"],
    );
    check_part(
        r#"[[route]]
queue = "q"
when = """#,
        &["c.toml:3:8: route[0].when: the condition ends too early; write the rest of it"],
    );
    check_part(
        r#"[[route]]
queue = "q"
when = 5"#,
        &[
            r#"c.toml:3:8: route[0].when: is an integer, not a string; write a condition in quotes, such as 'message.workItem.language == "es"'"#,
        ],
    );
}

#[test]
fn channels() {
    check_part(
        r#"[[channel]]
id = "c"
driver = "a b"
[[channel]]
id = "c"
driver = "d@1"
settings = { n = nan, big = 99999999999999999999 }"#,
        &[
            r#"c.toml:3:10: channel[0].driver: `a b` is not a driver's name; write "name" or "name@1.2.3""#,
            "c.toml:5:6: channel[1].id: `c` is already the channel of line 2; give each a name of its own",
            r#"c.toml:6:10: channel[1].driver: `d@1` is not a driver's name; write "name" or "name@1.2.3""#,
            "c.toml:7:18: channel[1].settings.n: `nan` has no form in JSON; write a finite number",
            "c.toml:7:29: channel[1].settings.big: `99999999999999999999` does not fit 64 bits; write it in quotes if the driver takes text",
        ],
    );
    check_part(
        r#"[[channel]]
id = "c"
driver = "d"
listen = ["127.0.0.1:25", "tcp://127.0.0.1", "http://127.0.0.1:1", 5]"#,
        &[
            r#"c.toml:4:11: channel[0].listen[0]: `127.0.0.1:25` can't be listened on; write scheme, address and port, such as "tcp://127.0.0.1:2424""#,
            r#"c.toml:4:27: channel[0].listen[1]: `tcp://127.0.0.1` can't be listened on; write scheme, address and port, such as "tcp://127.0.0.1:2424""#,
            r#"c.toml:4:46: channel[0].listen[2]: `http://127.0.0.1:1` can't be listened on; write scheme, address and port, such as "tcp://127.0.0.1:2424""#,
            r#"c.toml:4:68: channel[0].listen[3]: is an integer, not a string; write scheme, address and port, such as "tcp://127.0.0.1:2424""#,
        ],
    );
    check_part(
        r#"[[channel]]
id = "c"
driver = "d"
[channel.secrets]
a = "env:NONE"
b = "env:not a name"
c = ""
d = 5
e = ["env:TOKEN_A", "env:TOKEN_B", "env:TOKEN_C"]
f = []"#,
        &[
            r#"c.toml:5:5: channel[0].secrets.a: the environment variable NONE is not set; set NONE for the server, or use "file:PATH""#,
            r#"c.toml:6:5: channel[0].secrets.b: names no environment variable; write "env:NAME" with letters, digits and _"#,
            "c.toml:7:5: channel[0].secrets.c: is an empty secret; give it a value, in the file or where it points to",
            r#"c.toml:8:5: channel[0].secrets.d: is an integer, not a string; write "env:NAME" or "file:PATH""#,
            r#"c.toml:9:5: channel[0].secrets.e: has 3 values; write the current value and, while it is rotated, the previous one: ["env:NEW", "env:OLD"]"#,
            r#"c.toml:10:5: channel[0].secrets.f: has 0 values; write the current value and, while it is rotated, the previous one: ["env:NEW", "env:OLD"]"#,
        ],
    );
}

#[test]
fn grants() {
    check_part(
        r#"[[channel]]
id = "c"
driver = "d"
[channel.grants]
http = ["api.twilio.com", "https://2130706433", "ftp://a", "https://*", "https://u:p@a.example", "https://a.*.example"]
addresses = ["10.0.0.0/33", "localhost"]
tcp = ["mail.example.com", "a:0", "a b:1"]
reveal = [1, ""]
listen = ["tcp://127.0.0.1:1"]"#,
        &[
            r#"c.toml:5:9: channel[0].grants.http[0]: `api.twilio.com` is not an origin; write scheme, host and, if not the usual, port and path, such as "https://api.example.com""#,
            r#"c.toml:5:27: channel[0].grants.http[1]: `https://2130706433` is not an origin; write scheme, host and, if not the usual, port and path, such as "https://api.example.com""#,
            r#"c.toml:5:49: channel[0].grants.http[2]: `ftp://a` is not an origin; write scheme, host and, if not the usual, port and path, such as "https://api.example.com""#,
            r#"c.toml:5:60: channel[0].grants.http[3]: `https://*` is not an origin; write scheme, host and, if not the usual, port and path, such as "https://api.example.com""#,
            r#"c.toml:5:73: channel[0].grants.http[4]: `https://u:p@a.example` is not an origin; write scheme, host and, if not the usual, port and path, such as "https://api.example.com""#,
            r#"c.toml:5:98: channel[0].grants.http[5]: `https://a.*.example` is not an origin; write scheme, host and, if not the usual, port and path, such as "https://api.example.com""#,
            r#"c.toml:6:14: channel[0].grants.addresses[0]: `10.0.0.0/33` is not a range of addresses; write an address or a range, such as "10.0.0.0/8""#,
            r#"c.toml:6:29: channel[0].grants.addresses[1]: `localhost` is not a range of addresses; write an address or a range, such as "10.0.0.0/8""#,
            r#"c.toml:7:8: channel[0].grants.tcp[0]: `mail.example.com` is not a host and port; write host and port, such as "relay.example.com:2424""#,
            r#"c.toml:7:28: channel[0].grants.tcp[1]: `a:0` is not a host and port; write host and port, such as "relay.example.com:2424""#,
            r#"c.toml:7:35: channel[0].grants.tcp[2]: `a b:1` is not a host and port; write host and port, such as "relay.example.com:2424""#,
            "c.toml:8:11: channel[0].grants.reveal[0]: is an integer, not a string; write a secret's name in quotes",
            "c.toml:8:14: channel[0].grants.reveal[1]: is empty; write a secret's name in quotes",
            "c.toml:9:1: channel[0].grants.listen: is not a known key; remove it; known here: addresses, http, reveal, tcp",
        ],
    );
}
