//! In the runtime's own time, which goes on only while nothing else does.

use super::*;
use crate::fixture::Fixture;
use crate::serve::connection;
use std::future::{pending, ready};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;
use tokio::time::{Instant, pause};

/// Both ends of a connection, ours first.
async fn pair() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let theirs = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    (listener.accept().await.unwrap().0, theirs)
}

/// How long it takes.
async fn lasts(what: impl Future<Output = ()>) -> Duration {
    let begun = Instant::now();
    what.await;
    begun.elapsed()
}

#[tokio::test]
async fn a_client_that_does_nothing_is_waited_for_two_seconds() {
    let (ours, _theirs) = pair().await;
    pause();
    let lasted = lasts(linger(ours, pending())).await;
    assert!((LONGEST..LONGEST + Duration::from_millis(10)).contains(&lasted), "{lasted:?}");
}

#[tokio::test]
async fn nobody_is_waited_for_who_has_gone_or_while_the_server_goes_down() {
    let (ours, theirs) = pair().await;
    drop(theirs);
    ours.readable().await.unwrap();
    pause();
    assert!(lasts(linger(ours, pending())).await < LONGEST, "it has gone");
    let (ours, _theirs) = pair().await;
    assert!(lasts(linger(ours, ready(()))).await < LONGEST, "the server goes down");
}

#[tokio::test]
async fn who_never_stops_sending_is_read_to_a_bound() {
    let (ours, mut theirs) = pair().await;
    let sends = tokio::spawn(async move {
        let (mut sent, piece) = (0, vec![0; 1 << 20]);
        // A thousand times the bound, if it is let.
        while sent < 16 << 30 && theirs.write_all(&piece).await.is_ok() {
            sent += piece.len();
        }
        sent as u64
    });
    linger(ours, pending()).await;
    let sent = sends.await.unwrap();
    // What the system keeps on the way comes on top.
    assert!((MOST..MOST + (64 << 20)).contains(&sent), "{sent} bytes were taken");
}

#[tokio::test]
async fn a_connection_that_nothing_came_by_is_closed_at_once_when_its_time_is_over() {
    let fixture = Fixture::new().await;
    let (ours, theirs) = pair().await;
    pause();
    let gateway = fixture.gateway.clone();
    let lasted = lasts(connection(gateway.clone(), gateway.app(), ours)).await;
    assert!((Duration::from_secs(30)..Duration::from_secs(31)).contains(&lasted), "{lasted:?}");
    theirs.readable().await.unwrap();
    assert_eq!(theirs.try_read(&mut [0]).unwrap(), 0, "it hears of it");
}
