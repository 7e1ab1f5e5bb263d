//! A generation that serves, on trial for its first minute, and its way out.

use crate::counters::{LATENCY_BUCKETS, Tally};
use jackfield_sandbox::Generation;
use parking_lot::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

/// A generation with what is known of it.
pub(crate) struct Live<G = Generation> {
    pub(crate) generation: G,
    /// Whose signature the driver carries.
    pub(crate) signer: Option<String>,
    /// Since when it serves, in milliseconds since 1970.
    pub(crate) since: u64,
    pub(crate) tally: Tally,
    /// The one before it, kept beside it while it is on trial.
    before: Mutex<Option<Arc<Self>>>,
    /// Those that it replaced without any difference, whose connections were left to them.
    alike: Mutex<Vec<Weak<Self>>>,
    /// It is to go: what is still given to it has to end soon.
    leaving: AtomicBool,
    crashes: AtomicU32,
    given_up: AtomicBool,
}

impl<G> Live<G> {
    pub(crate) fn new(generation: G, signer: Option<String>, since: u64) -> Self {
        Self {
            generation,
            signer,
            since,
            tally: Tally::default(),
            before: Mutex::default(),
            alike: Mutex::default(),
            leaving: AtomicBool::new(false),
            crashes: AtomicU32::new(0),
            given_up: AtomicBool::new(false),
        }
    }

    /// Takes the place of one that it does not differ from: that one's connections stay with it, and are drained with
    /// this one's.
    pub(crate) fn stand_for(&self, replaced: &Arc<Self>) {
        let mut alike = std::mem::take(&mut *replaced.alike.lock());
        alike.retain(|live| live.strong_count() > 0);
        alike.push(Arc::downgrade(replaced));
        self.alike.lock().extend(alike);
    }

    /// Whether any of those still has somebody on the line.
    pub(crate) fn is_any_alike(&self) -> bool {
        self.alike.lock().iter().any(|live| live.strong_count() > 0)
    }

    /// It is to go; tells who else goes with it.
    pub(crate) fn leave(&self) -> Vec<Arc<Self>> {
        self.leaving.store(true, Ordering::SeqCst);
        let alike = std::mem::take(&mut *self.alike.lock());
        let alike: Vec<_> = alike.iter().filter_map(Weak::upgrade).collect();
        alike.iter().for_each(|live| live.leaving.store(true, Ordering::SeqCst));
        alike
    }

    /// Whether it is to go.
    pub(crate) fn is_leaving(&self) -> bool {
        self.leaving.load(Ordering::SeqCst)
    }

    /// Gets ready for its trial beside the one that it is to replace, before it takes that one's place: whatever is given
    /// to it can be given to another one, from the first call on. Of two that are on trial only the one that has proved
    /// itself is of use. `is_alike`: they are the same, and this one's trial is the other's.
    pub(crate) fn stand_beside(&self, replaced: &Arc<Self>, is_alike: bool) {
        let earlier = replaced.before();
        let beside = match earlier {
            earlier if is_alike => earlier,
            Some(earlier) if !replaced.is_proven() => Some(earlier),
            _ => Some(replaced.clone()),
        };
        *self.before.lock() = beside;
    }

    /// It has taken that one's place. Tells which ones are not needed any more.
    pub(crate) fn took_over(&self, replaced: &Arc<Self>, is_alike: bool) -> Vec<Arc<Self>> {
        let earlier = replaced.pass();
        let mut beside = self.before.lock();
        match (&earlier, &*beside) {
            (Some(earlier), Some(beside)) if Arc::ptr_eq(earlier, beside) => vec![replaced.clone()],
            _ => {
                // That one's trial may have ended since, and who stood beside it is on the way out.
                *beside = (!is_alike).then(|| replaced.clone());
                earlier.into_iter().chain(is_alike.then(|| replaced.clone())).collect()
            }
        }
    }

    /// The one beside it while it is on trial.
    pub(crate) fn before(&self) -> Option<Arc<Self>> {
        self.before.lock().clone()
    }

    /// Ends the trial; tells which one is not needed any more.
    pub(crate) fn pass(&self) -> Option<Arc<Self>> {
        self.before.lock().take()
    }

    /// It answered and never crashed.
    fn is_proven(&self) -> bool {
        self.crashes.load(Ordering::Relaxed) == 0 && self.tally.ok() > 0
    }

    /// It crashed on its trial. True once: it has crashed too often, and is to be rolled back.
    pub(crate) fn crashed(&self, budget: u32) -> bool {
        let crashes = self.crashes.fetch_add(1, Ordering::Relaxed).saturating_add(1);
        crashes > budget && self.before.lock().is_some() && !self.given_up.swap(true, Ordering::Relaxed)
    }

    /// Milliseconds below which 99 of 100 of its calls were answered, as far as the buckets tell.
    pub(crate) fn p99(&self) -> Option<f64> {
        let counts = self.tally.buckets();
        let all: u64 = counts.iter().sum();
        let mut seen = 0;
        for (bound, count) in LATENCY_BUCKETS.iter().zip(&counts) {
            seen += count;
            if all > 0 && seen * 100 >= all * 99 {
                return Some(bound * 1_000.0);
            }
        }
        None
    }
}

impl Live {
    /// Waits until its calls have ended; cuts off what has not within this time. Tells how many were cut off.
    pub(crate) async fn drain(&self, deadline: Duration) -> usize {
        if tokio::time::timeout(deadline, self.generation.ended()).await.is_ok() {
            return 0;
        }
        let left = self.generation.running();
        self.generation.cut_off();
        self.generation.ended().await;
        left
    }
}

#[cfg(test)]
mod tests;
