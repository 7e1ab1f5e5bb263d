//! Times as they stand in JSON.

use jackfield_spec::Timestamp;
use std::time::{SystemTime, UNIX_EPOCH};

/// So many milliseconds from now.
///
/// # Panics
/// The clock stands before 1970.
pub fn in_a_moment(millis: u64) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock after 1970");
    let now = u64::try_from(now.as_millis()).expect("milliseconds");
    Timestamp::from_millis(now + millis).expect("a time").to_string()
}
