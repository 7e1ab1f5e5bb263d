//! See `connections` in the specification. Here what a driver does to a connection is kept, for the test to look at.

use crate::error::code;
use crate::native::imports::secrets::join;
use crate::native::{Host, with};
use crate::{Error, Frame, Piece, Target};

/// Something that a driver did to a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Deed {
    /// Wrote bytes, secrets filled in.
    Write(Vec<u8>),
    /// Began TLS; outbound with the name that the certificate must have.
    StartTls(Option<String>),
    /// Closed it.
    Close,
}

/// A connection as the host in memory keeps it. Made by [`with_line`] (one that came in) or by `open`.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Line {
    /// What the driver did, in order.
    pub deeds: Vec<Deed>,
    /// What is to be written if a handler fails.
    pub last_words: Vec<u8>,
    /// The addresses that it is bound to, in order.
    pub bound: Vec<String>,
    /// Where `open` connected to; none for one that came in.
    pub target: Option<Target>,
    /// Writes are answered `quota`, as with 1 MiB unsent.
    pub is_full: bool,
}

impl Line {
    /// Whether the driver closed it.
    pub fn is_closed(&self) -> bool {
        self.deeds.contains(&Deed::Close)
    }
}

/// Makes a connection that came in, under this id, as the server does before `opened`.
pub fn with_line(connection: &str) {
    with(|host| host.lines.insert(connection.into(), Line::default()));
}

/// Takes what was done to a connection since the last look: the bytes written, one after the other.
pub fn take_written(connection: &str) -> Vec<u8> {
    let deeds = take_deeds(connection);
    let written = deeds.into_iter().filter_map(|deed| match deed {
        Deed::Write(bytes) => Some(bytes),
        Deed::StartTls(_) | Deed::Close => None,
    });
    written.flatten().collect()
}

/// Takes what was done to a connection since the last look. A closed one stays closed.
pub fn take_deeds(connection: &str) -> Vec<Deed> {
    with(|host| {
        let Some(line) = host.lines.get_mut(connection) else { return Vec::new() };
        let deeds = core::mem::take(&mut line.deeds);
        if deeds.contains(&Deed::Close) {
            host.lines.remove(connection);
        }
        deeds
    })
}

fn on<T>(connection: &str, work: impl FnOnce(&mut Host, &mut Line) -> Result<T, Error>) -> Result<T, Error> {
    with(|host| match host.lines.remove(connection) {
        Some(mut line) if !line.is_closed() => {
            let result = work(host, &mut line);
            host.lines.insert(connection.into(), line);
            result
        }
        closed => {
            host.lines.extend(closed.map(|line| (connection.into(), line)));
            Err(Error::new(code::NOT_FOUND, format!("there is no connection {connection}, or it has ended")))
        }
    })
}

fn put(line: &mut Line, bytes: Vec<u8>) -> Result<(), Error> {
    if line.is_full {
        return Err(Error::new(code::QUOTA, "1 MiB waits to be written; go on at the signal `writable`"));
    }
    line.deeds.push(Deed::Write(bytes));
    Ok(())
}

/// Keeps the bytes.
///
/// # Errors
/// `not-found`, `quota`.
pub fn write(connection: &str, data: &[u8]) -> Result<(), Error> {
    on(connection, |_, line| put(line, data.into()))
}

/// Keeps the bytes, secrets filled in.
///
/// # Errors
/// `not-found`, `quota`; no such secret or blob.
pub fn write_template(connection: &str, data: &[Piece]) -> Result<(), Error> {
    on(connection, |host, line| put(line, join(host, data)?))
}

/// Keeps that TLS was begun; the test calls `signaled` with `secured`.
///
/// # Errors
/// `not-found`.
pub fn start_tls(connection: &str, tls_name: Option<&str>) -> Result<(), Error> {
    on(connection, |_, line| {
        line.deeds.push(Deed::StartTls(tls_name.map(Into::into)));
        Ok(())
    })
}

/// Keeps that it was closed; the test calls `closed`.
///
/// # Errors
/// `not-found`.
pub fn close(connection: &str, _code: Option<u16>, _reason: &str) -> Result<(), Error> {
    on(connection, |_, line| {
        line.deeds.push(Deed::Close);
        Ok(())
    })
}

/// Keeps them.
///
/// # Errors
/// `not-found`; over 512 bytes: `too-large`.
pub fn last_words(connection: &str, data: &[u8]) -> Result<(), Error> {
    on(connection, |_, line| {
        if data.len() > 512 {
            return Err(Error::new(code::TOO_LARGE, "last words are up to 512 bytes"));
        }
        line.last_words = data.into();
        Ok(())
    })
}

/// Makes it known under an address.
///
/// # Errors
/// `not-found`.
pub fn bind(connection: &str, address: &str) -> Result<(), Error> {
    on(connection, |_, line| {
        line.bound.retain(|bound| bound != address);
        line.bound.push(address.into());
        Ok(())
    })
}

/// Takes that back.
///
/// # Errors
/// `not-found`.
pub fn unbind(connection: &str, address: &str) -> Result<(), Error> {
    on(connection, |_, line| {
        line.bound.retain(|bound| bound != address);
        Ok(())
    })
}

/// The connections bound to an address; here in the order of their ids.
///
/// # Errors
/// None here.
pub fn find(address: &str) -> Result<Vec<String>, Error> {
    let is_bound = |line: &Line| !line.is_closed() && line.bound.iter().any(|bound| bound == address);
    Ok(with(|host| host.lines.iter().filter(|(_, line)| is_bound(line)).map(|(id, _)| id.clone()).collect()))
}

/// Keeps where to; the test calls `opened` or `closed`.
///
/// # Errors
/// None here: the host in memory checks no grants.
pub fn open(target: &Target) -> Result<String, Error> {
    Ok(with(|host| {
        host.opened += 1;
        let id = format!("opened-{}", host.opened);
        host.lines.insert(id.clone(), Line { target: Some(target.clone()), ..Line::default() });
        id
    }))
}

/// Served by no host yet.
///
/// # Errors
/// `not-supported`.
pub fn send(_connection: &str, _frame: &Frame) -> Result<(), Error> {
    Err(Error::new(code::NOT_SUPPORTED, "connections of `socket` are not served yet"))
}
