//! What a channel may reach: grants of URLs, and of address ranges that are refused otherwise.

use std::net::IpAddr;
use std::sync::Arc;

use ipnet::IpNet;
use url::{Host, Url};

use crate::address::{self, Special};
use crate::grant::{Fit, Grant, GrantError, parse_range};
use crate::target::Target;

/// The grants of one channel. Without grants nothing can be reached.
#[derive(Debug, Clone, Default)]
pub struct Policy {
    grants: Arc<[Grant]>,
    tcp: Arc<[(Host<String>, u16)]>,
    ranges: Arc<[IpNet]>,
}

/// Why a request was refused. The text names the config line that would allow it, and never holds the path or
/// query asked for, since they may hold a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    /// No grant covers scheme, host and port.
    #[error(
        "channel {channel:?} may not reach {target}; add {target:?} to grants.http of [[channel]] id = {channel:?}"
    )]
    NotGranted {
        /// The channel's id.
        channel: String,
        /// Scheme, host and port asked for.
        target: String,
    },
    /// A grant covers scheme, host and port, but only below another path.
    #[error(
        "channel {channel:?} may reach {target} only at {granted}; \
         add {target:?}, or a longer path, to grants.http of [[channel]] id = {channel:?}"
    )]
    OtherPath {
        /// The channel's id.
        channel: String,
        /// Scheme, host and port asked for.
        target: String,
        /// The paths that are granted, with commas between.
        granted: String,
    },
    /// No grant covers the host and port of a connection.
    #[error(
        "channel {channel:?} may not connect to {target}; add {target:?} to grants.tcp of [[channel]] id = {channel:?}"
    )]
    TcpNotGranted {
        /// The channel's id.
        channel: String,
        /// Host and port asked for.
        target: String,
    },
    /// The host is spelt in a way that names the same place and passes for another. No grant changes that.
    #[error("channel {channel:?} may not reach {target}: its host ends in a dot; leave the dot out")]
    TrailingDot {
        /// The channel's id.
        channel: String,
        /// Scheme, host and port asked for.
        target: String,
    },
    /// The host's name leads to addresses that need a grant of their own.
    #[error(
        "channel {channel:?} may not reach {target}: it leads to {address}, {special}; \
         if that is meant, add {address:?} to grants.addresses of [[channel]] id = {channel:?}",
        address = .address.to_string()
    )]
    Address {
        /// The channel's id.
        channel: String,
        /// Scheme, host and port asked for.
        target: String,
        /// The address refused (for one that hides an IPv4 address that isn't granted: that one).
        address: IpAddr,
        /// What is special about it.
        special: Special,
    },
    /// `localhost` resolved to something that is not this machine.
    #[error(
        "channel {channel:?} may not reach {target}: it leads to {address}, which is not a loopback address; \
         correct the hosts file, or grant another name"
    )]
    NotLocal {
        /// The channel's id.
        channel: String,
        /// Scheme, host and port asked for.
        target: String,
        /// The address refused.
        address: IpAddr,
    },
    /// The scheme is neither `http` nor `https`. No grant changes that.
    #[error("channel {channel:?} may only use https and http URLs, not {scheme:?}; correct the URL")]
    Scheme {
        /// The channel's id.
        channel: String,
        /// The scheme asked for.
        scheme: String,
    },
    /// The URL holds a user name or password. No grant changes that.
    #[error(
        "channel {channel:?} may not use a URL with a user name or password in it (for {target}); \
         send an authorization header with a secret instead"
    )]
    Credentials {
        /// The channel's id.
        channel: String,
        /// Scheme, host and port asked for.
        target: String,
    },
}

/// A URL that the policy allows; what remains is to check the addresses of its host.
#[derive(Debug, Clone)]
pub struct Permit {
    channel: String,
    target: String,
    host: Host<String>,
    ranges: Arc<[IpNet]>,
}

impl Policy {
    /// Reads the lines of `grants.http` and `grants.addresses`.
    ///
    /// # Errors
    /// The first line that can't be understood.
    pub fn parse(http: &[String], addresses: &[String]) -> Result<Self, GrantError> {
        Ok(Self {
            grants: http.iter().map(|text| Grant::parse(text)).collect::<Result<_, _>>()?,
            tcp: Arc::default(),
            ranges: addresses.iter().map(|text| parse_range(text)).collect::<Result<_, _>>()?,
        })
    }

    /// The same policy with the lines of `grants.tcp`, each `host:port`.
    ///
    /// # Errors
    /// The first line that can't be understood.
    pub fn with_tcp(mut self, tcp: &[String]) -> Result<Self, GrantError> {
        let parse = |text: &String| {
            Target::parse_authority(text).map_err(|problem| GrantError {
                key: "tcp",
                grant: text.clone(),
                problem,
                remedy: "write host and port, such as \"relay.example.com:2525\"".to_owned(),
            })
        };
        self.tcp = tcp.iter().map(parse).collect::<Result<_, _>>()?;
        Ok(self)
    }

    /// Whether a channel under this policy may connect to `target`, as far as can be said before its name is resolved.
    pub(crate) fn check_target(&self, channel: &str, target: &Target) -> Result<Permit, Denied> {
        let asked = (&target.host, target.port);
        if !self.tcp.iter().any(|(host, port)| (host, *port) == asked) {
            return Err(Denied::TcpNotGranted { channel: channel.to_owned(), target: target.to_string() });
        }
        Ok(Permit {
            channel: channel.to_owned(),
            target: target.to_string(),
            host: target.host.clone(),
            ranges: Arc::clone(&self.ranges),
        })
    }

    /// Whether a channel under this policy may use `url`, as far as can be said before its name is resolved.
    /// `channel` is the channel's id, for the text of the refusal.
    ///
    /// # Errors
    /// [`Denied`] says which line of the config would allow it.
    pub fn check_url(&self, channel: &str, url: &Url) -> Result<Permit, Denied> {
        let (channel, target) = (channel.to_owned(), target_of(url));
        if !matches!(url.scheme(), "http" | "https") {
            return Err(Denied::Scheme { channel, scheme: url.scheme().to_owned() });
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Denied::Credentials { channel, target });
        }
        let Some(host) = url.host().map(|host| host.to_owned()) else {
            return Err(Denied::NotGranted { channel, target });
        };
        if matches!(&host, Host::Domain(name) if name.ends_with('.')) {
            return Err(Denied::TrailingDot { channel, target });
        }
        let mut paths = Vec::new();
        for grant in self.grants.iter() {
            match grant.fit(url) {
                Fit::Yes => {
                    let ranges = Arc::clone(&self.ranges);
                    return Ok(Permit { channel, target, host, ranges });
                }
                Fit::OtherPath => paths.push(grant.path()),
                Fit::No => {}
            }
        }
        if paths.is_empty() {
            Err(Denied::NotGranted { channel, target })
        } else {
            Err(Denied::OtherPath { channel, target, granted: paths.join(", ") })
        }
    }
}

impl Permit {
    /// Scheme, host and port, as in `https://api.example.com:8443`; safe to show.
    pub fn target(&self) -> &str {
        &self.target
    }

    pub(crate) fn host(&self) -> &Host<String> {
        &self.host
    }

    /// Keeps those of the resolved addresses that may be connected to, in their order.
    ///
    /// # Errors
    /// The first refusal, when none may. An empty list stays empty: that is for the caller to report.
    pub fn admit(&self, addresses: Vec<IpAddr>) -> Result<Vec<IpAddr>, Denied> {
        let mut refusal = None;
        let mut admitted = Vec::with_capacity(addresses.len());
        for address in addresses {
            match self.check_address(address) {
                Ok(()) => admitted.push(address),
                Err(denied) => refusal = refusal.or(Some(denied)),
            }
        }
        match refusal {
            Some(denied) if admitted.is_empty() => Err(denied),
            _ => Ok(admitted),
        }
    }

    fn check_address(&self, address: IpAddr) -> Result<(), Denied> {
        match &self.host {
            // Only a grant with that very address lets a URL with an address come this far.
            Host::Ipv4(literal) if address == IpAddr::V4(*literal) => return Ok(()),
            Host::Ipv6(literal) if address == IpAddr::V6(*literal) => return Ok(()),
            Host::Domain(name) if is_localhost(name) => {
                return if address.is_loopback() {
                    Ok(())
                } else {
                    let (channel, target) = (self.channel.clone(), self.target.clone());
                    Err(Denied::NotLocal { channel, target, address })
                };
            }
            _ => {}
        }
        match self.refused(address) {
            None => Ok(()),
            Some((address, special)) => {
                Err(Denied::Address { channel: self.channel.clone(), target: self.target.clone(), address, special })
            }
        }
    }

    /// The address that would have to be granted, and why; `None` if nothing is missing. Granting a range of
    /// IPv6 addresses that hold IPv4 ones doesn't grant what they hold: that is judged too.
    fn refused(&self, address: IpAddr) -> Option<(IpAddr, Special)> {
        let covered = |address: IpAddr| self.ranges.iter().any(|range| range.contains(&address));
        let special = |address| address::special(address).filter(|_| !covered(address));
        let inner = match address {
            IpAddr::V4(_) => None,
            IpAddr::V6(address) => address::embedded(address),
        };
        let Some(inner) = inner else {
            return special(address).map(|why| (address, why));
        };
        let hidden = IpAddr::V4(inner);
        if let Some(why) = special(hidden) {
            return Some((hidden, why));
        }
        (!covered(address)).then_some((address, Special::Embedded))
    }
}

/// Names that mean this machine and no other (RFC 6761).
fn is_localhost(name: &str) -> bool {
    name == "localhost" || name.ends_with(".localhost")
}

/// Scheme, host and a port other than the usual: what may be shown of a URL.
fn target_of(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    match url.port() {
        Some(port) => format!("{}://{host}:{port}", url.scheme()),
        None => format!("{}://{host}", url.scheme()),
    }
}

#[cfg(test)]
mod tests;
