//! A supervisor's word on an item in any state.

use super::agent::unchanged;
use super::{Context, refuse, wrong_state};
use crate::command::OperatorAction;
use crate::effect::{ErrorCode, Reply};
use crate::ids::Id;
use crate::item::{Actor, Cause};

impl Context<'_> {
    pub(super) fn operator(&mut self, name: &Id, item: &Id, if_version: Option<u64>, action: &OperatorAction) -> Reply {
        let Some(found) = self.state.item(item).cloned() else {
            return match self.state.ended(item) {
                Some(ended) => wrong_state("work item", ended.fate.name()),
                None => refuse(ErrorCode::NotFound, format!("there is no open work item `{item}`")),
            };
        };
        let found = match unchanged(found, if_version) {
            Ok(found) => found,
            Err(reply) => return reply,
        };
        let actor = Actor::Operator { name: name.clone() };
        match action {
            OperatorAction::Requeue { queue: Some(queue) } if !self.state.config().queues.contains_key(queue) => {
                refuse(ErrorCode::NotFound, format!("the config has no queue `{queue}`"))
            }
            OperatorAction::Requeue { queue } => {
                self.requeue(item, queue.as_ref(), Cause::Operator, actor);
                Reply::Done
            }
            OperatorAction::Close { code } => {
                self.close(item, code.clone(), Cause::Operator, actor);
                Reply::Done
            }
            OperatorAction::Cancel { reason } => {
                self.cancel(item, Cause::Operator, reason.clone(), actor);
                Reply::Done
            }
            OperatorAction::Update { change } => self.update(&found, change, actor),
        }
    }
}
