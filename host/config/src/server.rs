//! `[server]`: where it listens, where its data are, and what holds for all channels.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use jackfield_signing::Trust;
use url::Url;

use crate::drivers::{self, Signing, Swap};
use crate::limits::{self, ServerLimits};
use crate::problem::quote;
use crate::reader::{Node, Table};

/// The `[server]` section, defaults filled in.
#[derive(Clone, Debug)]
pub struct Server {
    /// Where HTTP is served. Default `127.0.0.1:8080`; port 0 takes a free one.
    pub listen: SocketAddr,
    /// What vendors call, without a slash at the end; signatures are checked against it.
    pub public_url: Option<String>,
    /// The folder of journal, blobs and compiled drivers. Default `data`.
    pub data: PathBuf,
    /// The watched folder of drivers. Default `drivers`.
    pub drivers: PathBuf,
    /// The name server that drivers' requests are resolved with. Default: the system's resolver.
    pub resolver: Option<SocketAddr>,
    /// Who may read `/metrics`. Default: loopback only.
    pub metrics: Metrics,
    /// What happens to a driver without a signature. Default: loaded, with a warning.
    pub signing: Signing,
    /// Whose signatures count.
    pub trust: Trust,
    /// How one version of a driver takes another's place.
    pub swap: Swap,
    /// How long a message's id is remembered at least, by which repetitions are recognized. Default 400 days.
    pub dedupe_window: Duration,
    /// How long messages' content, ended work items and the journal's records are kept. Default 400 days.
    pub retention: Duration,
    /// How long an agent whose connection was lost keeps presence and work. Default 60 s.
    pub agent_grace: Duration,
    /// The least severe log lines that are written. Default `info`.
    pub log: LogLevel,
    /// The form of log lines. Default `text`.
    pub log_format: LogFormat,
    /// What holds for all drivers together.
    pub limits: ServerLimits,
}

/// Who may read `/metrics` besides callers on loopback, who always may.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Metrics {
    /// Nobody.
    Loopback,
    /// Everybody.
    Public,
    /// Whoever shows an operator's token.
    Operator,
}

/// The least severe log lines that are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LogLevel {
    /// What failed and needs somebody.
    Error,
    /// What is odd but was handled.
    Warn,
    /// What an operator wants to know of normal work.
    Info,
    /// What helps to find a fault.
    Debug,
    /// Everything.
    Trace,
}

/// The form of log lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// Lines for people.
    Text,
    /// One JSON object a line.
    Json,
}

const SECOND: Duration = Duration::from_secs(1);
const DAY: Duration = Duration::from_secs(24 * 3600);

/// Reads an address to listen on: `IP:PORT`, or `localhost:PORT`.
///
/// # Errors
/// The remedy, if it is neither.
pub fn parse_listen(text: &str) -> Result<SocketAddr, &'static str> {
    let loopback = text.strip_prefix("localhost:").map(|port| format!("127.0.0.1:{port}"));
    loopback
        .as_deref()
        .unwrap_or(text)
        .parse()
        .map_err(|_| "write an IP address and a port, such as \"127.0.0.1:8080\"")
}

/// Reads the section; every key has a default, and so has the section.
pub(crate) fn read(root: &Table<'_>) -> Server {
    let table = root.get("server").and_then(|node| node.table("it as a section, [server]"));
    let get = |key| table.as_ref().and_then(|table| table.get(key));
    let path = |node: Node<'_>| node.name("a path in quotes").map(|path| node.reader().resolve(&path));
    let base = |name| root.reader().resolve(name);
    let span = |node: Node<'_>, low, high| node.duration(low, high);

    let server = Server {
        listen: get("listen").and_then(listen).unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 8080))),
        public_url: get("public-url").and_then(public_url),
        data: get("data").and_then(path).unwrap_or_else(|| base("data")),
        drivers: get("drivers").and_then(path).unwrap_or_else(|| base("drivers")),
        resolver: get("resolver").and_then(resolver),
        metrics: get("metrics")
            .and_then(|node| {
                node.choice(&[
                    ("loopback", Metrics::Loopback),
                    ("public", Metrics::Public),
                    ("operator", Metrics::Operator),
                ])
            })
            .unwrap_or(Metrics::Loopback),
        signing: table.as_ref().map_or(Signing::Warn, drivers::signing),
        trust: table.as_ref().map(drivers::trust).unwrap_or_default(),
        swap: table.as_ref().map(drivers::swap).unwrap_or_default(),
        dedupe_window: get("dedupe-window").and_then(|node| span(node, DAY / 24, DAY * 3660)).unwrap_or(DAY * 400),
        retention: get("retention").and_then(|node| span(node, DAY, DAY * 36_600)).unwrap_or(DAY * 400),
        agent_grace: get("agent-grace").and_then(|node| span(node, Duration::ZERO, DAY)).unwrap_or(SECOND * 60),
        log: get("log")
            .and_then(|node| {
                node.choice(&[
                    ("error", LogLevel::Error),
                    ("warn", LogLevel::Warn),
                    ("info", LogLevel::Info),
                    ("debug", LogLevel::Debug),
                    ("trace", LogLevel::Trace),
                ])
            })
            .unwrap_or(LogLevel::Info),
        log_format: get("log-format")
            .and_then(|node| node.choice(&[("text", LogFormat::Text), ("json", LogFormat::Json)]))
            .unwrap_or(LogFormat::Text),
        limits: table.as_ref().map(limits::read_server).unwrap_or_default(),
    };
    if let Some(table) = table {
        table.finish();
    }
    server
}

fn listen(node: Node<'_>) -> Option<SocketAddr> {
    let text = node.string("\"127.0.0.1:8080\"")?;
    parse_listen(text)
        .map_err(|remedy| {
            node.error(format!("{} is not an address to listen on", quote(text)), remedy);
        })
        .ok()
}

fn resolver(node: Node<'_>) -> Option<SocketAddr> {
    let example = "\"192.0.2.53:53\"";
    let text = node.string(example)?;
    let address = text.parse().ok().filter(|address: &SocketAddr| address.port() != 0);
    if address.is_none() {
        node.error(
            format!("{} is not a name server's address", quote(text)),
            format!("write an IP address and a port, such as {example}"),
        );
    }
    address
}

fn public_url(node: Node<'_>) -> Option<String> {
    let example = "\"https://support.example.com\"";
    let text = node.string(example)?;
    let url = Url::parse(text).ok().filter(|url| {
        matches!(url.scheme(), "http" | "https")
            && url.has_host()
            && url.username().is_empty()
            && url.password().is_none()
            && url.query().is_none()
            && url.fragment().is_none()
    });
    if url.is_none() {
        node.error(
            format!("{} is not a public URL", quote(text)),
            format!("write scheme and host, and a path if there is one, such as {example}"),
        );
    }
    url.map(|url| url.as_str().trim_end_matches('/').to_owned())
}
