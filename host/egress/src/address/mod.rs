//! Which addresses are special: not part of the public internet, so refused unless granted.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{Ipv4Net, Ipv6Net};

/// Why an address is not an ordinary public one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Special {
    /// `0.0.0.0/8`, `::`: on most systems this reaches the machine itself.
    Unspecified,
    /// `127.0.0.0/8`, `::1`.
    Loopback,
    /// `10/8`, `172.16/12`, `192.168/16`.
    Private,
    /// `100.64.0.0/10`, the space between a carrier and its customers.
    Shared,
    /// `169.254/16`, `fe80::/10`.
    LinkLocal,
    /// Where a cloud provider answers with the machine's own credentials.
    Metadata,
    /// `fc00::/7`.
    UniqueLocal,
    /// `fec0::/10`, given up in 2004 but still routed by some.
    SiteLocal,
    /// `224/4`, `ff00::/8`.
    Multicast,
    /// `255.255.255.255`.
    Broadcast,
    /// Ranges for examples in texts.
    Documentation,
    /// `198.18/15`, `2001:2::/48`.
    Benchmarking,
    /// Ranges kept by the registries for protocols and for later.
    Reserved,
    /// An IPv4 address inside an IPv6 one, in a form that has no business in an answer of the DNS.
    Embedded,
}

impl fmt::Display for Special {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unspecified => "the unspecified address",
            Self::Loopback => "a loopback address",
            Self::Private => "a private address",
            Self::Shared => "a carrier's shared address",
            Self::LinkLocal => "a link-local address",
            Self::Metadata => "a cloud's metadata address",
            Self::UniqueLocal => "a unique local address",
            Self::SiteLocal => "a site-local address",
            Self::Multicast => "a multicast address",
            Self::Broadcast => "the broadcast address",
            Self::Documentation => "an address for documentation",
            Self::Benchmarking => "an address for benchmarks",
            Self::Reserved => "a reserved address",
            Self::Embedded => "an IPv4 address hidden in an IPv6 one",
        })
    }
}

const fn v4(a: u8, b: u8, c: u8, d: u8, prefix: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), prefix)
}

const fn v6(segments: [u16; 8], prefix: u8) -> Ipv6Net {
    let [a, b, c, d, e, f, g, h] = segments;
    Ipv6Net::new_assert(Ipv6Addr::new(a, b, c, d, e, f, g, h), prefix)
}

/// The first range that holds the address decides, so narrow ranges stand before wide ones.
const V4: &[(Ipv4Net, Special)] = &[
    (v4(169, 254, 169, 254, 32), Special::Metadata),
    (v4(169, 254, 170, 2, 32), Special::Metadata),   // ECS tasks
    (v4(100, 100, 100, 200, 32), Special::Metadata), // Alibaba Cloud
    (v4(168, 63, 129, 16, 32), Special::Metadata),   // Azure; looks public, is the host of the machine
    (v4(0, 0, 0, 0, 8), Special::Unspecified),
    (v4(10, 0, 0, 0, 8), Special::Private),
    (v4(100, 64, 0, 0, 10), Special::Shared),
    (v4(127, 0, 0, 0, 8), Special::Loopback),
    (v4(169, 254, 0, 0, 16), Special::LinkLocal),
    (v4(172, 16, 0, 0, 12), Special::Private),
    (v4(192, 0, 0, 0, 24), Special::Reserved),
    (v4(192, 0, 2, 0, 24), Special::Documentation),
    (v4(192, 88, 99, 0, 24), Special::Reserved), // 6to4 relays
    (v4(192, 168, 0, 0, 16), Special::Private),
    (v4(198, 18, 0, 0, 15), Special::Benchmarking),
    (v4(198, 51, 100, 0, 24), Special::Documentation),
    (v4(203, 0, 113, 0, 24), Special::Documentation),
    (v4(224, 0, 0, 0, 4), Special::Multicast),
    (v4(255, 255, 255, 255, 32), Special::Broadcast),
    (v4(240, 0, 0, 0, 4), Special::Reserved),
];

const V6: &[(Ipv6Net, Special)] = &[
    (v6([0, 0, 0, 0, 0, 0, 0, 0], 128), Special::Unspecified),
    (v6([0, 0, 0, 0, 0, 0, 0, 1], 128), Special::Loopback),
    (v6([0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254], 128), Special::Metadata),
    (v6([0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254], 128), Special::Metadata), // Google Cloud
    (v6([0xfc00, 0, 0, 0, 0, 0, 0, 0], 7), Special::UniqueLocal),
    (v6([0xfe80, 0, 0, 0, 0, 0, 0, 0], 10), Special::LinkLocal),
    (v6([0xfec0, 0, 0, 0, 0, 0, 0, 0], 10), Special::SiteLocal),
    (v6([0xff00, 0, 0, 0, 0, 0, 0, 0], 8), Special::Multicast),
    (v6([0x2001, 2, 0, 0, 0, 0, 0, 0], 48), Special::Benchmarking),
    (v6([0x2001, 0, 0, 0, 0, 0, 0, 0], 23), Special::Reserved), // protocols, ORCHID
    (v6([0x2001, 0xdb8, 0, 0, 0, 0, 0, 0], 32), Special::Documentation),
    (v6([0x3fff, 0, 0, 0, 0, 0, 0, 0], 20), Special::Documentation),
];

/// What the registries have given to the public internet; all outside is special, named above or not.
const PUBLIC_V6: Ipv6Net = v6([0x2000, 0, 0, 0, 0, 0, 0, 0], 3);

/// The IPv4 address that `address` leads to by a mapping or a tunnel, if it does. NAT64 is among them: only the operator
/// knows whether the machine is in a network that has it, and then grants `64:ff9b::/96`.
pub(crate) fn embedded(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let s = address.segments();
    let low = |a: u16, b: u16| {
        let ([a, b], [c, d]) = (a.to_be_bytes(), b.to_be_bytes());
        Ipv4Addr::new(a, b, c, d)
    };
    match s {
        [0, 0, 0, 0, 0, 0, 0, 0 | 1] => None,
        // IPv4-compatible, IPv4-mapped, IPv4-translated.
        [0, 0, 0, 0, 0, 0 | 0xffff, a, b] | [0, 0, 0, 0, 0xffff, 0, a, b] => Some(low(a, b)),
        [0x64, 0xff9b, 0, 0, 0, 0, a, b] => Some(low(a, b)),
        // NAT64 for local use: where the address stands depends on the network; this is the usual place.
        [0x64, 0xff9b, 1, _, _, _, a, b] => Some(low(a, b)),
        // 6to4.
        [0x2002, a, b, ..] => Some(low(a, b)),
        // Teredo: the client's address, inverted.
        [0x2001, 0, _, _, _, _, a, b] => Some(low(!a, !b)),
        // ISATAP (RFC 5214), under any prefix.
        [_, _, _, _, 0 | 0x200, 0x5efe, a, b] => Some(low(a, b)),
        _ => None,
    }
}

/// Judges an address by itself, no grant considered. `None`: an ordinary public address.
pub(crate) fn special(address: IpAddr) -> Option<Special> {
    match address {
        IpAddr::V4(address) => special_v4(address),
        IpAddr::V6(address) if embedded(address).is_some() => Some(Special::Embedded),
        IpAddr::V6(address) => special_v6(address),
    }
}

fn special_v4(address: Ipv4Addr) -> Option<Special> {
    V4.iter().find(|(net, _)| net.contains(&address)).map(|(_, special)| *special)
}

fn special_v6(address: Ipv6Addr) -> Option<Special> {
    V6.iter()
        .find(|(net, _)| net.contains(&address))
        .map(|(_, special)| *special)
        .or_else(|| (!PUBLIC_V6.contains(&address)).then_some(Special::Reserved))
}

#[cfg(test)]
mod tests;
