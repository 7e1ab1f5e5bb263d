//! Reading sources: without their tests, without their comments.

use std::path::Path;

use jackfield_tests::root;

/// A file of the repository.
pub struct Source {
    name: String,
    text: String,
}

/// The kinds of files that people write.
const WRITTEN: [&str; 9] = ["rs", "toml", "wit", "md", "sh", "py", "js", "html", "css"];

/// Every file below a folder that somebody wrote.
pub fn files_of(folder: &Path) -> Vec<Source> {
    let mut sources = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        let Ok(entries) = std::fs::read_dir(&folder) else { continue };
        for path in entries.map(|entry| entry.expect("an entry").path()) {
            if path.is_dir() {
                if path.file_name().is_some_and(|name| name != "target") {
                    folders.push(path);
                }
            } else if path.extension().and_then(|kind| kind.to_str()).is_some_and(|kind| WRITTEN.contains(&kind)) {
                let name = path.strip_prefix(root()).unwrap_or(&path).to_string_lossy().into_owned();
                sources.push(Source { name, text: std::fs::read_to_string(&path).expect("a text") });
            }
        }
    }
    sources.sort_by(|one, other| one.name.cmp(&other.name));
    sources
}

/// The sources below a folder that are part of what is shipped: no tests.
pub fn sources_of(folder: &Path) -> Vec<Source> {
    let shipped: Vec<_> = files_of(folder).into_iter().filter(|source| !source.is_test()).collect();
    assert!(!shipped.is_empty(), "no sources in {}", folder.display());
    shipped
}

impl Source {
    /// A text as if it were in a file.
    pub fn new(name: &str, text: &str) -> Self {
        Self { name: name.to_owned(), text: text.to_owned() }
    }

    /// Its path from the top folder.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// All of it.
    pub fn text(&self) -> &str {
        &self.text
    }

    fn is_test(&self) -> bool {
        let is_tests = |part: &str| {
            matches!(part, "tests" | "examples")
                || part == "tests.rs"
                || part.ends_with("_tests.rs")
                || part == "strategies.rs"
                || part == "fixture.rs"
        };
        self.name.split('/').any(is_tests)
    }

    /// Its lines without comments.
    fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        let mark = if self.name.ends_with(".toml") { "#" } else { "//" };
        self.text.lines().enumerate().map(move |(number, line)| {
            // A URL in a text has the mark too.
            let end = line.match_indices(mark).map(|(at, _)| at).find(|at| *at == 0 || !line[..*at].ends_with(':'));
            (number + 1, &line[..end.unwrap_or(line.len())])
        })
    }

    /// Places where one of these stands in the code, bounded by what is no part of a name.
    pub fn lines_with(&self, words: &[&str]) -> Vec<String> {
        let is_name = |c: char| c.is_alphanumeric() || c == '_';
        let holds = |line: &str, word: &str| {
            line.match_indices(word).any(|(at, _)| {
                let after = line[at + word.len()..].chars().next();
                !line[..at].ends_with(is_name) && !after.is_some_and(is_name)
            })
        };
        self.places(|line| words.iter().find(|word| holds(line, word)).map(ToString::to_string))
    }

    /// Places where one of these stands as a word of its own in the code: in a text, or in a name such as `is_sms`,
    /// `SmsQueue`.
    pub fn lines_with_whole_words(&self, words: &[&str]) -> Vec<String> {
        self.places(|line| words_of(line).into_iter().find(|word| words.contains(&word.as_str())))
    }

    fn places(&self, look: impl Fn(&str) -> Option<String>) -> Vec<String> {
        let found = self.code().filter_map(|(number, line)| Some((number, look(line)?)));
        found.map(|(number, word)| format!("{}:{number}: {word}", self.name)).collect()
    }
}

/// The words of a line in lower case; names are taken apart at underscores and capitals.
fn words_of(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut lower_before = false;
    for c in line.chars() {
        let begins = c.is_uppercase() && lower_before;
        if (!c.is_alphanumeric() || begins) && words.last().is_some_and(|word| !word.is_empty()) {
            words.push(String::new());
        }
        if c.is_alphanumeric()
            && let Some(word) = words.last_mut()
        {
            word.extend(c.to_lowercase());
        }
        lower_before = c.is_lowercase();
    }
    words
}
