//! A body in lines, cut anywhere: what a line's end belongs to is known only when the next line is.

/// The longest line that is looked at for a boundary, in bytes.
const MAX_LINE: usize = 1_200;

/// What comes of the bytes.
pub trait Sink {
    /// Whether this line, which begins with `--`, is a boundary; its end, and the end of the line before it, are given
    /// with it.
    fn boundary(&mut self, before: &[u8], line: &[u8]) -> bool;
    /// More of the body.
    fn body(&mut self, bytes: &[u8]);
}

/// Where in a line the bytes end.
#[derive(Default)]
pub struct Lines {
    /// The end of the line before, held back: CRLF, LF, or a CR that may become one.
    end: Vec<u8>,
    /// A line that may be a boundary.
    line: Vec<u8>,
    /// Within a line that is none.
    is_inside: bool,
}

impl Lines {
    /// Takes bytes up to the end of a boundary's line; how many those are.
    pub fn take(&mut self, bytes: &[u8], sink: &mut impl Sink) -> usize {
        let mut at = 0;
        while at < bytes.len() {
            let rest = &bytes[at..];
            let found = rest.iter().position(|byte| *byte == b'\n');
            let piece = &rest[..found.map_or(rest.len(), |found| found + 1)];
            at += piece.len();
            if !self.is_inside {
                self.line.extend_from_slice(&piece[..piece.len().min(MAX_LINE + 2)]);
                let is_whole = found.is_some() && piece.len() <= MAX_LINE + 2;
                let may_be = self.line.len() <= MAX_LINE && (self.line.len() < 2 || self.line.starts_with(b"--"));
                if may_be && is_whole && self.line.starts_with(b"--") {
                    if sink.boundary(&self.end, &self.line) {
                        self.end.clear();
                        self.line.clear();
                        return at;
                    }
                } else if may_be && !is_whole {
                    continue;
                }
                let kept = self.line.len() - piece.len().min(MAX_LINE + 2);
                let before = self.line[..kept].to_vec();
                self.line.clear();
                self.content(&before, sink);
            }
            self.content(piece, sink);
            self.is_inside = found.is_none();
        }
        at
    }

    /// At the mail's end: the last line may be a boundary, too. Whether it was.
    pub fn finish(&mut self, sink: &mut impl Sink) -> bool {
        let line = core::mem::take(&mut self.line);
        if line.starts_with(b"--") && sink.boundary(&self.end, &line) {
            self.end.clear();
            return true;
        }
        self.content(&line, sink);
        let end = core::mem::take(&mut self.end);
        sink.body(&end);
        false
    }

    /// Gives on what is no boundary, without the line's end.
    fn content(&mut self, bytes: &[u8], sink: &mut impl Sink) {
        if bytes.is_empty() {
            return;
        }
        let text = match bytes.strip_suffix(b"\n") {
            Some(text) => text.strip_suffix(b"\r").unwrap_or(text),
            None => bytes.strip_suffix(b"\r").unwrap_or(bytes),
        };
        let end = &bytes[text.len()..];
        // A CR that was held back, and its LF.
        if text.is_empty() && self.end == b"\r" && end == b"\n" {
            self.end.push(b'\n');
            return;
        }
        if !self.end.is_empty() {
            let before = core::mem::take(&mut self.end);
            sink.body(&before);
        }
        if !text.is_empty() {
            sink.body(text);
        }
        self.end.extend_from_slice(end);
    }
}
