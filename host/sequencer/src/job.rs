//! What the sequencer is asked, and what waits for the append.

use crate::body::Stored;
use crate::commit::{Commit, CommitError, Committed};
use jackfield_journal::{Batch, Cut, Erase, Id, Loose, Retained, Seq};
use jackfield_router::{Command, Effect, Notice, Reply, State};
use jackfield_spec::Message;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use tokio::sync::oneshot;

pub(crate) type Answer<T> = oneshot::Sender<Result<T, CommitError>>;

/// What the sequencer is asked.
pub(crate) enum Job {
    Commit(Box<Commit>, Answer<Committed>),
    Command(Box<Command>, Option<Stored>, Answer<Reply>),
    Read(Box<dyn FnOnce(&State) + Send>),
    /// A customer is to be erased: items to be closed for it if they are open, and who wants it.
    Erasure {
        customer: Id,
        items: Vec<String>,
        by: String,
        answer: Answer<Seq>,
    },
    Erase(Box<Erase>, Answer<Vec<Loose>>),
    Retain(Cut, Answer<Retained>),
    /// A snapshot, if there is anything new.
    Snapshot,
    Stop(oneshot::Sender<()>),
}

/// What waits for the append.
pub(crate) enum Reached {
    Commit(Answer<Committed>, Result<Committed, CommitError>),
    Command(Answer<Reply>, Reply),
    Read(Box<dyn FnOnce(&State) + Send>),
    Erasure(Answer<Seq>, Seq),
}

impl Reached {
    pub(crate) fn release(self, state: &State) {
        // Whoever asked may have gone away; what was decided stays.
        match self {
            Self::Commit(answer, result) => drop(answer.send(result)),
            Self::Command(answer, reply) => drop(answer.send(Ok(reply))),
            Self::Read(look) => look(state),
            Self::Erasure(answer, seq) => drop(answer.send(Ok(seq))),
        }
    }

    pub(crate) fn fail(self, state: &State, why: &str) {
        let error = CommitError::Unavailable(why.to_owned());
        match self {
            Self::Commit(answer, _) => drop(answer.send(Err(error))),
            Self::Command(answer, _) => drop(answer.send(Err(error))),
            Self::Read(look) => look(state),
            Self::Erasure(answer, _) => drop(answer.send(Err(error))),
        }
    }
}

impl Job {
    /// Tells whoever asks that the journal can't be written. Looking at the state is possible.
    pub(crate) fn refuse(self, state: &State, why: &str) {
        let error = || CommitError::Unavailable(why.to_owned());
        match self {
            Self::Commit(_, answer) => drop(answer.send(Err(error()))),
            Self::Command(.., answer) => drop(answer.send(Err(error()))),
            Self::Read(look) => look(state),
            Self::Erasure { answer, .. } => drop(answer.send(Err(error()))),
            Self::Erase(_, answer) => drop(answer.send(Err(error()))),
            Self::Retain(_, answer) => drop(answer.send(Err(error()))),
            Self::Snapshot | Self::Stop(_) => {}
        }
    }
}

/// Decided, not yet appended.
#[derive(Default)]
pub(crate) struct Pending {
    pub(crate) batch: Batch,
    pub(crate) bytes: usize,
    pub(crate) reached: Vec<Reached>,
    pub(crate) notices: Vec<Notice>,
    pub(crate) effects: Vec<Effect>,
    pub(crate) messages: HashMap<String, Arc<Message>>,
    pub(crate) new_ids: HashSet<Id>,
    pub(crate) versions: HashMap<(String, String), Seq>,
}
