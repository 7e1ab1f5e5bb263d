use super::*;

#[test]
fn hosts_are_read_as_a_urls_would_be() {
    let table = [
        ("tcp://Relay.Example.com:25", "relay.example.com:25"),
        ("tls://bücher.example:993", "xn--bcher-kva.example:993"),
        ("tcp://2130706433:25", "127.0.0.1:25"),
        ("tcp://0x7f.1:25", "127.0.0.1:25"),
        ("tcp://0177.0.0.1:25", "127.0.0.1:25"),
        ("tcp://%31%32%37.0.0.1:25", "127.0.0.1:25"),
        ("tcp://[::ffff:127.0.0.1]:25", "[::ffff:7f00:1]:25"),
    ];
    for (text, shown) in table {
        assert_eq!(Target::parse(text).map(|target| target.to_string()), Ok(shown.to_owned()), "{text}");
    }
}

#[test]
fn what_is_no_target_is_refused() {
    let table = [
        "",
        "relay.example.com:25",
        "http://relay.example.com:25",
        "tcp://relay.example.com",
        "tcp://:25",
        "tcp://relay.example.com:",
        "tcp://relay.example.com:0",
        "tcp://relay.example.com:+25",
        "tcp://relay.example.com:65536",
        "tcp://relay.example.com:25/",
        "tcp://user@relay.example.com:25",
        "tcp://relay.example.com@evil.example:25",
        "tcp://relay.example.com :25",
        "tcp://relay.example.com\r\n:25",
        "tcp://relay.example.com.:25",
        "tcp://relay.example.com#:25",
        "tcp://[::1:25",
        "tcp://[fe80::1%25eth0]:25",
    ];
    for text in table {
        assert!(Target::parse(text).is_err(), "{text:?}");
    }
}
