//! Where a connection of bytes goes: `tcp://host:port` or `tls://host:port`.

use std::fmt;

use url::Host;

/// What [`Client::connect`](crate::Client::connect) is asked for, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Target {
    /// TLS from the first byte on.
    pub(crate) tls: bool,
    /// In lower case and punycode; numbers that mean an IPv4 address are one.
    pub(crate) host: Host<String>,
    pub(crate) port: u16,
}

impl Target {
    /// Reads a target. `Err` says what is wrong with it.
    pub(crate) fn parse(text: &str) -> Result<Self, &'static str> {
        let (scheme, authority) = text.split_once("://").ok_or("has no scheme")?;
        let tls = match scheme {
            "tcp" => false,
            "tls" => true,
            _ => return Err("is neither tcp nor tls"),
        };
        let (host, port) = Self::parse_authority(authority)?;
        Ok(Self { tls, host, port })
    }

    /// Reads `host:port` as a URL's would be, so that no other part reads it differently.
    pub(crate) fn parse_authority(text: &str) -> Result<(Host<String>, u16), &'static str> {
        let (host, port) = text.rsplit_once(':').ok_or("has no port")?;
        if host.is_empty() {
            return Err("has no host");
        }
        // The parser of hosts refuses what stands between the parts of a URL (`@`, `/`, `?`, spaces, controls).
        let parsed = Host::parse(host).map_err(|_| "has a host that is none")?;
        if matches!(&parsed, Host::Domain(name) if name.ends_with('.')) {
            return Err("has a dot at the end of its host");
        }
        let digits = !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
        let port = port.parse().ok().filter(|port| digits && *port != 0).ok_or("has no usable port")?;
        Ok((parsed, port))
    }
}

/// Host and port, safe to show.
impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

#[cfg(test)]
mod tests;
