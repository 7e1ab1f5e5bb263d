//! `grants`: what the operator lets a channel's driver touch beyond the defaults.

use std::fmt;
use std::net::IpAddr;

use ipnet::IpNet;
use url::{Host, Url};

use crate::problem::quote;
use crate::reader::{Node, Table};

/// What a channel's driver may touch. Empty, as it is by default, means nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Grants {
    /// Where `http.send` may go.
    pub http: Vec<HttpGrant>,
    /// Ranges of addresses that names may resolve to although they are private, loopback or link-local.
    pub addresses: Vec<IpNet>,
    /// Where connections may be opened to.
    pub tcp: Vec<TcpGrant>,
    /// The names of secrets that the driver may see in clear.
    pub reveal: Vec<String>,
}

/// Where `http.send` may go: an origin, and perhaps a path that all must begin with. Prints as it is written, such as
/// `https://*.example.com/v1/`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpGrant {
    /// Whether it is `https`, else `http`.
    pub tls: bool,
    /// The host in lower case, an IPv6 address in brackets; without the `*.` of subdomains.
    pub host: String,
    /// Whether any subdomain of the host is meant (`*.` before it), and not the host itself.
    pub subdomains: bool,
    /// The port, the scheme's own if none is written.
    pub port: u16,
    /// What paths must begin with; `/` for all.
    pub path: String,
}

impl fmt::Display for HttpGrant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (scheme, usual) = if self.tls { ("https", 443) } else { ("http", 80) };
        let star = if self.subdomains { "*." } else { "" };
        write!(f, "{scheme}://{star}{}", self.host)?;
        if self.port != usual {
            write!(f, ":{}", self.port)?;
        }
        if self.path != "/" {
            f.write_str(&self.path)?;
        }
        Ok(())
    }
}

/// One host and port that connections may be opened to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TcpGrant {
    /// The host in lower case, an IPv6 address in brackets.
    pub host: String,
    /// The port.
    pub port: u16,
}

impl fmt::Display for TcpGrant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

pub(crate) fn read(channel: &Table<'_>) -> Grants {
    let table = channel.get("grants").and_then(|node| node.table("{ http = [\"https://api.example.com\"] }"));
    let Some(table) = table else {
        return Grants::default();
    };
    let grants = Grants {
        http: list(&table, "http", http),
        addresses: list(&table, "addresses", addresses),
        tcp: list(&table, "tcp", tcp),
        reveal: list(&table, "reveal", |node| node.name("a secret's name in quotes")),
    };
    table.finish();
    grants
}

fn list<T>(table: &Table<'_>, key: &'static str, read: impl Fn(&Node<'_>) -> Option<T>) -> Vec<T> {
    table.get(key).map(|node| node.items("an array, [\"…\"]")).unwrap_or_default().iter().filter_map(read).collect()
}

const HTTP_EXAMPLE: &str = "scheme, host and, if not the usual, port and path, such as \"https://api.example.com\"";

fn http(node: &Node<'_>) -> Option<HttpGrant> {
    let text = node.string(HTTP_EXAMPLE)?;
    let grant = parse_http(text);
    if grant.is_none() {
        node.error(format!("{} is not an origin", quote(text)), format!("write {HTTP_EXAMPLE}"));
    }
    grant
}

fn parse_http(text: &str) -> Option<HttpGrant> {
    if text.chars().any(|c| c.is_whitespace() || c.is_control() || c == '\\') {
        return None;
    }
    let url = Url::parse(text).ok()?;
    let tls = match url.scheme() {
        "https" => true,
        "http" => false,
        _ => return None,
    };
    let bare =
        url.query().is_none() && url.fragment().is_none() && url.username().is_empty() && url.password().is_none();
    if !bare {
        return None;
    }
    let host = url.host_str()?;
    let (host, subdomains) = match host.strip_prefix("*.") {
        Some(rest) => (rest, true),
        None => (host, false),
    };
    if host.is_empty() || host.contains('*') || host.ends_with('.') {
        return None;
    }
    // 2130706433 is 127.0.0.1, but a reader of the file sees something else.
    if let Some(Host::Ipv4(address)) = url.host()
        && !text.contains(&address.to_string())
    {
        return None;
    }
    let port = url.port_or_known_default().filter(|port| *port != 0)?;
    Some(HttpGrant { tls, host: host.to_owned(), subdomains, port, path: url.path().to_owned() })
}

fn addresses(node: &Node<'_>) -> Option<IpNet> {
    let example = "an address or a range, such as \"10.0.0.0/8\"";
    let text = node.string(example)?;
    let range = text.parse::<IpNet>().or_else(|_| text.parse::<IpAddr>().map(IpNet::from)).ok();
    if range.is_none() {
        node.error(format!("{} is not a range of addresses", quote(text)), format!("write {example}"));
    }
    range.map(|range| range.trunc())
}

fn tcp(node: &Node<'_>) -> Option<TcpGrant> {
    let example = "host and port, such as \"relay.example.com:2424\"";
    let text = node.string(example)?;
    let grant = text.rsplit_once(':').and_then(|(host, port)| {
        Some(TcpGrant { host: Host::parse(host).ok()?.to_string(), port: port.parse().ok().filter(|port| *port != 0)? })
    });
    if grant.is_none() {
        node.error(format!("{} is not a host and port", quote(text)), format!("write {example}"));
    }
    grant
}
