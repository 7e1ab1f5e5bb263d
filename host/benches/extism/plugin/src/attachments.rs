//! The files of a payload, which the driver stores with Jackfield's server. The sample has none, and Extism no such server.

use crate::payload::Malformed;
use jackfield_sdk::json::Value;
use jackfield_sdk::{Part, Result};

/// None; a payload with files is not the sample.
///
/// # Errors
/// None of the host's; the inner ones are the payload's.
pub fn parts(pointer: Option<&str>, payload: &Value<'_>) -> Result<std::result::Result<Vec<Part>, Malformed>> {
    let files = pointer.and_then(|pointer| payload.pointer(pointer));
    Ok(files.map_or_else(|| Ok(Vec::new()), |_| Err(Malformed("files have no place here".to_owned()))))
}
