//! What P2 and P3 are held against: the least that a durable webhook receiver with a push can do.
//!
//! An HTTP handler takes the id out of the body and waits until a row with the id (unique) and the body is committed;
//! one thread commits all rows that wait at once to SQLite (WAL, `synchronous=FULL`), then hands each body to the task
//! that writes it to the connected WebSocket as one frame. Nothing is verified, parsed, validated, routed or rendered.

use anyhow::Context;
use axum::Router;
use axum::extract::State;
use axum::extract::ws::{Message, Utf8Bytes, WebSocket, WebSocketUpgrade};
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::routing::{get, post};
use axum::serve::ListenerExt;
use bytes::Bytes;
use futures_util::SinkExt;
use parking_lot::Mutex;
use rusqlite::Connection;
use std::path::Path;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};

/// Most rows of a commit, and most requests that wait: as in the server.
const ROWS: usize = 512;
const QUEUE: usize = 4_096;
/// Most frames that are written before a flush.
const FRAMES: usize = 64;

/// A request that waits for its commit.
struct Job {
    id: String,
    body: Utf8Bytes,
    done: oneshot::Sender<bool>,
}

#[derive(Clone)]
struct Floor {
    jobs: mpsc::Sender<Job>,
    frames: Arc<Mutex<Option<mpsc::UnboundedReceiver<Utf8Bytes>>>>,
}

/// Serves until the process is killed. Says where on stdout, as the server does.
///
/// # Errors
/// The database can't be made in `dir`, or no port be listened on.
pub fn run(dir: &Path) -> anyhow::Result<()> {
    let connection = open(dir)?;
    let (jobs, waiting) = mpsc::channel(QUEUE);
    let (push, frames) = mpsc::unbounded_channel();
    std::thread::Builder::new().name("commit".to_owned()).spawn(move || commit(connection, waiting, &push))?;
    let floor = Floor { jobs, frames: Arc::new(Mutex::new(Some(frames))) };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let app =
            Router::new().route("/channels/{channel}", post(receive)).route("/v1/agent", get(agent)).with_state(floor);
        let listener = TcpListener::bind("127.0.0.1:0").await.context("no port")?;
        println!("listening on http://{}", listener.local_addr()?);
        let listener = listener.tap_io(|stream| {
            // Without it answers may only come late.
            let _ = stream.set_nodelay(true);
        });
        Ok(axum::serve(listener, app).await?)
    })
}

fn open(dir: &Path) -> anyhow::Result<Connection> {
    let connection = Connection::open(dir.join("floor.db"))?;
    connection.execute_batch(
        "PRAGMA journal_mode = WAL;
         PRAGMA synchronous = FULL;
         CREATE TABLE messages (id TEXT NOT NULL UNIQUE, body TEXT NOT NULL);",
    )?;
    Ok(connection)
}

async fn receive(State(floor): State<Floor>, body: Bytes) -> impl IntoResponse {
    let Ok(body) = Utf8Bytes::try_from(body) else { return (StatusCode::BAD_REQUEST, String::new()) };
    let Some(id) = id_of(&body) else { return (StatusCode::BAD_REQUEST, String::new()) };
    let answer = format!(r#"{{"id":"{id}"}}"#);
    let (done, wait) = oneshot::channel();
    let job = Job { id: id.to_owned(), body, done };
    if floor.jobs.send(job).await.is_ok() && wait.await == Ok(true) {
        (StatusCode::OK, answer)
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, String::new())
    }
}

fn id_of(body: &str) -> Option<&str> {
    body.split_once(r#""id":""#)?.1.split_once('"').map(|(id, _)| id)
}

fn commit(connection: Connection, mut waiting: mpsc::Receiver<Job>, push: &mpsc::UnboundedSender<Utf8Bytes>) {
    let mut batch = Vec::with_capacity(ROWS);
    while waiting.blocking_recv_many(&mut batch, ROWS) > 0 {
        let committed = insert(&connection, &batch);
        if let Err(error) = &committed {
            eprintln!("the floor's commit failed: {error}");
        }
        for job in batch.drain(..) {
            if committed.is_ok() {
                let _ = push.send(job.body);
            }
            let _ = job.done.send(committed.is_ok());
        }
    }
}

fn insert(connection: &Connection, batch: &[Job]) -> rusqlite::Result<()> {
    let transaction = connection.unchecked_transaction()?;
    let mut insert = transaction.prepare_cached("INSERT INTO messages (id, body) VALUES (?, ?)")?;
    for job in batch {
        insert.execute((&job.id, job.body.as_str()))?;
    }
    drop(insert);
    transaction.commit()
}

async fn agent(State(floor): State<Floor>, upgrade: WebSocketUpgrade) -> impl IntoResponse {
    let frames = floor.frames.lock().take();
    let upgrade = upgrade.protocols(["jackfield.agent.v1"]).write_buffer_size(32 * 1024);
    upgrade.on_upgrade(async move |socket| {
        if let Some(frames) = frames {
            forward(socket, frames).await;
        }
    })
}

async fn forward(mut socket: WebSocket, mut frames: mpsc::UnboundedReceiver<Utf8Bytes>) {
    let mut batch = Vec::with_capacity(FRAMES);
    while frames.recv_many(&mut batch, FRAMES).await > 0 {
        for frame in batch.drain(..) {
            if socket.feed(Message::Text(frame)).await.is_err() {
                return;
            }
        }
        if socket.flush().await.is_err() {
            return;
        }
    }
}
