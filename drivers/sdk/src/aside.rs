//! What can't be read, or what the server won't have: put where the operator sees it, so that the rest goes on.

use crate::{Result, host};

/// What the operator is shown of it, in bytes: what the specification has room for.
const MAX_RAW: usize = 256 << 10;
/// What is said of it, in bytes.
const MAX_REASON: usize = 4 << 10;

/// Puts the beginning of an entry into quarantine, and says so in the channel's log.
///
/// # Errors
/// The host's: a call sets at most 100 aside.
pub fn set_aside(raw: &[u8], reason: &str) -> Result<()> {
    let reason = &reason[..reason.floor_char_boundary(MAX_REASON)];
    host::warn(&format!("set aside: {}", &reason[..reason.floor_char_boundary(500)]));
    host::server::set_aside(&raw[..raw.len().min(MAX_RAW)], reason)
}

#[cfg(test)]
mod tests {
    use super::set_aside;
    use crate::native::{self, Host};

    #[test]
    fn what_is_too_long_is_cut() {
        native::install(Host::new());
        set_aside(&vec![b'x'; 300 << 10], &"ä".repeat(3000)).expect("it has room");
        let (raw, reason) = native::with(|host| host.set_aside.remove(0));
        assert_eq!((raw.len(), reason.len()), (256 << 10, 4096));
        assert_eq!(native::with(|host| host.log.len()), 1);
    }
}
