//! The PROXY protocol, versions 1 and 2, as proxies write it before the bytes of whom they speak for.

use std::io;
use std::net::{IpAddr, SocketAddr};
use tokio::io::{AsyncRead, AsyncReadExt};

/// The first twelve bytes of version 2; no text of version 1 is shorter.
const SIGNATURE: &[u8; 12] = b"\r\n\r\n\0\r\nQUIT\n";
/// The longest line of version 1, its end included.
const LINE: usize = 107;
/// The longest rest of version 2 that is read: addresses, and what proxies add.
const REST: usize = 2_048;

/// Whom a proxy speaks for, and whom they called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Proxied {
    pub(super) source: SocketAddr,
    pub(super) destination: SocketAddr,
}

/// Reads the header, and not a byte more. None: the proxy speaks for itself (its health check), or doesn't know.
pub(super) async fn read(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<Option<Proxied>> {
    let mut head = [0; 16];
    stream.read_exact(&mut head[..12]).await?;
    if head[..12] == *SIGNATURE {
        stream.read_exact(&mut head[12..]).await?;
        let length = usize::from(u16::from_be_bytes([head[14], head[15]]));
        if length > REST {
            return Err(wrong("a header of version 2 that is too long"));
        }
        let mut rest = vec![0; length];
        stream.read_exact(&mut rest).await?;
        return version_2(head[12], head[13], &rest);
    }
    let mut line = head[..12].to_vec();
    if !line.starts_with(b"PROXY ") {
        return Err(wrong("no header of the PROXY protocol"));
    }
    // Byte by byte: what follows the line is not ours to read.
    while !line.ends_with(b"\r\n") {
        if line.len() >= LINE {
            return Err(wrong("a header of version 1 that is too long"));
        }
        line.push(stream.read_u8().await?);
    }
    version_1(&line)
}

fn wrong(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("the proxy sent {what}"))
}

/// Reads an address of one family.
type Reader = fn(&[u8]) -> Option<IpAddr>;

fn version_1(line: &[u8]) -> io::Result<Option<Proxied>> {
    let bad = || wrong("a header of version 1 that makes no sense");
    let text = std::str::from_utf8(line).map_err(|_| bad())?;
    let mut words = text.strip_suffix("\r\n").ok_or_else(bad)?.split(' ').skip(1);
    let family = words.next().ok_or_else(bad)?;
    if family == "UNKNOWN" {
        return Ok(None);
    }
    let mut address = || -> Option<IpAddr> {
        let address: IpAddr = words.next()?.parse().ok()?;
        (address.is_ipv4() == (family == "TCP4") && matches!(family, "TCP4" | "TCP6")).then_some(address)
    };
    let (source, destination) = address().zip(address()).ok_or_else(bad)?;
    let mut port = || -> Option<u16> {
        let text = words.next()?;
        // A number is written one way only.
        text.parse().ok().filter(|port: &u16| port.to_string() == text)
    };
    let (from, to) = port().zip(port()).ok_or_else(bad)?;
    if words.next().is_some() {
        return Err(bad());
    }
    Ok(Some(Proxied { source: SocketAddr::new(source, from), destination: SocketAddr::new(destination, to) }))
}

fn version_2(command: u8, family: u8, rest: &[u8]) -> io::Result<Option<Proxied>> {
    let bad = || wrong("a header of version 2 that makes no sense");
    match command {
        0x20 => return Ok(None),
        0x21 => {}
        _ => return Err(bad()),
    }
    fn four(bytes: &[u8]) -> Option<IpAddr> {
        Some(IpAddr::from(<[u8; 4]>::try_from(bytes).ok()?))
    }
    fn sixteen(bytes: &[u8]) -> Option<IpAddr> {
        Some(IpAddr::from(<[u8; 16]>::try_from(bytes).ok()?))
    }
    let (size, address): (usize, Reader) = match family {
        0x11 => (4, four),
        0x21 => (16, sixteen),
        // Something that is no connection of bytes over IP: the connection is its own source.
        0x00 | 0x12 | 0x22 | 0x31 | 0x32 => return Ok(None),
        _ => return Err(bad()),
    };
    let port = |at: usize| Some(u16::from_be_bytes([*rest.get(at)?, *rest.get(at + 1)?]));
    let read = || {
        let source = SocketAddr::new(address(rest.get(..size)?)?, port(2 * size)?);
        let destination = SocketAddr::new(address(rest.get(size..2 * size)?)?, port(2 * size + 2)?);
        Some(Proxied { source, destination })
    };
    read().map(Some).ok_or_else(bad)
}

#[cfg(test)]
mod tests;
