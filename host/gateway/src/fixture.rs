//! A gateway on a temporary folder, with a sequencer and without drivers: what drivers would push is committed directly.

use crate::{Endpoint, Gateway, Parts};
use axum::body::Body;
use http::{Method, Request, Response, StatusCode};
use http_body_util::BodyExt;
use jackfield_channels::{Channels, Registry};
use jackfield_config::Config;
use jackfield_journal::ChannelLog;
use jackfield_router::{Action, Command, Presence, Reply, Route};
use jackfield_sandbox::{Sandbox, SandboxConfig};
use jackfield_sequencer::{Clock, Commit, Landed, Outputs, Push, Sequencer, Settings, Stored};
use jackfield_spec::{Attributes, Customer, Direction, Kind, Message, Part, Text, Timestamp, WorkItemInfo};
use serde_json::Value;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};
use tempfile::TempDir;
use tokio::sync::mpsc;
use tower::ServiceExt;

/// When the fixture's clock begins.
pub(crate) const BEGIN: u64 = 1_700_000_000_000;

const CONFIG: &str = r#"
[[operator]]
name = "ops"
token = "ops-token"
[[operator]]
name = "sue"
role = "supervisor"
token = "sue-token"
[[operator]]
name = "ron"
role = "read-only"
token = "ron-token"
[[agent]]
id = "ana"
name = "Ana"
token = "ana-token"
addresses = { telegraph = "desk 4" }
[[agent]]
id = "ben"
token = "ben-token"
[[queue]]
id = "support"
[[queue]]
id = "sales"
[[route]]
queue = "support"
[[channel]]
id = "wire"
driver = "missing"
"#;

/// One for all tests: an engine reserves so much address space that there can't be many.
static SANDBOX: LazyLock<(TempDir, Sandbox)> = LazyLock::new(|| {
    let folder = tempfile::tempdir().unwrap();
    let sandbox = Sandbox::start(SandboxConfig::new(folder.path().join("compiled"))).unwrap();
    (folder, sandbox)
});

pub(crate) fn config(extra: &str) -> Config {
    let text = format!("{extra}\n{CONFIG}");
    jackfield_config::parse(&text, "test.toml", Path::new(""), &|_| None).unwrap().config
}

pub(crate) struct Fixture {
    pub(crate) gateway: Gateway,
    pub(crate) sequencer: Sequencer,
    clock: Arc<AtomicU64>,
    events: AtomicU64,
    _folder: TempDir,
}

impl Fixture {
    pub(crate) async fn new() -> Self {
        Self::with("").await
    }

    /// With lines before the config's.
    pub(crate) async fn with(extra: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let config = Arc::new(config(extra));
        let clock = Arc::new(AtomicU64::new(BEGIN));
        let (notices, announcements) = mpsc::unbounded_channel();
        let (effects, _) = mpsc::unbounded_channel();
        let told = clock.clone();
        let told: Clock = Arc::new(move || told.load(Ordering::Relaxed));
        let settings = Settings { clock: told.clone(), running: told, outputs: Outputs { notices, effects } };
        let (sequencer, _) = jackfield_sequencer::start(folder.path(), settings).unwrap();
        let channels = Channels::new(jackfield_channels::Parts {
            records: folder.path().join("records"),
            config: config.clone(),
            public_url: "https://desk.test".to_owned(),
            registry: Registry::new(SANDBOX.1.clone(), &config.server),
            sequencer: sequencer.clone(),
            log: ChannelLog::open(folder.path()).unwrap(),
        })
        .unwrap();
        channels.load().await.unwrap();
        sequencer.begin(channels.router_config()).await.unwrap();
        let parts = Parts {
            config,
            public_url: "https://desk.test".to_owned(),
            channels,
            sequencer: sequencer.clone(),
            announcements,
        };
        let gateway = Gateway::start(parts).await.unwrap();
        Self { gateway, sequencer, clock, events: AtomicU64::new(0), _folder: folder }
    }

    /// Lets time pass.
    pub(crate) fn pass(&self, millis: u64) {
        self.clock.fetch_add(millis, Ordering::Relaxed);
    }

    /// A customer says something; the work item's id.
    pub(crate) async fn say(&self, conversation: &str, text: &str) -> String {
        self.pass(1);
        let event = self.events.fetch_add(1, Ordering::Relaxed);
        let message = message(conversation, &format!("event-{event}"), text);
        let now = Timestamp::from_millis(self.sequencer.now()).unwrap();
        let stored = Stored::new(self.sequencer.keys(), "wire", Direction::Inbound, now, message).unwrap();
        let route = Some(Route { queue: "support".into(), rule: "route 1".into(), ..Route::default() });
        let commit = Commit {
            channel: "wire".to_owned(),
            cause: "receive".to_owned(),
            pushes: vec![Push { stored, route }],
            ..Commit::default()
        };
        let committed = self.sequencer.commit(commit).await.unwrap();
        let Landed::New { work_item: Some(item) } = &committed.pushes[0] else { panic!("{committed:?}") };
        item.clone()
    }

    pub(crate) async fn connect(&self, agent: &str) {
        let command = Command::Connected { agent: agent.into(), connection: format!("{agent}'s").into() };
        assert_eq!(self.sequencer.command(command).await.unwrap(), Reply::Done);
        self.act(agent, Action::SetState { state: Presence::Available, reason: None, media_type: None }).await;
    }

    pub(crate) async fn act(&self, agent: &str, action: Action) -> Reply {
        let id = format!("test-{}", self.events.fetch_add(1, Ordering::Relaxed)).into();
        self.sequencer.command(Command::Agent { agent: agent.into(), id, action }).await.unwrap()
    }

    /// Accepts the only offer of an agent.
    pub(crate) async fn accept(&self, agent: &'static str) {
        let offer =
            self.sequencer.read(move |state| state.agent(agent).unwrap().offers.first().cloned()).await.unwrap();
        assert_eq!(self.act(agent, Action::Accept { offer: offer.unwrap() }).await, Reply::Done);
    }

    /// Sends a request from loopback. `who` is the name before `-token`; nobody: no token.
    pub(crate) async fn call(&self, method: Method, path: &str, who: &str, body: impl Into<Body>) -> Response<Body> {
        let mut request = Request::builder().method(method).uri(path).body(body.into()).unwrap();
        if !who.is_empty() {
            let token = format!("Bearer {who}-token").parse().unwrap();
            request.headers_mut().insert("authorization", token);
        }
        self.send(request).await
    }

    pub(crate) async fn send(&self, mut request: Request<Body>) -> Response<Body> {
        if request.extensions().get::<Endpoint>().is_none() {
            let loopback = "127.0.0.1:4000".parse().unwrap();
            request.extensions_mut().insert(Endpoint { peer: loopback, local: loopback });
        }
        self.gateway.app().oneshot(request).await.unwrap()
    }

    pub(crate) async fn get(&self, path: &str, who: &str) -> (StatusCode, Value) {
        json_of(self.call(Method::GET, path, who, Body::empty()).await).await
    }
}

/// The status and the JSON of an answer.
pub(crate) async fn json_of(response: Response<Body>) -> (StatusCode, Value) {
    let status = response.status();
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    (status, serde_json::from_slice(&bytes).unwrap_or(Value::Null))
}

/// What a driver would push.
pub(crate) fn message(conversation: &str, event: &str, text: &str) -> Message {
    let address = conversation.to_owned();
    Message {
        event_id: Some(event.to_owned()),
        external_id: Some(event.to_owned()),
        driver: Some("wire@1.0.0".to_owned()),
        work_item: Some(WorkItemInfo {
            id: None,
            conversation: conversation.to_owned(),
            customer: Customer {
                address,
                aliases: Vec::new(),
                name: Some("Carl".to_owned()),
                id: None,
                attributes: Attributes::default(),
            },
            subject: Some("The line is dead".to_owned()),
            priority: None,
            language: Some("en".to_owned()),
            state: None,
            attributes: Attributes(vec![("station".to_owned(), "7".to_owned())]),
        }),
        parts: vec![Part::Text(Text {
            text: text.to_owned(),
            format: "plain".to_owned(),
            language: None,
            attributes: Attributes::default(),
        })],
        ..Message::new("telegraph", Kind::Request, "support-request")
    }
}
