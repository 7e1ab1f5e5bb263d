//! The whole configuration: found, parsed, and handed to its sections.

use std::path::Path;

use toml::de::DeTable;

use crate::channels::{self, Channel};
use crate::hours::{self, Hours};
use crate::people::{self, Agent, Operator};
use crate::place::Lines;
use crate::problem::{Errors, Problem};
use crate::queues::{self, Queue};
use crate::reader::{Reader, Table};
use crate::routes::{self, Route};
use crate::server::{self, Server};

/// A configuration that is right in itself; only drivers can still object to their settings.
#[derive(Clone, Debug)]
pub struct Config {
    /// `[server]`.
    pub server: Server,
    /// `[[operator]]`, in the file's order.
    pub operators: Vec<Operator>,
    /// `[[agent]]`, in the file's order, ids unique.
    pub agents: Vec<Agent>,
    /// `[[hours]]`, in the file's order, ids unique.
    pub hours: Vec<Hours>,
    /// `[[queue]]`, in the file's order, ids unique.
    pub queues: Vec<Queue>,
    /// `[[route]]`, in the order they are tried; the last one, and only it, has no condition.
    pub routes: Vec<Route>,
    /// `[[channel]]`, in the file's order, ids unique.
    pub channels: Vec<Channel>,
}

/// A configuration and what an operator should know about it.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The configuration.
    pub config: Config,
    /// What is allowed but not wise, in the file's order.
    pub warnings: Vec<Problem>,
}

/// The configuration of the embedded demo; its tokens come from the variables that [`Config::demo`] gives.
const DEMO: &str = include_str!("demo.toml");

/// Reads and checks a file. Secrets come from the process's environment and from files; relative paths are
/// relative to the file's folder.
///
/// # Errors
/// Everything that is wrong with it, or that it can't be read.
pub fn load(path: &Path) -> Result<Loaded, Errors> {
    examine(path).map_err(|wrong| wrong.errors)
}

/// The same, with what could be read of a configuration that is wrong.
///
/// # Errors
/// As [`load`].
pub fn examine(path: &Path) -> Result<Loaded, Wrong> {
    let name = path.display().to_string();
    let unreadable = |problem: String, remedy: &str| {
        Wrong::whole(Problem {
            place: Lines::new(&name, "").place(0),
            key: "file".to_owned(),
            problem,
            remedy: remedy.to_owned(),
        })
    };
    let bytes = std::fs::read(path)
        .map_err(|error| unreadable(format!("can't be read: {error}"), "name a file that exists and is readable"))?;
    let text = String::from_utf8(bytes).map_err(|_| unreadable("is not UTF-8".to_owned(), "save it as UTF-8"))?;
    let base = path.parent().unwrap_or(Path::new(""));
    examine_text(&text, &name, base, &|variable| std::env::var(variable).ok())
}

/// Checks a configuration's text. `file` is its name in problems, `base` the folder that its paths are
/// relative to, `env` the environment.
///
/// # Errors
/// Everything that is wrong with it; if it isn't TOML, only the first place where it isn't.
pub fn parse(text: &str, file: &str, base: &Path, env: &dyn Fn(&str) -> Option<String>) -> Result<Loaded, Errors> {
    examine_text(text, file, base, env).map_err(|wrong| wrong.errors)
}

fn examine_text(text: &str, file: &str, base: &Path, env: &dyn Fn(&str) -> Option<String>) -> Result<Loaded, Wrong> {
    let lines = Lines::new(file, text);
    let tree = match DeTable::parse(text) {
        Ok(tree) => tree,
        Err(error) => {
            let offset = error.span().map_or(0, |span| span.start);
            return Err(Wrong::whole(Problem {
                place: lines.place(offset),
                key: "TOML".to_owned(),
                problem: error.message().replace('\n', " "),
                remedy: "correct the syntax; the rest is checked after that".to_owned(),
            }));
        }
    };
    let reader = Reader::new(lines, base, env);
    let config = read(&Table::root(&reader, tree.get_ref()));
    let (errors, warnings) = reader.finish();
    if errors.is_empty() {
        return Ok(Loaded { config, warnings });
    }
    Err(Wrong { errors: Errors(errors), warnings, rest: Some(Box::new(config)) })
}

/// A configuration that is wrong, with what could be read of it: what only drivers can tell of its channels can still
/// be told.
#[derive(Debug)]
pub struct Wrong {
    /// Everything that is wrong with it, in the file's order.
    pub errors: Errors,
    /// What is allowed but not wise, in the file's order.
    pub warnings: Vec<Problem>,
    /// The rest, none if it isn't TOML. What was wrong stands at its default.
    pub rest: Option<Box<Config>>,
}

impl Wrong {
    /// Nothing of it can be read.
    fn whole(problem: Problem) -> Self {
        Self { errors: Errors(vec![problem]), warnings: Vec::new(), rest: None }
    }
}

impl Config {
    /// The configuration of the embedded demo, with the tokens of its agent `ana` and its operator `ops`.
    ///
    /// # Errors
    /// If a token is empty, has characters that can't stand in a header, or both are the same.
    pub fn demo(agent_token: &str, operator_token: &str) -> Result<Config, Errors> {
        let env = |name: &str| match name {
            "DEMO_AGENT_TOKEN" => Some(agent_token.to_owned()),
            "DEMO_OPERATOR_TOKEN" => Some(operator_token.to_owned()),
            _ => None,
        };
        parse(DEMO, "demo.toml", Path::new(""), &env).map(|loaded| loaded.config)
    }
}

fn read(root: &Table<'_>) -> Config {
    let hours = hours::read(root);
    let queues = queues::read(root, &hours);
    let config = Config {
        server: server::read(root),
        operators: people::read_operators(root),
        agents: people::read_agents(root),
        routes: routes::read(root, &queues),
        hours,
        queues,
        channels: channels::read(root),
    };
    root.finish();
    config
}
