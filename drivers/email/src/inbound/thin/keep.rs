//! What is kept of a mail, and where: in memory, or in blobs.

use jackfield_sdk::{Error, Result};

use super::decode::{Encoding, Text};
use super::spool::{End, File, Problem, Spool};
use super::{Bounds, Content, Cut};
use crate::inbound::mime;
use crate::inbound::parts::MAX_FILES;

/// What the parser can't decode, in any encoding: stands where a body stood that it couldn't decode.
const UNDECODABLE: &[u8] = b"==!";

/// What the body of a part is.
#[derive(Clone, Copy)]
pub enum Body {
    /// A text that may be shown.
    Text { is_html: bool },
    /// A file; `text` is how a text is read, as it is one already or is taken for one.
    File { encoding: Encoding, text: Text, is_text: bool },
    /// What is to stay as it is.
    Whole,
    /// A mail within: a file with its headers and parts.
    Mail,
}

/// The body that comes in.
struct Open {
    body: Body,
    /// Where it begins in the skeleton, and in the mail.
    start: usize,
    raw_start: usize,
    /// Bytes of it that may stay in memory.
    limit: usize,
}

/// Where it goes.
enum Into {
    Skeleton,
    File(File),
    Nothing,
}

/// Keeps a mail while it comes.
pub struct Keeper {
    bounds: Bounds,
    pub skeleton: Vec<u8>,
    pub cuts: Vec<Cut>,
    /// The mail as it came; from the first cut on.
    pub whole: Option<Spool>,
    pub is_too_much: bool,
    pub failed: Option<Error>,
    /// Bytes so far, and the last two of them.
    taken: usize,
    last: [u8; 2],
    open: Option<Open>,
    into: Into,
    files: usize,
    /// Mails within each other, and where the last multipart in them ended.
    mails: usize,
    ended: usize,
}

impl Keeper {
    /// Of a mail that begins.
    pub fn new(bounds: Bounds) -> Self {
        Self {
            bounds,
            skeleton: Vec::new(),
            cuts: Vec::new(),
            whole: None,
            is_too_much: false,
            failed: None,
            taken: 0,
            last: *b"\n\n",
            open: None,
            into: Into::Skeleton,
            files: 0,
            mails: 0,
            ended: 0,
        }
    }

    /// Takes the next bytes of the mail. Unless it `is_sure` what they are nothing is taken out yet.
    pub fn bytes(&mut self, bytes: &[u8], is_sure: bool) {
        if self.failed.is_some() || bytes.is_empty() {
            return;
        }
        self.taken += bytes.len();
        self.last = match bytes {
            [.., one, two] => [*one, *two],
            [one] => [self.last[1], *one],
            [] => self.last,
        };
        let kept = self.keep(bytes, is_sure);
        self.note(kept);
    }

    fn keep(&mut self, bytes: &[u8], is_sure: bool) -> Result<()> {
        if let Some(whole) = &mut self.whole {
            whole.write(bytes)?;
        }
        match &mut self.into {
            Into::Nothing => {}
            Into::File(file) => {
                let written = file.write(bytes);
                self.written(written)?;
            }
            Into::Skeleton => {
                // Grows by a quarter, not to the double.
                if self.skeleton.capacity() - self.skeleton.len() < bytes.len() {
                    self.skeleton.reserve_exact((self.skeleton.len() / 4).max(bytes.len()).max(8192));
                }
                self.skeleton.extend_from_slice(bytes);
                if is_sure && self.open.as_ref().is_some_and(|open| self.skeleton.len() - open.start > open.limit) {
                    self.cut()?;
                }
                if self.skeleton.len() > self.bounds.all {
                    self.give_up()?;
                }
            }
        }
        Ok(())
    }

    /// What the host has no room for is not kept at all.
    fn note(&mut self, done: Result<()>) {
        if let Err(error) = done {
            (self.failed, self.whole, self.into, self.open) = (Some(error), None, Into::Nothing, None);
            (self.cuts, self.skeleton) = (Vec::new(), Vec::new());
        }
    }

    /// A body begins that is no mail.
    pub fn begin_body(&mut self, body: Body) {
        if self.mails == 0 {
            self.begin(body);
        }
    }

    /// A mail within begins, perhaps in another.
    pub fn begin_mail(&mut self) {
        if self.mails == 0 {
            self.begin(Body::Mail);
        }
        self.mails += 1;
    }

    fn begin(&mut self, body: Body) {
        if self.is_too_much || self.failed.is_some() {
            return;
        }
        let limit = match body {
            Body::Text { is_html: false } => self.bounds.text,
            Body::Text { is_html: true } => self.bounds.html,
            Body::File { .. } | Body::Mail if self.files < MAX_FILES => self.bounds.file,
            Body::File { .. } | Body::Mail => 0,
            Body::Whole => usize::MAX,
        };
        self.files += usize::from(matches!(body, Body::File { .. } | Body::Mail));
        self.open = Some(Open { body, start: self.skeleton.len(), raw_start: self.taken, limit });
    }

    /// The body is larger than what of it may stay.
    fn cut(&mut self) -> Result<()> {
        let Some(Open { body, start, limit, .. }) = self.open else { return Ok(()) };
        self.keep_whole()?;
        self.into = Into::Nothing;
        let (encoding, text) = match body {
            Body::Whole => return Ok(()),
            Body::Text { is_html } => {
                self.skeleton.truncate(start + limit);
                self.cuts.push(Cut { start, content: Content::Text { is_html } });
                return Ok(());
            }
            Body::File { encoding, text, is_text } => (encoding, is_text.then_some(text)),
            Body::Mail => (Encoding::None, None),
        };
        let raw = self.skeleton.split_off(start);
        if matches!(body, Body::Mail) {
            self.skeleton.extend(ids(&raw));
        }
        if self.files > MAX_FILES {
            self.cuts.push(Cut { start, content: Content::Nowhere });
            return Ok(());
        }
        let mut file = File::new(encoding, text)?;
        let written = file.write(&raw);
        self.into = Into::File(file);
        self.written(written)
    }

    /// Of what isn't in its encoding the parser takes the body as it came for a text.
    fn written(&mut self, done: core::result::Result<(), Problem>) -> Result<()> {
        match done {
            Ok(()) => return Ok(()),
            Err(Problem::Host(error)) => return Err(error),
            Err(Problem::Undecodable) => self.into = Into::Nothing,
        }
        if let Some(Open { body: Body::File { text, .. }, start, raw_start, .. }) = self.open {
            self.skeleton.extend_from_slice(UNDECODABLE);
            self.cuts.push(Cut { start, content: Content::Raw { range: raw_start..raw_start, text: Some(text) } });
        }
        Ok(())
    }

    /// The body ends before a boundary, which comes next.
    pub fn end_body(&mut self) {
        if self.mails == 0 {
            let line_end = self.line_end();
            let at_line_start = line_end > 0 || self.open.as_ref().is_some_and(|open| open.raw_start == self.taken);
            self.end(Some(End::Boundary { at_line_start }), self.taken - line_end);
        }
    }

    /// The body ends with the mail; its boundary never came, or there is none.
    pub fn finish_body(&mut self, has_boundary: bool) {
        if self.mails == 0 {
            // Of what doesn't end the parser takes all for a text.
            self.end((!has_boundary).then_some(End::Mail), self.taken);
        }
    }

    /// The mail within ends that began last, before a boundary.
    pub fn end_mail(&mut self) {
        self.mails = self.mails.saturating_sub(1);
        if self.mails == 0 {
            self.end(Some(End::Within), self.taken);
        }
    }

    /// All mails within end here; or where the last multipart in them has ended.
    pub fn end_mails(&mut self, goes_back: bool) {
        if core::mem::take(&mut self.mails) > 0 {
            self.end((!goes_back).then_some(End::Mail), if goes_back { self.ended } else { self.taken });
        }
    }

    /// A multipart ends here.
    pub fn note_end(&mut self) {
        self.ended = self.taken;
    }

    /// Whether a mail within goes to a file.
    pub fn is_in_file(&self) -> bool {
        self.mails > 0 && !matches!(self.into, Into::Skeleton)
    }

    /// Where parts end isn't known any more.
    pub fn lose(&mut self) {
        if self.is_in_file() {
            self.refuse();
        }
        (self.mails, self.open) = (0, None);
    }

    /// It isn't to be taken apart.
    pub fn refuse(&mut self) {
        let done = self.give_up();
        self.note(done);
        self.mails = 0;
    }

    /// What was begun ends: a file as `end` says, or as a piece of the mail up to `raw_end`.
    fn end(&mut self, end: Option<End>, raw_end: usize) {
        let Some(open) = self.open.take() else { return };
        if let Body::Text { is_html } = open.body {
            let room = if is_html { &mut self.bounds.html } else { &mut self.bounds.text };
            *room = room.saturating_sub(self.skeleton.len() - open.start);
        }
        let text = if let Body::File { text, .. } = open.body { Some(text) } else { None };
        let raw = Content::Raw { range: open.raw_start..raw_end.max(open.raw_start), text };
        let content = match (core::mem::replace(&mut self.into, Into::Skeleton), end) {
            (Into::Skeleton, _) => return,
            (Into::Nothing, _) => {
                if let Some(Cut { content: Content::Raw { range, .. }, .. }) = self.cuts.last_mut() {
                    range.end = raw_end.max(range.start);
                }
                return;
            }
            (Into::File(_), None) => raw,
            (Into::File(file), Some(end)) => match file.end(end) {
                Ok(spool) => Content::File(spool),
                Err(Problem::Host(error)) => return self.note(Err(error)),
                Err(Problem::Undecodable) => {
                    self.skeleton.extend_from_slice(UNDECODABLE);
                    raw
                }
            },
        };
        self.cuts.push(Cut { start: open.start, content });
    }

    /// It isn't taken apart: the headers stay.
    fn give_up(&mut self) -> Result<()> {
        self.keep_whole()?;
        (self.is_too_much, self.open, self.into) = (true, None, Into::Nothing);
        self.cuts = Vec::new();
        self.skeleton.truncate(mime::head(&self.skeleton).map_or(0, |head| head.len() + b"\r\n\r\n".len()));
        self.skeleton.shrink_to_fit();
        Ok(())
    }

    fn keep_whole(&mut self) -> Result<()> {
        if self.whole.is_none() {
            let mut whole = Spool::new()?;
            whole.write(&self.skeleton)?;
            self.whole = Some(whole);
        }
        Ok(())
    }

    /// How long the line's end is that came last, in bytes.
    fn line_end(&self) -> usize {
        match self.last {
            [b'\r', b'\n'] => 2,
            [_, b'\n'] => 1,
            _ => 0,
        }
    }
}

/// Of a mail within what is looked for in bounces, its Message-ID, as headers that say nothing of its parts.
fn ids(mail: &[u8]) -> Vec<u8> {
    const NAME: &[u8] = b"message-id:";
    const LONGEST: usize = 1000;
    let is_id = |line: &&[u8]| {
        line.len() <= LONGEST && line.get(..NAME.len()).is_some_and(|name| name.eq_ignore_ascii_case(NAME))
    };
    let lines = mail.split_inclusive(|byte| *byte == b'\n').take_while(|line| !line.trim_ascii().is_empty());
    let mut kept = lines.filter(is_id).collect::<Vec<_>>().concat();
    kept.extend_from_slice(b"\r\n");
    kept
}
