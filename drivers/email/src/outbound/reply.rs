//! What a mail server answers (RFC 5321, 4.2).

/// Lines of one answer.
const MAX_LINES: usize = 200;

/// An answer of one or several lines.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Reply {
    pub code: u16,
    /// What stands behind the codes.
    pub lines: Vec<String>,
}

impl Reply {
    /// Reads lines until the answer is complete; `next` gives one, without its CRLF. None where that is no answer.
    ///
    /// # Errors
    /// Those of `next`.
    pub fn read<E>(mut next: impl FnMut() -> Result<Option<Vec<u8>>, E>) -> Result<Option<Self>, E> {
        let mut reply = Self { code: 0, lines: Vec::new() };
        while let Some(line) = next()? {
            let text = String::from_utf8_lossy(&line).into_owned();
            let digits = text.get(..3).filter(|digits| digits.bytes().all(|digit| digit.is_ascii_digit()));
            let Some(code) = digits.and_then(|digits| digits.parse().ok()) else {
                return Ok(None);
            };
            let known = (200..600).contains(&code) && (reply.lines.is_empty() || code == reply.code);
            if !known || reply.lines.len() >= MAX_LINES {
                return Ok(None);
            }
            reply.code = code;
            reply.lines.push(text[3..].get(1..).unwrap_or_default().into());
            match text.as_bytes().get(3) {
                Some(b'-') => {}
                Some(b' ') | None => return Ok(Some(reply)),
                Some(_) => return Ok(None),
            }
        }
        Ok(None)
    }

    pub fn is_good(&self) -> bool {
        (200..400).contains(&self.code)
    }

    pub fn is_temporary(&self) -> bool {
        (400..500).contains(&self.code)
    }

    /// What the server says it can (EHLO): the rest of the line with this keyword.
    pub fn keyword(&self, keyword: &str) -> Option<&str> {
        self.lines.iter().skip(1).find_map(|line| {
            let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
            word.eq_ignore_ascii_case(keyword).then_some(rest)
        })
    }

    /// The code and what it says, for people.
    pub fn text(&self) -> String {
        let text = format!("{} {}", self.code, self.lines.join(" "));
        text.chars().filter(|letter| !letter.is_control()).take(300).collect()
    }
}
