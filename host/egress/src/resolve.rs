//! Names to addresses.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use futures_util::future::BoxFuture;
use hickory_resolver::TokioResolver;
use hickory_resolver::config::{
    ConnectionConfig, LookupIpStrategy, NameServerConfig, ResolveHosts, ResolverConfig, ResolverOpts,
};
use hickory_resolver::net::runtime::TokioRuntimeProvider;

/// How long one question to the name server may take, and how often it is asked.
const QUESTION: Duration = Duration::from_secs(2);
const ATTEMPTS: usize = 3;
/// The longest that an answer is believed, whatever its time to live.
const LONGEST_TTL: Duration = Duration::from_secs(300);
/// Answers kept.
const CACHE: u64 = 1_024;

/// Resolves the name of a host. Behind a trait so that a test can answer as a hostile name server would.
pub trait Resolve: Send + Sync {
    /// The addresses of `host`, best first. They are not to be trusted: the caller checks each.
    fn resolve<'a>(&'a self, host: &'a str) -> BoxFuture<'a, io::Result<Vec<IpAddr>>>;
}

/// The resolver of the operating system: hosts file, `resolv.conf`, and the order of RFC 6724.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemResolver;

impl Resolve for SystemResolver {
    fn resolve<'a>(&'a self, host: &'a str) -> BoxFuture<'a, io::Result<Vec<IpAddr>>> {
        Box::pin(async move {
            // The port is the connection's affair; zero is dropped again.
            let found = tokio::net::lookup_host((host, 0)).await?;
            let mut addresses: Vec<IpAddr> = Vec::new();
            for address in found.map(|socket| socket.ip()) {
                if !addresses.contains(&address) {
                    addresses.push(address);
                }
            }
            Ok(addresses)
        })
    }
}

/// Asks one name server, over UDP and, where an answer is cut, TCP. Reads neither the hosts file nor `resolv.conf`.
pub struct NameServer(TokioResolver);

impl NameServer {
    /// A resolver that asks the name server at `address`.
    ///
    /// # Errors
    /// It can't be set up.
    pub fn new(address: SocketAddr) -> io::Result<Self> {
        let mut connections = vec![ConnectionConfig::udp(), ConnectionConfig::tcp()];
        for connection in &mut connections {
            connection.port = address.port();
        }
        let server = NameServerConfig::new(address.ip(), true, connections);
        let config = ResolverConfig::from_name_servers(vec![server]);
        let mut builder = TokioResolver::builder_with_config(config, TokioRuntimeProvider::default());
        let options: &mut ResolverOpts = builder.options_mut();
        options.timeout = QUESTION;
        options.attempts = ATTEMPTS;
        options.ip_strategy = LookupIpStrategy::Ipv4AndIpv6;
        options.use_hosts_file = ResolveHosts::Never;
        options.positive_max_ttl = Some(LONGEST_TTL);
        options.negative_max_ttl = Some(Duration::from_secs(10));
        options.cache_size = CACHE;
        Ok(Self(builder.build().map_err(io::Error::other)?))
    }
}

impl Resolve for NameServer {
    fn resolve<'a>(&'a self, host: &'a str) -> BoxFuture<'a, io::Result<Vec<IpAddr>>> {
        Box::pin(async move {
            // With the dot at its end a name is whole: nothing is put after it.
            let found = self.0.lookup_ip(format!("{host}.")).await.map_err(io::Error::other)?;
            let mut addresses: Vec<IpAddr> = Vec::new();
            for address in found.iter() {
                if !addresses.contains(&address) {
                    addresses.push(address);
                }
            }
            Ok(addresses)
        })
    }
}
