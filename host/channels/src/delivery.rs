//! Delivering: what agents and the server say goes to the channel, each attempt journaled before it begins.

use crate::channels::Channels;
use crate::commands;
use crate::counters::CallKind;
use crate::progress;
use crate::serving::Serving;
use jackfield_router::{Command, Deliver, Failure, Id, Outcome, Previous, Reply, Status};
use jackfield_sandbox::{CallError, Called, Delivery, LineChange, LogLevel, Receipt};
use jackfield_sequencer::{Commit, CommitError, Push, Stored};
use jackfield_spec::{Direction, ErrorInfo, Kind, Message, WorkItemInfo};
use serde_json::json;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The catalogue's code of a request that the channel may have got, or not.
const MAYBE_SENT: &str = "maybe-sent";

/// Pauses while the journal can't be written.
const FIRST_WAIT: Duration = Duration::from_millis(500);
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// At most this much of a driver's text goes into a record.
fn cut(text: &str, characters: usize) -> String {
    text.chars().take(characters).collect()
}

fn failed(error: ErrorInfo) -> Outcome {
    if error.code == MAYBE_SENT {
        return Outcome::Lost { text: Some(cut(&error.text, 1_024)) };
    }
    Outcome::Failed {
        failure: Failure { code: cut(&error.code, 128), text: Some(cut(&error.text, 1_024)) },
        retry_after_ms: error.retry_after_ms.map(u64::from),
    }
}

/// What an attempt came to.
struct Attempted {
    commit: Commit,
    outcome: Outcome,
    /// The channel's ids of what was sent.
    ids: Vec<String>,
    /// What is to be done to connections.
    lines: Vec<LineChange>,
}

impl Channels {
    /// Carries out one delivery. Everything that can go wrong becomes its outcome; an effect that can't even begin
    /// (the channel is paused, the journal is down) stays outstanding and is released again.
    pub(crate) async fn deliver(&self, deliver: Deliver) {
        let Some(serving) = self.serving(&deliver.channel) else {
            tracing::warn!(channel = %deliver.channel, message = %deliver.message_id, "a message waits for a channel that is not configured");
            return;
        };
        if serving.is_paused() {
            return;
        }
        let attempt = Command::Attempt { message_id: deliver.message_id.clone() };
        let Ok(_turn) = serving.kept.deliveries.acquire().await else { return };
        if serving.is_paused() {
            return;
        }
        let (attempt, previous) = match self.persist(attempt).await {
            Ok(Reply::Attempting { attempt, previous }) => (attempt, previous),
            // Done by another way meanwhile.
            Ok(_) => return,
            Err(error) => return tracing::error!(message = %deliver.message_id, "a delivery could not begin: {error}"),
        };
        let Attempted { mut commit, outcome, ids, lines } = self.attempt(&serving, &deliver, attempt, previous).await;
        // The server's own notifications have no stored message that an id could belong to.
        if deliver.notification.is_none() {
            commit.external_ids = ids.into_iter().map(|id| (deliver.message_id.to_string(), id)).collect();
        }
        let is_over = matches!(outcome, Outcome::Receipt { .. });
        commit.ends = Some(Command::Delivered { message_id: deliver.message_id.clone(), attempt, outcome });
        if self.settle(&serving, commit).await {
            self.release_lines(&serving, lines);
        }
        if is_over {
            progress::forget(self.sequencer(), &deliver.message_id).await;
        }
    }

    /// One call of the driver, and what it came to.
    async fn attempt(&self, serving: &Arc<Serving>, deliver: &Deliver, attempt: u32, previous: Previous) -> Attempted {
        let nothing = |outcome| {
            let cause = CallKind::Deliver.name().to_owned();
            let commit = Commit { channel: serving.id.clone(), cause, ..Commit::default() };
            Attempted { commit, outcome, ids: Vec::new(), lines: Vec::new() }
        };
        let Some(live) = serving.live() else {
            let error = ErrorInfo::new("unavailable", "the channel's driver is not loaded");
            return nothing(failed(error));
        };
        let generation = &live.generation;
        let message = match self.message_of(serving, deliver).await {
            Ok(message) => message,
            Err(error) => return nothing(failed(error)),
        };
        if !generation.driver().descriptor().understands(&message.interaction.name) {
            return nothing(Outcome::NotSupported);
        }
        let asked = message.clone();
        let delivery = Delivery {
            message,
            attempt,
            idempotency_key: deliver.message_id.to_string(),
            previous: previous.name().to_owned(),
            progress: progress::read(self.sequencer(), &deliver.message_id),
        };
        let started = Instant::now();
        let called = generation.deliver(delivery).await;
        self.count(serving, &live, CallKind::Deliver, started, called.as_ref().err());
        if called.as_ref().is_err_and(|failed| failed.error.is_crash()) {
            self.blame(serving, &live);
            self.crashed(serving);
        }
        match called {
            Ok(Called { output, mut transaction }) => {
                let aside = std::mem::take(&mut transaction.set_aside);
                let lines = std::mem::take(&mut transaction.lines);
                if let Err(error) = self.set_aside(serving, aside).await {
                    self.complain(serving, &format!("what the driver set aside with a delivery is lost: {error}"));
                }
                match self.commit_of(serving, CallKind::Deliver, transaction) {
                    // It can't be run again once something went out, so its own writes win over what changed meanwhile.
                    Ok(mut commit) => {
                        let pushed = match &output {
                            jackfield_sandbox::Outcome::Reply(reply) => {
                                self.answered(serving, &asked, (**reply).clone())
                            }
                            jackfield_sandbox::Outcome::Receipt(receipt) => {
                                self.conversation_known(serving, &asked, receipt)
                            }
                            _ => None,
                        };
                        commit.pushes.extend(pushed);
                        let (outcome, ids) = self.outcome(serving, output);
                        Attempted { commit: Commit { reads: Default::default(), ..commit }, outcome, ids, lines }
                    }
                    Err(_) => nothing(Outcome::Lost { text: None }),
                }
            }
            Err(failed) => nothing(not_called(&failed.error)),
        }
    }

    fn outcome(&self, serving: &Serving, output: jackfield_sandbox::Outcome) -> (Outcome, Vec<String>) {
        use jackfield_sandbox::Outcome as Said;
        match output {
            Said::Receipt(receipt) => (self.receipt(serving, &receipt), receipt.external_ids),
            Said::Reply(_) => (Outcome::Receipt { external_keys: Vec::new(), status: Status::Sent }, Vec::new()),
            Said::Later => (Outcome::Later, Vec::new()),
            Said::Failure(error) => {
                self.say(&serving.id, LogLevel::Warn, &format!("a delivery failed: {}: {}", error.code, error.text));
                (failed(error), Vec::new())
            }
        }
    }

    /// What a driver answered to a command that an agent waits on, as a message of the same work item.
    fn answered(&self, serving: &Serving, asked: &Message, mut reply: Message) -> Option<Push> {
        if !commands::is_answered(asked.interaction.kind, &asked.interaction.name) {
            return None;
        }
        reply.work_item = asked.work_item.clone();
        reply.interaction.in_reply_to = asked.interaction.tracking_id.clone();
        // Of a command that is tried again there is one answer.
        let event_id = asked.id.as_ref().map(|id| format!("{id}/reply"));
        reply.event_id = reply.event_id.or(event_id);
        self.push_of(serving, reply)
    }

    /// Where sending began a conversation, its true key: the item answers for it from now on.
    fn conversation_known(&self, serving: &Serving, asked: &Message, receipt: &Receipt) -> Option<Push> {
        let known = receipt.conversation.as_ref()?;
        let item = asked.work_item.as_ref().filter(|item| item.conversation != *known)?;
        let mut merge = Message::new(asked.media_type.as_str(), Kind::Command, "work-item.merge");
        merge.interaction.arguments = json!({ "fromConversation": item.conversation, "toConversation": known });
        merge.driver = asked.driver.clone();
        merge.cause = asked.id.clone();
        merge.event_id = asked.id.as_ref().map(|id| format!("{id}/conversation"));
        merge.work_item = Some(WorkItemInfo { conversation: known.clone(), ..item.clone() });
        self.push_of(serving, merge)
    }

    /// A message that a delivery brought, if it keeps the specification.
    fn push_of(&self, serving: &Serving, message: Message) -> Option<Push> {
        if let Err(invalid) = jackfield_spec::validate::validate(&message) {
            let text = format!("what a delivery brought is dropped, it breaks the specification: {invalid}");
            self.say(&serving.id, LogLevel::Error, &text);
            return None;
        }
        let stored = Stored::new(self.sequencer().keys(), &serving.id, Direction::Inbound, self.now(), message).ok()?;
        Some(Push { stored, route: None })
    }

    fn receipt(&self, serving: &Serving, receipt: &Receipt) -> Outcome {
        let keys = self.sequencer().keys();
        let key = |id: &String| Id::from(hex::encode(keys.external(&serving.id, id)));
        let status = match receipt.status.as_str() {
            "delivered" => Status::Delivered,
            "read" => Status::Read,
            _ => Status::Sent,
        };
        Outcome::Receipt { external_keys: receipt.external_ids.iter().map(key).collect(), status }
    }

    /// Commits an outcome. What the driver pushed beside it may be refused; that the attempt ended may not get lost.
    /// False: the server is stopping, and it could not be.
    async fn settle(&self, serving: &Serving, commit: Commit) -> bool {
        let bare = Commit {
            channel: commit.channel.clone(),
            cause: commit.cause.clone(),
            external_ids: commit.external_ids.clone(),
            ends: commit.ends.clone(),
            ..Commit::default()
        };
        let mut next = commit;
        let mut wait = FIRST_WAIT;
        loop {
            match self.commit(serving, next.clone()).await {
                Ok(_) => return true,
                Err(error @ (CommitError::TooLarge | CommitError::Conflict { .. })) => {
                    self.say(
                        &serving.id,
                        LogLevel::Error,
                        &format!("what the driver pushed with a delivery is dropped: {error}"),
                    );
                    next = bare.clone();
                }
                Err(CommitError::Unavailable(_)) => {
                    tokio::time::sleep(wait).await;
                    wait = (wait * 2).min(LONGEST_WAIT);
                }
                // The attempt is journaled without its outcome: the next start shows it as unknown.
                Err(CommitError::Stopping) => return false,
            }
        }
    }

    /// Lets the router decide a command that may not get lost: waits until the journal can be written again.
    pub(crate) async fn persist(&self, command: Command) -> Result<Reply, CommitError> {
        let mut wait = FIRST_WAIT;
        loop {
            match self.sequencer().command(command.clone()).await {
                Err(CommitError::Unavailable(_)) => {
                    tokio::time::sleep(wait).await;
                    wait = (wait * 2).min(LONGEST_WAIT);
                }
                other => return other,
            }
        }
    }
}

/// What a failed call means for the message: only a call that never began surely sent nothing.
fn not_called(error: &CallError) -> Outcome {
    match error {
        CallError::Busy(_) | CallError::Settings(_) => failed(ErrorInfo::new("temporary", error.to_string())),
        CallError::NotExported(_) => Outcome::NotSupported,
        _ => Outcome::Lost { text: Some("the channel's driver failed while it sent".to_owned()) },
    }
}
