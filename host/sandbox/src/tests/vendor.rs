//! A vendor's server for states without a guest, and the state of a handler that may reach it.

use super::drivers::SOUND;
use super::nobody::Nobody;
use super::zoo::{channel, sandbox, short};
use crate::call::{self, Call, CallKind, State};
use crate::channel::Channel;
use crate::{Generation, Limits, Sandbox};
use jackfield_egress::{Client, ClientConfig, Policy, SystemResolver, Tls};
use jackfield_records::{Record, Recorder};
use parking_lot::Mutex;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Barrier;
use wasmtime::Store;

/// Answers each request on a connection of its own.
pub(crate) struct Vendor {
    pub(crate) authority: String,
    /// Requests as they came.
    pub(crate) seen: Arc<Mutex<Vec<String>>>,
}

/// What a request is answered by its path: `/drip` byte by byte and never in full, `/two` when there are two of them,
/// `/NUMBER` with so many bytes, all else with the request's body.
async fn serve(mut stream: TcpStream, seen: Arc<Mutex<Vec<String>>>, two: Arc<Barrier>) -> std::io::Result<()> {
    let mut came = Vec::new();
    let (head, body) = loop {
        if stream.read_buf(&mut came).await? == 0 {
            return Ok(());
        }
        let text = String::from_utf8_lossy(&came).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok()).unwrap_or(0);
        if body.len() >= length {
            break (head.to_owned(), body.to_owned());
        }
    };
    seen.lock().push(format!("{head}\r\n\r\n{body}"));
    let path = head.split(' ').nth(1).unwrap_or_default().trim_start_matches('/');
    if path == "two" {
        two.wait().await;
    }
    if path == "drip" {
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n").await?;
        loop {
            stream.write_all(b".").await?;
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
    let body = path.parse().map_or(body, |length| "x".repeat(length));
    let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}", body.len());
    stream.write_all(answer.as_bytes()).await
}

impl Vendor {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let authority = listener.local_addr().expect("an address").to_string();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (kept, two) = (seen.clone(), Arc::new(Barrier::new(2)));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, kept.clone(), two.clone()));
            }
        });
        Self { authority, seen }
    }

    /// A client that may reach it and nothing else.
    pub(crate) fn client(&self, limits: jackfield_egress::Limits) -> Arc<Client> {
        let policy = Policy::parse(&[format!("http://{}", self.authority)], &["127.0.0.1".to_owned()]);
        Arc::new(Client::new(ClientConfig {
            channel: "text".to_owned(),
            policy: policy.expect("a grant"),
            limits,
            resolver: Arc::new(SystemResolver),
            tls: Tls::with_roots([]),
            counters: Arc::default(),
        }))
    }
}

/// A channel that may reach a vendor, on record.
pub(crate) struct Desk {
    pub(crate) generation: Generation,
    pub(crate) records: Arc<Mutex<Vec<Record>>>,
    sandbox: Sandbox,
    _folder: tempfile::TempDir,
}

impl Desk {
    pub(crate) async fn serving(client: Arc<Client>, limits: Limits) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let sandbox = sandbox(&folder);
        let driver = sandbox.load(SOUND.component()).await.expect("it loads");
        let mut config = channel("text", limits);
        config.grants.client = Some(client);
        let records = Arc::new(Mutex::new(Vec::new()));
        let kept = records.clone();
        let recorder = Recorder::new(1 << 20, move |record, _| kept.lock().extend(record));
        let generation = driver.serve_recorded(config, Arc::new(Nobody), recorder).await.expect("it serves");
        records.lock().clear();
        Self { generation, records, sandbox, _folder: folder }
    }

    pub(crate) fn channel(&self) -> &Arc<Channel> {
        &self.generation.inner.channel
    }

    /// The state of an instance in which a handler runs.
    pub(crate) fn store(&self) -> Store<State> {
        let mut store = call::store(&self.sandbox, Some(self.channel().clone()));
        call::begin(&mut store, Call::new(CallKind::Handler, Duration::from_secs(60)));
        store.data_mut().call.ends = Some(tokio::time::Instant::now() + Duration::from_secs(60));
        store
    }
}

/// Limits for it.
pub(crate) fn limits() -> Limits {
    Limits { timer_wall: Duration::from_secs(60), ..short() }
}
