//! How a work item ends.

use super::{Evolution, KEEP_CONVERSATIONS, KEEP_ENDED};
use crate::ids::Id;
use crate::item::ItemState;
use crate::notice::AgentEvent;
use crate::state::{Ended, Fate};

impl Evolution<'_> {
    pub(super) fn item_closed(&mut self, id: &Id, code: &Option<String>) {
        self.item_ended(id, ItemState::Closed, code);
    }

    pub(super) fn item_cancelled(&mut self, id: &Id) {
        self.note_abandoned(id);
        self.item_ended(id, ItemState::Cancelled, &None);
    }

    pub(super) fn item_ended(&mut self, id: &Id, state: ItemState, code: &Option<String>) {
        self.helpers_leave(id);
        let owner = self.taken_from_owner(id);
        let conversations = self.state.item(id).map(|item| item.conversations()).unwrap_or_default();
        for key in conversations {
            let forget = self.at + KEEP_CONVERSATIONS;
            self.state.edit_conversation(key, |conversation| {
                conversation.open = None;
                conversation.last_item = Some(id.clone());
                conversation.last_owner = owner.clone().or(conversation.last_owner.take());
                conversation.forget = Some(forget);
            });
        }
        let Some(mut item) = self.state.remove_item(id) else {
            return;
        };
        item.end(state, self.at, code.as_deref());
        let ended = Ended { agent: owner.clone(), fate: Fate::Item(state), until: self.at + KEEP_ENDED };
        self.state.insert_ended(id.clone(), ended);
        if let Some(owner) = owner {
            self.tell(&owner, AgentEvent::WorkItemClosed { item: Box::new(item) });
            self.tell_agent(&owner);
        }
    }
}
