//! Real servers on loopback that do what a test tells them, and a name server that lies.

use std::collections::VecDeque;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::future::BoxFuture;
use parking_lot::Mutex;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::{Client, ClientConfig, Limits, Policy, Resolve, Tls};

/// What a server does once it has read a request.
pub(crate) enum Act {
    /// Answers and waits for the next request.
    Reply(String),
    /// Answers and closes.
    Last(String),
    /// Closes without an answer.
    Close,
    /// Sends this, then one byte a second for ever.
    Drip(String),
    /// Never answers.
    Silence,
}

/// `HTTP/1.1 200 OK` with this body.
pub(crate) fn ok(body: &str) -> Act {
    Act::Reply(format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len()))
}

/// A redirect.
pub(crate) fn redirect(status: u16, location: &str) -> Act {
    Act::Reply(format!("HTTP/1.1 {status} Moved\r\nlocation: {location}\r\ncontent-length: 0\r\n\r\n"))
}

pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    connections: Arc<AtomicUsize>,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Server {
    /// Listens on 127.0.0.1; `act` gets the whole request, head and body, and its number from 0.
    pub(crate) async fn start(act: impl Fn(&str, usize) -> Act + Send + Sync + 'static) -> Self {
        Self::on(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap(), act)
    }

    /// Two servers on one port: the first on 127.0.0.2, the second on 127.0.0.1.
    pub(crate) async fn start_two(
        first: impl Fn(&str, usize) -> Act + Send + Sync + 'static,
        second: impl Fn(&str, usize) -> Act + Send + Sync + 'static,
    ) -> (Self, Self) {
        loop {
            let there = TcpListener::bind("127.0.0.2:0").await.unwrap();
            let port = there.local_addr().unwrap().port();
            // The port may be in use at the second address; then another one is tried.
            if let Ok(here) = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await {
                return (Self::on(there, first), Self::on(here, second));
            }
        }
    }

    fn on(listener: TcpListener, act: impl Fn(&str, usize) -> Act + Send + Sync + 'static) -> Self {
        let address = listener.local_addr().unwrap();
        let (connections, requests) = (Arc::new(AtomicUsize::new(0)), Arc::new(Mutex::new(Vec::new())));
        let server = Self { address, connections: Arc::clone(&connections), requests: Arc::clone(&requests) };
        let act = Arc::new(act);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                connections.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(serve(stream, Arc::clone(&act), Arc::clone(&requests)));
            }
        });
        server
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    /// The requests read so far, as they came.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests.lock().clone()
    }
}

async fn serve(
    mut stream: TcpStream,
    act: Arc<impl Fn(&str, usize) -> Act + Send + Sync>,
    requests: Arc<Mutex<Vec<String>>>,
) -> io::Result<()> {
    let mut buffer = Vec::new();
    loop {
        let Some(request) = read_request(&mut stream, &mut buffer).await? else {
            return Ok(());
        };
        let number = {
            let mut requests = requests.lock();
            requests.push(request.clone());
            requests.len() - 1
        };
        match act(&request, number) {
            Act::Reply(answer) => stream.write_all(answer.as_bytes()).await?,
            Act::Last(answer) => return stream.write_all(answer.as_bytes()).await,
            Act::Close => return Ok(()),
            Act::Drip(head) => {
                stream.write_all(head.as_bytes()).await?;
                let mut clock = tokio::time::interval(Duration::from_secs(1));
                loop {
                    clock.tick().await;
                    stream.write_all(b".").await?;
                }
            }
            Act::Silence => std::future::pending().await,
        }
    }
}

/// One request with a body by `content-length`; `None` at the end.
async fn read_request(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> io::Result<Option<String>> {
    loop {
        if let Some(head) = buffer.windows(4).position(|four| four == b"\r\n\r\n") {
            let length: usize = String::from_utf8_lossy(&buffer[..head])
                .lines()
                .find_map(|line| line.strip_prefix("content-length: "))
                .map_or(0, |value| value.parse().unwrap());
            if buffer.len() >= head + 4 + length {
                let request: Vec<u8> = buffer.drain(..head + 4 + length).collect();
                // Header values are bytes; as Latin-1 each is one character.
                return Ok(Some(request.into_iter().map(char::from).collect()));
            }
        }
        if stream.read_buf(buffer).await? == 0 {
            return Ok(None);
        }
    }
}

/// Answers each question with the next of its lists, the last one for ever.
pub(crate) struct Names(Mutex<VecDeque<Vec<IpAddr>>>);

impl Names {
    pub(crate) fn answering(answers: &[&[&str]]) -> Arc<Self> {
        let parse = |answer: &&[&str]| answer.iter().map(|text| text.parse().unwrap()).collect();
        Arc::new(Self(Mutex::new(answers.iter().map(parse).collect())))
    }
}

impl Resolve for Names {
    fn resolve<'a>(&'a self, host: &'a str) -> BoxFuture<'a, io::Result<Vec<IpAddr>>> {
        Box::pin(async move {
            let mut answers = self.0.lock();
            match answers.len() {
                0 => Err(io::Error::other(format!("no such host: {host}"))),
                1 => Ok(answers[0].clone()),
                _ => Ok(answers.pop_front().unwrap_or_default()),
            }
        })
    }
}

/// A client of channel `x` with these grants, that trusts no authority.
pub(crate) fn client(http: &[&str], addresses: &[&str], names: Arc<dyn Resolve>) -> Client {
    Client::new(config(http, addresses, names))
}

pub(crate) fn config(http: &[&str], addresses: &[&str], names: Arc<dyn Resolve>) -> ClientConfig {
    let strings = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
    ClientConfig {
        channel: "x".to_owned(),
        policy: Policy::parse(&strings(http), &strings(addresses)).unwrap(),
        limits: Limits::default(),
        resolver: names,
        tls: Tls::with_roots([]),
        counters: Arc::default(),
    }
}

/// A client that may reach just these servers, by their addresses.
pub(crate) fn client_of(servers: &[&Server]) -> Client {
    let grants: Vec<String> = servers.iter().map(|server| server.url("")).collect();
    let grants: Vec<&str> = grants.iter().map(String::as_str).collect();
    client(&grants, &[], Names::answering(&[]))
}
