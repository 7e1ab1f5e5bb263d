//! All connections of one channel.

use super::counters::{LineCounters, LineMetrics};
use super::limits::Census;
use super::line::{Line, Order};
use crate::live::Live;
use jackfield_config::LineLimits;
use jackfield_sandbox::{Connections, LineDeed, Listener};
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;
use uuid::Uuid;

/// Where a channel's lines end; kept whatever its config and its driver.
pub(crate) struct Board {
    limits: Mutex<LineLimits>,
    lines: Mutex<Lines>,
    pub(super) census: Mutex<Census>,
    pub(super) counters: LineCounters,
    listeners: Mutex<Vec<Listener>>,
    /// Told when a connection has gone.
    gone: Notify,
}

#[derive(Default)]
struct Lines {
    open: BTreeMap<String, Arc<Line>>,
    /// Those, and the ones that are being closed.
    alive: BTreeMap<String, Arc<Live>>,
    /// Connections by the addresses that they are bound to, in the order of binding.
    bound: BTreeMap<String, Vec<String>>,
}

impl Board {
    pub(crate) fn new(limits: LineLimits) -> Self {
        Self {
            limits: Mutex::new(limits),
            lines: Mutex::default(),
            census: Mutex::default(),
            counters: LineCounters::default(),
            listeners: Mutex::default(),
            gone: Notify::new(),
        }
    }

    pub(crate) fn set_limits(&self, limits: LineLimits) {
        *self.limits.lock() = limits;
    }

    pub(super) fn limits(&self) -> LineLimits {
        self.limits.lock().clone()
    }

    /// What is listened on now.
    pub(crate) fn set_listeners(&self, listeners: Vec<Listener>) {
        *self.listeners.lock() = listeners;
    }

    pub(crate) fn metrics(&self) -> LineMetrics {
        let census = self.census.lock();
        self.counters.read(u64::from(census.all - census.opening), census.opening.into())
    }

    pub(super) fn enter(&self, line: Arc<Line>) {
        let mut lines = self.lines.lock();
        lines.alive.insert(line.id.clone(), line.live.clone());
        lines.open.insert(line.id.clone(), line);
    }

    /// It is there no more for the driver.
    pub(super) fn leave(&self, line: &Line) {
        let mut lines = self.lines.lock();
        lines.open.remove(&line.id);
        for address in std::mem::take(&mut *line.bound.lock()) {
            lines.unbind(&line.id, &address);
        }
    }

    /// All of it is over.
    pub(super) fn gone(&self, line: &Line) {
        self.lines.lock().alive.remove(&line.id);
        self.gone.notify_waiters();
    }

    /// Does at once what the board itself keeps, and hands the rest to the connection. One that has ended is passed over.
    pub(super) fn order(&self, connection: &str, deed: LineDeed) -> Result<(), &'static str> {
        let mut lines = self.lines.lock();
        let Some(line) = lines.open.get(connection).cloned() else { return Ok(()) };
        match deed {
            LineDeed::Bind(address) => {
                if !line.bind(&address) {
                    return Err("a connection may be bound to 64 addresses; one more was left out");
                }
                let bound = lines.bound.entry(address).or_default();
                if !bound.iter().any(|known| known == connection) {
                    bound.push(connection.to_owned());
                }
            }
            LineDeed::Unbind(address) => {
                line.bound.lock().retain(|bound| *bound != address);
                lines.unbind(connection, &address);
            }
            deed => line.order(Order::Deed(deed)),
        }
        Ok(())
    }

    /// Whether a generation has connections.
    pub(crate) fn has_any(&self, live: &Arc<Live>) -> bool {
        self.lines.lock().alive.values().any(|of| Arc::ptr_eq(of, live))
    }

    /// Asks the connections of a generation, or all, to end within a time.
    pub(crate) fn drain(&self, of: Option<&Arc<Live>>, within: Duration) {
        for line in self.lines.lock().open.values().filter(|line| of.is_none_or(|live| Arc::ptr_eq(&line.live, live))) {
            line.order(Order::Drain(within));
        }
    }

    /// Waits until the connections of a generation, or all, have gone.
    pub(crate) async fn ended(&self, of: Option<&Arc<Live>>) {
        loop {
            let mut gone = std::pin::pin!(self.gone.notified());
            // What goes between the look and the wait is heard.
            gone.as_mut().enable();
            let is_of = |found: &Arc<Live>| of.is_none_or(|live| Arc::ptr_eq(found, live));
            if !self.lines.lock().alive.values().any(is_of) {
                return;
            }
            gone.await;
        }
    }
}

impl Lines {
    fn unbind(&mut self, connection: &str, address: &str) {
        if let Some(bound) = self.bound.get_mut(address) {
            bound.retain(|known| known != connection);
            if bound.is_empty() {
                self.bound.remove(address);
            }
        }
    }
}

impl Connections for Board {
    fn listeners(&self) -> Vec<Listener> {
        self.listeners.lock().clone()
    }

    fn unsent(&self, connection: &str) -> Option<usize> {
        self.lines.lock().open.get(connection).map(|line| line.unsent())
    }

    fn most_unsent(&self) -> usize {
        self.limits.lock().unsent.to_usize()
    }

    fn refused(&self, connection: &str) {
        if let Some(line) = self.lines.lock().open.get(connection) {
            line.refuse();
        }
    }

    fn bound(&self, address: &str) -> Vec<String> {
        self.lines.lock().bound.get(address).cloned().unwrap_or_default()
    }

    fn new_id(&self) -> String {
        Uuid::now_v7().to_string()
    }
}
