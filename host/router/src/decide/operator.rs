//! A supervisor's word on an item in any state.

use super::agent::unchanged;
use super::{Context, refuse, wrong_state};
use crate::command::OperatorAction;
use crate::effect::{ErrorCode, Reply};
use crate::ids::Id;
use crate::item::{Actor, Cause};

impl Context<'_> {
    pub(super) fn operator(&mut self, name: &Id, item: &Id, action: &OperatorAction) -> Reply {
        if self.state.item(item).is_none() {
            return match self.state.ended(item) {
                Some(ended) => wrong_state("work item", ended.fate.name()),
                None => refuse(ErrorCode::NotFound, format!("there is no open work item `{item}`")),
            };
        }
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
            OperatorAction::Update { change, if_version } => {
                let found = self.state.item(item).cloned().map(|item| unchanged(item, *if_version));
                match found {
                    Some(Ok(item)) => self.update(&item, change, actor),
                    Some(Err(reply)) => reply,
                    None => Reply::Done,
                }
            }
        }
    }
}
