//! Logging in. The host puts in the password; it is never here.

use jackfield_sdk::{Piece, Result, host};

use super::quoted;
use crate::settings::MAILBOX_PASSWORD;

/// What answers the server's `+` to `AUTHENTICATE PLAIN`, without a line's end.
///
/// # Errors
/// The host has no such secret.
pub fn plain(user: &str) -> Result<Piece> {
    let pieces = [Piece::Text(format!("\0{user}\0")), Piece::Secret(MAILBOX_PASSWORD.into())];
    host::secrets::compose(&pieces, "base64").map(Piece::Secret)
}

/// The command for servers without AUTHENTICATE PLAIN, without tag and line's end.
///
/// # Errors
/// The host has no such secret.
pub fn login(user: &str) -> Result<[Piece; 2]> {
    // What quotes and backslashes are written as is the same in JSON.
    let encoded = host::secrets::compose(&[Piece::Secret(MAILBOX_PASSWORD.into())], "json-string")?;
    Ok([Piece::Text(format!("LOGIN {} ", quoted(user))), Piece::Secret(encoded)])
}
