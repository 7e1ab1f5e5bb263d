//! Erasing a customer: what they wrote and were written, wherever it stands.
//!
//! One record says who wanted it, closes the open work items and notes the erasure as begun; small steps then take
//! the content away, between which the sequencer does its other work. Whatever interrupts them, they are taken up again.

use crate::body::Messages;
use crate::commit::CommitError;
use crate::entry::{Entry, ErasureEntry};
use crate::handle::Sequencer;
use crate::job::{Job, Pending};
use crate::work::Work;
use jackfield_journal::{ChannelLog, Erase, Id, Loose, MessageRow, Row, Seq};
use jackfield_router::{Command, OperatorAction};
use std::collections::BTreeSet;
use std::sync::atomic::Ordering;
use tokio::sync::oneshot;
use tokio::task::spawn_blocking;

/// Messages erased in one step, and store entries looked at in one go.
const STEP: usize = 100;

/// The wrap-up code of items that were closed because their customer is erased.
const ERASED: &str = "erased";

/// Why a customer was not erased, or not wholly; what is left is then erased after the next start.
#[derive(Debug, thiserror::Error)]
pub enum EraseError {
    /// Nothing could be decided.
    #[error(transparent)]
    Commit(#[from] CommitError),
    /// The database or a blob can't be read.
    #[error(transparent)]
    Journal(#[from] jackfield_journal::Error),
    /// The thread that reads has ended early.
    #[error("the erasure was interrupted: {0}")]
    Interrupted(#[from] tokio::task::JoinError),
}

/// What was erased.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Erased {
    /// Messages whose content is gone.
    pub messages: u64,
    /// Store entries of drivers.
    pub store: u64,
}

/// Where a customer is named by drivers.
#[derive(Debug, Default)]
struct Names {
    /// Addresses and conversation keys, as drivers write them.
    texts: BTreeSet<String>,
    channels: BTreeSet<String>,
}

impl Sequencer {
    /// Erases a customer at the word of the operator `by`. Open work items are closed with the code `erased`. Returns
    /// when nothing is left; none if no message is from or to such a customer.
    ///
    /// # Errors
    /// [`EraseError`]; what was begun is ended after the next start.
    pub async fn erase(&self, customer: Id, by: &str, log: &ChannelLog) -> Result<Option<Erased>, EraseError> {
        let messages = self.messages();
        let items = spawn_blocking(move || items_of(&messages, &customer)).await??;
        let Some(items) = items else { return Ok(None) };
        let seq = self.ask(|answer| Job::Erasure { customer, items, by: by.to_owned(), answer }).await?;
        let erased = self.finish_erasure(customer, seq, log).await?;
        self.shared.counters.erasures.fetch_add(1, Ordering::Relaxed);
        Ok(Some(erased))
    }

    /// Ends the erasures that an earlier run of the server began.
    ///
    /// # Errors
    /// [`EraseError`]
    pub async fn finish_erasures(&self, log: &ChannelLog) -> Result<(), EraseError> {
        let reader = self.reader().clone();
        for (customer, seq) in spawn_blocking(move || reader.erasures()).await?? {
            self.finish_erasure(customer, seq, log).await?;
        }
        Ok(())
    }

    async fn finish_erasure(&self, customer: Id, seq: Seq, log: &ChannelLog) -> Result<Erased, EraseError> {
        let mut erased = Erased::default();
        // While the bodies are there: they say how drivers call the customer.
        let (messages, log) = (self.messages(), log.clone());
        let named = move || {
            let names = names_of(&messages, &customer, seq)?;
            for channel in &names.channels {
                log.erase(channel, &|line| names.texts.iter().any(|text| mentions(line, text.as_bytes())))?;
            }
            store_of(&messages, &names)
        };
        let store = spawn_blocking(named).await??;
        erased.store = store.len() as u64;
        for entries in store.chunks(STEP) {
            self.step(Erase { customer, store: entries.to_vec(), ..Erase::default() }).await?;
        }
        let mut after = None;
        loop {
            let reader = self.reader().clone();
            let from = after;
            let page = spawn_blocking(move || reader.messages_of_customer(&customer, from.as_ref(), STEP)).await??;
            let Some(last) = page.last() else { break };
            after = Some(last.id);
            // What came after the word was given is a new contact.
            let whole = |row: &&MessageRow| !row.bare && row.seq <= seq;
            let ids: Vec<Id> = page.iter().filter(whole).map(|row| row.id).collect();
            erased.messages += ids.len() as u64;
            self.step(Erase { customer, messages: ids, ..Erase::default() }).await?;
        }
        self.step(Erase { customer, done: true, ..Erase::default() }).await?;
        Ok(erased)
    }

    /// One step, and the blobs that nothing needs after it.
    async fn step(&self, erase: Erase) -> Result<(), EraseError> {
        let loose = self.ask(|answer| Job::Erase(Box::new(erase), answer)).await?;
        self.drop_loose(loose).await
    }

    /// Removes blobs that nothing needs any more.
    pub(crate) async fn drop_loose(&self, loose: Vec<Loose>) -> Result<(), EraseError> {
        if loose.is_empty() {
            return Ok(());
        }
        let (blobs, reader) = (self.blobs().clone(), self.reader().clone());
        let remove = move || {
            loose.iter().try_for_each(|loose| blobs.remove(loose, |digest| reader.blob_needed(digest)).map(drop))
        };
        Ok(spawn_blocking(remove).await??)
    }

    /// Hands a job over and waits for its answer.
    pub(crate) async fn ask<T>(
        &self,
        job: impl FnOnce(oneshot::Sender<Result<T, CommitError>>) -> Job,
    ) -> Result<T, CommitError> {
        let (answer, wait) = oneshot::channel();
        self.submit(job(answer)).await?;
        wait.await.unwrap_or(Err(CommitError::Stopping))
    }
}

impl Work {
    /// Closes a customer's open items and notes that the customer is to be erased, in one record. Returns its number.
    pub(crate) fn erasure(&mut self, pending: &mut Pending, customer: Id, items: Vec<String>, by: String) -> Seq {
        let now = (self.shared.clock)();
        let key = hex::encode(customer);
        let mut entry = Entry { at: now.max(self.state.now()), ..Entry::of("erase") };
        let mut rows = Vec::new();
        for item in items {
            // Others may take part in a conversation that somebody else has begun: it goes on.
            if self.state.item(&item).is_none_or(|item| item.customer.as_deref() != Some(&key)) {
                continue;
            }
            let action = OperatorAction::Close { code: Some(ERASED.to_owned()) };
            let command = Command::Operator { name: by.as_str().into(), item: item.into(), if_version: None, action };
            let decision = jackfield_router::decide(&mut self.state, &command, now);
            self.collect(pending, &mut entry, &mut rows, decision);
        }
        let record = pending.batch.records.len();
        rows.push(Row::Erasure { record, customer });
        entry.erased = Some(ErasureEntry { customer: key, by });
        self.record(pending, entry, rows);
        self.journal.head() + record as Seq + 1
    }
}

/// The work items that a customer's messages belong to; none if there are no messages.
fn items_of(messages: &Messages, customer: &Id) -> Result<Option<Vec<String>>, jackfield_journal::Error> {
    let mut items = BTreeSet::new();
    let known = each_row(messages, customer, |row| {
        items.extend(row.work_item.map(|id| uuid::Uuid::from_bytes(id).to_string()));
        Ok(())
    })?;
    Ok(known.then(|| items.into_iter().collect()))
}

/// How the messages up to record `until` call the customer.
fn names_of(messages: &Messages, customer: &Id, until: Seq) -> Result<Names, jackfield_journal::Error> {
    let mut names = Names::default();
    each_row(messages, customer, |row| {
        if row.bare || row.seq > until {
            return Ok(());
        }
        names.channels.insert(row.channel.clone());
        if let Some(item) = messages.load(row)?.and_then(|message| message.work_item) {
            names.texts.insert(item.conversation);
            names.texts.insert(item.customer.address);
            names.texts.extend(item.customer.aliases);
        }
        Ok(())
    })?;
    names.texts.remove("");
    Ok(names)
}

/// Shows `look` each message of a customer; returns whether there is any.
fn each_row(
    messages: &Messages,
    customer: &Id,
    mut look: impl FnMut(&MessageRow) -> Result<(), jackfield_journal::Error>,
) -> Result<bool, jackfield_journal::Error> {
    let mut after = None;
    loop {
        let rows = messages.reader().messages_of_customer(customer, after.as_ref(), STEP)?;
        rows.iter().try_for_each(&mut look)?;
        match rows.last() {
            Some(last) => after = Some(last.id),
            None => return Ok(after.is_some()),
        }
    }
}

/// The store entries, expired ones too, that name the customer in key or value.
fn store_of(messages: &Messages, names: &Names) -> Result<Vec<(String, String)>, jackfield_journal::Error> {
    let mut found = Vec::new();
    for channel in &names.channels {
        let mut after: Option<String> = None;
        loop {
            let entries = messages.reader().store_entries(channel, "", after.as_deref(), STEP, i64::MIN)?;
            let Some(last) = entries.last() else { break };
            after = Some(last.key.clone());
            let named = |bytes: &[u8]| names.texts.iter().any(|text| mentions(bytes, text.as_bytes()));
            let theirs = entries.iter().filter(|entry| named(entry.key.as_bytes()) || named(&entry.value));
            found.extend(theirs.map(|entry| (channel.clone(), entry.key.clone())));
        }
    }
    Ok(found)
}

/// Whether a name stands in a text as a whole: `+1555` isn't in `+15550100`.
fn mentions(text: &[u8], name: &[u8]) -> bool {
    let part_of_word = |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte >= 0x80);
    text.windows(name.len()).enumerate().any(|(at, window)| {
        window == name
            && !part_of_word(at.checked_sub(1).and_then(|at| text.get(at)))
            && !part_of_word(text.get(at + name.len()))
    })
}

#[cfg(test)]
mod tests;
