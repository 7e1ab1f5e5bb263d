//! The listener: accepts connections, speaks HTTP/1.1 on them, and ends them in order.

use crate::endpoint::Endpoint;
use crate::gateway::{CONNECTIONS, Gateway};
use crate::linger::{lend, linger};
use axum::Router;
use axum::body::Body;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use std::future::Future;
use std::pin::pin;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tower::ServiceExt;

/// How long the head of a request may take, and how long a connection may stand idle between two.
const HEAD: Duration = Duration::from_secs(30);
/// Bytes of a request's head, and of what is read of a body at once.
const BUFFER: usize = 64 * 1024;
/// How long requests may take to end when the server goes down.
const DRAIN: Duration = Duration::from_secs(10);
/// How long connections of channels may take to end then.
const LINES: Duration = Duration::from_secs(5);
/// How long to wait when a connection can't be accepted: mostly there are too many open files, and some will close.
const BREATH: Duration = Duration::from_millis(50);

/// Serves until `shutdown` is ready; then takes no more connections, closes WebSockets, lets requests that run end (ten
/// seconds at most), and the channels' connections (five), and returns.
pub async fn serve(gateway: Gateway, listener: TcpListener, shutdown: impl Future<Output = ()>) {
    let app = gateway.app();
    let lines = tokio::spawn(crate::lines::run(gateway.clone()));
    let mut shutdown = pin!(shutdown);
    loop {
        let accepted = tokio::select! {
            accepted = accept(&gateway, &listener) => accepted,
            () = &mut shutdown => break,
        };
        let Some((stream, permit)) = accepted else {
            continue;
        };
        let connection = connection(gateway.clone(), app.clone(), stream);
        tokio::spawn(async move {
            connection.await;
            drop(permit);
        });
    }
    drop(listener);
    gateway.drain();
    let requests = async {
        if tokio::time::timeout(DRAIN, gateway.open().acquire_many(CONNECTIONS)).await.is_err() {
            tracing::warn!("some requests did not end in {} s and are cut off", DRAIN.as_secs());
        }
    };
    let lines = async {
        // The channels' listeners are closed first.
        if let Err(error) = lines.await {
            tracing::error!("the task of the channels' listeners failed: {error}");
        }
        gateway.channels().drain_lines(LINES).await;
    };
    tokio::join!(requests, lines);
}

/// The next connection, once there is room for it.
async fn accept(gateway: &Gateway, listener: &TcpListener) -> Option<(TcpStream, tokio::sync::OwnedSemaphorePermit)> {
    let permit = gateway.open().clone().acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok((stream, _)) => Some((stream, permit)),
        Err(error) => {
            tracing::warn!("a connection could not be accepted: {error}");
            tokio::time::sleep(BREATH).await;
            None
        }
    }
}

pub(crate) async fn connection(gateway: Gateway, app: Router, stream: TcpStream) {
    let (Ok(peer), Ok(local)) = (stream.peer_addr(), stream.local_addr()) else {
        return;
    };
    let endpoint = Endpoint { peer, local };
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!("answers to {peer} may be slow: {error}");
    }
    let service = hyper::service::service_fn(move |request: hyper::Request<Incoming>| {
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(endpoint);
        app.clone().oneshot(request)
    });
    let (stream, mut returned) = lend(stream);
    let ended = {
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD)
            .max_buf_size(BUFFER)
            .serve_connection(TokioIo::new(stream), service)
            .with_upgrades();
        let mut connection = pin!(connection);
        tokio::select! {
            ended = connection.as_mut() => ended,
            () = draining(&gateway) => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        }
    };
    if let Err(error) = ended {
        // The client hasn't been told that it ends, and must not go on as if it were open.
        tracing::debug!("the connection of {peer} ended: {error}");
        return;
    }
    // A WebSocket's is not back yet, and ends by itself.
    if let Ok(stream) = returned.try_recv() {
        linger(stream, draining(&gateway)).await;
    }
}

/// Ends when the server goes down.
async fn draining(gateway: &Gateway) {
    // The sender lives as long as the gateway does.
    let _ = gateway.signals().wait_for(|signal| signal.draining).await;
}
