//! Quarantine: what a driver could not be given without dying of it, or set aside itself. An operator looks at it,
//! replays it, or drops it; the channel goes on meanwhile.

use crate::channels::{Channels, Set};
use crate::own;
use crate::serving::Serving;
use bytes::Bytes;
use jackfield_sandbox::{Body, Failed, Header, LogLevel, Peer, Request};
use jackfield_sequencer::{Audit, CommitError};
use jackfield_spec::{Digest, Timestamp};
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use uuid::Uuid;

/// Where entries are kept, and their bytes.
const ENTRY: &str = "quarantine/";
const RAW: &str = "quarantine-raw/";
/// Bytes that all entries of a channel may have together.
const BYTES: usize = 64 << 20;
/// Characters kept of a text that a guest or the engine made.
const TEXT: usize = 16 << 10;

/// Something in quarantine, without its bytes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct QuarantineEntry {
    /// Its id.
    pub id: String,
    /// The channel that it came in by.
    pub channel: String,
    /// `request`, `timer`, or `set-aside`: the driver itself could not read it.
    pub kind: String,
    /// `name@version` of the driver that failed last.
    pub driver: String,
    /// SHA-256 of that driver.
    pub driver_digest: Option<Digest>,
    /// When it was put here.
    pub at: Timestamp,
    /// When it came in.
    pub received_at: Timestamp,
    /// Why it is here: the trap, or what the driver said.
    pub reason: String,
    /// The driver's functions at the trap, by name where the component has names.
    pub backtrace: Option<String>,
    /// The last lines that the driver logged.
    pub log: Vec<String>,
    /// Of a request.
    pub method: Option<String>,
    /// Of a request, as it was called.
    pub url: Option<String>,
    /// Of a request, in order; a byte that is no ASCII stands as the Unicode character of its number.
    pub headers: Vec<(String, String)>,
    /// Who sent a request.
    pub peer: Option<String>,
    /// Of a timer.
    pub timer: Option<String>,
    /// Bytes of the body, payload or entry.
    pub size: usize,
    /// Digest by which the same is known again.
    pub fingerprint: Digest,
}

/// What is in quarantine, as far as it has to be at hand.
#[derive(Default)]
pub(crate) struct Quarantine(Mutex<BTreeMap<String, Known>>);

struct Known {
    channel: String,
    fingerprint: Digest,
    size: usize,
}

impl Quarantine {
    fn know(&self, entry: &QuarantineEntry) {
        let known = Known { channel: entry.channel.clone(), fingerprint: entry.fingerprint, size: entry.size };
        self.0.lock().insert(entry.id.clone(), known);
    }

    /// Entries and bytes of a channel.
    pub(crate) fn usage(&self, channel: &str) -> (usize, usize) {
        let known = self.0.lock();
        let of = known.values().filter(|known| known.channel == channel);
        of.fold((0, 0), |(count, bytes), known| (count + 1, bytes + known.size))
    }

    fn find(&self, channel: &str, fingerprint: &Digest) -> Option<String> {
        let known = self.0.lock();
        let same = |(_, known): &(&String, &Known)| known.channel == channel && known.fingerprint == *fingerprint;
        known.iter().find(same).map(|(id, _)| id.clone())
    }
}

/// Why something could not be replayed.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// Nothing of this id.
    #[error("there is nothing of this id in quarantine")]
    Unknown,
    /// The driver set it aside itself.
    #[error("the driver set this aside as one entry of a batch: it can be looked at and dropped, not replayed")]
    SetAside,
    /// The channel is not there, or not served.
    #[error("the channel `{0}` is not served now; see `jackfield channel list`")]
    NotServed(String),
    /// The driver failed again.
    #[error("the driver failed again, it stays in quarantine: {0}")]
    Again(String),
    /// The journal.
    #[error(transparent)]
    Commit(#[from] CommitError),
    /// The journal's rows.
    #[error(transparent)]
    Journal(#[from] jackfield_journal::Error),
}

fn cut(text: &str) -> String {
    text.chars().take(TEXT).collect()
}

/// By which the same request is known again: senders repeat method, address and body, but not all headers.
pub(crate) fn fingerprint(request: &Request) -> Digest {
    let body = match &request.body {
        Body::Bytes(bytes) => Digest::of(bytes),
        Body::Blob(blob) => *blob,
    };
    Digest::of(format!("{}\n{}\n{body}", request.method, request.url).as_bytes())
}

/// Why a call failed, without where: the functions stand beside it.
pub(crate) fn reason(failed: &Failed) -> String {
    let text = failed.to_string();
    let what = text.lines().next().unwrap_or_default();
    cut(what.split("; error while executing").next().unwrap_or(what))
}

impl QuarantineEntry {
    fn new(serving: &Serving, kind: &str, now: Timestamp, fingerprint: Digest, size: usize) -> Self {
        let driver = serving.live().map(|live| live.generation.driver().clone());
        Self {
            id: Uuid::now_v7().to_string(),
            channel: serving.id.clone(),
            kind: kind.to_owned(),
            driver: driver.as_ref().map(jackfield_sandbox::Driver::name_and_version).unwrap_or_default(),
            driver_digest: driver.as_ref().map(jackfield_sandbox::Driver::digest),
            at: now,
            received_at: now,
            reason: String::new(),
            backtrace: None,
            log: Vec::new(),
            method: None,
            url: None,
            headers: Vec::new(),
            peer: None,
            timer: None,
            size,
            fingerprint,
        }
    }

    fn failed(self, failed: &Failed) -> Self {
        Self {
            reason: reason(failed),
            backtrace: failed.backtrace.as_deref().map(cut),
            log: failed.log.clone(),
            ..self
        }
    }

    /// The request as it came.
    fn request(&self, raw: Vec<u8>) -> Request {
        let byte = |char: char| u8::try_from(u32::from(char)).unwrap_or(b'?');
        let header = |(name, value): &(String, String)| Header {
            name: name.clone(),
            value: value.chars().map(byte).collect::<Bytes>(),
        };
        let address = self.peer.clone().unwrap_or_default();
        Request {
            method: self.method.clone().unwrap_or_default(),
            url: self.url.clone().unwrap_or_default(),
            headers: self.headers.iter().map(header).collect(),
            body: Body::Bytes(raw.into()),
            peer: Peer { local: address.clone(), address, proxied: false },
            received_at: self.received_at,
        }
    }
}

/// What a request is put aside as: its entry and its body.
fn of_request(
    serving: &Serving,
    request: &Request,
    failed: &Failed,
    now: Timestamp,
) -> Option<(QuarantineEntry, Vec<u8>)> {
    // Bodies that went into the blob store are larger than what is kept here.
    let Body::Bytes(body) = &request.body else { return None };
    let text = |header: &Header| header.value.iter().map(|byte| char::from(*byte)).collect();
    let entry = QuarantineEntry {
        received_at: request.received_at,
        method: Some(request.method.clone()),
        url: Some(request.url.clone()),
        headers: request.headers.iter().map(|header| (header.name.clone(), text(header))).collect(),
        peer: Some(request.peer.address.clone()),
        ..QuarantineEntry::new(serving, "request", now, fingerprint(request), body.len()).failed(failed)
    };
    Some((entry, body.to_vec()))
}

impl Channels {
    /// Knows again what was put into quarantine in earlier runs.
    pub(crate) fn recall_quarantine(&self, set: &Set) -> Result<(), jackfield_journal::Error> {
        for entry in own::all::<QuarantineEntry>(self.sequencer(), ENTRY)?.values() {
            self.inner().quarantine.know(entry);
            if let Some(serving) = set.serving.get(&entry.channel) {
                serving.kept.kills.quarantined(&entry.fingerprint, entry.at.millis());
            }
        }
        Ok(())
    }

    /// Whether the channel's quota has room for so much more.
    pub(crate) fn has_room(&self, serving: &Serving, entries: usize, bytes: usize) -> bool {
        let (count, used) = self.inner().quarantine.usage(&serving.id);
        count + entries <= serving.config.limits.quarantine as usize && used + bytes <= BYTES
    }

    /// Puts a request aside that killed its driver often enough. False: there is no room, or it can't be written.
    pub(crate) async fn quarantine_request(&self, serving: &Serving, request: &Request, failed: &Failed) -> bool {
        let Some((entry, body)) = of_request(serving, request, failed, self.now()) else { return false };
        self.put_aside(serving, vec![(entry, body)]).await.unwrap_or(false)
    }

    /// The same for a timer.
    pub(crate) async fn quarantine_timer(
        &self,
        serving: &Serving,
        name: &str,
        payload: &[u8],
        failed: &Failed,
    ) -> bool {
        let fingerprint = timer_fingerprint(name, payload);
        let entry = QuarantineEntry {
            timer: Some(name.to_owned()),
            ..QuarantineEntry::new(serving, "timer", self.now(), fingerprint, payload.len()).failed(failed)
        };
        self.put_aside(serving, vec![(entry, payload.to_vec())]).await.unwrap_or(false)
    }

    /// Puts aside what a driver could not read; durable before what it did read is.
    ///
    /// # Errors
    /// The journal can't be written.
    pub(crate) async fn set_aside(&self, serving: &Serving, aside: Vec<(Vec<u8>, String)>) -> Result<(), CommitError> {
        if aside.is_empty() {
            return Ok(());
        }
        let entry = |(raw, reason): (Vec<u8>, String)| {
            let entry = QuarantineEntry::new(serving, "set-aside", self.now(), Digest::of(&raw), raw.len());
            (QuarantineEntry { reason: cut(&reason), ..entry }, raw)
        };
        if !self.put_aside(serving, aside.into_iter().map(entry).collect()).await? {
            self.complain(
                serving,
                "the quarantine is full: what the driver set aside is lost; raise limits.quarantine",
            );
        }
        Ok(())
    }

    async fn put_aside(
        &self,
        serving: &Serving,
        entries: Vec<(QuarantineEntry, Vec<u8>)>,
    ) -> Result<bool, CommitError> {
        let quarantine = &self.inner().quarantine;
        let is_new = |entry: &QuarantineEntry| quarantine.find(&serving.id, &entry.fingerprint).is_none();
        let entries: Vec<_> = entries.into_iter().filter(|(entry, _)| is_new(entry)).collect();
        if !self.has_room(serving, entries.len(), entries.iter().map(|(entry, _)| entry.size).sum()) {
            serving.counters().quarantine_full.fetch_add(1, Ordering::Relaxed);
            return Ok(false);
        }
        let mut writes = own::Writes::new();
        let mut audit = Vec::new();
        let mut put = Vec::new();
        for (entry, raw) in entries {
            writes.insert(format!("{ENTRY}{}", entry.id), own::json(&entry));
            writes.insert(format!("{RAW}{}", entry.id), Some(raw));
            audit.push(self.audit("server", "quarantine.added", &entry));
            put.push(entry);
        }
        if put.is_empty() {
            return Ok(true);
        }
        own::write(self.sequencer(), writes, audit).await?;
        for entry in put {
            let text = format!("a {} went into quarantine as {}: {}", entry.kind, entry.id, entry.reason);
            tracing::warn!(channel = serving.id, "{text}");
            self.say(&serving.id, LogLevel::Warn, &text);
            serving.counters().quarantined.fetch_add(1, Ordering::Relaxed);
            serving.kept.kills.quarantined(&entry.fingerprint, entry.at.millis());
            quarantine.know(&entry);
        }
        Ok(true)
    }

    fn audit(&self, by: &str, action: &str, entry: &QuarantineEntry) -> Audit {
        Audit {
            by: by.to_owned(),
            action: action.to_owned(),
            subject: entry.id.clone(),
            // The reason may quote what a customer wrote: it stays with the entry, which can be dropped.
            detail: format!("{} of the channel {}", entry.kind, entry.channel),
        }
    }

    /// Entries after an id, by id, which is the order in which they were put here.
    ///
    /// # Errors
    /// The journal can't be read.
    pub fn quarantine(
        &self,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<QuarantineEntry>, jackfield_journal::Error> {
        let after = after.map(|after| format!("{ENTRY}{after}"));
        let found = own::page(self.sequencer(), ENTRY, after.as_deref(), limit)?;
        Ok(found.iter().filter_map(|(_, value)| serde_json::from_slice(value).ok()).collect())
    }

    /// One entry, with its bytes.
    ///
    /// # Errors
    /// The journal can't be read.
    pub fn quarantined(&self, id: &str) -> Result<Option<(QuarantineEntry, Vec<u8>)>, jackfield_journal::Error> {
        let Some(entry) = own::get(self.sequencer(), &format!("{ENTRY}{id}"))? else { return Ok(None) };
        let Ok(entry) = serde_json::from_slice(&entry) else { return Ok(None) };
        Ok(Some((entry, own::get(self.sequencer(), &format!("{RAW}{id}"))?.unwrap_or_default())))
    }

    /// Gives an entry to the channel's driver again; taken in, it leaves the quarantine. What the driver answered: an
    /// HTTP status.
    ///
    /// # Errors
    /// [`ReplayError`]; then it stays.
    pub async fn replay_quarantined(&self, id: &str, by: &str) -> Result<u16, ReplayError> {
        let (entry, raw) = self.quarantined(id)?.ok_or(ReplayError::Unknown)?;
        let not_served = || ReplayError::NotServed(entry.channel.clone());
        let serving = self.serving(&entry.channel).filter(|serving| serving.live().is_some()).ok_or_else(not_served)?;
        let status = match entry.kind.as_str() {
            "request" => {
                let request = entry.request(raw);
                let answer = self.take(&serving, &request, Some(request.received_at)).await;
                answer.map_err(|error| ReplayError::Again(error.to_string()))?.status
            }
            "timer" => {
                let done = self.replay_timer(&serving, entry.timer.as_deref().unwrap_or_default(), raw).await;
                done.map_err(ReplayError::Again)?;
                200
            }
            _ => return Err(ReplayError::SetAside),
        };
        // A refusal of the driver's is an answer, but nothing was taken in: it can be tried with another version.
        if status >= 400 {
            return Err(ReplayError::Again(format!("it answers {status}")));
        }
        self.remove(&serving, &entry, "quarantine.replayed", by).await?;
        Ok(status)
    }

    /// Drops an entry for good; false if there is none.
    ///
    /// # Errors
    /// The journal can't be read or written.
    pub async fn drop_quarantined(&self, id: &str, by: &str) -> Result<bool, ReplayError> {
        let Some((entry, _)) = self.quarantined(id)? else { return Ok(false) };
        match self.serving(&entry.channel) {
            Some(serving) => self.remove(&serving, &entry, "quarantine.dropped", by).await?,
            None => self.forget(&entry, "quarantine.dropped", by).await?,
        }
        Ok(true)
    }

    async fn remove(
        &self,
        serving: &Arc<Serving>,
        entry: &QuarantineEntry,
        action: &str,
        by: &str,
    ) -> Result<(), CommitError> {
        self.forget(entry, action, by).await?;
        serving.kept.kills.forget(&entry.fingerprint);
        self.say(&serving.id, LogLevel::Info, &format!("{action} {} by {by}", entry.id));
        Ok(())
    }

    async fn forget(&self, entry: &QuarantineEntry, action: &str, by: &str) -> Result<(), CommitError> {
        let id = &entry.id;
        let writes = own::Writes::from([(format!("{ENTRY}{id}"), None), (format!("{RAW}{id}"), None)]);
        own::write(self.sequencer(), writes, vec![self.audit(by, action, entry)]).await?;
        self.inner().quarantine.0.lock().remove(id);
        Ok(())
    }
}

/// By which the same timer is known again.
pub(crate) fn timer_fingerprint(name: &str, payload: &[u8]) -> Digest {
    Digest::of(format!("timer\n{name}\n{}", Digest::of(payload)).as_bytes())
}
