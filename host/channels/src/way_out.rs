//! The way out of all channels: what they share, and what each is granted.

use jackfield_config::{Channel, Problem};
use jackfield_egress::{Client, ClientConfig, Counters, Limits, NameServer, Policy, Resolve, SystemResolver, Tls};
use jackfield_sandbox::Grants;
use std::net::SocketAddr;
use std::sync::Arc;

/// Whom drivers' requests trust, and how they find addresses. Cheap to clone.
#[derive(Clone)]
pub(crate) struct WayOut {
    tls: Tls,
    resolver: Arc<dyn Resolve>,
}

impl WayOut {
    /// With the system's resolver.
    pub(crate) fn system() -> Self {
        Self { tls: Tls::system(), resolver: Arc::new(SystemResolver) }
    }

    /// `name_server`: asked in place of the system's resolver.
    pub(crate) fn new(name_server: Option<SocketAddr>) -> std::io::Result<Self> {
        let mut way_out = Self::system();
        if let Some(address) = name_server {
            way_out.resolver = Arc::new(NameServer::new(address)?);
        }
        Ok(way_out)
    }

    /// What the operator lets a channel's driver touch.
    pub(crate) fn grants(&self, channel: &Channel, counters: Arc<Counters>) -> Result<Grants, Box<Problem>> {
        let http: Vec<String> = channel.grants.http.iter().map(ToString::to_string).collect();
        let tcp: Vec<String> = channel.grants.tcp.iter().map(ToString::to_string).collect();
        let addresses: Vec<String> = channel.grants.addresses.iter().map(ToString::to_string).collect();
        let reveal = channel.grants.reveal.iter().cloned().collect();
        let policy = Policy::parse(&http, &addresses).and_then(|policy| policy.with_tcp(&tcp)).map_err(|error| {
            let problem = format!("{} in grants.{}: {}", error.grant, error.key, error.problem);
            Box::new(channel.key_problem("grants", problem, error.remedy))
        })?;
        let config = ClientConfig {
            channel: channel.id.clone(),
            policy,
            limits: limits(channel),
            resolver: self.resolver.clone(),
            tls: self.tls.clone(),
            counters,
        };
        Ok(Grants { client: Some(Arc::new(Client::new(config))), reveal })
    }
}

/// The channel's limits over the defaults.
fn limits(channel: &Channel) -> Limits {
    let wanted = &channel.limits.egress;
    let default = Limits::default();
    let count = |wanted: Option<u32>, default: usize| wanted.map_or(default, |count| count as usize);
    let response = wanted.http_response.map_or(default.response_bytes, |size| size.0);
    Limits {
        concurrency: count(wanted.http_concurrency, default.concurrency),
        request_bytes: wanted.http_request.map_or(default.request_bytes, |size| size.to_usize()),
        default_response_bytes: default.default_response_bytes.min(response),
        response_bytes: response,
        head_bytes: wanted.http_head.map_or(default.head_bytes, |size| size.to_usize()),
        default_timeout: wanted.http_timeout.unwrap_or(default.default_timeout),
        connect: wanted.connect_timeout.unwrap_or(default.connect),
        redirects: wanted.http_redirects.unwrap_or(default.redirects),
        connections: count(wanted.tcp_concurrency, default.connections),
        ..default
    }
}
