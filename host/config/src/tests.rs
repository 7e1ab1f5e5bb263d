//! The configuration as a whole: golden tables of wrong files, and the right ones.

mod good;
mod hours;
mod limits;
mod listen;
mod names;
mod problems;
mod secrets;
mod text;
mod units;

use std::path::Path;

use crate::{Errors, Loaded, parse};

/// Parses with an environment in which `TOKEN_A` to `TOKEN_D`, and what the example config names, are set.
fn read(text: &str) -> Result<Loaded, Errors> {
    let env = |name: &str| match name {
        "OPS_TOKEN" | "TWILIO_TOKEN" | "TOKEN_A" | "TOKEN_B" => Some(format!("value-of-{name}")),
        "EMPTY" => Some(String::new()),
        "SPACED" => Some("two words".to_owned()),
        _ => None,
    };
    parse(text, "c.toml", Path::new("/etc/jackfield"), &env)
}

/// A queue and a catch-all, which every configuration must have.
const LEAST: &str = "[[queue]]\nid = \"q\"\n[[route]]\nqueue = \"q\"\n";
