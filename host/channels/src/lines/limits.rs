//! How many connections there may be, and from whom.

use super::board::Board;
use jackfield_sandbox::Limit;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;

/// Crashes of the driver within [`BAR`] after which an address has to wait: whoever has found what kills the driver
/// must not use up the restarts of all.
const CRASHES: u32 = 3;
/// How long it has to, in milliseconds.
const BAR: u64 = 60_000;
/// Addresses remembered for that.
const REMEMBERED: usize = 1_024;

/// Who is here.
#[derive(Debug, Default)]
pub(super) struct Census {
    pub(super) opening: u32,
    pub(super) all: u32,
    by_address: HashMap<IpAddr, u32>,
    crashes: HashMap<IpAddr, (u32, u64)>,
}

impl Census {
    /// Notes that the driver crashed on a connection of this address.
    pub(super) fn crashed(&mut self, address: IpAddr, now: u64) {
        self.crashes.retain(|_, (_, last)| now.saturating_sub(*last) < BAR);
        if self.crashes.len() < REMEMBERED || self.crashes.contains_key(&address) {
            let (count, last) = self.crashes.entry(address).or_default();
            (*count, *last) = (count.saturating_add(1), now);
        }
    }

    fn is_barred(&self, address: IpAddr, now: u64) -> bool {
        let crashes = self.crashes.get(&address);
        crashes.is_some_and(|(count, last)| *count >= CRASHES && now.saturating_sub(*last) < BAR)
    }
}

/// A connection that was let in; counted until it is dropped.
pub struct Admission {
    pub(super) board: Arc<Board>,
    pub(super) address: Option<IpAddr>,
    is_opening: bool,
}

/// Why a connection was not let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refused {
    /// There are too many.
    Limit(Limit),
    /// The driver crashed on connections of this address.
    Barred,
}

impl Admission {
    /// Lets one more in, if there is room.
    pub(super) fn new(board: &Arc<Board>) -> Result<Self, Refused> {
        let limits = board.limits();
        let mut census = board.census.lock();
        if census.all >= limits.connections {
            return Err(Refused::Limit(Limit::Connections));
        }
        if census.opening >= limits.opening {
            return Err(Refused::Limit(Limit::ConnectionsOpening));
        }
        census.all += 1;
        census.opening += 1;
        Ok(Self { board: board.clone(), address: None, is_opening: true })
    }

    /// Tells whose it is, if that address may have another one.
    pub(super) fn of(&mut self, address: IpAddr, now: u64) -> Result<(), Refused> {
        let address = address.to_canonical();
        let most = self.board.limits().per_address;
        let mut census = self.board.census.lock();
        if census.is_barred(address, now) {
            return Err(Refused::Barred);
        }
        let count = census.by_address.entry(address).or_default();
        if *count >= most {
            return Err(Refused::Limit(Limit::ConnectionsPerAddress));
        }
        *count += 1;
        self.address = Some(address);
        Ok(())
    }

    /// Its peer has gone: what the driver still does with it is not the peer's concern.
    pub(super) fn peer_gone(&mut self) {
        let Some(address) = self.address.take() else { return };
        let mut census = self.board.census.lock();
        if let Some(count) = census.by_address.get_mut(&address) {
            *count -= 1;
            if *count == 0 {
                census.by_address.remove(&address);
            }
        }
    }

    /// It is open.
    pub(super) fn opened(&mut self) {
        if std::mem::take(&mut self.is_opening) {
            self.board.census.lock().opening -= 1;
        }
    }
}

impl Drop for Admission {
    fn drop(&mut self) {
        self.peer_gone();
        let mut census = self.board.census.lock();
        census.all -= 1;
        if self.is_opening {
            census.opening -= 1;
        }
    }
}
