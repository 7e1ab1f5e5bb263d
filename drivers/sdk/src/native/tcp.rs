//! See `tcp` in the specification. Here a function of the test's is the far end of every connection.

use core::cell::RefCell;

use crate::error::code;
use crate::native::{imports::secrets::join, with};
use crate::{Error, Piece};

/// An open connection: what the far end said and was not read yet.
pub struct Connection(RefCell<Vec<u8>>);

/// Connects, and takes what the far end says first.
///
/// # Errors
/// `denied` where the host has no far end.
pub fn connect(_url: &str, _timeout_ms: u32) -> Result<Connection, Error> {
    Ok(Connection(RefCell::new(say(&[])?)))
}

/// Ends it.
pub fn close(_connection: Connection) {}

impl Connection {
    /// What there is, up to `max` bytes; empty where there is nothing.
    ///
    /// # Errors
    /// None here.
    pub fn read(&self, max: u32, _timeout_ms: u32) -> Result<Vec<u8>, Error> {
        let mut waiting = self.0.borrow_mut();
        let count = waiting.len().min(max as usize);
        Ok(waiting.drain(..count).collect())
    }

    /// Writes, and takes the answer.
    ///
    /// # Errors
    /// No such secret or blob.
    pub fn write(&self, data: &[Piece], _timeout_ms: u32) -> Result<(), Error> {
        let data = with(|host| join(host, data))?;
        let answer = say(&data)?;
        self.0.borrow_mut().extend(answer);
        Ok(())
    }

    /// Nothing changes here.
    ///
    /// # Errors
    /// None here.
    pub fn start_tls(&self, _server_name: Option<&str>, _timeout_ms: u32) -> Result<(), Error> {
        Ok(())
    }
}

fn say(data: &[u8]) -> Result<Vec<u8>, Error> {
    let Some(mut answer) = with(|host| host.tcp.take()) else {
        return Err(Error::new(code::DENIED, "no grant: add `grants = { tcp = [\"host:port\"] }` to the channel"));
    };
    let said = answer(data);
    with(|host| host.tcp = Some(answer));
    Ok(said)
}
