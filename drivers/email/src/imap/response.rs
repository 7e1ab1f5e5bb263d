//! What an IMAP server says: lines, with counted blocks of bytes (literals) in them.

/// Where bytes come from.
pub trait Source {
    /// What it fails with.
    type Error;

    /// The next line without its end; none at the peer's end.
    fn line(&mut self) -> Result<Option<Vec<u8>>, Self::Error>;

    /// So many bytes.
    fn exactly(&mut self, count: usize) -> Result<Vec<u8>, Self::Error>;
}

/// Literals in one response.
const MAX_LITERALS: usize = 16;
/// Bytes of a literal that are read at once.
const CHUNK: usize = 256 << 10;
/// The text of one response, literals left out.
const LONGEST: usize = 1 << 20;

/// One response.
#[derive(Debug, Clone, PartialEq, Eq, Default, Hash)]
pub struct Response {
    /// The text, with `{}` in the place of each literal.
    pub text: String,
    pub literals: Vec<Vec<u8>>,
}

impl Response {
    /// Reads one; none at the peer's end, or where it is larger than the bounds or `max_bytes` of literals.
    ///
    /// # Errors
    /// Those of the source.
    pub fn read<S: Source>(source: &mut S, max_bytes: usize) -> Result<Option<Self>, S::Error> {
        let mut response = Self::default();
        let mut room = max_bytes;
        while let Some(line) = source.line()? {
            let text = String::from_utf8_lossy(&line);
            if response.text.len() + text.len() > LONGEST {
                return Ok(None);
            }
            let Some((before, count)) = literal(&text) else {
                response.text.push_str(&text);
                return Ok(Some(response));
            };
            if count > room || response.literals.len() >= MAX_LITERALS {
                return Ok(None);
            }
            room -= count;
            response.text.push_str(before);
            response.text.push_str("{}");
            let mut bytes = Vec::new();
            while bytes.len() < count {
                let part = source.exactly((count - bytes.len()).min(CHUNK))?;
                bytes.reserve_exact(part.len().max(bytes.len() / 4).min(count - bytes.len()));
                bytes.extend_from_slice(&part);
            }
            response.literals.push(bytes);
        }
        Ok(None)
    }

    /// Whether it ends the command with this tag, and if so how: `OK`, `NO` or `BAD`.
    pub fn ending(&self, tag: &str) -> Option<&str> {
        let rest = self.text.strip_prefix(tag)?.strip_prefix(' ')?;
        rest.split(' ').next()
    }

    /// The number in a response code: `* OK [UIDVALIDITY 7]`.
    pub fn code(&self, name: &str) -> Option<u32> {
        let (_, code) = self.text.split_once('[')?;
        let (code, _) = code.split_once(']')?;
        let (found, value) = code.split_once(' ')?;
        if found.eq_ignore_ascii_case(name) { value.trim().parse().ok() } else { None }
    }

    /// The words of an untagged response of this kind: `* CAPABILITY ...`, `* SEARCH ...`.
    pub fn untagged(&self, kind: &str) -> Option<impl Iterator<Item = &str>> {
        let mut words = self.text.strip_prefix("* ")?.split_ascii_whitespace();
        words.next().filter(|word| word.eq_ignore_ascii_case(kind))?;
        Some(words)
    }

    /// Of a FETCH: the number behind a name (`UID`, `RFC822.SIZE`), outside of literals.
    pub fn fetched(&self, name: &str) -> Option<u32> {
        let (head, items) = self.text.strip_prefix("* ")?.split_once('(')?;
        head.trim_end().to_ascii_uppercase().ends_with(" FETCH").then_some(())?;
        let mut words = items.split([' ', '(', ')']).filter(|word| !word.is_empty());
        words.find(|word| word.eq_ignore_ascii_case(name))?;
        words.next()?.parse().ok()
    }
}

/// `... {123}` or `... {123+}` at a line's end.
fn literal(line: &str) -> Option<(&str, usize)> {
    let (before, count) = line.strip_suffix('}')?.rsplit_once('{')?;
    let count = count.strip_suffix('+').unwrap_or(count);
    let digits = (1..=10).contains(&count.len()) && count.bytes().all(|digit| digit.is_ascii_digit());
    Some((before, if digits { count.parse().ok()? } else { return None }))
}
