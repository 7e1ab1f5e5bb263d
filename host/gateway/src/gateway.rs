//! What the gateway is made of, and which path leads where.

use crate::endpoint::Endpoint;
use crate::hub::{Hub, Renderer};
use crate::lookup::Lookup;
use crate::people::People;
use crate::problem::Problem;
use crate::{health, metrics, page, rest, socket, webhook};
use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{self, Next};
use axum::response::Response;
use axum::routing::{any, get};
use jackfield_channels::Channels;
use jackfield_config::Config;
use jackfield_sequencer::{Announcement, CommitError, Sequencer};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::sync::{Semaphore, watch};

/// Connections that may be open at once, WebSockets among them; more wait to be accepted.
pub(crate) const CONNECTIONS: u32 = 32_768;
/// Uploads and downloads of blobs at once: each holds a file and a thread for a while.
const TRANSFERS: usize = 16;

/// What the gateway needs.
pub struct Parts {
    /// The config in force.
    pub config: Arc<Config>,
    /// Scheme, host and port that vendors call, without a slash at the end.
    pub public_url: String,
    /// The channels.
    pub channels: Channels,
    /// The sequencer.
    pub sequencer: Sequencer,
    /// What the sequencer has for agents.
    pub announcements: UnboundedReceiver<Announcement>,
}

/// Why the gateway can't be started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The sequencer doesn't answer.
    #[error("the gateway could not read the state: {0}")]
    State(#[from] CommitError),
    /// No thread for the agents' events.
    #[error("the gateway's thread could not be started: {0}; raise the limit on processes")]
    Thread(#[from] std::io::Error),
}

/// The HTTP side of a server. Cheap to clone.
#[derive(Clone)]
pub struct Gateway(Arc<Inner>);

struct Inner {
    people: Arc<People>,
    public_url: String,
    channels: Channels,
    sequencer: Sequencer,
    hub: Hub,
    lookup: Lookup,
    signals: watch::Sender<Signal>,
    open: Arc<Semaphore>,
    transfers: Arc<Semaphore>,
    socket_ids: AtomicU64,
    answers: [AtomicU64; 5],
}

/// What all open connections are told.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Signal {
    /// The server goes down.
    pub(crate) draining: bool,
    /// How often the config was read anew: tokens may be void.
    pub(crate) reloads: u64,
}

impl Gateway {
    /// Starts spreading announcements to the agents' connections, on a thread that ends with the sequencer.
    ///
    /// # Errors
    /// [`StartError`]
    pub async fn start(parts: Parts) -> Result<Self, StartError> {
        let people = Arc::new(People::new(&parts.config));
        let lookup = Lookup::new(parts.sequencer.messages());
        let hub = Hub::default();
        let presences = |state: &jackfield_router::State| {
            state.agents().iter().map(|(id, agent)| (id.clone(), agent.presence)).collect()
        };
        let renderer = Renderer::new(people.clone(), lookup.clone(), parts.sequencer.read(presences).await?);
        hub.clone().start(parts.announcements, renderer)?;
        tokio::spawn(hub.clone().pass_on(parts.sequencer.clone(), parts.channels.typing()));
        Ok(Self(Arc::new(Inner {
            people,
            public_url: parts.public_url,
            channels: parts.channels,
            sequencer: parts.sequencer,
            hub,
            lookup,
            signals: watch::Sender::default(),
            open: Arc::new(Semaphore::new(CONNECTIONS as usize)),
            transfers: Arc::new(Semaphore::new(TRANSFERS)),
            socket_ids: AtomicU64::new(0),
            answers: Default::default(),
        })))
    }

    /// Takes over people and queues of a config that was read anew. Agents whose token is void are disconnected.
    pub fn reload(&self, config: &Config) {
        self.0.people.replace(config);
        self.0.signals.send_modify(|signal| signal.reloads += 1);
    }

    /// Says that the server goes down: it is no longer ready, and WebSockets are closed with 1001.
    pub fn drain(&self) {
        self.0.signals.send_modify(|signal| signal.draining = true);
    }

    /// All paths. Requests need an [`Endpoint`] as extension; [`serve`](crate::serve) puts it there.
    pub fn app(&self) -> Router {
        Router::new()
            .route("/channels/{*rest}", any(webhook::receive))
            .route("/healthz", get(health::alive))
            .route("/readyz", get(health::ready))
            .route("/metrics", get(metrics::show))
            .route("/v1/agent", get(socket::upgrade))
            .merge(rest::routes())
            .merge(page::routes())
            .fallback(async || Problem::not_found("there is nothing at this path"))
            .method_not_allowed_fallback(async || {
                Problem::new(
                    http::StatusCode::METHOD_NOT_ALLOWED,
                    "bad-request",
                    "this path doesn't take this method; `Allow` says which it takes",
                )
            })
            .layer(middleware::from_fn_with_state(self.clone(), count))
            .with_state(self.clone())
    }

    pub(crate) fn people(&self) -> &Arc<People> {
        &self.0.people
    }

    pub(crate) fn public_url(&self) -> &str {
        &self.0.public_url
    }

    pub(crate) fn channels(&self) -> &Channels {
        &self.0.channels
    }

    pub(crate) fn sequencer(&self) -> &Sequencer {
        &self.0.sequencer
    }

    pub(crate) fn hub(&self) -> &Hub {
        &self.0.hub
    }

    pub(crate) fn lookup(&self) -> &Lookup {
        &self.0.lookup
    }

    pub(crate) fn signals(&self) -> watch::Receiver<Signal> {
        self.0.signals.subscribe()
    }

    pub(crate) fn is_draining(&self) -> bool {
        self.0.signals.borrow().draining
    }

    /// Permits for connections; all of them are free when nothing is open.
    pub(crate) fn open(&self) -> &Arc<Semaphore> {
        &self.0.open
    }

    pub(crate) fn transfers(&self) -> &Arc<Semaphore> {
        &self.0.transfers
    }

    /// An id for a WebSocket, unique in this process.
    pub(crate) fn socket_id(&self) -> String {
        format!("c{}", self.0.socket_ids.fetch_add(1, Ordering::Relaxed))
    }

    /// Answers so far by the first digit of their status, 1 to 5.
    pub(crate) fn answers(&self) -> [u64; 5] {
        std::array::from_fn(|class| self.0.answers[class].load(Ordering::Relaxed))
    }
}

/// Counts answers by the class of their status.
async fn count(State(gateway): State<Gateway>, mut request: Request, next: Next) -> Response {
    if request.extensions().get::<Endpoint>().is_none() {
        // Whoever serves this without saying who calls gets nothing that is open on this machine only.
        let unknown = std::net::SocketAddr::from(([0, 0, 0, 0], 0));
        request.extensions_mut().insert(Endpoint { peer: unknown, local: unknown });
    }
    let response = next.run(request).await;
    let class = usize::from(response.status().as_u16() / 100).clamp(1, 5);
    gateway.0.answers[class - 1].fetch_add(1, Ordering::Relaxed);
    response
}
