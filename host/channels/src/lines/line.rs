//! One connection as everybody but its own task sees it: its queue, and how much waits to be written.

use crate::live::Live;
use jackfield_sandbox::LineDeed;
use parking_lot::Mutex;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;
use tokio::sync::mpsc;

/// Addresses that one connection may be bound to.
const BOUND: usize = 64;

/// What a connection's task is to do.
pub(super) enum Order {
    /// What a handler asked for.
    Deed(LineDeed),
    /// The host wants it to end within this time.
    Drain(Duration),
}

/// A connection that is there, or is being opened.
pub(super) struct Line {
    pub(super) id: String,
    /// What serves it.
    pub(super) live: Arc<Live>,
    orders: mpsc::UnboundedSender<Order>,
    unsent: AtomicUsize,
    /// A write was refused since the driver was last told that there is room.
    refused: AtomicBool,
    pub(super) bound: Mutex<Vec<String>>,
}

impl Line {
    pub(super) fn new(id: String, live: Arc<Live>) -> (Arc<Self>, mpsc::UnboundedReceiver<Order>) {
        let (orders, queue) = mpsc::unbounded_channel();
        let line = Self {
            id,
            live,
            orders,
            unsent: AtomicUsize::new(0),
            refused: AtomicBool::new(false),
            bound: Mutex::default(),
        };
        (Arc::new(line), queue)
    }

    pub(super) fn order(&self, order: Order) {
        if let Order::Deed(LineDeed::Write { data, .. }) = &order {
            self.waits(data.len());
        }
        // A task that is gone has no use for it.
        let _ = self.orders.send(order);
    }

    /// Bytes that wait to be written.
    pub(super) fn unsent(&self) -> usize {
        self.unsent.load(Ordering::Relaxed)
    }

    /// More waits than was ordered.
    pub(super) fn waits(&self, bytes: usize) {
        self.unsent.fetch_add(bytes, Ordering::Relaxed);
    }

    pub(super) fn sent(&self, bytes: usize) {
        self.unsent.fetch_sub(bytes, Ordering::Relaxed);
    }

    pub(super) fn refuse(&self) {
        self.refused.store(true, Ordering::Relaxed);
    }

    /// True once after a refusal, when no more than this waits.
    pub(super) fn has_room_again(&self, low: usize) -> bool {
        self.unsent() <= low && self.refused.swap(false, Ordering::Relaxed)
    }

    /// Notes an address; false if it has too many.
    pub(super) fn bind(&self, address: &str) -> bool {
        let mut bound = self.bound.lock();
        if bound.iter().any(|known| known == address) {
            return true;
        }
        if bound.len() >= BOUND {
            return false;
        }
        bound.push(address.to_owned());
        true
    }
}
