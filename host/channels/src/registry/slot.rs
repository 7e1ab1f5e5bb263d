//! What is known of one driver name, and which component is to serve by it. Pure, and durable as JSON.

use jackfield_spec::{Digest, Timestamp};
use serde::{Deserialize, Serialize};

/// Components of a name that are kept, the one that serves among them.
const KEPT: usize = 5;
/// Components remembered as rolled back.
const REFUSED: usize = 100;

/// A driver name, as channels ask for it (`name` or `name@version`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Slot {
    /// How many components have served.
    generation: u64,
    /// What an operator put or rolled back to.
    chosen: Option<Chosen>,
    /// Rolled back: not taken from the folder again.
    refused: Vec<Digest>,
    /// What served, oldest first; the last one is the current one.
    history: Vec<Served>,
}

/// A component that wins over a file of the folder that was there already.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Chosen {
    digest: Digest,
    over: Option<Digest>,
}

/// A component that served.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Served {
    pub(crate) digest: Digest,
    pub(crate) version: String,
    pub(crate) signer: Option<String>,
    /// `folder`, `put`, `rollback`, `kept`.
    pub(crate) source: String,
    /// `operator NAME`, `folder`, `config`, `server`.
    pub(crate) by: String,
    pub(crate) at: Timestamp,
}

/// Which component is to serve.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Pick {
    /// The folder's file.
    File,
    /// A kept one. `why`: where an operator may expect another.
    Kept { digest: Digest, why: Option<&'static str> },
    /// None.
    Nothing,
}

impl Slot {
    /// Decides. `there`: the folder has a file; `file`: its component's digest, if it is one.
    pub(crate) fn pick(&self, there: bool, file: Option<Digest>) -> Pick {
        let last = |why| match self.current() {
            Some(served) => Pick::Kept { digest: served.digest, why: Some(why) },
            None => Pick::Nothing,
        };
        let refused = file.is_some_and(|file| self.refused.contains(&file));
        match &self.chosen {
            Some(chosen) if !there || refused || (file.is_some() && file == chosen.over) => {
                Pick::Kept { digest: chosen.digest, why: None }
            }
            _ if refused => last("the file in the folder holds a version that was rolled back, it is not taken again"),
            _ if there => Pick::File,
            _ => last("its file is gone from the folder; what served goes on"),
        }
    }

    /// The component that serves, or would.
    pub(crate) fn current(&self) -> Option<&Served> {
        self.history.last()
    }

    /// The one before it.
    pub(crate) fn previous(&self) -> Option<&Served> {
        self.history.iter().rev().nth(1)
    }

    /// Those before the current one, newest first.
    pub(crate) fn before(&self) -> impl Iterator<Item = &Served> {
        self.history.iter().rev().skip(1)
    }

    pub(crate) fn generation(&self) -> u64 {
        self.generation
    }

    /// Whether an operator put it or rolled back to it.
    pub(crate) fn is_chosen(&self) -> bool {
        self.chosen.is_some()
    }

    /// All components that have to be kept.
    pub(crate) fn components(&self) -> Vec<Digest> {
        let served = self.history.iter().map(|served| served.digest);
        served.chain(self.chosen.iter().map(|chosen| chosen.digest)).collect()
    }

    /// A component serves from now on. Tells whether that is a change.
    pub(crate) fn took(&mut self, served: Served) -> bool {
        if served.source == "folder" {
            self.chosen = None;
        }
        if self.current().is_some_and(|current| current.digest == served.digest) {
            return false;
        }
        self.history.retain(|before| before.digest != served.digest);
        self.history.push(served);
        if self.history.len() > KEPT {
            self.history.remove(0);
        }
        self.generation += 1;
        true
    }

    /// An operator puts a component; it was perhaps rolled back once, and is wanted now.
    pub(crate) fn put(&mut self, served: Served, over: Option<Digest>) {
        self.refused.retain(|refused| *refused != served.digest);
        self.chosen = Some(Chosen { digest: served.digest, over });
        self.took(served);
    }

    /// Goes back to the component before. `over`: the folder's file, which is not taken for what is there now.
    pub(crate) fn roll_back(&mut self, by: &str, at: Timestamp, over: Option<Digest>) {
        if self.previous().is_none() {
            return;
        }
        if let Some(bad) = self.history.pop() {
            self.refused.push(bad.digest);
            if self.refused.len() > REFUSED {
                self.refused.remove(0);
            }
        }
        if let Some(current) = self.history.last_mut() {
            current.source = "rollback".to_owned();
            current.by = by.to_owned();
            current.at = at;
            self.chosen = Some(Chosen { digest: current.digest, over });
            self.generation += 1;
        }
    }

    /// An operator takes back what was put: from now on the folder decides.
    pub(crate) fn release(&mut self) {
        self.chosen = None;
    }
}

#[cfg(test)]
mod tests;
