//! The text of the specification, as it is published, and what it says to a program.

use std::sync::LazyLock;
use wit_parser::{Interface, Resolve, SourceMap};

/// The version of the package `jackfield:channel`.
pub const VERSION: &str = "0.9.0";

macro_rules! files {
    ($($name:literal),* $(,)?) => {
        /// The files of the package, in reading order: name and text.
        pub const FILES: &[(&str, &str)] = &[$(($name, include_str!(concat!("../../../wit/", $name)))),*];
    };
}

files!(
    "message.wit",
    "driver.wit",
    "interactions.wit",
    "webhook.wit",
    "timer.wit",
    "stream.wit",
    "datagram.wit",
    "handover.wit",
    "server.wit",
    "store.wit",
    "blobs.wit",
    "secrets.wit",
    "http.wit",
    "connection.wit",
    "worlds.wit",
);

/// The whole package as one text, for `jackfield spec wit`: a text may name its package once only.
pub fn text() -> String {
    let mut out = String::new();
    for (index, (_, text)) in FILES.iter().enumerate() {
        let body = match text.find("\npackage ").map(|at| at + 1).or(text.starts_with("package ").then_some(0)) {
            Some(at) if index > 0 => text[at..].split_once('\n').map_or("", |(_, rest)| rest),
            _ => text,
        };
        out.push_str(body.trim_start_matches('\n'));
        out.push('\n');
    }
    out
}

/// The package as parsed from [`FILES`]: what the catalogue and the JSON Schema are made of.
static RESOLVE: LazyLock<Resolve> = LazyLock::new(|| {
    let mut files = SourceMap::default();
    for (name, text) in FILES {
        files.push_str(name, *text);
    }
    let mut resolve = Resolve::default();
    // The text is part of the program and no input reaches it; that it parses is tested.
    let package = files.parse().map_err(|(_, error)| error).expect("the embedded specification parses");
    resolve.push_group(package).expect("the embedded specification resolves");
    resolve
});

/// The parsed package, for whoever holds a component's types against it.
pub fn resolve() -> &'static Resolve {
    &RESOLVE
}

/// An interface of the package, by its name.
pub fn interface(name: &str) -> Option<&'static Interface> {
    RESOLVE.interfaces.iter().map(|(_, interface)| interface).find(|i| i.name.as_deref() == Some(name))
}

#[cfg(test)]
mod tests;
