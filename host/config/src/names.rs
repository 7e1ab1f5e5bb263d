//! What ids and driver names may look like.

use std::fmt;

/// The driver a channel uses: the newest one of a name, or one exact version.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DriverRef {
    /// The driver's name, as in its descriptor and its file's name.
    pub name: String,
    /// The exact semver version, if the channel asks for one.
    pub version: Option<String>,
}

impl DriverRef {
    /// Reads `name` or `name@version`; [`None`] if it is neither.
    pub fn parse(text: &str) -> Option<Self> {
        let (name, version) = match text.split_once('@') {
            Some((name, version)) => (name, Some(version)),
            None => (text, None),
        };
        let well_named = is_id(name) && !name.contains(['@', '+']);
        if !well_named || !version.is_none_or(is_version) {
            return None;
        }
        Some(DriverRef { name: name.to_owned(), version: version.map(str::to_owned) })
    }
}

impl fmt::Display for DriverRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.version {
            Some(version) => write!(f, "{}@{version}", self.name),
            None => f.write_str(&self.name),
        }
    }
}

/// What an id may be, for remedies.
pub(crate) const ID_RULE: &str =
    "use 1 to 128 of the letters a-z A-Z, digits and - _ . @ +, beginning with a letter or a digit";

/// Whether a text may be the id of a channel, queue or agent: it stands in URLs, logs and metrics unescaped.
pub(crate) fn is_id(text: &str) -> bool {
    text.len() <= 128
        && text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.@+".contains(&byte))
}

/// `MAJOR.MINOR.PATCH`, with pre-release and build if it likes.
fn is_version(text: &str) -> bool {
    let core_end = text.find(['-', '+']).unwrap_or(text.len());
    let (core, rest) = text.split_at(core_end);
    let numbers: Vec<&str> = core.split('.').collect();
    let number = |part: &&str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    numbers.len() == 3
        && numbers.iter().all(number)
        && rest.len() != 1
        && rest.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-+.".contains(&byte))
}
