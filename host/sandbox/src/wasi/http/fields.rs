//! Headers.

use crate::call::State;
use crate::wasi::Held;
use crate::wasi::bindings::wasi::http::types::{HeaderError, HostFields};
use wasmtime::component::Resource;

/// Bytes of names and values together, as the way out allows.
const BYTES: usize = 64 << 10;
/// Lines.
const LINES: usize = 1_000;

/// Header lines in their order; names as they were given.
pub struct Fields {
    lines: Vec<(String, Vec<u8>)>,
    /// Of a request or response: they can be looked at only.
    immutable: bool,
    held: Held,
}

fn is_name(name: &str) -> bool {
    let token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !name.is_empty() && name.bytes().all(token)
}

fn is_value(value: &[u8]) -> bool {
    value.iter().all(|byte| *byte == b'\t' || (*byte >= b' ' && *byte != 0x7f))
}

impl Fields {
    pub(in crate::wasi) fn new(held: Held) -> Self {
        Self { lines: Vec::new(), immutable: false, held }
    }

    /// Those of an answer.
    pub(super) fn of_answer(lines: Vec<(String, Vec<u8>)>, held: Held) -> Self {
        Self { lines, immutable: true, held }
    }

    pub(in crate::wasi) fn lines(&self) -> &[(String, Vec<u8>)] {
        &self.lines
    }

    pub(in crate::wasi) fn freeze(mut self) -> Self {
        self.immutable = true;
        self
    }

    /// The same lines in another place.
    pub(super) fn copied(&self, mut held: Held, immutable: bool) -> Self {
        let fits = held.add(self.held.bytes);
        Self { lines: if fits { self.lines.clone() } else { Vec::new() }, immutable, held }
    }

    fn of<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Vec<u8>> {
        self.lines.iter().filter(move |(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    pub(in crate::wasi) fn add(&mut self, name: String, value: Vec<u8>) -> Result<(), HeaderError> {
        if self.immutable {
            return Err(HeaderError::Immutable);
        }
        if !is_name(&name) || !is_value(&value) {
            return Err(HeaderError::InvalidSyntax);
        }
        let bytes = name.len() + value.len();
        if self.lines.len() >= LINES || self.held.bytes + bytes > BYTES || !self.held.add(bytes) {
            return Err(HeaderError::Forbidden);
        }
        self.lines.push((name, value));
        Ok(())
    }

    pub(in crate::wasi) fn remove(&mut self, name: &str) -> Result<(), HeaderError> {
        if self.immutable {
            return Err(HeaderError::Immutable);
        }
        if !is_name(name) {
            return Err(HeaderError::InvalidSyntax);
        }
        self.lines.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        self.held.keep(self.lines.iter().map(|(name, value)| name.len() + value.len()).sum());
        Ok(())
    }
}

impl HostFields for State {
    fn new(&mut self) -> wasmtime::Result<Resource<Fields>> {
        self.counted()?;
        let fields = Fields::new(self.wasi.hold());
        self.wasi.push(fields)
    }

    fn from_list(&mut self, lines: Vec<(String, Vec<u8>)>) -> wasmtime::Result<Result<Resource<Fields>, HeaderError>> {
        self.counted()?;
        let mut fields = Fields::new(self.wasi.hold());
        for (name, value) in lines {
            if let Err(error) = fields.add(name, value) {
                return Ok(Err(error));
            }
        }
        self.wasi.push(fields).map(Ok)
    }

    fn get(&mut self, fields: Resource<Fields>, name: String) -> wasmtime::Result<Vec<Vec<u8>>> {
        self.counted()?;
        Ok(self.wasi.table.get(&fields)?.of(&name).cloned().collect())
    }

    fn has(&mut self, fields: Resource<Fields>, name: String) -> wasmtime::Result<bool> {
        self.counted()?;
        Ok(self.wasi.table.get(&fields)?.of(&name).next().is_some())
    }

    fn set(
        &mut self,
        fields: Resource<Fields>,
        name: String,
        values: Vec<Vec<u8>>,
    ) -> wasmtime::Result<Result<(), HeaderError>> {
        self.counted()?;
        let fields = self.wasi.table.get_mut(&fields)?;
        if let Err(error) = fields.remove(&name) {
            return Ok(Err(error));
        }
        Ok(values.into_iter().try_for_each(|value| fields.add(name.clone(), value)))
    }

    fn delete(&mut self, fields: Resource<Fields>, name: String) -> wasmtime::Result<Result<(), HeaderError>> {
        self.counted()?;
        Ok(self.wasi.table.get_mut(&fields)?.remove(&name))
    }

    fn append(
        &mut self,
        fields: Resource<Fields>,
        name: String,
        value: Vec<u8>,
    ) -> wasmtime::Result<Result<(), HeaderError>> {
        self.counted()?;
        Ok(self.wasi.table.get_mut(&fields)?.add(name, value))
    }

    fn entries(&mut self, fields: Resource<Fields>) -> wasmtime::Result<Vec<(String, Vec<u8>)>> {
        self.counted()?;
        Ok(self.wasi.table.get(&fields)?.lines.clone())
    }

    fn clone(&mut self, fields: Resource<Fields>) -> wasmtime::Result<Resource<Fields>> {
        self.counted()?;
        let copy = self.wasi.table.get(&fields)?.copied(self.wasi.hold(), false);
        self.wasi.push(copy)
    }

    fn drop(&mut self, fields: Resource<Fields>) -> wasmtime::Result<()> {
        self.wasi.delete(fields).map(drop)
    }
}
