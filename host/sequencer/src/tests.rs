//! The sequencer over a real journal in a temporary folder, with a clock that the test moves.

mod clock;
mod commits;
mod erasure;
mod faults;
mod house;
mod parallel;
mod snapshots;

use crate::*;
use jackfield_router::{Action, AgentConfig, Command, Config, Effect, Id, Presence, QueueConfig, Reply, Route};
use jackfield_spec::{Attributes, Customer, Direction, Kind, Message, Timestamp, WorkItemInfo};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::mpsc::{self, UnboundedReceiver};

const START: u64 = 1_800_000_000_000;

/// A sequencer with what it released.
struct Rig {
    sequencer: Sequencer,
    notices: UnboundedReceiver<Announcement>,
    effects: UnboundedReceiver<Effect>,
    time: Arc<AtomicU64>,
    /// Milliseconds that the process has been running.
    running: Arc<AtomicU64>,
}

fn config() -> Config {
    let agent = AgentConfig { capacity: 1_000, ..AgentConfig::default() };
    let channel =
        jackfield_router::ChannelConfig { interactions: ["message.send".into()].into(), ..Default::default() };
    Config {
        agents: [("ana".into(), agent)].into(),
        queues: [("support".into(), QueueConfig::default())].into(),
        channels: [("line".into(), channel)].into(),
        default_queue: "support".into(),
        ..Config::default()
    }
}

async fn open(dir: &Path) -> Rig {
    let time = Arc::new(AtomicU64::new(START));
    let running = Arc::new(AtomicU64::new(0));
    let of = |number: &Arc<AtomicU64>| -> Clock {
        let number = number.clone();
        Arc::new(move || number.load(Ordering::Relaxed))
    };
    let (notice_sender, notices) = mpsc::unbounded_channel();
    let (effect_sender, effects) = mpsc::unbounded_channel();
    let settings = Settings {
        clock: of(&time),
        running: of(&running),
        outputs: Outputs { notices: notice_sender, effects: effect_sender },
    };
    let (sequencer, _) = start(dir, settings).expect("the folder is free");
    sequencer.begin(config()).await.expect("the journal can be written");
    Rig { sequencer, notices, effects, time, running }
}

fn message(event_id: &str, from: &str) -> Message {
    Message {
        event_id: Some(event_id.to_owned()),
        external_id: Some(event_id.to_owned()),
        driver: Some("test@1.0.0".to_owned()),
        work_item: Some(WorkItemInfo {
            id: Some("made-up".to_owned()),
            conversation: from.to_owned(),
            customer: Customer {
                address: from.to_owned(),
                aliases: Vec::new(),
                name: None,
                id: None,
                attributes: Attributes::default(),
            },
            subject: None,
            priority: None,
            language: None,
            state: None,
            attributes: Attributes::default(),
        }),
        ..Message::new("telegraph", Kind::Request, "support-request")
    }
}

impl Rig {
    fn push(&self, event_id: &str, from: &str) -> Push {
        let now = Timestamp::from_millis(self.sequencer.now()).expect("in range");
        let stored = Stored::new(self.sequencer.keys(), "line", Direction::Inbound, now, message(event_id, from));
        let route = Route { queue: "support".into(), rule: "route 1".into(), ..Route::default() };
        Push { stored: stored.expect("plain data"), route: Some(route) }
    }

    fn commit_of(&self, pushes: Vec<Push>) -> Commit {
        Commit { channel: "line".to_owned(), cause: "receive".to_owned(), pushes, ..Commit::default() }
    }

    async fn receive(&self, event_id: &str, from: &str) -> Landed {
        let commit = self.commit_of(vec![self.push(event_id, from)]);
        let mut committed = self.sequencer.commit(commit).await.expect("commits");
        committed.pushes.remove(0)
    }

    async fn agent(&self, id: &str, action: Action) -> Reply {
        let command = Command::Agent { agent: "ana".into(), id: id.into(), action };
        self.sequencer.command(command).await.expect("commits")
    }

    async fn items(&self) -> Vec<jackfield_router::WorkItem> {
        self.sequencer.read(|state| state.items().values().map(|item| (**item).clone()).collect()).await.expect("reads")
    }

    async fn state(&self) -> String {
        self.sequencer.read(|state| serde_json::to_string(state).expect("plain data")).await.expect("reads")
    }
}

fn work_item(landed: &Landed) -> Id {
    match landed {
        Landed::New { work_item: Some(item) } => item.as_str().into(),
        other => panic!("a new message of a work item, not {other:?}"),
    }
}
