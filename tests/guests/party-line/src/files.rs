//! Files that are written over several calls.

use std::collections::BTreeMap;

use jackfield_sdk::{Result, error, host, host::blobs::Writer};

/// Those that are being written, by name.
pub type Open = BTreeMap<String, Writer>;

/// `OPEN NAME`, `PUT NAME BYTES`, `DONE NAME`, `DROP NAME`.
pub fn obey(open: &mut Open, word: &str, rest: &str) -> Result<String> {
    let (name, bytes) = rest.split_once(' ').unwrap_or((rest, ""));
    let unknown = || jackfield_sdk::Error::new(error::code::INVALID, "no such file");
    match word {
        "OPEN" => {
            open.insert(name.to_owned(), host::blobs::create()?);
            Ok("open".into())
        }
        "PUT" => {
            let writer = open.get(name).ok_or_else(unknown)?;
            writer.write(&vec![b'x'; bytes.parse().unwrap_or(0)])?;
            Ok(format!("size {}", writer.size()))
        }
        "DONE" => host::blobs::finish(open.remove(name).ok_or_else(unknown)?),
        _ => open.remove(name).map(|_| "dropped".into()).ok_or_else(unknown),
    }
}
