//! JSON Schema (2020-12), made of the WIT.
//!
//! | WIT | JSON |
//! | --- | --- |
//! | names | camelCase |
//! | record | object; of the message every member is there, of arguments an `option` may be missing |
//! | `option` | the value or `null` |
//! | `list<tuple<string, T>>` | object with values of T |
//! | variant case with a record | the record's members and `type` |
//! | other variant case | `{"type": ..., "value": ...}` |
//! | enum | the case's name |
//! | 64-bit numbers | text of digits |
//! | `timestamp` | RFC 3339 text; of the message itself in UTC with milliseconds |
//! | `json` | the value itself |

use crate::interaction::{CATALOGUE, Entry, Reply, Way, find};
use crate::{VERSION, wit};
use serde_json::{Map, Value, json};

mod forms;
mod generate;
mod rules;

pub(crate) use forms::MAX_BYTES;

use generate::{Generator, definition};

/// The names of this and of [`arguments_schema`] are URNs: they are not meant to be fetched.
const DRAFT: &str = "https://json-schema.org/draft/2020-12/schema";

/// The schema of a message in canonical JSON, with the records of all arguments and replies in `$defs`.
///
/// It accepts whatever [`validate`](crate::validate::validate) does and the server sends, and says every rule of the
/// validator that JSON Schema can say; the others stand in its `$comment`. Limits come from [`crate::limits`], words
/// from the vocabulary, interactions from the catalogue: nothing is told twice.
///
/// `x-interactions` lists the catalogue: `name`, `kind`, `way` (`D>S`, `S>D`, `both`), and as references
/// `arguments` and `reply` (null: an object with nothing that is known; no `reply`: there is none).
pub fn json_schema() -> Value {
    let mut generator = Generator::new(wit::resolve());
    let message = generator.named("message", "message");
    for entry in CATALOGUE.iter() {
        records(entry).for_each(|record| {
            generator.named("interactions", record);
        });
    }
    rules::define(&mut generator);
    let mut schema = Map::new();
    schema.insert("$schema".to_owned(), json!(DRAFT));
    schema.insert("$id".to_owned(), json!(format!("urn:jackfield:channel:{VERSION}:message")));
    schema.insert("$comment".to_owned(), json!(rules::COMMENT));
    schema.insert("title".to_owned(), json!(format!("A message of jackfield:channel@{VERSION}")));
    schema.insert("$ref".to_owned(), message);
    schema.insert("x-interactions".to_owned(), CATALOGUE.iter().map(listed).collect());
    schema.insert("$defs".to_owned(), Value::Object(generator.finish()));
    Value::Object(schema)
}

/// The schema of an interaction's `arguments`: of `name` as the catalogue has it. Members that it does not
/// name are allowed. None for a name that the catalogue does not have.
pub fn arguments_schema(name: &str) -> Option<Value> {
    let entry = find(name)?;
    Some(of_record(&format!("{name}:arguments"), entry.arguments))
}

/// The schema of the `arguments` of an interaction's reply, if it has one.
pub fn reply_schema(name: &str) -> Option<Value> {
    let record = match find(name)?.reply {
        Reply::None => return None,
        Reply::Plain => None,
        Reply::Record(record) => Some(record),
    };
    Some(of_record(&format!("{name}:reply"), record))
}

fn of_record(id: &str, record: Option<&str>) -> Value {
    let mut schema = Map::new();
    schema.insert("$schema".to_owned(), json!(DRAFT));
    schema.insert("$id".to_owned(), json!(format!("urn:jackfield:channel:{VERSION}:{id}")));
    match record {
        None => {
            schema.insert("type".to_owned(), json!("object"));
        }
        Some(record) => {
            let mut generator = Generator::new(wit::resolve());
            schema.insert("$ref".to_owned(), generator.named("interactions", record));
            schema.insert("$defs".to_owned(), Value::Object(generator.finish()));
        }
    }
    Value::Object(schema)
}

fn records(entry: &Entry) -> impl Iterator<Item = &'static str> {
    let reply = match entry.reply {
        Reply::Record(record) => Some(record),
        Reply::None | Reply::Plain => None,
    };
    entry.arguments.into_iter().chain(reply)
}

fn listed(entry: &Entry) -> Value {
    let reference = |record: &str| json!({ "$ref": definition("interactions", record) });
    let way = match entry.way {
        Way::ToServer => "D>S",
        Way::ToDriver => "S>D",
        Way::Both => "both",
    };
    let mut item = json!({
        "name": entry.name,
        "kind": entry.kind,
        "way": way,
        "description": entry.meaning,
        "arguments": entry.arguments.map(reference),
    });
    match entry.reply {
        Reply::None => {}
        Reply::Plain => item["reply"] = Value::Null,
        Reply::Record(record) => item["reply"] = reference(record),
    }
    item
}

#[cfg(test)]
mod tests;
