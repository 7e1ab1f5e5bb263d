//! JSON inside a message: arguments and values.

use super::at::At;
use super::{Bytes, Invalid, length};
use crate::limits;
use serde_json::{Number, Value};

/// Refuses what is no object, no I-JSON, too deep or too long.
pub(super) fn object(value: &Value, at: &At<'_>, bytes: &mut Bytes) -> Result<(), Invalid> {
    let Value::Object(members) = value else {
        return Err(
            at.invalid(format_args!("is {}, it must be a JSON object; give {{}} if there is nothing", kind(value)))
        );
    };
    if members.is_empty() {
        return Ok(());
    }
    let mut own = Bytes::default();
    walk(value, 1, at, &mut own)?;
    if own.most() > limits::ARGUMENTS {
        let found = if own.text > limits::ARGUMENTS { own.text } else { length(value) };
        if found > limits::ARGUMENTS {
            return Err(at.limit(format_args!(
                "{found} bytes or more as JSON, at most {} are allowed; put large content into a blob or a part",
                limits::ARGUMENTS
            )));
        }
    }
    bytes.add(own.text, own.rest);
    Ok(())
}

/// `depth` is that of `value`, 1 for the outermost.
fn walk(value: &Value, depth: usize, at: &At<'_>, bytes: &mut Bytes) -> Result<(), Invalid> {
    match value {
        Value::Null | Value::Bool(_) => bytes.add(0, 6),
        Value::Number(n) => {
            number(n, at)?;
            bytes.add(0, 32);
        }
        Value::String(text) => bytes.add(text.len(), 3),
        Value::Array(items) => {
            shallow(depth, at)?;
            bytes.add(0, 3);
            for (index, item) in items.iter().enumerate() {
                walk(item, depth + 1, &at.index(index), bytes)?;
            }
        }
        Value::Object(members) => {
            shallow(depth, at)?;
            bytes.add(0, 3);
            for (key, member) in members {
                bytes.add(key.len(), 3);
                walk(member, depth + 1, &at.key(key), bytes)?;
            }
        }
    }
    Ok(())
}

fn shallow(depth: usize, at: &At<'_>) -> Result<(), Invalid> {
    if depth <= limits::DEPTH {
        return Ok(());
    }
    Err(at.limit(format_args!(
        "level {depth} of objects and lists, at most {} are allowed; flatten it, or give it as a text",
        limits::DEPTH
    )))
}

fn number(number: &Number, at: &At<'_>) -> Result<(), Invalid> {
    let exact = match (number.as_u64(), number.as_i64(), number.as_f64()) {
        (Some(n), _, _) => n <= limits::INTEGER.unsigned_abs(),
        (_, Some(n), _) => n.unsigned_abs() <= limits::INTEGER.unsigned_abs(),
        // Beyond 2^53 there are only integers.
        (_, _, Some(n)) => n.is_finite() && (n.abs() <= limits::INTEGER as f64 || n.abs() >= limits::EXPONENT),
        _ => false,
    };
    if exact {
        return Ok(());
    }
    Err(at.invalid(format_args!(
        "{number} is beyond what every reader of JSON keeps exactly (integers up to {}); give it as a text",
        limits::INTEGER
    )))
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}
