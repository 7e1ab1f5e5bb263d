//! Walks the spanned TOML tree and collects every problem instead of stopping at the first.
//!
//! A getter that finds a value wrong reports it and answers [`None`]; the section goes on with its default,
//! and [`Reader::finish`] refuses the whole if anything was reported.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::Duration;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::place::{Lines, Place};
use crate::problem::{Problem, meant, nearest, quote};
use crate::secret::TokenHash;
use crate::units::{ByteSize, parse_duration, show_duration};

/// What the whole reading of one file shares.
pub(crate) struct Reader<'a> {
    lines: Lines<'a>,
    base: &'a Path,
    env: &'a dyn Fn(&str) -> Option<String>,
    errors: RefCell<Vec<Problem>>,
    warnings: RefCell<Vec<Problem>>,
    tokens: RefCell<Vec<(Place, String, TokenHash)>>,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(lines: Lines<'a>, base: &'a Path, env: &'a dyn Fn(&str) -> Option<String>) -> Self {
        Reader {
            lines,
            base,
            env,
            errors: RefCell::default(),
            warnings: RefCell::default(),
            tokens: RefCell::default(),
        }
    }

    pub(crate) fn place(&self, offset: usize) -> Place {
        self.lines.place(offset)
    }

    pub(crate) fn error(
        &self,
        place: Place,
        key: impl Into<String>,
        problem: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        self.errors.borrow_mut().push(Problem {
            place,
            key: key.into(),
            problem: problem.into(),
            remedy: remedy.into(),
        });
    }

    /// A path of the file, which is relative to the file's folder.
    pub(crate) fn resolve(&self, path: &str) -> PathBuf {
        self.base.join(path)
    }

    pub(crate) fn variable(&self, name: &str) -> Option<String> {
        (self.env)(name)
    }

    /// All errors, then all warnings; both in the file's order.
    pub(crate) fn finish(self) -> (Vec<Problem>, Vec<Problem>) {
        self.check_tokens();
        let by_place = |a: &Problem, b: &Problem| a.place.cmp(&b.place);
        let mut errors = self.errors.into_inner();
        errors.sort_by(by_place);
        let mut warnings = self.warnings.into_inner();
        warnings.sort_by(by_place);
        (errors, warnings)
    }

    /// Reports each token that stands further up in the file already.
    fn check_tokens(&self) {
        let mut claims = self.tokens.take();
        claims.sort_by(|(a, ..), (b, ..)| a.cmp(b));
        let mut owners = BTreeMap::new();
        for (place, path, token) in claims {
            if let Some(owner) = owners.get(&token) {
                self.error(
                    place,
                    path,
                    format!("is the same token as `{owner}`"),
                    "give each agent and operator a token of its own",
                );
            } else {
                owners.insert(token, path);
            }
        }
    }
}

/// One value of the file, with its key's path.
pub(crate) struct Node<'a> {
    reader: &'a Reader<'a>,
    value: &'a Spanned<DeValue<'a>>,
    path: String,
}

impl<'a> Node<'a> {
    pub(crate) fn reader(&self) -> &'a Reader<'a> {
        self.reader
    }

    pub(crate) fn value(&self) -> &'a DeValue<'a> {
        self.value.get_ref()
    }

    pub(crate) fn path(&self) -> &str {
        &self.path
    }

    pub(crate) fn place(&self) -> Place {
        self.reader.place(self.value.span().start)
    }

    /// The value as it is written, quotes and escapes included.
    pub(crate) fn source(&self) -> (&'a str, usize) {
        (self.reader.lines.slice(self.value.span()), self.value.span().start)
    }

    pub(crate) fn error(&self, problem: impl Into<String>, remedy: impl Into<String>) {
        self.reader.error(self.place(), &self.path, problem, remedy);
    }

    pub(crate) fn warn(&self, problem: impl Into<String>, remedy: impl Into<String>) {
        self.reader.warnings.borrow_mut().push(Problem {
            place: self.place(),
            key: self.path.clone(),
            problem: problem.into(),
            remedy: remedy.into(),
        });
    }

    /// Notes a token as this key's; each may be somebody's only once.
    pub(crate) fn claim_token(&self, token: TokenHash) {
        let claim = (self.place(), self.path.clone(), token);
        self.reader.tokens.borrow_mut().push(claim);
    }

    fn wrong_type<T>(&self, wanted: &str, example: &str) -> Option<T> {
        let found = match self.value() {
            DeValue::String(_) => "a string",
            DeValue::Integer(_) => "an integer",
            DeValue::Float(_) => "a float",
            DeValue::Boolean(_) => "a boolean",
            DeValue::Datetime(_) => "a date or time",
            DeValue::Array(_) => "an array",
            DeValue::Table(_) => "a table",
        };
        self.error(format!("is {found}, not {wanted}"), format!("write {example}"));
        None
    }

    /// A string; `example` is shown if it is something else.
    pub(crate) fn string(&self, example: &str) -> Option<&'a str> {
        match self.value() {
            DeValue::String(text) => Some(text),
            _ => self.wrong_type("a string", example),
        }
    }

    /// A string that isn't empty.
    pub(crate) fn name(&self, example: &str) -> Option<String> {
        let text = self.string(example)?;
        if text.trim().is_empty() {
            self.error("is empty", format!("write {example}"));
            return None;
        }
        Some(text.to_owned())
    }

    pub(crate) fn boolean(&self) -> Option<bool> {
        match self.value() {
            DeValue::Boolean(value) => Some(*value),
            _ => self.wrong_type("a boolean", "true or false"),
        }
    }

    /// A whole number from `low` to `high`.
    pub(crate) fn integer(&self, low: u32, high: u32) -> Option<u32> {
        let range = format!("a whole number from {low} to {high}");
        let DeValue::Integer(number) = self.value() else {
            return self.wrong_type("a whole number", &range);
        };
        let parsed = i64::from_str_radix(number.as_str(), number.radix())
            .ok()
            .and_then(|number| u32::try_from(number).ok())
            .filter(|number| (low..=high).contains(number));
        if parsed.is_none() {
            self.error(format!("{} is out of range", quote(&number.to_string())), format!("write {range}"));
        }
        parsed
    }

    /// A duration from `low` to `high`.
    pub(crate) fn duration(&self, low: Duration, high: Duration) -> Option<Duration> {
        let text = self.string("a duration in quotes, such as \"30s\"")?;
        match parse_duration(text) {
            Ok(duration) if (low..=high).contains(&duration) => Some(duration),
            Ok(_) => {
                self.error(
                    format!("{} is out of range", quote(text)),
                    format!("write a duration from {} to {}", show_duration(low), show_duration(high)),
                );
                None
            }
            Err(error) => {
                self.error(format!("{} is not a duration", quote(text)), error.to_string());
                None
            }
        }
    }

    /// A size from `low` to `high`.
    pub(crate) fn size(&self, low: ByteSize, high: ByteSize) -> Option<ByteSize> {
        let text = self.string("a size in quotes, such as \"64MiB\"")?;
        match text.parse::<ByteSize>() {
            Ok(size) if (low..=high).contains(&size) => Some(size),
            Ok(_) => {
                self.error(format!("{} is out of range", quote(text)), format!("write a size from {low} to {high}"));
                None
            }
            Err(error) => {
                self.error(format!("{} is not a size", quote(text)), error.to_string());
                None
            }
        }
    }

    /// One of a few words, each with what it means.
    pub(crate) fn choice<T: Copy>(&self, choices: &[(&str, T)]) -> Option<T> {
        let words: Vec<&str> = choices.iter().map(|(word, _)| *word).collect();
        let text = self.string(&format!("one of {}, in quotes", words.join(", ")))?;
        let found = choices.iter().find(|(word, _)| *word == text);
        if found.is_none() {
            self.error(format!("{} is not known", quote(text)), meant(text, &words));
        }
        found.map(|(_, value)| *value)
    }

    /// The values of an array; none if it isn't one.
    pub(crate) fn items(&self, example: &str) -> Vec<Node<'a>> {
        let DeValue::Array(items) = self.value() else {
            self.wrong_type::<()>("an array", example);
            return Vec::new();
        };
        items
            .iter()
            .enumerate()
            .map(|(index, value)| Node { reader: self.reader, value, path: format!("{}[{index}]", self.path) })
            .collect()
    }

    /// The value as a table whose keys the section knows.
    pub(crate) fn table(&self, example: &str) -> Option<Table<'a>> {
        match self.value() {
            DeValue::Table(table) => Some(Table {
                reader: self.reader,
                table,
                path: self.path.clone(),
                place: self.place(),
                asked: RefCell::default(),
            }),
            _ => self.wrong_type("a table", example),
        }
    }

    /// The entries of a table whose keys are names of the operator's own.
    pub(crate) fn entries(&self, example: &str) -> Vec<(String, Node<'a>)> {
        let DeValue::Table(table) = self.value() else {
            self.wrong_type::<()>("a table", example);
            return Vec::new();
        };
        let mut entries = Vec::with_capacity(table.len());
        for (key, value) in table {
            let name = key.get_ref().as_ref();
            let node = Node { reader: self.reader, value, path: join(&self.path, name) };
            if name.trim().is_empty() {
                node.error("its key is empty", "give it a name");
            } else {
                entries.push((name.to_owned(), node));
            }
        }
        entries
    }
}

/// A table whose keys are known: what isn't asked for by [`Table::finish`] is an error.
pub(crate) struct Table<'a> {
    reader: &'a Reader<'a>,
    table: &'a DeTable<'a>,
    path: String,
    place: Place,
    asked: RefCell<BTreeSet<&'static str>>,
}

impl<'a> Table<'a> {
    /// The whole file. Missing sections are reported at its beginning.
    pub(crate) fn root(reader: &'a Reader<'a>, table: &'a DeTable<'a>) -> Self {
        Table { reader, table, path: String::new(), place: reader.place(0), asked: RefCell::default() }
    }

    pub(crate) fn reader(&self) -> &'a Reader<'a> {
        self.reader
    }

    pub(crate) fn place(&self) -> &Place {
        &self.place
    }

    pub(crate) fn path(&self) -> &str {
        &self.path
    }

    /// Each key with the place of its value.
    pub(crate) fn key_places(&self) -> impl Iterator<Item = (&'a str, Place)> {
        self.table.iter().map(|(key, value)| (key.get_ref().as_ref(), self.reader.place(value.span().start)))
    }

    pub(crate) fn get(&self, key: &'static str) -> Option<Node<'a>> {
        self.asked.borrow_mut().insert(key);
        self.table.get(key).map(|value| Node { reader: self.reader, value, path: join(&self.path, key) })
    }

    /// A key that must be there; `example` is the line to add.
    pub(crate) fn required(&self, key: &'static str, example: &str) -> Option<Node<'a>> {
        let node = self.get(key);
        if node.is_none() {
            self.reader.error(self.place.clone(), join(&self.path, key), "is missing", format!("add {example}"));
        }
        node
    }

    /// The tables of `[[key]]`; none if there are none.
    pub(crate) fn tables(&self, key: &'static str) -> Vec<Table<'a>> {
        let Some(node) = self.get(key) else {
            return Vec::new();
        };
        let example = format!("it with double brackets, [[{key}]]");
        node.items(&example).iter().filter_map(|item| item.table(&example)).collect()
    }

    /// Reports the keys that nobody asked for.
    pub(crate) fn finish(&self) {
        let asked = self.asked.borrow();
        for (key, _) in self.table {
            let name = key.get_ref().as_ref();
            if asked.contains(name) {
                continue;
            }
            let remedy = match nearest(name, asked.iter().copied()) {
                Some(candidate) => format!("did you mean `{candidate}`?"),
                None => {
                    let known: Vec<&str> = asked.iter().copied().collect();
                    format!("remove it; known here: {}", known.join(", "))
                }
            };
            self.reader.error(
                self.reader.place(key.span().start),
                join(&self.path, name),
                "is not a known key",
                remedy,
            );
        }
    }
}

/// A key's path below another, with the key quoted if TOML would have to quote it.
pub(crate) fn join(path: &str, key: &str) -> String {
    let bare = !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
    let key = if bare { key.to_owned() } else { format!("\"{}\"", key.escape_debug()) };
    if path.is_empty() { key } else { format!("{path}.{key}") }
}
