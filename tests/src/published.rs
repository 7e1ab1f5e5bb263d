//! Holds what a server says against what it publishes: every answer under `/v1` against `jackfield spec openapi`, every
//! frame against `jackfield spec asyncapi`. A member that isn't documented is a fault.

use std::collections::HashMap;
use std::process::{Command, Stdio};
use std::sync::LazyLock;

use jsonschema::Validator;
use serde_json::{Value, json};

use crate::files;
use crate::http_client::Answer;

static PUBLISHED: LazyLock<Published> = LazyLock::new(|| Published::new(document("openapi"), document("asyncapi")));

struct Published {
    /// By type.
    events: HashMap<String, Validator>,
    commands: HashMap<String, Validator>,
    operations: Vec<Operation>,
    problem: Validator,
}

struct Operation {
    method: String,
    /// The path's parts; those in braces fit everything.
    path: Vec<String>,
    /// By status; none: what comes is no JSON.
    answers: HashMap<u16, (String, Option<Validator>)>,
}

/// A document as the binary prints it.
fn document(name: &str) -> Value {
    let printed = Command::new(files::binary()).args(["spec", name]).stdin(Stdio::null()).output();
    let printed = printed.expect("the binary runs").stdout;
    serde_json::from_slice(&printed).expect("a document of JSON")
}

/// Lets no object have members that its schema doesn't name. Who reads has to bear more: later versions will have it.
fn close(document: &mut Value) {
    let mut extended = Vec::new();
    close_records(document, &mut extended);
    // A record that another one adds to is closed there, with what is added.
    for reference in extended {
        if let Some(Value::Object(record)) = document.pointer_mut(reference.trim_start_matches('#')) {
            record.remove("additionalProperties");
        }
    }
}

fn close_records(schema: &mut Value, extended: &mut Vec<String>) {
    match schema {
        Value::Object(members) => {
            members.values_mut().for_each(|member| close_records(member, extended));
            let is_record = members.get("properties").is_some_and(Value::is_object);
            if !is_record || members.get("type") != Some(&json!("object")) {
                return;
            }
            let reference = members.get("$ref").and_then(Value::as_str).map(str::to_owned);
            let closes = if reference.is_some() { "unevaluatedProperties" } else { "additionalProperties" };
            extended.extend(reference);
            members.entry(closes).or_insert(json!(false));
        }
        Value::Array(members) => members.iter_mut().for_each(|member| close_records(member, extended)),
        _ => {}
    }
}

fn validator(document: &Value, schema: Value) -> Validator {
    let whole = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "allOf": [schema],
        "components": document["components"],
    });
    jsonschema::validator_for(&whole).expect("a JSON Schema")
}

impl Published {
    fn new(mut openapi: Value, mut asyncapi: Value) -> Self {
        // What agents send beside what is known is passed over, so only what the server says is held to the letter.
        let commands = frames(&asyncapi, "asked");
        close(&mut openapi);
        close(&mut asyncapi);
        let (openapi, events) = (&openapi, frames(&asyncapi, "pushed"));
        let mut operations = Vec::new();
        for (path, methods) in openapi["paths"].as_object().expect("paths") {
            for (method, operation) in methods.as_object().into_iter().flatten() {
                let path = path.split('/').map(str::to_owned).collect();
                let answers = operation["responses"].as_object().expect("responses");
                let answers = answers.iter().map(|(status, answer)| described(openapi, status, answer)).collect();
                operations.push(Operation { method: method.to_uppercase(), path, answers });
            }
        }
        let problem = validator(openapi, json!({ "$ref": "#/components/schemas/Problem" }));
        Self { events, commands, operations, problem }
    }

    fn operation(&self, method: &str, path: &str) -> Option<&Operation> {
        let parts: Vec<&str> = path.split('/').collect();
        let fits = |operation: &&Operation| {
            operation.method == method
                && operation.path.len() == parts.len()
                && operation.path.iter().zip(&parts).all(|(named, part)| named.starts_with('{') || named == part)
        };
        // `/v1/work-items/pickable` is no `/v1/work-items/{id}`.
        let open = |operation: &&Operation| operation.path.iter().filter(|part| part.starts_with('{')).count();
        self.operations.iter().filter(fits).min_by_key(open)
    }
}

/// The messages of one direction, by the type that stands in them.
fn frames(asyncapi: &Value, operation: &str) -> HashMap<String, Validator> {
    let listed = asyncapi["operations"][operation]["messages"].as_array().expect("the operation's messages");
    let names = listed.iter().filter_map(|message| message["$ref"].as_str()?.rsplit('/').next());
    let of = |name: &str| {
        let payload = asyncapi["components"]["messages"][name]["payload"].clone();
        let kind = payload["properties"]["type"]["const"].as_str().expect("the type of a frame").to_owned();
        (kind, validator(asyncapi, payload))
    };
    names.map(of).collect()
}

fn described(openapi: &Value, status: &str, answer: &Value) -> (u16, (String, Option<Validator>)) {
    let answer = match answer["$ref"].as_str() {
        Some(reference) => openapi.pointer(&reference[1..]).expect("a response that is there"),
        None => answer,
    };
    let content = answer["content"].as_object().and_then(|content| content.iter().next());
    let (kind, content) = content.map_or(("", &Value::Null), |(kind, content)| (kind.as_str(), content));
    let schema = content.get("schema").map(|schema| validator(openapi, schema.clone()));
    (status.parse().expect("a status"), (kind.to_owned(), schema))
}

#[track_caller]
fn hold(validator: &Validator, value: &Value, what: &str) {
    let errors: Vec<_> =
        validator.iter_errors(value).take(3).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(errors.is_empty(), "{what} is not as published: {errors:#?}\n{value}");
}

/// Holds a frame of the server against AsyncAPI.
///
/// # Panics
/// It isn't as published.
#[track_caller]
pub(crate) fn check_event(event: &Value) {
    let kind = event["type"].as_str().unwrap_or_default();
    let validator = PUBLISHED.events.get(kind);
    hold(validator.unwrap_or_else(|| panic!("AsyncAPI has no event `{kind}`: {event}")), event, kind);
}

/// Holds a command that a server took against AsyncAPI.
///
/// # Panics
/// It isn't as published.
#[track_caller]
pub(crate) fn check_command(command: &Value) {
    let kind = command["type"].as_str().unwrap_or_default();
    let validator = PUBLISHED.commands.get(kind);
    hold(validator.unwrap_or_else(|| panic!("AsyncAPI has no command `{kind}`: {command}")), command, kind);
}

/// Holds an answer under `/v1` against OpenAPI.
///
/// # Panics
/// It isn't as published.
#[track_caller]
pub(crate) fn check_answer(method: &str, path: &str, answer: &Answer) {
    let path = path.split(['?', '#']).next().unwrap_or_default();
    if !path.starts_with("/v1/") || path == "/v1/agent" {
        return;
    }
    let what = format!("the answer {} to {method} {path}", answer.status);
    let Some(operation) = PUBLISHED.operation(method, path) else {
        assert!([404, 405].contains(&answer.status), "{what}: OpenAPI doesn't know the operation");
        return hold(&PUBLISHED.problem, &answer.json(), &what);
    };
    let described = operation.answers.get(&answer.status);
    let (kind, schema) = described.unwrap_or_else(|| panic!("{what}: OpenAPI doesn't list the status"));
    let found = answer.header("content-type").split(';').next().unwrap_or_default();
    assert_eq!(found, kind, "{what}: the media type");
    if let Some(schema) = schema {
        hold(schema, &answer.json(), &what);
    }
}
