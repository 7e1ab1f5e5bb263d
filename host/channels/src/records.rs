//! Records of handler calls: which channels keep them, and getting at them.

use crate::channels::{Channels, Set};
use crate::own;
use jackfield_records::{Keep, Record, Recorder, Summary};
use jackfield_sequencer::{Audit, CommitError};
use std::collections::{BTreeSet, VecDeque};

/// Bytes of one export; the oldest records are left out beyond it.
const EXPORT: usize = 64 << 20;

/// Why records can't be shown.
#[derive(Debug, thiserror::Error)]
pub enum RecordsError {
    /// They can't be read.
    #[error(transparent)]
    Records(#[from] jackfield_records::Error),
    /// That somebody looked could not be put on record.
    #[error(transparent)]
    Commit(#[from] CommitError),
    /// The thread that reads has ended early.
    #[error("the records could not be read: {0}")]
    Interrupted(#[from] tokio::task::JoinError),
}

/// Which records are exported: whole instances, so that each can be replayed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Which {
    /// All of the instance that has the record of this id.
    Of(String),
    /// The newest ones.
    Newest(usize),
}

fn keep(config: &jackfield_config::Channel) -> Keep {
    let limits = &config.limits;
    Keep {
        bytes: limits.record_bytes.0,
        calls: u64::from(limits.record_calls),
        time: limits.record_time,
        call_bytes: limits.record_call.to_usize(),
    }
}

impl Channels {
    /// Says which channels there are and how much is kept of each; what belongs to no channel goes.
    pub(crate) fn keep_records(&self, set: &Set) {
        let keys = self.sequencer().keys();
        let rule = |serving: &crate::serving::Serving| (keep(&serving.config), keys.record_key(&serving.id));
        let rules = set.serving.iter().map(|(id, serving)| (id.clone(), rule(serving)));
        self.inner().keeper.keep(rules.collect());
    }

    /// A channel's recorder, if it is recorded.
    pub(crate) fn recorder(&self, config: &jackfield_config::Channel) -> Option<Recorder> {
        config.record.then(|| self.inner().keeper.recorder(&config.id, &keep(config)))
    }

    /// Removes the records of all channels: a customer may stand in any of them. Blocks.
    ///
    /// # Errors
    /// [`RecordsError::Records`]; what is left goes when it is too old.
    pub fn forget_records(&self) -> Result<(), RecordsError> {
        let set = self.set();
        set.serving.keys().try_for_each(|id| self.inner().keeper.forget(id))?;
        Ok(())
    }

    /// A channel's records, newest first, those before the record `before`; none: there is no such channel.
    ///
    /// # Errors
    /// [`RecordsError`]
    pub async fn records(
        &self,
        channel: &str,
        before: Option<String>,
        limit: usize,
    ) -> Result<Option<Vec<Summary>>, RecordsError> {
        let Some(serving) = self.serving(channel) else { return Ok(None) };
        let (keeper, key) = (self.inner().keeper.clone(), self.sequencer().keys().record_key(channel));
        let read = move || {
            keeper.settle();
            let keep = keep(&serving.config).time;
            jackfield_records::summaries(keeper.root(), &serving.id, &key, keep, before.as_deref(), limit)
        };
        Ok(Some(tokio::task::spawn_blocking(read).await??))
    }

    /// Records in clear, oldest first, for the operator `by`; none: there is no such channel. Who did it is journaled.
    ///
    /// # Errors
    /// [`RecordsError`]
    pub async fn export_records(
        &self,
        channel: &str,
        which: Which,
        by: &str,
    ) -> Result<Option<Vec<Record>>, RecordsError> {
        let Some(serving) = self.serving(channel) else { return Ok(None) };
        let (keeper, key) = (self.inner().keeper.clone(), self.sequencer().keys().record_key(channel));
        let read = move || {
            keeper.settle();
            let (root, id, time) = (keeper.root(), &serving.id, keep(&serving.config).time);
            let mut wanted = BTreeSet::new();
            match &which {
                Which::Of(record) => jackfield_records::read_channel(root, id, &key, time, |found| {
                    if found.id == *record {
                        wanted.insert(found.instance);
                    }
                })?,
                Which::Newest(limit) => {
                    let newest = jackfield_records::summaries(root, id, &key, time, None, *limit)?;
                    wanted.extend(newest.into_iter().map(|summary| summary.instance));
                }
            }
            let (mut records, mut bytes) = (VecDeque::new(), 0);
            jackfield_records::read_channel(root, id, &key, time, |record| {
                if wanted.contains(&record.instance) {
                    let size = serde_json::to_vec(&record).map_or(0, |json| json.len());
                    bytes += size;
                    records.push_back((record, size));
                }
                while bytes > EXPORT
                    && let Some((_, size)) = records.pop_front()
                {
                    bytes -= size;
                }
            })?;
            Ok::<_, jackfield_records::Error>(records.into_iter().map(|(record, _)| record).collect::<Vec<_>>())
        };
        let records = tokio::task::spawn_blocking(read).await??;
        let audit = Audit {
            by: by.to_owned(),
            action: "channel.records-exported".to_owned(),
            subject: channel.to_owned(),
            detail: format!("{} records", records.len()),
        };
        own::write(self.sequencer(), own::Writes::new(), vec![audit]).await?;
        Ok(Some(records))
    }
}
