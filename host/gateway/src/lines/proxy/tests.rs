//! Headers as the protocol's paper has them, and all others.

use super::*;
use proptest::prelude::*;

fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().expect("a runtime").block_on(future)
}

/// What is read of these bytes, and what is left for whoever comes next.
fn read_all(mut bytes: &[u8]) -> (io::Result<Option<Proxied>>, Vec<u8>) {
    let header = run(read(&mut bytes));
    (header, bytes.to_vec())
}

fn version_2_header(command: u8, family: u8, rest: &[u8]) -> Vec<u8> {
    let length = u16::try_from(rest.len()).expect("short").to_be_bytes();
    [SIGNATURE, &[command, family][..], &length, rest].concat()
}

#[test]
fn version_1_is_read_to_its_end_and_no_further() {
    let (header, rest) = read_all(b"PROXY TCP4 192.0.2.1 198.51.100.7 56324 25\r\nEHLO x\r\n");
    let header = header.expect("a header").expect("a source");
    assert_eq!(
        (header.source.to_string(), header.destination.to_string()),
        ("192.0.2.1:56324".into(), "198.51.100.7:25".into())
    );
    assert_eq!(rest, b"EHLO x\r\n");
    let (header, _) = read_all(b"PROXY TCP6 2001:db8::1 2001:db8::2 1 65535\r\n");
    assert_eq!(header.expect("a header").expect("a source").source.to_string(), "[2001:db8::1]:1");
    let (header, rest) = read_all(b"PROXY UNKNOWN ffff:f...f whatever\r\nx");
    assert_eq!((header.expect("a header"), rest), (None, b"x".to_vec()));
}

#[test]
fn version_2_is_read_with_what_proxies_add() {
    let mut rest = vec![192, 0, 2, 1, 198, 51, 100, 7, 0xdc, 0x04, 0, 25];
    rest.extend([0x03, 0, 4, 1, 2, 3, 4]);
    let mut bytes = version_2_header(0x21, 0x11, &rest);
    bytes.extend(b"LHLO");
    let (header, left) = read_all(&bytes);
    let header = header.expect("a header").expect("a source");
    assert_eq!((header.source.to_string(), header.destination.port()), ("192.0.2.1:56324".into(), 25));
    assert_eq!(left, b"LHLO");
    let (header, _) = read_all(&version_2_header(0x21, 0x21, &[7; 36]));
    assert_eq!(header.expect("a header").expect("a source").source.port(), 0x0707);
    // A health check of the proxy's own.
    assert_eq!(read_all(&version_2_header(0x20, 0, b"")).0.expect("a header"), None);
}

#[test]
fn what_is_no_header_is_refused() {
    let long = [b"PROXY TCP4 ".as_slice(), &[b'1'; 200]].concat();
    for bytes in [
        b"EHLO example.com\r\n".as_slice(),
        b"PROXY TCP4 192.0.2.1 2001:db8::2 1 2\r\n",
        b"PROXY TCP4 192.0.2.1 198.51.100.7 70000 25\r\n",
        b"PROXY TCP4 192.0.2.1 198.51.100.7 01 25\r\n",
        b"PROXY TCP4 192.0.2.1 198.51.100.7 1 25 \r\n",
        b"PROXY UDP4 192.0.2.1 198.51.100.7 1 25\r\n",
        b"PROXY TCP4 192.0.2.1\r\n",
        &long,
        &version_2_header(0x21, 0x11, &[0; 11]),
        &version_2_header(0x22, 0x11, &[0; 12]),
        &version_2_header(0x21, 0x13, &[0; 12]),
        &version_2_header(0x21, 0x11, &[0; 3_000]),
    ] {
        assert!(read_all(bytes).0.is_err(), "{}", String::from_utf8_lossy(bytes));
    }
}

proptest! {
    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300), is_2 in any::<bool>()) {
        let _ = read_all(&bytes);
        let head: &[u8] = if is_2 { SIGNATURE } else { b"PROXY TCP4 " };
        let _ = read_all(&[head, &bytes].concat());
    }

    #[test]
    fn every_pair_of_addresses_comes_back(source in any::<u32>(), to in any::<u32>(), ports in any::<(u16, u16)>()) {
        let expected = Proxied {
            source: SocketAddr::new(IpAddr::V4(source.into()), ports.0),
            destination: SocketAddr::new(IpAddr::V4(to.into()), ports.1),
        };
        let line = format!("PROXY TCP4 {} {} {} {}\r\n", expected.source.ip(), expected.destination.ip(), ports.0, ports.1);
        prop_assert_eq!(read_all(line.as_bytes()).0.expect("a header"), Some(expected));
        let rest = [source.to_be_bytes(), to.to_be_bytes()].concat();
        let rest = [rest, ports.0.to_be_bytes().to_vec(), ports.1.to_be_bytes().to_vec()].concat();
        prop_assert_eq!(read_all(&version_2_header(0x21, 0x11, &rest)).0.expect("a header"), Some(expected));
    }
}
