//! A mailbox that is looked into, for those who have nothing else (RFC 9051, RFC 3501).

mod poll;
mod response;

pub use poll::{TIMER, poll};
#[cfg(test)]
pub use response::{Response, Source};
