use std::time::Duration;

use super::read;
use crate::{ByteSize, Limits, LineLimits, ServerLimits};

/// What stands for operators to read.
const DOCUMENT: &str = include_str!("../../../../docs/operators.md");

/// Every key once, each with a number of its own, so that none is read in another's place.
#[test]
fn every_limit_is_read_under_its_key() {
    let loaded = read(
        r#"
        [server.limits]
        instances = 100
        component = "2MiB"
        functions = 3
        types = 4
        imports = 5
        exports = 6
        compile-time = "7s"
        compile-memory = "80MiB"
        [[queue]]
        id = "q"
        [[route]]
        queue = "q"
        [[channel]]
        id = "c"
        driver = "d"
        [channel.limits]
        memory = "1MiB"
        channel-memory = "2MiB"
        receive = "3s"
        receive-wall = "4s"
        deliver = "5s"
        timer = "6s"
        body = "7MiB"
        queue = 8
        bodies = "37MiB"
        retry-for = "38s"
        instances = 9
        idle = "10s"
        handles = 11
        host-calls = 12
        host-call-bytes = "13MiB"
        pushes = 14
        push-bytes = "15MiB"
        pushes-per-second = 16
        log-lines = 17
        log-bytes = "18KiB"
        store-keys = 19
        store-bytes = "20MiB"
        store-value = "21KiB"
        blob = "22MiB"
        blobs = 23
        spooled = "3MiB"
        timers = 24
        timer-changes = 25
        store-writes = 26
        connection-changes = 27
        queries = 28
        set-asides = 29
        composed = 30
        composed-bytes = "31KiB"
        derivation-rounds = 32
        captures = 33
        captured = 34
        captured-bytes = "35KiB"
        wasi-bytes = "36MiB"
        "#,
    )
    .unwrap_or_else(|errors| panic!("{errors}"));
    let seconds = |number| Some(Duration::from_secs(number));
    let (kib, mib) = (|number| Some(ByteSize::kib(number)), |number| Some(ByteSize::mib(number)));
    assert_eq!(
        loaded.config.channels[0].limits,
        Limits {
            memory: mib(1),
            channel_memory: mib(2),
            receive: seconds(3),
            receive_wall: seconds(4),
            deliver: seconds(5),
            timer: seconds(6),
            body: Some(ByteSize::mib(7)),
            queue: 8,
            bodies: ByteSize::mib(37),
            retry_for: seconds(38),
            instances: Some(9),
            idle: seconds(10),
            handles: Some(11),
            host_calls: Some(12),
            host_call_bytes: mib(13),
            pushes: Some(14),
            push_bytes: mib(15),
            pushes_per_second: Some(16),
            log_lines: Some(17),
            log_bytes: kib(18),
            store_keys: Some(19),
            store_bytes: mib(20),
            store_value: kib(21),
            blob: mib(22),
            blobs: Some(23),
            spooled: mib(3),
            timers: Some(24),
            timer_changes: Some(25),
            store_writes: Some(26),
            connection_changes: Some(27),
            queries: Some(28),
            set_asides: Some(29),
            composed: Some(30),
            composed_bytes: kib(31),
            derivation_rounds: Some(32),
            captures: Some(33),
            captured: Some(34),
            captured_bytes: kib(35),
            wasi_bytes: mib(36),
            // The limits of what goes out are tested with it.
            ..Limits::default()
        }
    );
    assert_eq!(
        loaded.config.server.limits,
        ServerLimits {
            instances: Some(100),
            component: mib(2),
            functions: Some(3),
            types: Some(4),
            imports: Some(5),
            exports: Some(6),
            compile_time: seconds(7),
            compile_memory: mib(80),
        }
    );
}

/// The keys as the reader knows them are told where one is unknown; each of them is in the operators' document.
#[test]
fn every_key_is_documented() {
    for (table, least) in [("[channel.limits]", 26), ("[server.limits]", 8)] {
        let text = format!(
            "{}[[queue]]\nid = \"q\"\n[[route]]\nqueue = \"q\"\n[[channel]]\nid = \"c\"\ndriver = \"d\"\n{}",
            if table == "[server.limits]" { "[server.limits]\n\"no such key\" = 1\n" } else { "" },
            if table == "[server.limits]" { "" } else { "[channel.limits]\n\"no such key\" = 1\n" },
        );
        let errors = read(&text).expect_err("there is no such key").to_string();
        let (_, known) = errors.split_once("known here: ").expect("the keys are told");
        let keys: Vec<_> = known.lines().next().unwrap_or_default().split(", ").collect();
        assert!(keys.len() >= least, "{table}: {keys:?}");
        for key in keys {
            assert!(DOCUMENT.contains(&format!("`{key}`")), "{key} of {table} is not in docs/operators.md");
        }
    }
}

#[test]
fn limits_of_connections_are_read_under_their_keys() {
    let channel = "[[queue]]\nid = \"q\"\n[[route]]\nqueue = \"q\"\n[[channel]]\nid = \"c\"\ndriver = \"d\"\n";
    let limits = "connections = 1\nconnections-per-address = 2\nconnections-opening = 3\nconnection-idle = \"4s\"
handshake-timeout = \"5s\"\nproxy-timeout = \"6s\"\nunsent = \"7KiB\"";
    let loaded = read(&format!("{channel}[channel.limits]\n{limits}")).expect("it is right");
    let expected = LineLimits {
        connections: 1,
        per_address: 2,
        opening: 3,
        idle: Duration::from_secs(4),
        handshake: Duration::from_secs(5),
        proxy: Duration::from_secs(6),
        unsent: ByteSize::kib(7),
    };
    assert_eq!(loaded.config.channels[0].limits.lines, expected);
    let loaded = read(channel).expect("it is right");
    let lines = &loaded.config.channels[0].limits.lines;
    assert_eq!((lines.connections, lines.per_address, lines.opening), (500, 200, 100));
    assert_eq!((lines.idle.as_secs(), lines.handshake.as_secs(), lines.proxy.as_secs()), (300, 10, 5));
    assert_eq!(lines.unsent, ByteSize::mib(1));
}
