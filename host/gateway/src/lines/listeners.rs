//! What is bound, kept in step with the config: a socket stays open while its address is asked for.

use super::certificate::{load, stamp};
use super::proxy;
use super::socket::{Certificate, Socket};
use crate::gateway::Gateway;
use arc_swap::{ArcSwap, ArcSwapOption};
use ipnet::IpNet;
use jackfield_channels::{Admission, Channels, ListenSpec};
use jackfield_config::{Listen, Scheme, TlsFiles};
use jackfield_sandbox::{Limit, LinePeer, Listener};
use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::AbortHandle;
use tokio::time::timeout;

/// How often it is looked whether files of certificates have changed, and tried to bind what could not be bound.
const LOOK: Duration = Duration::from_secs(2);
/// How long to wait when a connection can't be accepted: mostly there are too many open files, and some will close.
const BREATH: Duration = Duration::from_millis(50);

/// When files were changed, and how large they were.
type Stamp = Vec<Option<(SystemTime, u64)>>;

/// What a channel's connections come in by, as it is now.
struct Shared {
    channel: String,
    certificate: Certificate,
    proxies: ArcSwap<Vec<IpNet>>,
}

/// A channel that is listened for.
struct Channel {
    shared: Arc<Shared>,
    /// The files that were read last, and when they were changed.
    read: Option<(TlsFiles, Stamp)>,
    /// What is bound, with the port that was.
    bound: BTreeMap<Listen, (String, AbortHandle)>,
    /// What could not be bound was told once.
    told: BTreeMap<Listen, String>,
}

impl Drop for Channel {
    fn drop(&mut self) {
        self.bound.values().for_each(|(_, task)| task.abort());
    }
}

/// Keeps what is bound in step with the config, until the server goes down.
pub(crate) async fn run(gateway: Gateway) {
    let mut signals = gateway.signals();
    let mut known: BTreeMap<String, Channel> = BTreeMap::new();
    while !signals.borrow_and_update().draining {
        let channels = gateway.channels();
        let wanted = channels.listens();
        known.retain(|id, _| wanted.iter().any(|spec| spec.channel == *id));
        for spec in wanted {
            let channel = known.entry(spec.channel.clone()).or_insert_with(|| Channel::new(&spec));
            channel.keep_up(channels, &spec).await;
        }
        let _ = timeout(LOOK, signals.changed()).await;
    }
}

impl Channel {
    fn new(spec: &ListenSpec) -> Self {
        let shared = Shared {
            channel: spec.channel.clone(),
            certificate: Arc::new(ArcSwapOption::empty()),
            proxies: ArcSwap::default(),
        };
        Self { shared: Arc::new(shared), read: None, bound: BTreeMap::new(), told: BTreeMap::new() }
    }

    async fn keep_up(&mut self, channels: &Channels, spec: &ListenSpec) {
        self.shared.proxies.store(Arc::new(spec.proxy_from.clone()));
        self.read_certificate(channels, spec.tls.as_ref()).await;
        self.told.retain(|listen, _| spec.listen.contains(listen));
        self.bound.retain(|listen, (url, task)| {
            let is_wanted = spec.listen.contains(listen);
            if !is_wanted {
                task.abort();
                channels.say_of_listener(&spec.channel, false, &format!("no longer listening on {url}"));
            }
            is_wanted
        });
        for listen in &spec.listen {
            if !self.bound.contains_key(listen) {
                self.bind(channels, *listen).await;
            }
        }
        let has_certificate = self.shared.certificate.load().is_some();
        let listener = |(url, _): &(String, _)| Listener { url: url.clone(), has_certificate };
        let listeners = spec.listen.iter().filter_map(|listen| self.bound.get(listen)).map(listener).collect();
        channels.listening(&spec.channel, listeners);
    }

    /// Reads the certificate if it has changed. One that is broken leaves the one before in force.
    async fn read_certificate(&mut self, channels: &Channels, files: Option<&TlsFiles>) {
        let Some(files) = files.cloned() else {
            self.read = None;
            return self.shared.certificate.store(None);
        };
        let of = files.clone();
        let Ok(now) = tokio::task::spawn_blocking(move || stamp(&of)).await else { return };
        let read = Some((files.clone(), now));
        if self.read == read {
            return;
        }
        let Ok(loaded) = tokio::task::spawn_blocking(move || load(&files)).await else { return };
        let (id, is_first) = (&self.shared.channel, self.read.is_none());
        match loaded {
            Ok(config) => {
                self.shared.certificate.store(Some(config));
                let text = if is_first { "the certificate was read" } else { "the certificate was read anew" };
                tracing::info!(channel = id, "{text}");
                channels.say_of_listener(id, false, text);
            }
            Err(unfit) => {
                let before = self.shared.certificate.load().is_some();
                let then = if before { "the one before stays in use" } else { "TLS can't be served" };
                tracing::error!(channel = id, "the certificate is not taken, {then}: {unfit}");
                channels.say_of_listener(id, true, &format!("the certificate is not taken, {then}: {unfit}"));
            }
        }
        self.read = read;
    }

    async fn bind(&mut self, channels: &Channels, listen: Listen) {
        let bound = TcpListener::bind(listen.address).await.and_then(|listener| Ok((listener.local_addr()?, listener)));
        let id = &self.shared.channel;
        let (address, listener) = match bound {
            Ok(bound) => bound,
            Err(error) => {
                let why =
                    format!("{listen} can't be listened on: {error}; it is tried again every {} s", LOOK.as_secs());
                if self.told.get(&listen) != Some(&why) {
                    tracing::error!(channel = id, "{why}");
                    channels.say_of_listener(id, true, &why);
                    self.told.insert(listen, why);
                }
                return;
            }
        };
        self.told.remove(&listen);
        let url = Listen { address, ..listen }.to_string();
        tracing::info!(channel = id, "listening on {url}");
        channels.say_of_listener(id, false, &format!("listening on {url}"));
        let door =
            Door { channels: channels.clone(), shared: self.shared.clone(), scheme: listen.scheme, url: url.clone() };
        let task = tokio::spawn(door.accept_all(listener));
        self.bound.insert(listen, (url, task.abort_handle()));
    }
}

/// One listener.
#[derive(Clone)]
struct Door {
    channels: Channels,
    shared: Arc<Shared>,
    scheme: Scheme,
    url: String,
}

impl Door {
    async fn accept_all(self, listener: TcpListener) {
        loop {
            match listener.accept().await {
                Ok((tcp, peer)) => {
                    // Who is one too many is closed at once.
                    if let Some(admission) = self.channels.admit(&self.shared.channel) {
                        tokio::spawn(self.clone().let_in(tcp, peer, admission));
                    }
                }
                Err(error) => {
                    tracing::warn!(channel = self.shared.channel, "a connection could not be accepted: {error}");
                    tokio::time::sleep(BREATH).await;
                }
            }
        }
    }

    async fn let_in(self, tcp: TcpStream, peer: SocketAddr, mut admission: Admission) {
        let id = self.shared.channel.clone();
        match self.prepare(tcp, peer, &mut admission).await {
            Ok(Some((socket, peer))) => self.channels.attend(&id, admission, Box::new(socket), peer).await,
            // It was told already.
            Ok(None) => {}
            Err(error) => tracing::debug!(channel = id, "the connection of {peer} came to nothing: {error}"),
        }
    }

    /// From a bare socket to one that the driver can be told of: whose it is, and TLS. None: it may not come in.
    async fn prepare(
        &self,
        mut tcp: TcpStream,
        peer: SocketAddr,
        admission: &mut Admission,
    ) -> Result<Option<(Socket, LinePeer)>, io::Error> {
        let id = &self.shared.channel;
        // Counted before the socket is closed: who sees its end finds it counted.
        let counted = |error, limit| {
            self.channels.never_opened(id, limit);
            error
        };
        let plain = |error| counted(error, None);
        let Some(limits) = self.channels.line_limits(id) else { return Ok(None) };
        tcp.set_nodelay(true).map_err(plain)?;
        let local = tcp.local_addr().map_err(plain)?;
        let is_proxy = self.shared.proxies.load().iter().any(|range| range.contains(&peer.ip().to_canonical()));
        let proxied = if is_proxy {
            let header = timeout(limits.proxy, proxy::read(&mut tcp)).await;
            header.map_err(|_| counted(late("the proxy's header"), Some(Limit::ProxyTimeout)))?.map_err(plain)?
        } else {
            None
        };
        let (source, destination) = proxied.map_or((peer, local), |proxied| (proxied.source, proxied.destination));
        if !self.channels.admit_from(id, admission, source.ip()) {
            return Ok(None);
        }
        let mut socket = Socket::new(tcp, self.shared.certificate.clone());
        let mut tls = None;
        if self.scheme == Scheme::Tls {
            // Pinned, so that the socket is closed only when that is counted.
            let mut secured = pin!(timeout(limits.handshake, socket.accept_tls()));
            let secured = secured.as_mut().await;
            let secured = secured.map_err(|_| counted(late("TLS"), Some(Limit::HandshakeTimeout)))?.map_err(plain)?;
            (socket, tls) = (secured.0, Some(secured.1));
        }
        let peer = LinePeer {
            address: shown(source),
            local: shown(destination),
            listener: Some(self.url.clone()),
            tls,
            proxied: proxied.is_some(),
        };
        Ok(Some((socket, peer)))
    }
}

/// An address as people write it, also where IPv4 came in by a socket of IPv6.
fn shown(address: SocketAddr) -> String {
    SocketAddr::new(address.ip().to_canonical(), address.port()).to_string()
}

fn late(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, format!("{what} took too long"))
}
