//! One line of `grants.http`: `https://*.example.com:8443/v1/`, and one of `grants.addresses`.

use std::net::IpAddr;

use ipnet::IpNet;
use percent_encoding::percent_decode_str;
use url::{Host, Url};

/// A grant that can't be understood. The text names it, says what is wrong, and what to write instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("grants.{key}: {grant:?} {problem}; {remedy}")]
pub struct GrantError {
    /// `http` or `addresses`.
    pub key: &'static str,
    /// The grant as the operator wrote it.
    pub grant: String,
    /// What is wrong with it.
    pub problem: &'static str,
    /// What to do.
    pub remedy: String,
}

/// What one line of `grants.http` allows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Grant {
    /// `http` or `https`.
    scheme: String,
    host: HostRule,
    port: u16,
    /// Begins with a slash. One that ends in a slash covers what is below it, another also itself.
    path: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum HostRule {
    Exactly(Host<String>),
    /// Any name that ends in a dot and this, at any depth, but not this itself.
    Below(String),
}

/// How far a URL fits a grant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fit {
    Yes,
    /// Scheme, host and port fit, the path doesn't.
    OtherPath,
    No,
}

impl Grant {
    pub(crate) fn parse(text: &str) -> Result<Self, GrantError> {
        let wrong = |problem, remedy: &str| GrantError {
            key: "http",
            grant: text.to_owned(),
            problem,
            remedy: remedy.to_owned(),
        };
        if text.chars().any(|c| c.is_whitespace() || c.is_control() || c == '\\') {
            return Err(wrong("has spaces, control characters or backslashes", "remove them"));
        }
        let Some((scheme, rest)) = text.split_once("://") else {
            return Err(wrong("has no scheme", &format!("write \"https://{text}\"")));
        };
        let scheme = scheme.to_ascii_lowercase();
        if scheme != "https" && scheme != "http" {
            return Err(wrong("is neither https nor http", "grant an https or http address"));
        }
        let (below, rest) = match rest.strip_prefix("*.") {
            Some(rest) => (true, rest),
            None => (false, rest),
        };
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        if authority.contains('*') {
            let remedy = "write the host in full, or \"*.\" and a domain for all names below it";
            return Err(wrong("has a * that isn't a whole first label before a domain", remedy));
        }
        if authority.contains('@') {
            return Err(wrong("has a user name", "give credentials as secrets, and remove them here"));
        }
        let url = Url::parse(&format!("{scheme}://{rest}"))
            .map_err(|_| wrong("is not a URL", "write it as \"https://host\" or \"https://host:port/path/\""))?;
        if url.query().is_some() || url.fragment().is_some() {
            return Err(wrong("has a query or a fragment", "end it after the path; any query is allowed"));
        }
        if hides_dots(url.path()) {
            return Err(wrong("has an encoded .. in its path", "write the path that is meant"));
        }
        let port = match url.port_or_known_default() {
            Some(port) if port != 0 => port,
            _ => return Err(wrong("has no usable port", "write a port from 1 to 65535")),
        };
        let host = match url.host() {
            Some(host) => host.to_owned(),
            None => return Err(wrong("has no host", "write the host after the scheme")),
        };
        let host = match (below, host) {
            (true, Host::Domain(name)) => HostRule::Below(name),
            (true, _) => {
                return Err(wrong("has a * before an IP address", "write the address alone"));
            }
            (false, Host::Ipv4(address)) if !is_spelt_plainly(authority, address.into()) => {
                let remedy = format!("write it as {address}");
                return Err(wrong("is an IP address in an unusual spelling", &remedy));
            }
            (false, host) => HostRule::Exactly(host),
        };
        if matches!(&host, HostRule::Below(name) | HostRule::Exactly(Host::Domain(name)) if name.ends_with('.')) {
            return Err(wrong("has a dot at the end of its host", "remove the dot"));
        }
        Ok(Self { scheme, host, port, path: url.path().to_owned() })
    }

    pub(crate) fn fit(&self, url: &Url) -> Fit {
        let same_origin = url.scheme() == self.scheme
            && url.port_or_known_default() == Some(self.port)
            && url.host().is_some_and(|host| self.host.covers(&host));
        if !same_origin {
            Fit::No
        } else if self.covers_path(url.path()) {
            Fit::Yes
        } else {
            Fit::OtherPath
        }
    }

    /// The path prefix, as the operator wrote it.
    pub(crate) fn path(&self) -> &str {
        &self.path
    }

    fn covers_path(&self, path: &str) -> bool {
        if self.path == "/" {
            return true;
        }
        let below = match path.strip_prefix(&self.path) {
            Some(rest) => self.path.ends_with('/') || rest.is_empty() || rest.starts_with('/'),
            None => false,
        };
        below && !hides_dots(path)
    }
}

impl HostRule {
    fn covers(&self, host: &Host<&str>) -> bool {
        match (self, host) {
            (Self::Exactly(Host::Domain(granted)), Host::Domain(host)) => granted == host,
            (Self::Exactly(Host::Ipv4(granted)), Host::Ipv4(host)) => granted == host,
            (Self::Exactly(Host::Ipv6(granted)), Host::Ipv6(host)) => granted == host,
            (Self::Below(parent), Host::Domain(host)) => host
                .strip_suffix(parent.as_str())
                .and_then(|rest| rest.strip_suffix('.'))
                .is_some_and(|labels| !labels.is_empty()),
            _ => false,
        }
    }
}

/// `0x7f.1` and `2130706433` are the same address to a URL parser, but a reader of the config sees something else.
fn is_spelt_plainly(authority: &str, address: IpAddr) -> bool {
    let host = authority.rsplit_once(':').map_or(authority, |(host, _)| host);
    host.parse() == Ok(address)
}

/// Whether a server that decodes more than the URL standard says could read `..` in this path, and so be led
/// out of the granted prefix. (Plain and `%2e` dots are already resolved by the URL parser.)
fn hides_dots(path: &str) -> bool {
    let mut path = path.to_owned();
    // Three times: a proxy, a server and a framework may each decode once.
    for _ in 0..3 {
        path = percent_decode_str(&path).decode_utf8_lossy().into_owned();
        let dots = |segment: &str| matches!(segment.split(';').next(), Some("." | ".."));
        if path.split(['/', '\\']).any(dots) {
            return true;
        }
    }
    false
}

/// One line of `grants.addresses`: a range such as `10.0.0.0/8`, or one address.
pub(crate) fn parse_range(text: &str) -> Result<IpNet, GrantError> {
    let wrong = |problem, remedy: String| GrantError { key: "addresses", grant: text.to_owned(), problem, remedy };
    if let Ok(address) = text.parse::<IpAddr>() {
        return Ok(IpNet::from(address));
    }
    let net: IpNet = text
        .parse()
        .map_err(|_| wrong("is not a range of addresses", "write it as 10.1.0.0/16 or fd12::/64".to_owned()))?;
    if net.trunc() != net {
        return Err(wrong("has bits set after its prefix", format!("write {}, or one address alone", net.trunc())));
    }
    Ok(net)
}
