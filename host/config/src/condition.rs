//! A route's condition: a CEL expression over the message, compiled and checked once, evaluated per message.
//!
//! Conditions are the operator's own, messages are anybody's. So what is written is checked for size, depth
//! and nested loops when it is compiled, and evaluation reads the message where it is, converting only what
//! the expression touches.

mod check;
mod json;
#[cfg(test)]
mod tests;

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, LazyLock};

use cel::common::types::{CelBool, CelTimestamp};
use cel::common::value::CowVal;
use cel::context::VariableResolver;
use cel::{Context, Env, ExecutionError, ParseError, Program};
use serde_json::Value;

use crate::problem::quote;

/// The longest source of a condition, in bytes.
pub const MAX_SOURCE: usize = 4096;

/// The parser recurses for each step of a chain like `a.b.c`, so hostile text of [`MAX_SOURCE`] bytes needs
/// a deep stack: it gets a thread with one of this size.
const PARSER_STACK: usize = 64 << 20;

/// The standard functions of CEL.
static ENV: LazyLock<Arc<Env>> = LazyLock::new(|| Arc::new(Env::stdlib()));

/// A compiled condition; cheap to clone.
#[derive(Clone)]
pub struct Condition {
    source: Arc<str>,
    program: Arc<Program>,
}

/// Why a text is not a condition, with the place inside it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column} of the condition: {problem}; {remedy}")]
pub struct ConditionError {
    /// The line inside the condition, from 1.
    pub line: usize,
    /// The column, from 1, in characters.
    pub column: usize,
    /// What is wrong.
    pub problem: String,
    /// What to do about it.
    pub remedy: String,
}

/// What a condition can ask about, in the JSON that the rest of the server shows.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// `message`: the message as the driver formed it.
    pub message: &'a Value,
    /// `workItem`: the work item that the message opens or joins.
    pub work_item: &'a Value,
    /// `customer`: what is known of the customer, or null.
    pub customer: &'a Value,
    /// `channel`: the channel it came on.
    pub channel: &'a Value,
    /// `now`: a CEL timestamp, so that `now.getHours("Europe/Berlin") < 18` works.
    pub now: jiff::Timestamp,
}

/// What a condition said about a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is met.
    Match,
    /// It is not met.
    NoMatch,
    /// It could not be said, so the route doesn't match; why, in words that hold nothing of the message's
    /// contents but names of keys.
    Failed(String),
}

impl Condition {
    /// Compiles a condition, and checks that the names and functions in it exist.
    ///
    /// # Errors
    /// The first thing that is wrong with it.
    pub fn compile(source: &str) -> Result<Self, ConditionError> {
        let refuse = |problem: &str, remedy: &str| ConditionError {
            line: 1,
            column: 1,
            problem: problem.to_owned(),
            remedy: remedy.to_owned(),
        };
        if source.len() > MAX_SOURCE {
            return Err(refuse("the condition is longer than 4096 bytes", "split it into several routes"));
        }
        let compiled = std::thread::scope(|scope| {
            std::thread::Builder::new()
                .name("condition".to_owned())
                .stack_size(PARSER_STACK)
                .spawn_scoped(scope, || compile(source))
                .map(std::thread::ScopedJoinHandle::join)
        });
        let program = match compiled {
            Ok(Ok(result)) => result?,
            // The parser panicked: a fault of its own, but one condition must not stop the check.
            Ok(Err(_)) => return Err(refuse("the condition can't be read", "write it otherwise")),
            Err(error) => {
                return Err(refuse(
                    &format!("no thread could be started to read the condition: {error}"),
                    "free memory or processes and try again",
                ));
            }
        };
        Ok(Condition { source: source.into(), program: Arc::new(program) })
    }

    /// The condition as it was written.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Says whether the condition is met. Takes microseconds and never panics; what fails doesn't match.
    pub fn evaluate(&self, facts: &Facts<'_>) -> Outcome {
        let mut context = Context::with_env(ENV.clone());
        context.set_variable_resolver(facts);
        let result = catch_unwind(AssertUnwindSafe(|| {
            let value = cel::Value::resolve_val(self.program.expression(), &context)?;
            Ok(match value.downcast_ref::<CelBool>() {
                Some(met) if *met.inner() => Outcome::Match,
                Some(_) => Outcome::NoMatch,
                None => {
                    Outcome::Failed(format!("the condition gives a {}, not true or false", value.get_type().name()))
                }
            })
        }));
        match result {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(error)) => Outcome::Failed(self.describe(&error)),
            Err(_) => Outcome::Failed("the condition could not be evaluated".to_owned()),
        }
    }

    /// An evaluation's error without the values in it, which are the customer's.
    fn describe(&self, error: &ExecutionError) -> String {
        match error {
            // A key that isn't in the source was computed, from what a customer may have said.
            ExecutionError::NoSuchKey(key) if self.source.contains(key.as_str()) => {
                format!("there is no key {}", quote(key))
            }
            ExecutionError::NoSuchKey(_) => "there is no such key".to_owned(),
            ExecutionError::NoSuchOverload(overload) => overload.to_string(),
            ExecutionError::UndeclaredReference(name) => format!("there is no `{name}`"),
            ExecutionError::UnexpectedType { got, want } => format!("got a {got}, wanted a {want}"),
            ExecutionError::FunctionError { function, .. } => {
                format!("the function `{function}` failed")
            }
            ExecutionError::DivisionByZero(_) | ExecutionError::RemainderByZero(_) => "division by zero".to_owned(),
            ExecutionError::Overflow(..) => "a number grew too large".to_owned(),
            ExecutionError::IndexOutOfBounds(_) => "an index is beyond the list".to_owned(),
            _ => "the values don't fit the operators".to_owned(),
        }
    }
}

impl PartialEq for Condition {
    fn eq(&self, other: &Self) -> bool {
        self.source == other.source
    }
}

impl Eq for Condition {}

impl fmt::Debug for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Condition").field(&self.source).finish()
    }
}

impl VariableResolver for Facts<'_> {
    fn resolve<'b>(&'b self, variable: &str) -> Option<CowVal<'b, 'b>> {
        let fact = match variable {
            "message" => self.message,
            "workItem" => self.work_item,
            "customer" => self.customer,
            "channel" => self.channel,
            "now" => {
                let now = chrono::DateTime::from_timestamp_millis(self.now.as_millisecond())?;
                return Some(CowVal::owned(CelTimestamp::from(now.fixed_offset())));
            }
            _ => return None,
        };
        Some(CowVal::Owned(json::value(fact)))
    }
}

fn compile(source: &str) -> Result<Program, ConditionError> {
    let program = ENV.compile(source).map_err(|errors| {
        errors.errors.first().map(|error| explain(source, error)).unwrap_or_else(|| ConditionError {
            line: 1,
            column: 1,
            problem: "is not a CEL expression".to_owned(),
            remedy: "see docs/operators.md for conditions".to_owned(),
        })
    })?;
    check::check(source, &program)?;
    Ok(program)
}

/// The parser's first error in plain words; its own lists every token that could have stood there.
fn explain(source: &str, error: &ParseError) -> ConditionError {
    let (line, column) = (error.pos.0.max(1) as usize, error.pos.1.max(1) as usize);
    let said = error.msg.lines().next().unwrap_or_default();
    let said = said.strip_prefix("Syntax error: ").unwrap_or(said);
    let said = said.split(" expecting ").next().unwrap_or(said);
    let stands = source.split('\n').nth(line - 1).unwrap_or_default();
    let said = printable(said);
    let here: String = stands.chars().skip(column - 1).take(2).collect();
    let (problem, remedy) = if said.contains("'<EOF>'") {
        ("the condition ends too early", "write the rest of it")
    } else if said.contains("Recursion limit") {
        ("the condition is nested too deeply", "split it into several routes")
    } else if here.starts_with('=') && here != "==" {
        ("`=` compares nothing", "compare with `==`")
    } else {
        (said.as_str(), "correct the CEL expression")
    };
    ConditionError { line, column, problem: problem.to_owned(), remedy: remedy.to_owned() }
}

/// The parser's words, which repeat the source, without control characters and not too long.
fn printable(said: &str) -> String {
    said.chars().take(120).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}
