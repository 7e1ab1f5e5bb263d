//! Deliberate faults, so that a test can show that the invariants' checker finds them. In a build that isn't a test
//! there are none, and asking for one costs nothing.

/// Something that the router would do wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Offers an item to who refused it.
    ForgetsRefusals,
    /// Asks the last agent in the order of choice.
    ChoosesTheLast,
    /// Offers beyond the budget.
    IgnoresTheBudget,
    /// Doesn't give back what an ended offer took.
    KeepsADebit,
    /// Leaves the other offers of an accepted item pending.
    DoesNotRescind,
    /// Doesn't look for work for an agent who came.
    OverlooksAnAgent,
    /// Serves the last in the order of waiting.
    ServesTheLast,
    /// Doesn't ask for levels of skills.
    IgnoresLevels,
    /// Leaves the offers of a lost agent pending.
    KeepsOffersOfTheLost,
    /// Doesn't bring back a transfer that nobody took.
    DropsTransfers,
    /// Lets an item lose its age when it is queued again.
    ForgetsTheAge,
    /// Lets a message's status go back.
    TurnsStatusBack,
    /// Changes the state without an event.
    ActsWithoutAnEvent,
    /// Doesn't note that a ring has passed.
    StaysInItsRing,
    /// Opens a second item for a conversation.
    OpensTwice,
}

#[cfg(test)]
impl Fault {
    /// All of them.
    pub(crate) const ALL: [Fault; 15] = [
        Fault::ForgetsRefusals,
        Fault::ChoosesTheLast,
        Fault::IgnoresTheBudget,
        Fault::KeepsADebit,
        Fault::DoesNotRescind,
        Fault::OverlooksAnAgent,
        Fault::ServesTheLast,
        Fault::IgnoresLevels,
        Fault::KeepsOffersOfTheLost,
        Fault::DropsTransfers,
        Fault::ForgetsTheAge,
        Fault::TurnsStatusBack,
        Fault::ActsWithoutAnEvent,
        Fault::StaysInItsRing,
        Fault::OpensTwice,
    ];
}

#[cfg(not(test))]
#[inline(always)]
pub(crate) const fn on(_: Fault) -> bool {
    false
}

#[cfg(test)]
pub(crate) use switch::{on, put};

#[cfg(test)]
mod switch {
    use super::Fault;
    use std::cell::Cell;

    thread_local! {
        static FAULT: Cell<Option<Fault>> = const { Cell::new(None) };
    }

    pub(crate) fn on(fault: Fault) -> bool {
        FAULT.get() == Some(fault)
    }

    /// Puts a fault into the router of this thread, or takes it out.
    pub(crate) fn put(fault: Option<Fault>) {
        FAULT.set(fault);
    }
}
