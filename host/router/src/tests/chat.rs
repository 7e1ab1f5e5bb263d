//! An agent who writes to a customer, for the tests of deliveries.

use super::kit::*;
use crate::{
    Action, AgentEvent, ChannelConfig, Command, Config, Failure, Id, Outcome, Phase, Previous, Reply, Status,
    StatusReport,
};

/// ana owns an item and may write.
pub(super) struct Chat {
    pub(super) desk: Desk,
    pub(super) item: Id,
}

impl Chat {
    pub(super) fn new(change: impl FnOnce(&mut ChannelConfig)) -> Chat {
        let mut config: Config = config();
        change(config.channels.entry("line".into()).or_default());
        let mut desk = Desk::with(&["ana"], config);
        let item = desk.serves("ana", "k1");
        Chat { desk, item }
    }

    pub(super) fn standard() -> Chat {
        Chat::new(|_| {})
    }

    pub(super) fn action(&self, message: &str, key: Option<&str>) -> Action {
        Action::Send {
            work_item: self.item.clone(),
            message_id: message.into(),
            idempotency_key: key.map(Id::from),
            if_version: None,
        }
    }

    pub(super) fn send(&mut self, message: &str) {
        let action = self.action(message, None);
        assert_eq!(self.desk.act("ana", action), Reply::Sending { message_id: message.into() });
    }

    pub(super) fn attempt(&mut self, message: &str) -> (u32, Previous) {
        match self.desk.run(Command::Attempt { message_id: message.into() }) {
            Reply::Attempting { attempt, previous } => (attempt, previous),
            other => panic!("{message} can't be attempted: {other:?}"),
        }
    }

    pub(super) fn outcome(&mut self, message: &str, outcome: Outcome) {
        let attempt = self.desk.state.delivery(message).map_or(0, |delivery| delivery.attempt);
        let delivered = Command::Delivered { message_id: message.into(), attempt, outcome };
        assert_eq!(self.desk.run(delivered), Reply::Done);
    }

    pub(super) fn try_and(&mut self, message: &str, outcome: Outcome) {
        self.attempt(message);
        self.outcome(message, outcome);
    }

    pub(super) fn status(&self, message: &str) -> Status {
        self.desk.state.delivery(message).map(|delivery| delivery.status).expect("it is known")
    }

    pub(super) fn phase(&self, message: &str) -> Phase {
        self.desk.state.delivery(message).map(|delivery| delivery.phase).expect("it is known")
    }

    /// The status that the last command told ana.
    pub(super) fn told(&self) -> Option<(Status, Option<String>)> {
        let AgentEvent::MessageStatus { status, error, .. } = &self.desk.notices("ana").last()?.body else {
            return None;
        };
        Some((*status, error.as_ref().map(|error| error.code.clone())))
    }

    pub(super) fn report(&mut self, key: &str, status: Status) -> Reply {
        self.report_on(StatusReport { external_keys: vec![key.into()], status, ..StatusReport::default() })
    }

    pub(super) fn report_on(&mut self, report: StatusReport) -> Reply {
        let mut received = self.desk.message("k1", "message.status");
        received.status = Some(report);
        self.desk.receive(received)
    }

    pub(super) fn restart(&mut self) {
        self.desk.state = self.desk.replayed();
        self.desk.run(Command::Started);
    }
}

pub(super) fn receipt(key: &str) -> Outcome {
    Outcome::Receipt { external_keys: vec![key.into()], status: Status::Sent }
}

pub(super) fn failed(code: &str) -> Outcome {
    Outcome::Failed { failure: Failure { code: code.to_owned(), text: None }, retry_after_ms: None }
}
