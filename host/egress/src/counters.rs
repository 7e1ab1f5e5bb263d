//! What is counted of one channel's way out.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use tokio::time::Instant;

/// What a channel used of the network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A request by [`Client::send`](crate::Client::send).
    Http,
    /// A connection by [`Client::connect`](crate::Client::connect).
    Tcp,
}

/// A limit of the way out; its name is its key in the config.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// Requests of one call.
    HttpRequests,
    /// Requests at the same time: one had to wait.
    HttpConcurrency,
    /// Bytes of a request's body.
    HttpRequest,
    /// Bytes of an answer's body.
    HttpResponse,
    /// Bytes of an answer's head.
    HttpHead,
    /// Time of a request.
    HttpTimeout,
    /// Redirects of a request.
    HttpRedirects,
    /// Time to resolve, connect and agree on TLS.
    ConnectTimeout,
    /// Connections of one call.
    TcpConnections,
    /// Connections at the same time: one had to wait.
    TcpConcurrency,
    /// Bytes both ways of one call.
    EgressBytes,
}

impl Limit {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::HttpRequests,
        Self::HttpConcurrency,
        Self::HttpRequest,
        Self::HttpResponse,
        Self::HttpHead,
        Self::HttpTimeout,
        Self::HttpRedirects,
        Self::ConnectTimeout,
        Self::TcpConnections,
        Self::TcpConcurrency,
        Self::EgressBytes,
    ];

    /// Its key in the config, which is also its label in metrics.
    pub fn name(self) -> &'static str {
        match self {
            Self::HttpRequests => "http-requests",
            Self::HttpConcurrency => "http-concurrency",
            Self::HttpRequest => "http-request",
            Self::HttpResponse => "http-response",
            Self::HttpHead => "http-head",
            Self::HttpTimeout => "http-timeout",
            Self::HttpRedirects => "http-redirects",
            Self::ConnectTimeout => "connect-timeout",
            Self::TcpConnections => "tcp-connections",
            Self::TcpConcurrency => "tcp-concurrency",
            Self::EgressBytes => "egress-bytes",
        }
    }
}

/// How a request or connection ended: the codes of [`Error::code`](crate::Error::code), and `ok`.
const OUTCOMES: [&str; 11] =
    ["ok", "invalid", "denied", "dns", "connect", "tls", "timeout", "transfer", "too-large", "redirect", "sink"];

/// Counters of one channel. They outlive a [`Client`](crate::Client): share them when grants change.
#[derive(Debug, Default)]
pub struct Counters {
    outcomes: [[AtomicU64; OUTCOMES.len()]; 2],
    open: [AtomicI64; 2],
    micros: [AtomicU64; 2],
    limits: [AtomicU64; Limit::ALL.len()],
    bytes_out: AtomicU64,
    bytes_in: AtomicU64,
}

/// What was counted.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Counts {
    /// Requests and attempts to connect by kind (`http`, `tcp`) and outcome.
    pub outcomes: Vec<(&'static str, &'static str, u64)>,
    /// Under way now, by kind.
    pub open: Vec<(&'static str, u64)>,
    /// Milliseconds that requests and open connections took together, by kind.
    pub milliseconds: Vec<(&'static str, u64)>,
    /// How often each limit was met, by its key in the config.
    pub limits: Vec<(&'static str, u64)>,
    /// Bytes written to peers, heads included, TLS not.
    pub bytes_out: u64,
    /// Bytes read from peers, heads included, TLS not.
    pub bytes_in: u64,
}

impl Counters {
    /// Counts that a limit was met.
    pub fn limit(&self, limit: Limit) {
        self.limits[limit as usize].fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn outcome(&self, kind: Kind, code: &str) {
        let index = OUTCOMES.iter().position(|known| *known == code).unwrap_or(1);
        self.outcomes[kind as usize][index].fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn opened(&self, kind: Kind) {
        self.open[kind as usize].fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn closed(&self, kind: Kind, took: Duration) {
        self.open[kind as usize].fetch_sub(1, Ordering::Relaxed);
        self.micros[kind as usize].fetch_add(took.as_micros() as u64, Ordering::Relaxed);
    }

    pub(crate) fn written(&self, bytes: usize) {
        self.bytes_out.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    pub(crate) fn read(&self, bytes: usize) {
        self.bytes_in.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    /// Reads all of them.
    pub fn counts(&self) -> Counts {
        let load = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let kinds = [("http", Kind::Http), ("tcp", Kind::Tcp)];
        let outcomes = kinds.iter().flat_map(|(name, kind)| {
            let counted = OUTCOMES.iter().zip(&self.outcomes[*kind as usize]);
            counted.map(|(outcome, count)| (*name, *outcome, load(count)))
        });
        let open = |kind: Kind| u64::try_from(self.open[kind as usize].load(Ordering::Relaxed)).unwrap_or_default();
        let milliseconds = |kind: Kind| load(&self.micros[kind as usize]) / 1_000;
        Counts {
            outcomes: outcomes.collect(),
            open: kinds.iter().map(|(name, kind)| (*name, open(*kind))).collect(),
            milliseconds: kinds.iter().map(|(name, kind)| (*name, milliseconds(*kind))).collect(),
            limits: Limit::ALL.iter().map(|limit| (limit.name(), load(&self.limits[*limit as usize]))).collect(),
            bytes_out: load(&self.bytes_out),
            bytes_in: load(&self.bytes_in),
        }
    }
}

/// Something under way, counted until it is dropped.
pub(crate) struct UnderWay {
    counters: Arc<Counters>,
    kind: Kind,
    since: Instant,
}

impl UnderWay {
    pub(crate) fn begin(counters: &Arc<Counters>, kind: Kind) -> Self {
        counters.opened(kind);
        Self { counters: Arc::clone(counters), kind, since: Instant::now() }
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.counters.closed(self.kind, self.since.elapsed());
    }
}
