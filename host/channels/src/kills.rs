//! Which messages killed their driver, and how often.

use jackfield_spec::Digest;
use parking_lot::Mutex;
use std::collections::BTreeMap;

/// So often a message may kill its driver before it goes to quarantine.
const KILLS: u32 = 3;
/// Messages remembered; the one that killed longest ago is forgotten first.
const REMEMBERED: usize = 1_024;

/// A channel's deadly messages, by a digest of what came in.
#[derive(Debug, Default)]
pub(crate) struct Kills(Mutex<BTreeMap<Digest, Kill>>);

#[derive(Debug, Clone, Copy)]
struct Kill {
    count: u32,
    last: u64,
    quarantined: bool,
}

impl Kills {
    /// Whether any message is remembered: as good as always none, and cheap to ask.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.lock().is_empty()
    }

    /// Whether it lies in quarantine.
    pub(crate) fn is_quarantined(&self, message: &Digest) -> bool {
        self.0.lock().get(message).is_some_and(|kill| kill.quarantined)
    }

    /// It killed. True: often enough.
    pub(crate) fn killed(&self, message: &Digest, now: u64) -> bool {
        let mut kills = self.0.lock();
        make_room(&mut kills, message);
        let kill = kills.entry(*message).or_insert(Kill { count: 0, last: now, quarantined: false });
        kill.count = kill.count.saturating_add(1);
        kill.last = now;
        kill.count >= KILLS
    }

    /// It lies in quarantine.
    pub(crate) fn quarantined(&self, message: &Digest, now: u64) {
        let mut kills = self.0.lock();
        make_room(&mut kills, message);
        kills.insert(*message, Kill { count: KILLS, last: now, quarantined: true });
    }

    /// It was taken in, replayed or dropped.
    pub(crate) fn forget(&self, message: &Digest) {
        self.0.lock().remove(message);
    }
}

fn make_room(kills: &mut BTreeMap<Digest, Kill>, message: &Digest) {
    if kills.len() >= REMEMBERED && !kills.contains_key(message) {
        let oldest = kills.iter().min_by_key(|(_, kill)| (kill.quarantined, kill.last)).map(|(digest, _)| *digest);
        if let Some(oldest) = oldest {
            kills.remove(&oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_third_kill_is_enough_and_one_message_is_not_another() {
        let kills = Kills::default();
        let (bad, other) = (Digest::of(b"bad"), Digest::of(b"other"));
        assert!(kills.is_empty());
        assert!(!kills.killed(&bad, 1) && !kills.killed(&bad, 2) && !kills.killed(&other, 2));
        assert!(kills.killed(&bad, 3));
        assert!(!kills.is_quarantined(&bad));
        kills.quarantined(&bad, 3);
        assert!(kills.is_quarantined(&bad) && !kills.is_quarantined(&other));
        kills.forget(&bad);
        assert!(!kills.is_quarantined(&bad) && !kills.killed(&bad, 4));
    }

    #[test]
    fn no_flood_of_deadly_messages_fills_the_memory_or_frees_a_quarantined_one() {
        let kills = Kills::default();
        let first = Digest::of(b"first");
        kills.quarantined(&first, 0);
        for number in 1..5_000u64 {
            kills.killed(&Digest::of(&number.to_be_bytes()), number);
        }
        assert_eq!(kills.0.lock().len(), REMEMBERED);
        assert!(kills.is_quarantined(&first));
    }
}
