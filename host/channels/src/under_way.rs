//! What is under way to drivers, counted so that the server can end in order.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use tokio::sync::Notify;

/// Counts what is under way.
#[derive(Debug, Default)]
pub(crate) struct UnderWay {
    draining: AtomicBool,
    count: AtomicUsize,
    ended: Notify,
}

/// One thing that is under way, until it is dropped.
pub(crate) struct Step<'a>(&'a UnderWay);

impl UnderWay {
    /// Begins one; none once the server is ending.
    pub(crate) fn enter(&self) -> Option<Step<'_>> {
        self.count.fetch_add(1, Ordering::SeqCst);
        let step = Step(self);
        if self.draining.load(Ordering::SeqCst) { None } else { Some(step) }
    }

    /// Lets nothing more begin and waits until nothing is under way.
    pub(crate) async fn drain(&self) {
        self.draining.store(true, Ordering::SeqCst);
        loop {
            let ended = self.ended.notified();
            if self.count.load(Ordering::SeqCst) == 0 {
                return;
            }
            ended.await;
        }
    }
}

impl Drop for Step<'_> {
    fn drop(&mut self) {
        if self.0.count.fetch_sub(1, Ordering::SeqCst) == 1 {
            self.0.ended.notify_one();
        }
    }
}
