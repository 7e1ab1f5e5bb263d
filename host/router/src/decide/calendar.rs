//! Business hours. Which calendar is open when is the caller's to know.

use std::collections::BTreeMap;

use super::Context;
use crate::effect::Reply;
use crate::event::Event;
use crate::ids::Id;

impl Context<'_> {
    pub(super) fn hours(&mut self, open: &BTreeMap<Id, bool>) -> Reply {
        if self.state.stored.hours != *open {
            self.apply(Event::HoursChanged { open: open.clone() });
        }
        Reply::Done
    }
}
