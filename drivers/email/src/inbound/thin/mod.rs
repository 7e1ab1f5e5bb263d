//! A mail made thin while it comes: what is large in it goes to blobs, and the rest, the skeleton, stays in memory.
//!
//! The skeleton is taken apart as any mail is. Where a body was taken out of it nothing stands; which one it was is told
//! by where the body of its part begins, so there is nothing that a sender could forge.

mod decode;
mod levels;
mod lines;
#[cfg(test)]
mod tests;
mod trace;

use jackfield_sdk::host::blobs::{self, Writer};
use jackfield_sdk::{Error, Result};
use mail_parser::MessageParser;

use decode::Decoder;
use levels::{Body, Levels};
use lines::{Lines, Sink};
use trace::TraceDigest;

/// What of a mail stays in memory, in bytes.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// Of a file, as it is encoded.
    pub file: usize,
    /// Of a file where there is as much in memory as [`Self::roomy`].
    pub file_later: usize,
    pub roomy: usize,
    /// Of all plain texts, and of all HTML, as they are encoded.
    pub text: usize,
    pub html: usize,
    /// Before the first and behind the last part of a multipart.
    pub between: usize,
    /// Of it all; beyond, the mail isn't taken apart.
    pub all: usize,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            file: 64 << 10,
            file_later: 4 << 10,
            roomy: 1 << 20,
            text: 1 << 20,
            html: 6 << 20,
            between: 64 << 10,
            all: 10 << 20,
        }
    }
}

/// Files that go to blobs; no more are shown.
const MAX_FILES: usize = 80;
/// Parts; more are no mail of people.
const MAX_PARTS: usize = 5_000;
/// Bytes that are gathered for a blob before they are written.
const GATHERED: usize = 64 << 10;

/// A blob in the making, and what is still to be written to it.
pub struct Spool {
    writer: Writer,
    waiting: Vec<u8>,
}

impl Spool {
    fn new() -> Result<Self> {
        Ok(Self { writer: blobs::create()?, waiting: Vec::new() })
    }

    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.waiting.extend_from_slice(bytes);
        self.flush(GATHERED)
    }

    fn flush(&mut self, from: usize) -> Result<()> {
        if self.waiting.len() >= from && !self.waiting.is_empty() {
            self.writer.write(&self.waiting)?;
            self.waiting.clear();
        }
        Ok(())
    }

    /// Ends it: the blob and its size in bytes.
    ///
    /// # Errors
    /// Those of the host.
    pub fn finish(mut self) -> Result<(String, u32)> {
        self.flush(0)?;
        let size = self.writer.size();
        Ok((blobs::finish(self.writer)?, size))
    }
}

/// Where something was taken out of the skeleton.
pub struct Cut {
    /// Where the body of its part begins.
    pub start: usize,
    /// Where it was taken out.
    pub at: usize,
    /// What was taken out; none: it is nowhere but in the whole mail.
    pub file: Option<Spool>,
    /// Where in the mail a body stands that isn't in the encoding that it names.
    pub undecodable: Option<core::ops::Range<usize>>,
    pub is_html: bool,
}

/// A mail made thin.
pub struct Thinned {
    pub skeleton: Vec<u8>,
    pub cuts: Vec<Cut>,
    /// The mail as it came, where that is more than the skeleton.
    pub whole: Option<Spool>,
    pub digest: String,
    /// The skeleton is the headers alone.
    pub is_too_much: bool,
}

/// The body that comes in.
struct Leaf {
    body: Option<Body>,
    start: usize,
    raw_start: usize,
    size: usize,
    limit: usize,
    into: Into,
}

enum Into {
    Skeleton,
    File(Decoder),
    Nothing,
}

/// Makes a mail thin.
pub struct Thinner {
    bounds: Bounds,
    parser: MessageParser,
    levels: Levels,
    lines: Lines,
    digest: TraceDigest,
    skeleton: Vec<u8>,
    cuts: Vec<Cut>,
    whole: Option<Spool>,
    taken: usize,
    parts: usize,
    files: usize,
    /// Where the headers begin that come in, and the line of them.
    headers: Option<(usize, usize)>,
    has_field: bool,
    head: usize,
    leaf: Leaf,
    decoded: Vec<u8>,
    is_too_much: bool,
    failed: Option<Error>,
}

impl Thinner {
    /// Of a mail that begins.
    pub fn new(bounds: Bounds) -> Self {
        Self {
            bounds,
            parser: MessageParser::new().with_mime_headers(),
            levels: Levels::new(),
            lines: Lines::default(),
            digest: TraceDigest::new(),
            skeleton: Vec::new(),
            cuts: Vec::new(),
            whole: None,
            taken: 0,
            parts: 1,
            files: 0,
            headers: Some((0, 0)),
            has_field: false,
            head: 0,
            leaf: Leaf { body: None, start: 0, raw_start: 0, size: 0, limit: 0, into: Into::Skeleton },
            decoded: Vec::new(),
            is_too_much: false,
            failed: None,
        }
    }

    /// Takes the next bytes, cut anywhere.
    pub fn take(&mut self, mut bytes: &[u8]) {
        if self.failed.is_some() {
            return;
        }
        self.digest.take(bytes);
        while !bytes.is_empty() {
            let used = if self.is_too_much {
                self.keep(bytes);
                bytes.len()
            } else if self.headers.is_some() {
                self.header_bytes(bytes)
            } else {
                let mut lines = core::mem::take(&mut self.lines);
                let used = lines.take(bytes, self);
                self.lines = lines;
                used
            };
            bytes = &bytes[used..];
            if !self.is_too_much && (self.skeleton.len() > self.bounds.all || self.parts > MAX_PARTS) {
                self.give_up();
            }
        }
    }

    /// At the mail's end.
    ///
    /// # Errors
    /// The host had no room for it, or failed.
    pub fn finish(mut self) -> Result<Thinned> {
        if self.headers.is_none() && !self.is_too_much {
            let mut lines = core::mem::take(&mut self.lines);
            lines.finish(&mut self);
        }
        self.end_leaf();
        match self.failed {
            Some(error) => Err(error),
            None => Ok(Thinned {
                skeleton: self.skeleton,
                cuts: self.cuts,
                whole: self.whole,
                digest: self.digest.finish(),
                is_too_much: self.is_too_much,
            }),
        }
    }

    fn header_bytes(&mut self, bytes: &[u8]) -> usize {
        let Some((start, line)) = self.headers else { return 0 };
        let end = bytes.iter().position(|byte| *byte == b'\n');
        let piece = &bytes[..end.map_or(bytes.len(), |end| end + 1)];
        self.raw(piece);
        if end.is_none() {
            return piece.len();
        }
        let text = &self.skeleton[line..];
        let continues = self.has_field && matches!(text.first(), Some(b' ' | b'\t'));
        let is_end = !continues && text.trim_ascii().is_empty();
        if !continues {
            self.has_field = text.contains(&b':');
        }
        self.headers = Some((start, self.skeleton.len()));
        if is_end {
            self.headers = None;
            self.has_field = false;
            if self.head == 0 {
                self.head = self.skeleton.len();
            }
            let block = &self.skeleton[start..];
            if super::bounds::is_bounded(block) {
                let body = self.levels.part(&self.parser, block);
                self.begin(Some(body));
            } else {
                self.give_up();
            }
        }
        piece.len()
    }

    fn begin(&mut self, body: Option<Body>) {
        let file = if self.skeleton.len() < self.bounds.roomy { self.bounds.file } else { self.bounds.file_later };
        let limit = match &body {
            Some(Body::Text { is_html: false }) => self.bounds.text,
            Some(Body::Text { is_html: true }) => self.bounds.html,
            Some(Body::File { .. } | Body::Mail | Body::Report { .. }) => file,
            Some(Body::Parts | Body::TooDeep) | None => self.bounds.between,
        };
        let (start, raw_start) = (self.skeleton.len(), self.taken);
        self.leaf = Leaf { body, start, raw_start, size: 0, limit, into: Into::Skeleton };
    }

    /// Bytes that stay in the skeleton whatever they are.
    fn raw(&mut self, bytes: &[u8]) {
        self.keep(bytes);
        if self.skeleton.capacity() - self.skeleton.len() < bytes.len() {
            self.skeleton.reserve_exact((self.skeleton.len() / 4).max(bytes.len()).max(8192));
        }
        self.skeleton.extend_from_slice(bytes);
    }

    /// Bytes of the mail as a whole, where it is kept.
    fn keep(&mut self, bytes: &[u8]) {
        self.taken += bytes.len();
        let kept = self.whole.as_mut().map_or(Ok(()), |whole| whole.write(bytes));
        self.note(kept);
    }

    fn note(&mut self, done: Result<()>) {
        if let Err(error) = done {
            (self.whole, self.cuts, self.skeleton) = (None, Vec::new(), Vec::new());
            self.leaf.into = Into::Nothing;
            (self.is_too_much, self.headers, self.head) = (true, None, 0);
            self.failed = Some(error);
        }
    }

    fn keep_whole(&mut self) -> Result<()> {
        if self.whole.is_none() {
            let mut whole = Spool::new()?;
            whole.write(&self.skeleton)?;
            self.whole = Some(whole);
        }
        Ok(())
    }

    fn give_up(&mut self) {
        let kept = self.keep_whole();
        self.note(kept);
        self.is_too_much = true;
        self.skeleton.truncate(self.head);
        self.skeleton.shrink_to_fit();
        self.cuts = Vec::new();
        self.leaf.into = Into::Nothing;
        // What waits to be told a boundary from a text.
        let mut lines = core::mem::take(&mut self.lines);
        lines.finish(self);
    }

    /// The body is larger than what of it stays.
    fn cut(&mut self) -> Result<()> {
        self.keep_whole()?;
        let start = self.leaf.start;
        let mut cut = Cut { start, at: start, file: None, undecodable: None, is_html: false };
        let decoder = match &self.leaf.body {
            Some(Body::File { encoding, .. } | Body::Report { encoding }) => Some(Decoder::new(encoding.as_deref())),
            Some(Body::Mail) => Some(Decoder::Plain),
            Some(Body::Text { is_html }) => {
                cut.is_html = *is_html;
                None
            }
            _ => None,
        };
        self.leaf.into = Into::Nothing;
        if let Some(decoder) = decoder {
            self.files += 1;
            let body = self.skeleton[start..].to_vec();
            match &self.leaf.body {
                Some(Body::Mail) => {
                    self.skeleton.truncate(start);
                    self.skeleton.extend(plain_headers(&body));
                }
                Some(Body::Report { .. }) => {}
                _ => self.skeleton.truncate(start),
            }
            if self.files <= MAX_FILES {
                cut.file = Some(Spool::new()?);
                self.leaf.into = Into::File(decoder);
            }
            cut.at = self.skeleton.len();
            self.cuts.push(cut);
            return self.decode(&body);
        }
        self.skeleton.truncate(start + self.leaf.limit);
        cut.at = self.skeleton.len();
        self.cuts.push(cut);
        Ok(())
    }

    fn decode(&mut self, bytes: &[u8]) -> Result<()> {
        let Into::File(decoder) = &mut self.leaf.into else { return Ok(()) };
        let Some(cut) = self.cuts.last_mut() else { return Ok(()) };
        self.decoded.clear();
        if decoder.decode(bytes, &mut self.decoded).is_err() {
            cut.file = None;
            cut.undecodable = Some(self.leaf.raw_start..self.leaf.raw_start);
            self.leaf.into = Into::Nothing;
            return Ok(());
        }
        cut.file.as_mut().map_or(Ok(()), |file| file.write(&self.decoded))
    }

    fn end_leaf(&mut self) {
        let taken = self.taken;
        let Some(cut) = self.cuts.last_mut().filter(|cut| cut.start == self.leaf.start) else { return };
        if let Some(range) = &mut cut.undecodable {
            range.end = taken;
        }
        if let (Into::File(decoder), Some(file)) = (&mut self.leaf.into, &mut cut.file) {
            self.decoded.clear();
            decoder.finish(&mut self.decoded);
            let done = file.write(&self.decoded);
            self.note(done);
        }
    }
}

impl Sink for Thinner {
    fn boundary(&mut self, before: &[u8], line: &[u8]) -> bool {
        if self.is_too_much {
            return false;
        }
        let Some(opens) = self.levels.boundary(line.trim_ascii_end()) else { return false };
        self.end_leaf();
        self.raw(before);
        self.raw(line);
        if opens {
            self.parts += 1;
            self.headers = Some((self.skeleton.len(), self.skeleton.len()));
        } else {
            self.begin(None);
        }
        true
    }

    fn body(&mut self, bytes: &[u8]) {
        self.leaf.size += bytes.len();
        match self.leaf.into {
            Into::Skeleton => {
                self.raw(bytes);
                if self.leaf.size > self.leaf.limit && self.failed.is_none() {
                    let done = self.cut();
                    self.note(done);
                }
            }
            Into::File(_) => {
                self.keep(bytes);
                let done = self.decode(bytes);
                self.note(done);
            }
            Into::Nothing => self.keep(bytes),
        }
    }
}

/// The headers at the beginning of a mail within that say nothing of its parts, and the empty line behind them.
fn plain_headers(mail: &[u8]) -> Vec<u8> {
    let mut kept = Vec::new();
    let mut is_kept = false;
    for line in mail.split_inclusive(|byte| *byte == b'\n').take_while(|line| !line.trim_ascii().is_empty()) {
        if !matches!(line.first(), Some(b' ' | b'\t')) {
            let name = line.split(|byte| *byte == b':').next().unwrap_or_default();
            let is_name =
                name.len() < line.len() && name.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'-');
            is_kept = is_name && !name.get(..8).is_some_and(|start| start.eq_ignore_ascii_case(b"content-"));
        }
        if is_kept && line.ends_with(b"\n") {
            kept.extend_from_slice(line);
        }
    }
    kept.extend_from_slice(b"\r\n");
    kept
}
