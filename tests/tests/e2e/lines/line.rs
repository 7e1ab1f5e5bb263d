//! A peer that speaks in lines.

use std::time::Duration;

use jackfield_tests::within;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;

use super::PATIENCE;

pub trait Io: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Io for T {}

pub struct Line {
    stream: BufReader<Box<dyn Io>>,
    local: String,
}

impl Line {
    /// Connects.
    pub async fn call(address: &str) -> Self {
        let tcp = TcpStream::connect(address).await.expect("the listener takes it");
        Self::of(tcp)
    }

    /// Connects from another address of this machine.
    pub async fn call_from(source: &str, address: &str) -> Self {
        let socket = TcpSocket::new_v4().expect("a socket");
        socket.bind(format!("{source}:0").parse().expect("an address")).expect("all of 127/8 is here");
        Self::of(socket.connect(address.parse().expect("an address")).await.expect("the listener takes it"))
    }

    pub fn of(tcp: TcpStream) -> Self {
        let local = tcp.local_addr().expect("an address").to_string();
        Self::over(Box::new(tcp), local)
    }

    pub fn over(stream: Box<dyn Io>, local: String) -> Self {
        Self { stream: BufReader::new(stream), local }
    }

    pub fn local(&self) -> String {
        self.local.clone()
    }

    pub fn into_stream(self) -> Box<dyn Io> {
        assert!(self.stream.buffer().is_empty(), "nothing was said that was not read");
        self.stream.into_inner()
    }

    /// The next line; none at the end, however it ended.
    pub async fn read(&mut self) -> Option<String> {
        let mut line = String::new();
        let read = timeout(PATIENCE, self.stream.read_line(&mut line)).await.expect("the line says something");
        match read {
            Ok(count) if count > 0 => Some(line.trim_end().to_owned()),
            _ => None,
        }
    }

    /// The next line, which must be there.
    pub async fn hear(&mut self) -> String {
        self.read().await.expect("a line")
    }

    pub async fn say_bytes(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).await.expect("it is taken");
        self.stream.flush().await.expect("it is taken");
    }

    /// Says a line and hears the answer; empty at the end.
    pub async fn ask(&mut self, line: &str) -> String {
        if self.stream.write_all(format!("{line}\r\n").as_bytes()).await.is_err() || self.stream.flush().await.is_err()
        {
            return String::new();
        }
        self.read().await.unwrap_or_default()
    }

    pub async fn say_no_more(&mut self) {
        self.stream.shutdown().await.expect("it is taken");
    }

    /// Reads until there are that many bytes.
    pub async fn read_bytes(&mut self, count: usize) -> Vec<u8> {
        let mut bytes = vec![0; count];
        timeout(PATIENCE, self.stream.read_exact(&mut bytes)).await.expect("in time").expect("so many");
        bytes
    }
}

/// Waits until a connection is refused or closed.
pub async fn refused(address: &str) {
    within(Duration::from_secs(10), "the listener is gone", async || {
        TcpStream::connect(address).await.is_err().then_some(())
    })
    .await;
}
