use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use proptest::prelude::*;

use super::{Special, special};

#[test]
fn every_special_range_is_known_at_both_ends() {
    let table: &[(Special, &[&str])] = &[
        (Special::Unspecified, &["0.0.0.0", "0.255.255.255", "::"]),
        (Special::Loopback, &["127.0.0.0", "127.0.0.1", "127.255.255.255", "::1"]),
        (
            Special::Private,
            &["10.0.0.0", "10.255.255.255", "172.16.0.0", "172.31.255.255", "192.168.0.0", "192.168.255.255"],
        ),
        (Special::Shared, &["100.64.0.0", "100.127.255.255"]),
        (Special::LinkLocal, &["169.254.0.0", "169.254.255.255", "fe80::1", "febf:ffff::1"]),
        (
            Special::Metadata,
            &["169.254.169.254", "169.254.170.2", "100.100.100.200", "168.63.129.16", "fd00:ec2::254", "fd20:ce::254"],
        ),
        (Special::UniqueLocal, &["fc00::", "fdff:ffff::1"]),
        (Special::SiteLocal, &["fec0::1", "feff:ffff::1"]),
        (Special::Multicast, &["224.0.0.1", "239.255.255.255", "ff02::1"]),
        (Special::Broadcast, &["255.255.255.255"]),
        (
            Special::Documentation,
            &["192.0.2.1", "198.51.100.255", "203.0.113.0", "2001:db8::1", "3fff::1", "3fff:fff:ffff::1"],
        ),
        (Special::Benchmarking, &["198.18.0.0", "198.19.255.255", "2001:2::1"]),
        (
            Special::Reserved,
            &[
                "192.0.0.8",
                "192.88.99.1",
                "240.0.0.1",
                "255.255.255.254",
                "100::1",
                "5f00::1",
                "2001:20::1",
                "4000::1",
                "1::",
            ],
        ),
        (
            Special::Embedded,
            &[
                "::ffff:127.0.0.1",
                "::ffff:8.8.8.8",
                "::127.0.0.1",
                "::8.8.8.8",
                "::ffff:0:10.0.0.1",
                "64:ff9b:1::10.0.0.1",
                "2002:7f00:1::",
                "2002:808:808::1",
                "2001:0:4136:e378:8000:63bf:f5ff:fffe",
                "2a00:1450::5efe:127.0.0.1",
                "2a00:1450::200:5efe:8.8.8.8",
            ],
        ),
        // NAT64 with the well-known prefix is judged as what it holds.
        (Special::Embedded, &["64:ff9b::127.0.0.1", "64:ff9b::169.254.169.254", "64:ff9b::8.8.8.8"]),
    ];
    for (expected, addresses) in table {
        for address in *addresses {
            let parsed: IpAddr = address.parse().unwrap();
            assert_eq!(special(parsed), Some(*expected), "{address}");
        }
    }
}

#[test]
fn ordinary_addresses_are_public() {
    let table = [
        "1.1.1.1",
        "8.8.8.8",
        "9.255.255.255",
        "11.0.0.0",
        "100.63.255.255",
        "100.128.0.0",
        "126.255.255.255",
        "128.0.0.0",
        "169.253.255.255",
        "169.255.0.0",
        "172.15.255.255",
        "172.32.0.0",
        "192.167.255.255",
        "192.169.0.0",
        "198.17.255.255",
        "198.20.0.0",
        "223.255.255.255",
        "2606:4700::1111",
        "2a00:1450::1",
        "2001:4860:4860::8888",
        "2001:200::1",
        "2003::1",
    ];
    for address in table {
        assert_eq!(special(address.parse().unwrap()), None, "{address}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { rng_seed: proptest::test_runner::RngSeed::Fixed(7), ..Default::default() })]

    /// Whatever IPv4 address is refused stays refused in each form that an IPv6 address can hide it in.
    #[test]
    fn hiding_an_address_never_helps(bits: u32, first in prop::sample::select(vec![0u8, 10, 100, 127, 169, 172, 192, 198, 224])) {
        let bits = bits & 0x00ff_ffff | u32::from(first) << 24;
        let (high, low) = ((bits >> 16) as u16, bits as u16);
        let forms = [
            Ipv6Addr::new(0, 0, 0, 0, 0, 0xffff, high, low),
            Ipv6Addr::new(0, 0, 0, 0, 0, 0, high, low),
            Ipv6Addr::new(0, 0, 0, 0, 0xffff, 0, high, low),
            Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, high, low),
            Ipv6Addr::new(0x64, 0xff9b, 1, 0, 0, 0, high, low),
            Ipv6Addr::new(0x2002, high, low, 0, 0, 0, 0, 1),
            Ipv6Addr::new(0x2001, 0, 1, 2, 3, 4, !high, !low),
        ];
        if special(Ipv4Addr::from_bits(bits).into()).is_some() {
            for form in forms {
                prop_assert!(special(form.into()).is_some(), "{form}");
            }
        }
    }
}
