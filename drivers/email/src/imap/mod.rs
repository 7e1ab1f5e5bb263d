//! A mailbox that is looked into, for those who have nothing else (RFC 9051, RFC 3501): now and then, and when it says
//! that there is something new (RFC 2177).

mod login;
mod poll;
mod response;
mod watch;

pub use poll::{TIMER, poll};
#[cfg(test)]
pub use response::{Response, Source};
pub use watch::{NEWS, Watcher};

/// A quoted string; what can't stand in one is left out.
fn quoted(text: &str) -> String {
    let clean: String = text.chars().filter(|letter| !letter.is_control()).collect();
    format!("\"{}\"", clean.replace('\\', "\\\\").replace('"', "\\\""))
}
