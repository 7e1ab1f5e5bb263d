//! The sequencer's loop: many jobs, one append, then the answers.

use crate::body::{Stored, readers_of};
use crate::commit::{AUDIT_DETAIL, Commit, CommitError, Committed, Landed, StoreWrite, TimerChange};
use crate::entry::{Entry, MessageEntry, StoreEntry};
use crate::handle::Shared;
use crate::job::{Job, Pending, Reached};
use crate::snapshotter::MakeSnapshot;
use crate::start::{Announcement, Outputs, rebuild};
use jackfield_journal::{Body, Journal, MAX_RECORD_BYTES, NewRecord, Row, Seq, digest_of};
use jackfield_router::{Command, Decision, Notice, Received, Reply, State, Status, StatusReport};
use jackfield_spec::{Digest, Direction, Message, Part, Timestamp, limits};
use serde_json::Value;
use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use uuid::Uuid;

/// Most jobs that are decided before one append: what a disk syncs in a few milliseconds.
const JOBS: usize = 512;
/// Record bytes after which a batch is appended; one more record still fits into the journal's batch.
const BATCH_BYTES: usize = MAX_RECORD_BYTES;
/// How often expired store entries are collected, in milliseconds; how many at once; how many records deletions stay.
const COLLECT_EVERY: u64 = 5_000;
const COLLECT: usize = 500;
const COLLECT_BEHIND: u64 = 100_000;
/// How long to wait before the journal is tried again after it failed.
const RETRY: Duration = Duration::from_millis(500);

pub(crate) struct Work {
    pub(crate) state: State,
    pub(crate) journal: Box<dyn Journal>,
    /// Makes a snapshot in this process.
    pub(crate) snapshot_here: MakeSnapshot,
    pub(crate) shared: Arc<Shared>,
    pub(crate) outputs: Outputs,
    pub(crate) last_snapshot: Seq,
    /// Bytes of the batch that could not be appended last.
    pub(crate) refused: usize,
    /// `Started` has been decided.
    pub(crate) begun: bool,
    /// When expired store entries were last collected, in milliseconds since 1970.
    pub(crate) collected: u64,
}

impl Work {
    /// Runs until it is told to stop or nobody can ask any more.
    pub(crate) async fn run(mut self, mut jobs: mpsc::Receiver<Job>) {
        let mut buffer = Vec::with_capacity(JOBS);
        loop {
            tokio::select! {
                received = jobs.recv_many(&mut buffer, JOBS) => {
                    if received == 0 {
                        break;
                    }
                }
                () = tokio::time::sleep(self.wait().unwrap_or_default()), if self.wait().is_some() => {}
            }
            let mut stop = None;
            if let Err(why) = self.writable() {
                for job in buffer.drain(..) {
                    match job {
                        Job::Stop(answer) => stop = Some(answer),
                        job => job.refuse(&self.state, &why),
                    }
                }
            }
            let mut pending = Pending::default();
            if self.shared.ready.load(Ordering::Relaxed) && self.is_due() {
                self.decide_into(&mut pending, &Command::Tick, |_| None);
            }
            for job in buffer.drain(..) {
                self.take(&mut pending, job, &mut stop);
                if pending.bytes >= BATCH_BYTES {
                    self.append(std::mem::take(&mut pending)).await;
                }
            }
            self.append(pending).await;
            if self.wants_snapshot() {
                self.snapshot();
            }
            self.collect_store();
            if let Some(answer) = stop {
                self.last_snapshot();
                drop(self.journal);
                let _ = answer.send(());
                return;
            }
        }
    }

    /// How long to wait for a job: until something is due, or the journal is to be tried again.
    fn wait(&self) -> Option<Duration> {
        if !self.shared.ready.load(Ordering::Relaxed) {
            return Some(RETRY);
        }
        // Before the router knows that the server has started, what became due meanwhile isn't its business.
        let due = if self.begun { self.state.next_due() } else { None };
        due.map(|due| Duration::from_millis(due.saturating_sub((self.shared.clock)())))
    }

    fn is_due(&self) -> bool {
        self.begun && self.state.next_due().is_some_and(|due| due <= (self.shared.clock)())
    }

    /// Sees whether a journal that failed can be written again. While it can't, nothing is decided: each decision would
    /// have to be undone, and readiness would wait for somebody to ask for one.
    fn writable(&mut self) -> Result<(), String> {
        if self.shared.ready.load(Ordering::Relaxed) {
            return Ok(());
        }
        self.journal.probe(self.refused).map_err(|error| error.to_string())?;
        tracing::info!("the journal can be written again");
        self.shared.ready.store(true, Ordering::Relaxed);
        Ok(())
    }

    fn take(&mut self, pending: &mut Pending, job: Job, stop: &mut Option<oneshot::Sender<()>>) {
        match job {
            Job::Commit(commit, answer) => {
                let result = self.commit(pending, *commit);
                pending.reached.push(Reached::Commit(answer, result));
            }
            Job::Command(command, body, answer) => {
                self.begun |= matches!(*command, Command::Started);
                let reply = self.decide_into(pending, &command, |reply| match (reply, body) {
                    // A repeated command has the first one's answer, and no new body.
                    (Reply::Sending { message_id }, Some(stored)) if **message_id == *stored.id() => Some(stored),
                    (Reply::Opened { .. }, Some(stored)) => Some(stored),
                    _ => None,
                });
                pending.reached.push(Reached::Command(answer, reply));
            }
            Job::Read(look) => pending.reached.push(Reached::Read(look)),
            Job::Erasure { customer, items, by, answer } => {
                let seq = self.erasure(pending, customer, items, by);
                pending.reached.push(Reached::Erasure(answer, seq));
            }
            // These change nothing that decisions depend on, so they needn't wait for the append.
            Job::Erase(erase, answer) => drop(answer.send(self.journal.erase(&erase).map_err(unavailable))),
            Job::Retain(cut, answer) => drop(answer.send(self.retain(&cut))),
            Job::Snapshot => self.snapshot(),
            Job::Stop(answer) => *stop = Some(answer),
        }
    }

    /// Decides one command into a record of its own.
    fn decide_into(
        &mut self,
        pending: &mut Pending,
        command: &Command,
        body: impl FnOnce(&Reply) -> Option<Stored>,
    ) -> Reply {
        let now = (self.shared.clock)();
        let decision = jackfield_router::decide(&mut self.state, command, now);
        let mut entry = Entry { at: decision.at, ..Entry::of(command.kind()) };
        let mut rows = Vec::new();
        if !decision.events.is_empty()
            && let Some(stored) = body(&decision.reply)
            && !self.is_stored(pending, &stored)
        {
            let item = match (command, &decision.reply) {
                (Command::Agent { action: jackfield_router::Action::Send { work_item, .. }, .. }, _) => {
                    Some(work_item.to_string())
                }
                (_, Reply::Opened { item }) => Some(item.to_string()),
                _ => None,
            };
            let inbound = stored.message.direction == Some(Direction::Inbound);
            let record = pending.batch.records.len();
            self.message(pending, &mut entry, &mut rows, record, &stored, item, inbound);
            // The channel's driver is handed what the agent attached.
            let channel = stored.message.channel.clone().unwrap_or_default();
            entry.blobs = attachments(&stored.message);
            rows.extend(entry.blobs.iter().map(|blob| Row::BlobGrant { channel: channel.clone(), digest: blob.0 }));
        }
        let reply = self.collect(pending, &mut entry, &mut rows, decision);
        self.record(pending, entry, rows);
        reply
    }

    /// Whether a message's body is there already: a repeated command names the first one's.
    fn is_stored(&self, pending: &Pending, stored: &Stored) -> bool {
        pending.messages.contains_key(&stored.id()) || self.journal.has_message(&stored.id).unwrap_or(false)
    }

    /// Decides a handler call into one record, or refuses it before anything was decided.
    fn commit(&mut self, pending: &mut Pending, mut commit: Commit) -> Result<Committed, CommitError> {
        // Refused before anything is decided: one record that doesn't fit would fail the others of its batch.
        if commit.weight() > MAX_RECORD_BYTES / 4 * 3 {
            return Err(CommitError::TooLarge);
        }
        if let Some(key) = self.changed(pending, &commit)? {
            self.shared.counters.conflicts.fetch_add(1, Ordering::Relaxed);
            return Err(CommitError::Conflict { key });
        }
        let external_ids = self.known(std::mem::take(&mut commit.external_ids))?;
        let duplicates = self.duplicates(pending, &commit)?;
        let now = (self.shared.clock)().max(self.state.now());
        let mut entry = Entry {
            at: now,
            channel: Some(commit.channel.clone()),
            external_ids,
            blobs: commit.blobs.clone(),
            audit: std::mem::take(&mut commit.audit),
            ..Entry::of(&commit.cause)
        };
        for audit in &mut entry.audit {
            audit.detail = audit.detail.chars().take(AUDIT_DETAIL).collect();
        }
        let record = pending.batch.records.len();
        let mut rows = Vec::new();
        let mut landed = Vec::with_capacity(commit.pushes.len());
        for (push, duplicate) in commit.pushes.iter().zip(duplicates) {
            if duplicate {
                self.shared.counters.duplicates.fetch_add(1, Ordering::Relaxed);
                landed.push(Landed::Duplicate);
                continue;
            }
            let received =
                Command::Receive(Box::new(self.received(&push.stored, push.route.clone(), commit.simulated)));
            let decision = jackfield_router::decide(&mut self.state, &received, now);
            let work_item = match &decision.reply {
                Reply::Opened { item } | Reply::Joined { item } | Reply::Recorded { item: Some(item) } => {
                    Some(item.to_string())
                }
                _ => None,
            };
            let inbound = push.stored.message.direction == Some(Direction::Inbound);
            self.message(pending, &mut entry, &mut rows, record, &push.stored, work_item.clone(), inbound);
            self.collect(pending, &mut entry, &mut rows, decision);
            self.shared.counters.messages.fetch_add(1, Ordering::Relaxed);
            landed.push(Landed::New { work_item });
        }
        self.store(pending, &mut entry, &mut rows, record, &commit.channel, commit.writes);
        for change in commit.timers {
            let command = timer_command(&commit.channel, change);
            let decision = jackfield_router::decide(&mut self.state, &command, now);
            self.collect(pending, &mut entry, &mut rows, decision);
        }
        rows.extend(commit.blobs.iter().map(|blob| Row::BlobGrant { channel: commit.channel.clone(), digest: blob.0 }));
        rows.extend(entry.external_ids.iter().filter_map(|(message, external_id)| {
            let id = Uuid::try_parse(message).ok()?.into_bytes();
            Some(Row::MessageExternalId { id, external_id: external_id.clone() })
        }));
        let ended = commit.ends.map(|command| {
            let decision = jackfield_router::decide(&mut self.state, &command, now);
            self.collect(pending, &mut entry, &mut rows, decision)
        });
        self.record(pending, entry, rows);
        Ok(Committed { pushes: landed, ended })
    }

    /// The first key that was read and has changed since.
    fn changed(&self, pending: &Pending, commit: &Commit) -> Result<Option<String>, CommitError> {
        for (key, version) in &commit.reads {
            let place = (commit.channel.clone(), key.clone());
            let now = match pending.versions.get(&place) {
                Some(version) => *version,
                // A value that has expired keeps its version.
                None => self.journal.store_version(&commit.channel, key).map_err(unavailable)?,
            };
            if now != *version {
                return Ok(Some(key.clone()));
            }
        }
        Ok(None)
    }

    /// Which pushes were there already, in the journal, in this batch or twice in this call.
    fn duplicates(&self, pending: &mut Pending, commit: &Commit) -> Result<Vec<bool>, CommitError> {
        let mut own = HashSet::new();
        let mut found = Vec::with_capacity(commit.pushes.len());
        for push in &commit.pushes {
            let id = push.stored.id;
            let duplicate = !own.insert(id)
                || pending.new_ids.contains(&id)
                || self.journal.has_message(&id).map_err(unavailable)?;
            found.push(duplicate);
        }
        pending.new_ids.extend(own);
        Ok(found)
    }

    /// Those external ids whose message is stored: one that is not would fail the whole batch.
    fn known(&self, external_ids: Vec<(String, String)>) -> Result<Vec<(String, String)>, CommitError> {
        let mut known = Vec::with_capacity(external_ids.len());
        for (message, external_id) in external_ids {
            let Ok(id) = Uuid::try_parse(&message) else { continue };
            if self.journal.has_message(&id.into_bytes()).map_err(unavailable)? {
                known.push((message, external_id));
            }
        }
        Ok(known)
    }

    fn received(&self, stored: &Stored, route: Option<jackfield_router::Route>, simulated: bool) -> Received {
        let message = &stored.message;
        let arguments = &message.interaction.arguments;
        let text = |name: &str| arguments.get(name).and_then(Value::as_str).map(cut);
        let channel = message.channel.as_deref().unwrap_or_default();
        let priority = message.work_item.as_ref().and_then(|item| item.priority);
        // Two conversations became one: the one that ends finds the item, which then answers for the other one as well.
        let merged = |name: &str| {
            let conversation = arguments.get(name).and_then(Value::as_str)?;
            Some(jackfield_router::Id::from(hex::encode(self.shared.keys.conversation(channel, conversation))))
        };
        let merge = (message.interaction.name == "work-item.merge")
            .then(|| merged("fromConversation").zip(merged("toConversation")))
            .flatten();
        let (conversation, into) = match merge {
            Some((from, into)) => (from, Some(into)),
            None => (hex::encode(stored.conversation).into(), None),
        };
        let support_request = message.interaction.name == "support-request";
        Received {
            message_id: stored.id().into(),
            channel: channel.into(),
            conversation,
            into,
            customer: stored.customer.map(|key| hex::encode(key).into()),
            media_type: message.media_type.as_str().into(),
            support_request,
            preferred: message.agent.as_ref().filter(|_| support_request).map(|agent| agent.id.as_str().into()),
            automatic: message.attributes.get(jackfield_spec::AUTOMATIC).is_some_and(|said| said == "true"),
            tracked: message.interaction.tracking_id.is_some(),
            route,
            priority: priority.and_then(|priority| u16::try_from(priority.min(limits::PRIORITY)).ok()),
            status: (message.interaction.name == "message.status")
                .then(|| self.status_report(channel, message))
                .flatten(),
            reason: text("code").or_else(|| text("reason")),
            interaction: message.interaction.name.clone(),
            simulated,
        }
    }

    fn status_report(&self, channel: &str, message: &Message) -> Option<StatusReport> {
        let arguments = &message.interaction.arguments;
        let text = |name: &str| arguments.get(name).and_then(Value::as_str);
        let status = match text("status")? {
            "sent" => Status::Sent,
            "delivered" => Status::Delivered,
            "read" => Status::Read,
            "failed" => Status::Failed,
            _ => return None,
        };
        let up_to = text("upTo").and_then(|at| at.parse::<Timestamp>().ok()).map(Timestamp::millis);
        // A watermark is about no single message, also where the event itself has an id.
        let named = text("externalId").or_else(|| message.external_id.as_deref().filter(|_| up_to.is_none()));
        let message_id = message.cause.as_deref().map(Into::into);
        let error = (status == Status::Failed).then(|| jackfield_router::Failure {
            code: cut(text("code").unwrap_or("permanent")),
            text: text("text").map(cut),
        });
        let key = |id: &str| hex::encode(self.shared.keys.external(channel, id)).into();
        let external_keys: Vec<_> = named.map(key).into_iter().collect();
        let up_to = up_to.filter(|_| external_keys.is_empty());
        let about_something = !external_keys.is_empty() || up_to.is_some() || message_id.is_some();
        about_something.then_some(StatusReport { external_keys, message_id, up_to, status, error })
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "the places that one message goes to; a struct of them would be used here only"
    )]
    fn message(
        &self,
        pending: &mut Pending,
        entry: &mut Entry,
        rows: &mut Vec<Row>,
        record: usize,
        stored: &Stored,
        work_item: Option<String>,
        inbound: bool,
    ) {
        let id = stored.id();
        let channel = stored.message.channel.clone().unwrap_or_default();
        rows.push(Row::Message {
            id: stored.id,
            record,
            channel: channel.clone(),
            conversation: stored.conversation,
            work_item: work_item.as_deref().and_then(|item| Uuid::try_parse(item).ok()).map(Uuid::into_bytes),
            inbound,
            external_id: stored.message.external_id.clone(),
            body: stored.digest.0,
            customer: stored.customer,
            attachments: attachments(&stored.message).iter().map(|blob| blob.0).collect(),
            at: i64::try_from(entry.at).unwrap_or(i64::MAX),
        });
        // Who works on the item may read what stands in its messages.
        if let Some(item) = &work_item {
            let grant = |blob: Digest| Row::BlobGrant { channel: readers_of(item), digest: blob.0 };
            rows.extend(attachments(&stored.message).into_iter().map(grant));
        }
        entry.messages.push(MessageEntry {
            id: id.clone(),
            channel,
            conversation: hex::encode(stored.conversation),
            work_item,
            inbound,
            digest: stored.message.digest,
            body: stored.digest,
        });
        pending.batch.bodies.push(Body { digest: stored.digest.0, bytes: stored.body.clone() });
        pending.messages.insert(id, stored.message.clone());
    }

    fn store(
        &self,
        pending: &mut Pending,
        entry: &mut Entry,
        rows: &mut Vec<Row>,
        record: usize,
        channel: &str,
        writes: BTreeMap<String, Option<StoreWrite>>,
    ) {
        let version = self.journal.head() + record as Seq + 1;
        for (key, write) in writes {
            pending.versions.insert((channel.to_owned(), key.clone()), version);
            let channel = channel.to_owned();
            let value = write.as_ref().map(|write| Digest(digest_of(&write.value)));
            let hashed = hex::encode(self.shared.keys.store(&channel, &key));
            rows.push(match write {
                Some(write) => Row::StoreSet {
                    record,
                    channel,
                    key,
                    value: write.value,
                    expires_at: write.expires_at.map(|at| i64::try_from(at.millis()).unwrap_or(i64::MAX)),
                },
                None => Row::StoreDelete { record, channel, key },
            });
            entry.store.push(StoreEntry { key: hashed, value });
        }
    }

    /// Takes a decision's events into the record, and what is to be released after the append.
    pub(crate) fn collect(
        &self,
        pending: &mut Pending,
        entry: &mut Entry,
        rows: &mut Vec<Row>,
        decision: Decision,
    ) -> Reply {
        // From now on these are listed from the database; the state has forgotten them.
        rows.extend(decision.ended.iter().filter_map(|item| ended_row(item, decision.at)));
        entry.events.extend(decision.events);
        pending.notices.extend(decision.notices);
        pending.effects.extend(decision.effects);
        decision.reply
    }

    /// Puts a record into the batch; one with nothing in it is none.
    pub(crate) fn record(&self, pending: &mut Pending, entry: Entry, rows: Vec<Row>) {
        if entry.events.is_empty() && rows.is_empty() && entry.audit.is_empty() {
            return;
        }
        let payload = match serde_json::to_vec(&entry) {
            Ok(payload) => payload,
            // Maps with text keys and plain data: serde_json has nothing to refuse.
            Err(error) => unreachable!("a record is plain data: {error}"),
        };
        pending.bytes += payload.len();
        let at = i64::try_from(entry.at).unwrap_or(i64::MAX);
        pending.batch.rows.extend(rows);
        pending.batch.records.push(NewRecord { at, payload });
    }

    /// Appends what is pending; then answers, or tells all of them that nothing happened.
    async fn append(&mut self, pending: Pending) {
        let Pending { batch, reached, notices, effects, messages, .. } = pending;
        if !batch.records.is_empty() {
            let records = batch.records.len() as u64;
            let (head, size) = (self.journal.head(), batch.size());
            if let Err(error) = self.journal.append(head, batch) {
                tracing::error!("the journal could not be written; what was being decided is undone: {error}");
                self.refused = size;
                self.undo().await;
                let why = error.to_string();
                for waiting in reached {
                    waiting.fail(&self.state, &why);
                }
                return;
            }
            self.shared.ready.store(true, Ordering::Relaxed);
            self.shared.counters.records.fetch_add(records, Ordering::Relaxed);
            self.shared.counters.batches.fetch_add(1, Ordering::Relaxed);
        }
        for notice in notices {
            let message = message_of(&notice).and_then(|id| messages.get(id).cloned());
            // Nobody listens while the server goes down; agents then begin with a snapshot.
            let _ = self.outputs.notices.send(Announcement { notice, message });
        }
        for effect in effects {
            // An effect that nobody takes stays in the state and is released at the next start.
            let _ = self.outputs.effects.send(effect);
        }
        for waiting in reached {
            waiting.release(&self.state);
        }
    }

    /// Throws the state away and makes it anew from what is durable.
    async fn undo(&mut self) {
        self.shared.counters.failures.fetch_add(1, Ordering::Relaxed);
        self.shared.ready.store(false, Ordering::Relaxed);
        loop {
            match rebuild(&*self.journal) {
                Ok((state, _)) => {
                    self.state = state;
                    // It fails again at once if nothing has changed: no faster than this.
                    tokio::time::sleep(RETRY).await;
                    return;
                }
                Err(error) => {
                    tracing::error!("the state can't be made from the journal, trying again: {error}");
                    tokio::time::sleep(RETRY).await;
                }
            }
        }
    }

    /// Lets go of store entries that have expired, a few at a time.
    fn collect_store(&mut self) {
        let now = (self.shared.clock)();
        if now < self.collected + COLLECT_EVERY {
            return;
        }
        self.collected = now;
        // Deletions are kept for as long as a call that read the key before could still be running.
        let before = self.journal.head().saturating_sub(COLLECT_BEHIND);
        if let Err(error) = self.journal.collect_store(i64::try_from(now).unwrap_or(i64::MAX), before, COLLECT) {
            tracing::warn!("expired store entries were not collected: {error}");
        }
    }
}

fn ended_row(item: &jackfield_router::WorkItem, at: u64) -> Option<Row> {
    let at = i64::try_from(at).unwrap_or(i64::MAX);
    let id = Uuid::try_parse(&item.id).ok()?.into_bytes();
    let json = serde_json::to_vec(item).ok()?;
    Some(Row::WorkItem { id, state: item.state.name().to_owned(), closed: true, json, at })
}

/// What goes into a record of a text that a guest made: the whole stands in the message's body.
fn cut(text: &str) -> String {
    text.chars().take(256).collect()
}

/// The blobs that a message carries.
fn attachments(message: &Message) -> Vec<Digest> {
    let blob = |part: &Part| match part {
        Part::Attachment(attachment) => attachment.blob,
        Part::Text(_) | Part::Structured(_) => None,
    };
    message.parts.iter().filter_map(blob).collect()
}

fn timer_command(channel: &str, change: TimerChange) -> Command {
    let channel = channel.into();
    match change {
        TimerChange::Set { name, due, payload } => {
            Command::SetTimer { channel, name: name.into(), due: due.millis(), payload }
        }
        TimerChange::Cancel { name } => Command::CancelTimer { channel, name: name.into() },
    }
}

/// The message that a notice is about.
fn message_of(notice: &Notice) -> Option<&str> {
    use jackfield_router::AgentEvent;
    match &notice.body {
        AgentEvent::OfferCreated { message_id, .. }
        | AgentEvent::MessageReceived { message_id, .. }
        | AgentEvent::MessageChanged { message_id, .. } => Some(message_id),
        _ => None,
    }
}

fn unavailable(error: jackfield_journal::Error) -> CommitError {
    CommitError::Unavailable(error.to_string())
}
