//! What the tests share: a small config and a router to talk to.

use crate::check::{check, derived};
use crate::{
    Action, AgentConfig, AgentEvent, Command, Config, Decision, Effect, ErrorCode, Event, Id, ItemState, MediaConfig,
    Millis, Notice, Presence, QueueConfig, Received, Record, Reply, Route, State, WorkItem, decide,
};

pub(crate) const START: Millis = 1_700_000_000_000;
pub(crate) const HOUR: Millis = 3_600_000;

pub(crate) fn capacity(capacity: u32) -> AgentConfig {
    AgentConfig { capacity, ..AgentConfig::default() }
}

pub(crate) fn media(weight: u32, real_time: bool) -> MediaConfig {
    MediaConfig { real_time, weight: Some(weight), ..MediaConfig::default() }
}

/// Agents `ana` and `ben` of capacity 100, queues `main` and `other`, a channel `line` whose media type `letter`
/// weighs 40, and `talk`, in real time, 100.
pub(crate) fn config() -> Config {
    let mut config = Config {
        agents: [("ana".into(), capacity(100)), ("ben".into(), capacity(100))].into(),
        queues: [("main".into(), QueueConfig::default()), ("other".into(), QueueConfig::default())].into(),
        default_queue: "main".into(),
        ..Config::default()
    };
    let channel = config.channels.entry("line".into()).or_default();
    channel.media = [("letter".into(), media(40, false)), ("talk".into(), media(100, true))].into();
    config
}

/// A router under test: every step is checked, journaled, and can be replayed.
pub(crate) struct Desk {
    pub(crate) state: State,
    pub(crate) now: Millis,
    pub(crate) last: Decision,
    pub(crate) journal: Vec<Record>,
    messages: u64,
}

impl Desk {
    pub(crate) fn new(config: Config) -> Desk {
        let mut state = State::default();
        let last = decide(&mut state, &Command::Started, START);
        let journal = vec![Record { at: last.at, cause: "started".to_owned(), events: last.events.clone() }];
        let mut desk = Desk { state, now: START, last, journal, messages: 0 };
        desk.configure(config);
        desk
    }

    pub(crate) fn standard() -> Desk {
        Desk::new(config())
    }

    /// With one agent at the desk.
    pub(crate) fn with(agents: &[&str], config: Config) -> Desk {
        let mut desk = Desk::new(config);
        agents.iter().for_each(|agent| desk.arrives(agent));
        desk
    }

    pub(crate) fn run(&mut self, command: Command) -> Reply {
        self.last = decide(&mut self.state, &command, self.now);
        if let Err(problem) = check(&self.state).and_then(|()| derived(&self.state)) {
            panic!("after {command:?}: {problem}");
        }
        let (at, cause) = (self.last.at, command.kind().to_owned());
        self.journal.push(Record { at, cause, events: self.last.events.clone() });
        self.last.reply.clone()
    }

    pub(crate) fn replayed(&self) -> State {
        let mut state = State::default();
        self.journal.iter().for_each(|record| drop(record.apply(&mut state)));
        state
    }

    pub(crate) fn configure(&mut self, config: Config) {
        assert_eq!(self.run(Command::Configure { salt: 42, config: Box::new(config) }), Reply::Done);
    }

    pub(crate) fn wait(&mut self, time: Millis) {
        self.now += time;
        self.run(Command::Tick);
    }

    pub(crate) fn arrives(&mut self, agent: &str) {
        self.connects(agent, "first");
        assert_eq!(self.act(agent, set(Presence::Available)), Reply::Done);
    }

    pub(crate) fn connects(&mut self, agent: &str, connection: &str) {
        let command = Command::Connected { agent: agent.into(), connection: connection.into() };
        assert_eq!(self.run(command), Reply::Done);
    }

    pub(crate) fn loses(&mut self, agent: &str, connection: &str) {
        let command = Command::Disconnected { agent: agent.into(), connection: connection.into() };
        assert_eq!(self.run(command), Reply::Done);
    }

    /// An agent's command with an id that is never used again.
    pub(crate) fn act(&mut self, agent: &str, action: Action) -> Reply {
        self.messages += 1;
        self.act_as(agent, &format!("command-{}", self.messages), action)
    }

    pub(crate) fn act_as(&mut self, agent: &str, id: &str, action: Action) -> Reply {
        self.run(Command::Agent { agent: agent.into(), id: id.into(), action })
    }

    pub(crate) fn message(&mut self, conversation: &str, interaction: &str) -> Received {
        self.messages += 1;
        Received {
            message_id: format!("message-{}", self.messages).into(),
            channel: "line".into(),
            conversation: conversation.into(),
            media_type: "letter".into(),
            interaction: interaction.to_owned(),
            support_request: interaction == "support-request",
            route: Some(Route { queue: "main".into(), rule: "all".into(), ..Route::default() }),
            ..Received::default()
        }
    }

    pub(crate) fn receive(&mut self, received: Received) -> Reply {
        self.run(Command::Receive(Box::new(received)))
    }

    /// A customer asks; gives the item.
    pub(crate) fn asks(&mut self, conversation: &str) -> Id {
        let received = self.message(conversation, "support-request");
        self.asks_with(received)
    }

    pub(crate) fn asks_with(&mut self, received: Received) -> Id {
        match self.receive(received) {
            Reply::Opened { item } | Reply::Joined { item } => item,
            other => panic!("a request is answered with {other:?}"),
        }
    }

    /// The driver says something about a conversation.
    pub(crate) fn tells(&mut self, conversation: &str, interaction: &str) -> Reply {
        let received = self.message(conversation, interaction);
        self.receive(received)
    }

    /// A customer asks, the agent who is asked accepts; gives the item.
    pub(crate) fn serves(&mut self, agent: &str, conversation: &str) -> Id {
        let item = self.asks(conversation);
        assert_eq!(self.offered_to(&item).as_deref(), Some(agent));
        self.accepts(agent, &item);
        item
    }

    pub(crate) fn accepts(&mut self, agent: &str, item: &str) {
        let offer = self.offer(item);
        assert_eq!(self.act(agent, Action::Accept { offer }), Reply::Done);
    }

    pub(crate) fn completes(&mut self, agent: &str, item: &Id) -> Reply {
        self.act(agent, Action::Complete { work_item: item.clone(), code: None, if_version: None })
    }

    pub(crate) fn item(&self, item: &str) -> &WorkItem {
        self.state.item(item).unwrap_or_else(|| panic!("{item} isn't open"))
    }

    pub(crate) fn state_of(&self, item: &str) -> ItemState {
        self.item(item).state
    }

    /// The pending offer of an item.
    pub(crate) fn offer(&self, item: &str) -> Id {
        self.item(item).offers.first().unwrap_or_else(|| panic!("{item} isn't offered")).clone()
    }

    pub(crate) fn offered_to(&self, item: &str) -> Option<Id> {
        let offer = self.state.item(item)?.offers.first()?;
        self.state.offer(offer).map(|offer| offer.agent.clone())
    }

    pub(crate) fn load(&self, agent: &str) -> u32 {
        self.state.agent(agent).map_or(0, |agent| agent.load)
    }

    pub(crate) fn presence(&self, agent: &str) -> Presence {
        self.state.agent(agent).map(|agent| agent.presence).unwrap_or_default()
    }

    /// What the last command told an agent, by name.
    pub(crate) fn told(&self, agent: &str) -> Vec<&'static str> {
        self.notices(agent).map(|notice| notice.body.name()).collect()
    }

    pub(crate) fn notices(&self, agent: &str) -> impl Iterator<Item = &Notice> {
        self.last.notices.iter().filter(move |notice| &*notice.agent == agent)
    }

    /// The last command's notice of this name.
    pub(crate) fn notice(&self, agent: &str, name: &str) -> &AgentEvent {
        let found = self.notices(agent).find(|notice| notice.body.name() == name);
        &found.unwrap_or_else(|| panic!("{agent} isn't told {name}")).body
    }

    /// What the last command hands to drivers: notifications by name, messages by id.
    pub(crate) fn deliveries(&self) -> Vec<String> {
        let deliver = self.last.effects.iter().filter_map(|effect| match effect {
            Effect::Deliver(deliver) => Some(&**deliver),
            Effect::FireTimer { .. } => None,
        });
        let name = |it: &crate::Deliver| it.notification.as_ref().map_or(&it.message_id, |it| &it.name).to_string();
        deliver.map(name).collect()
    }

    pub(crate) fn happened(&self, what: impl Fn(&Event) -> bool) -> bool {
        self.last.events.iter().any(what)
    }
}

pub(crate) fn set(state: Presence) -> Action {
    Action::SetState { state, reason: None, media_type: None }
}

/// The code and state of a refusal.
pub(crate) fn refused(reply: Reply) -> (ErrorCode, Option<String>) {
    match reply {
        Reply::Refused(refusal) => (refusal.code, refusal.state),
        other => panic!("not refused but {other:?}"),
    }
}

pub(crate) fn wrong(state: &str) -> (ErrorCode, Option<String>) {
    (ErrorCode::WrongState, Some(state.to_owned()))
}
