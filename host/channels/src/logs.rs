//! The channels' logs, written by a thread of their own so that nobody waits for them.

use jackfield_journal::{ChannelLog, LogLine};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};

/// Lines that may wait; beyond it lines are dropped and counted.
const QUEUE: usize = 8_192;
/// Lines written at once.
const BATCH: usize = 512;

/// Takes lines from anywhere. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Logs {
    lines: SyncSender<LogLine>,
    dropped: Arc<AtomicU64>,
}

impl Logs {
    /// Starts the thread.
    pub(crate) fn start(log: ChannelLog) -> std::io::Result<Self> {
        let (lines, receiver) = sync_channel(QUEUE);
        std::thread::Builder::new().name("channel-log".to_owned()).spawn(move || write(&log, &receiver))?;
        Ok(Self { lines, dropped: Arc::default() })
    }

    pub(crate) fn line(&self, line: LogLine) {
        match self.lines.try_send(line) {
            Ok(()) => {}
            Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => {
                // Said once for many: the server's own log must not drown as well.
                let dropped = self.dropped.fetch_add(1, Ordering::Relaxed);
                if dropped.is_multiple_of(10_000) {
                    tracing::warn!("drivers log faster than the disk takes; {} lines were dropped so far", dropped + 1);
                }
            }
        }
    }
}

fn write(log: &ChannelLog, lines: &Receiver<LogLine>) {
    while let Ok(first) = lines.recv() {
        let mut batch = vec![first];
        batch.extend(lines.try_iter().take(BATCH - 1));
        if let Err(error) = log.append(&batch) {
            tracing::warn!("lines of channels' logs were lost: {error}");
        }
    }
}
