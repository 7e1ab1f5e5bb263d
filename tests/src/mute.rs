//! A service that hears and never answers: it hangs up once a request has come.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::AsyncReadExt;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// Such a service on a free port, gone when it is dropped.
pub struct Mute {
    address: SocketAddr,
    heard: Arc<Mutex<Vec<String>>>,
    task: JoinHandle<()>,
}

impl Mute {
    /// Starts it.
    ///
    /// # Panics
    /// There is no port.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("its address");
        let heard: Arc<Mutex<Vec<String>>> = Arc::default();
        let hears = heard.clone();
        let task = tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut said = vec![0; 64 << 10];
                let count = stream.read(&mut said).await.unwrap_or(0);
                let line = String::from_utf8_lossy(&said[..count]).lines().next().unwrap_or_default().to_owned();
                hears.lock().expect("what was heard").push(line);
            }
        });
        Self { address, heard, task }
    }

    /// Its URL, without a slash at the end.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The first lines of the requests that came.
    ///
    /// # Panics
    /// A test of it panicked before.
    pub fn heard(&self) -> Vec<String> {
        self.heard.lock().expect("what was heard").clone()
    }
}

impl Drop for Mute {
    fn drop(&mut self) {
        self.task.abort();
    }
}
