//! `listen`, `tls` and `proxy-from` of a channel: where it takes connections, and by what certificate.

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;

use ipnet::IpNet;

use crate::problem::quote;
use crate::reader::{Node, Table};
use crate::server::parse_listen;

/// What is spoken on an address that is listened on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scheme {
    /// Connections of bytes.
    Tcp,
    /// The same, TLS from the first byte on.
    Tls,
    /// Datagrams.
    Udp,
}

/// An address that the host listens on for a channel. Prints as it is written, such as `tcp://127.0.0.1:2424`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Listen {
    /// What is spoken there.
    pub scheme: Scheme,
    /// The address; port 0: any that is free.
    pub address: SocketAddr,
}

impl fmt::Display for Listen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = match self.scheme {
            Scheme::Tcp => "tcp",
            Scheme::Tls => "tls",
            Scheme::Udp => "udp",
        };
        write!(f, "{scheme}://{}", self.address)
    }
}

/// Where a channel's certificate is. Files are read when the channel begins to listen, and again when they change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFiles {
    /// `certificate`: PEM, the server's own certificate first, then those up to its root.
    pub certificate: PathBuf,
    /// `key`: PEM, the private key of the first one.
    pub key: PathBuf,
}

pub(crate) fn read_tls(table: &Table<'_>) -> Option<TlsFiles> {
    let example = "tls = { certificate = \"cert.pem\", key = \"key.pem\" }";
    let table = table.get("tls")?.table("{ certificate = \"cert.pem\", key = \"key.pem\" }")?;
    let path = |node: Node<'_>| {
        let path = table.reader().resolve(&node.name("a path in quotes")?);
        if let Err(error) = std::fs::File::open(&path) {
            node.error(
                format!("{} can't be read: {error}", path.display()),
                "name a file in PEM that the server may read",
            );
        }
        Some(path)
    };
    let certificate = table.required("certificate", example).and_then(path);
    let key = table.required("key", example).and_then(path);
    table.finish();
    Some(TlsFiles { certificate: certificate?, key: key? })
}

/// Proxies that may say, by the PROXY protocol, whom they speak for.
pub(crate) fn read_proxies(table: &Table<'_>) -> Vec<IpNet> {
    let example = "an array of addresses or ranges, [\"10.0.0.0/8\"]";
    let read = |node: &Node<'_>| {
        let text = node.string("an address or range in quotes")?;
        let range = text.parse().ok().or_else(|| text.parse().ok().map(|address: std::net::IpAddr| address.into()));
        if range.is_none() {
            node.error(format!("{} is no range of addresses", quote(text)), format!("write {example}"));
        }
        range
    };
    let node = table.get("proxy-from");
    node.map(|node| node.items(example)).unwrap_or_default().iter().filter_map(read).collect()
}

pub(crate) fn read(table: &Table<'_>, has_certificate: bool) -> Vec<Listen> {
    let example = "scheme, address and port, such as \"tcp://127.0.0.1:2424\"";
    let read = |node: &Node<'_>| {
        let text = node.string(example)?;
        let (scheme, rest) = text.split_once("://").unwrap_or(("", text));
        let scheme = match scheme {
            "tcp" => Some(Scheme::Tcp),
            "tls" => Some(Scheme::Tls),
            "udp" => Some(Scheme::Udp),
            _ => None,
        };
        let listen = scheme
            .zip(parse_listen(rest.strip_suffix('/').unwrap_or(rest)).ok())
            .map(|(scheme, address)| Listen { scheme, address });
        match listen {
            None => node.error(format!("{} can't be listened on", quote(text)), format!("write {example}")),
            Some(Listen { scheme: Scheme::Tls, .. }) if !has_certificate => node.error(
                "needs a certificate",
                "write tls = { certificate = \"cert.pem\", key = \"key.pem\" } in the channel",
            ),
            Some(Listen { scheme: Scheme::Udp, .. }) => node.warn(
                "does nothing in this version: drivers can't take datagrams yet",
                "leave it out, or expect no effect",
            ),
            Some(_) => {}
        }
        listen
    };
    let node = table.get("listen");
    let found: Vec<_> = node
        .as_ref()
        .map(|node| node.items("an array, [\"tcp://127.0.0.1:2424\"]"))
        .unwrap_or_default()
        .iter()
        .filter_map(read)
        .collect();
    let mut known = std::collections::BTreeSet::new();
    if let Some(twice) = found.iter().find(|listen| listen.address.port() != 0 && !known.insert(listen.address))
        && let Some(node) = &node
    {
        node.error(format!("names {} twice", twice.address), "leave one of them out");
    }
    found
}
