//! Writes canonical JSON.
//!
//! Members are written in the order they come, and each object is put in order when it ends: for a message that
//! is about ten times as fast as a writer that collects every member on the heap.

use serde::Serialize;
use serde_json::Serializer;
use serde_json::ser::Formatter;
use std::cell::RefCell;
use std::cmp::Ordering;
use std::io::{self, Write};
use std::ops::Range;

/// Integers up to here are their own doubles; beyond, RFC 8785 writes the double.
const EXACT: u64 = 1 << 53;

/// The canonical JSON of a value, as bytes of UTF-8.
pub(super) fn write<T: Serialize + ?Sized>(value: &T) -> serde_json::Result<Vec<u8>> {
    Ok(write_with_members(value)?.0)
}

/// The same, and where the members of the outermost object stand in it.
pub(super) fn write_with_members<T: Serialize + ?Sized>(value: &T) -> serde_json::Result<(Vec<u8>, Vec<Member>)> {
    let out = RefCell::new(Vec::with_capacity(2048));
    let outermost = RefCell::new(Vec::new());
    let formatter = Sorting {
        out: &out,
        members: Vec::with_capacity(32),
        objects: Vec::new(),
        spare: Vec::new(),
        outermost: &outermost,
    };
    value.serialize(&mut Serializer::with_formatter(Shared(&out), formatter))?;
    Ok((out.into_inner(), outermost.into_inner()))
}

/// The text under way: the serializer appends to it, the formatter puts it in order.
struct Shared<'a>(&'a RefCell<Vec<u8>>);

impl Write for Shared<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Where a member stands in the text: its key with the quotes from `start` to `key`, all of it to `end`.
#[derive(Clone, Copy)]
pub(super) struct Member {
    start: usize,
    key: usize,
    end: usize,
    /// The key is ASCII and nothing in it is escaped, so that its bytes are its UTF-16 code units.
    plain: bool,
}

impl Member {
    /// The key as it is written, without the quotes.
    pub(super) fn key(self, out: &[u8]) -> &[u8] {
        out.get(self.start + 1..self.key.saturating_sub(1)).unwrap_or_default()
    }

    /// Where the value stands, behind key and colon.
    pub(super) fn value(self) -> Range<usize> {
        self.key + 1..self.end
    }
}

struct Sorting<'a> {
    out: &'a RefCell<Vec<u8>>,
    /// Members of all objects under way, the innermost one's last.
    members: Vec<Member>,
    /// For each object under way, how many of `members` are those of the objects around it.
    objects: Vec<usize>,
    spare: Vec<u8>,
    /// The members of the outermost object, in order, once it has ended.
    outermost: &'a RefCell<Vec<Member>>,
}

impl Sorting<'_> {
    fn here(&self) -> usize {
        self.out.borrow().len()
    }

    fn double<W: ?Sized + Write>(&self, writer: &mut W, value: f64) -> io::Result<()> {
        writer.write_all(&serde_json_canonicalizer::to_vec(&value)?)
    }

    /// Puts the members of the object that ends into order.
    fn sort(&mut self, first: usize) -> io::Result<()> {
        let mut out = self.out.borrow_mut();
        let members = self.members.get_mut(first..).unwrap_or_default();
        let ordered = |a: &Member, b: &Member| order(a, b, &out);
        if members.is_sorted_by(|a, b| ordered(a, b) == Ordering::Less) {
            return Ok(());
        }
        let from = members.first().map_or(0, |member| member.start);
        members.sort_unstable_by(ordered);
        if members.windows(2).any(|pair| matches!(pair, [a, b] if a.key(&out) == b.key(&out))) {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "an object has a key twice"));
        }
        self.spare.clear();
        for member in members {
            if !self.spare.is_empty() {
                self.spare.push(b',');
            }
            let start = from + self.spare.len();
            self.spare.extend_from_slice(out.get(member.start..member.end).unwrap_or_default());
            member.key = start + (member.key - member.start);
            member.end = start + (member.end - member.start);
            member.start = start;
        }
        // The same bytes in another order.
        out.truncate(from);
        out.extend_from_slice(&self.spare);
        Ok(())
    }
}

/// By UTF-16 code units, as RFC 8785 asks.
fn order(a: &Member, b: &Member, out: &[u8]) -> Ordering {
    let (left, right) = (a.key(out), b.key(out));
    if a.plain && b.plain { left.cmp(right) } else { units(left).cmp(&units(right)) }
}

/// The UTF-16 code units of a key as it is written.
fn units(key: &[u8]) -> Vec<u16> {
    let quoted = [b"\"", key, b"\""].concat();
    // What the serializer has written is JSON.
    serde_json::from_slice::<String>(&quoted).unwrap_or_default().encode_utf16().collect()
}

impl Formatter for Sorting<'_> {
    fn write_i64<W: ?Sized + Write>(&mut self, writer: &mut W, value: i64) -> io::Result<()> {
        if value.unsigned_abs() <= EXACT { write!(writer, "{value}") } else { self.double(writer, value as f64) }
    }

    fn write_u64<W: ?Sized + Write>(&mut self, writer: &mut W, value: u64) -> io::Result<()> {
        if value <= EXACT { write!(writer, "{value}") } else { self.double(writer, value as f64) }
    }

    fn write_i128<W: ?Sized + Write>(&mut self, writer: &mut W, value: i128) -> io::Result<()> {
        self.double(writer, value as f64)
    }

    fn write_u128<W: ?Sized + Write>(&mut self, writer: &mut W, value: u128) -> io::Result<()> {
        self.double(writer, value as f64)
    }

    fn write_f32<W: ?Sized + Write>(&mut self, writer: &mut W, value: f32) -> io::Result<()> {
        self.double(writer, value.into())
    }

    fn write_f64<W: ?Sized + Write>(&mut self, writer: &mut W, value: f64) -> io::Result<()> {
        self.double(writer, value)
    }

    fn write_raw_fragment<W: ?Sized + Write>(&mut self, _: &mut W, _: &str) -> io::Result<()> {
        Err(io::Error::new(io::ErrorKind::InvalidInput, "raw JSON has no canonical form; give it as a value"))
    }

    fn begin_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.objects.push(self.members.len());
        writer.write_all(b"{")
    }

    fn begin_object_key<W: ?Sized + Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        if !first {
            writer.write_all(b",")?;
        }
        let start = self.here();
        self.members.push(Member { start, key: start, end: start, plain: false });
        Ok(())
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        let out = self.out.borrow();
        if let Some(member) = self.members.last_mut() {
            member.key = out.len();
            member.plain = member.key(&out).iter().all(|b| b.is_ascii() && *b != b'\\');
        }
        drop(out);
        writer.write_all(b":")
    }

    fn end_object_value<W: ?Sized + Write>(&mut self, _: &mut W) -> io::Result<()> {
        let here = self.here();
        if let Some(member) = self.members.last_mut() {
            member.end = here;
        }
        Ok(())
    }

    fn end_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        let first = self.objects.pop().unwrap_or_default();
        self.sort(first)?;
        if self.objects.is_empty() {
            self.outermost.replace(std::mem::take(&mut self.members));
        }
        self.members.truncate(first);
        writer.write_all(b"}")
    }
}
