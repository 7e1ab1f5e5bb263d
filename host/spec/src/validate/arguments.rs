//! What the catalogue says of an interaction: its kind, and the form of its arguments.

use super::Invalid;
use super::at::At;
use super::crm::kind;
use crate::interaction::{CATALOGUE, Entry, Reply, place};
use crate::{Interaction, Kind, schema};
use jsonschema::Keyword;
use jsonschema::error::ValidationErrorKind;
use jsonschema::{ValidationError, Validator};
use serde_json::{Map, Value};
use std::sync::{LazyLock, OnceLock};

/// The compiled schemas of a record of arguments, made when it is first needed.
#[derive(Default)]
struct Shape {
    validator: OnceLock<Option<Shaped>>,
}

struct Shaped {
    /// `{}` fits: known once, so that the most frequent arguments cost nothing.
    empty: bool,
    validator: Validator,
}

#[derive(Default)]
struct Shapes {
    arguments: Shape,
    reply: Shape,
}

static SHAPES: LazyLock<Vec<Shapes>> = LazyLock::new(|| CATALOGUE.iter().map(|_| Shapes::default()).collect());

/// Checks an interaction that the catalogue knows; any other may be as it likes.
pub(super) fn check(interaction: &Interaction) -> Result<(), Invalid> {
    let Some(index) = place(&interaction.name) else {
        return Ok(());
    };
    let (Some(entry), Some(shapes)) = (CATALOGUE.get(index), SHAPES.get(index)) else {
        return Ok(());
    };
    let root = At::Root;
    let at = root.key("interaction");
    let reply = is_reply(interaction, entry);
    if !reply && interaction.kind != entry.kind {
        return Err(at.key("kind").invalid(format_args!(
            "`{}` is a {}, not a {}; set the kind that the catalogue gives",
            entry.name,
            kind(entry.kind),
            kind(interaction.kind)
        )));
    }
    let record = match (reply, entry.reply) {
        (false, _) => entry.arguments,
        (true, Reply::Record(record)) => Some(record),
        (true, Reply::Plain | Reply::None) => None,
    };
    // Nothing is asked of an interaction without a record.
    let Some(record) = record else { return Ok(()) };
    let shaped = if reply {
        shapes.reply.get(|| schema::reply_schema(entry.name))
    } else {
        shapes.arguments.get(|| schema::arguments_schema(entry.name))
    };
    match shaped {
        Some(shaped) => shaped.check(&interaction.arguments, &at.key("arguments"), record),
        None => Ok(()),
    }
}

/// A reply is a notification with the name of what it answers.
fn is_reply(interaction: &Interaction, entry: &Entry) -> bool {
    interaction.kind == Kind::Notification && entry.kind != Kind::Notification && entry.reply != Reply::None
}

/// A limit in bytes: what `maxLength`, which counts characters, cannot say.
struct MaxBytes(u64);

impl MaxBytes {
    fn found(&self, instance: &Value) -> Option<usize> {
        let length = instance.as_str()?.len();
        u64::try_from(length).map_or(true, |found| found > self.0).then_some(length)
    }
}

impl<'i> Keyword<'i> for MaxBytes {
    fn validate(&self, instance: &'i Value) -> Result<(), ValidationError<'i>> {
        match self.found(instance) {
            None => Ok(()),
            Some(found) => Err(ValidationError::custom(format!("{found} bytes, at most {} are allowed", self.0))),
        }
    }

    fn is_valid(&self, instance: &'i Value) -> bool {
        self.found(instance).is_none()
    }
}

impl Shape {
    fn get(&self, schema: impl FnOnce() -> Option<Value>) -> Option<&Shaped> {
        self.validator
            .get_or_init(|| {
                // That every record of the catalogue has a schema, and that it compiles, is tested.
                let validator = jsonschema::options()
                    .should_validate_formats(true)
                    .with_keyword(schema::MAX_BYTES, |_, most, _| {
                        Ok(Box::new(MaxBytes(most.as_u64().unwrap_or_default())))
                    })
                    .build(&schema()?)
                    .ok()?;
                Some(Shaped { empty: validator.is_valid(&Value::Object(Map::new())), validator })
            })
            .as_ref()
    }
}

impl Shaped {
    fn check(&self, arguments: &Value, at: &At<'_>, record: &str) -> Result<(), Invalid> {
        if self.empty && arguments.as_object().is_some_and(Map::is_empty) {
            return Ok(());
        }
        match self.validator.validate(arguments) {
            Ok(()) => Ok(()),
            Err(error) => Err(refusal(&error, at, record)),
        }
    }
}

fn refusal(error: &ValidationError<'_>, at: &At<'_>, record: &str) -> Invalid {
    let mut pointer = format!("{}{}", at.pointer(), error.instance_path());
    let mut code = "invalid";
    let problem = match error.kind() {
        ValidationErrorKind::Required { property: Value::String(property) } => {
            pointer.push('/');
            pointer.push_str(property);
            "is missing".to_owned()
        }
        ValidationErrorKind::Custom { message, .. } => {
            code = "limit";
            format!("{message}; shorten it before it is pushed")
        }
        // The only thing that is forbidden in a text.
        ValidationErrorKind::Not { .. } => "has a control character; take it out".to_owned(),
        // Without the value: it may be a customer's.
        _ => error.masked().to_string(),
    };
    Invalid {
        code,
        pointer,
        text: format!("{problem}; see record `{record}` in the interface `interactions` of the specification"),
    }
}
