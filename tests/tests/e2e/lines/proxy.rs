//! Proxies that say whom they speak for, and others that would like to.

use super::line::Line;
use super::{metric, port, serve};

#[tokio::test]
async fn a_trusted_proxy_is_believed_and_nobody_else() {
    let server = serve("proxy-from = [\"127.0.0.2\"]\nlimits = { proxy-timeout = \"300ms\" }").await;
    let address = port(&server).await;
    let mut line = Line::call_from("127.0.0.2", &address).await;
    line.say_bytes(b"PROXY TCP4 192.0.2.1 198.51.100.7 56324 25\r\nCOUNT\r\n").await;
    assert!(line.hear().await.starts_with("hello 192.0.2.1:56324 local=198.51.100.7:25 "));
    assert_eq!(line.hear().await, "count 1");

    let mut line = Line::call_from("127.0.0.2", &address).await;
    let mut header = b"\r\n\r\n\0\r\nQUIT\n\x21\x21\x00\x24".to_vec();
    header.extend("2001:db8::1".parse::<std::net::Ipv6Addr>().expect("an address").octets());
    header.extend("2001:db8::2".parse::<std::net::Ipv6Addr>().expect("an address").octets());
    header.extend([0x12, 0x34, 0, 25]);
    line.say_bytes(&header).await;
    let greeting = line.hear().await;
    assert!(greeting.starts_with("hello [2001:db8::1]:4660 local=[2001:db8::2]:25 "), "{greeting}");
    assert!(greeting.contains(" proxied=true "), "{greeting}");

    // Nothing, and something else.
    let mut silent = Line::call_from("127.0.0.2", &address).await;
    let mut other = Line::call_from("127.0.0.2", &address).await;
    other.say_bytes(b"EHLO example.com\r\n").await;
    assert_eq!((silent.read().await, other.read().await), (None, None));
    assert_eq!(metric(&server, "channel_limit_hits_total{channel=\"line\",limit=\"proxy-timeout\"}").await, 1);

    // From anybody else it is a line like any other.
    let mut stranger = Line::call(&address).await;
    let greeting = stranger.hear().await;
    assert!(greeting.starts_with("hello 127.0.0.1:") && greeting.contains(" proxied=false "), "{greeting}");
    assert_eq!(stranger.ask("PROXY TCP4 192.0.2.1 198.51.100.7 56324 25").await, "what");
}
