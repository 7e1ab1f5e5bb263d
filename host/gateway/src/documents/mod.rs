//! The published descriptions of what is spoken here: OpenAPI 3.1 of the REST, AsyncAPI 3 of the agents' WebSocket.
//!
//! The end to end tests hold every answer and every frame that they see against them, so what isn't written here doesn't
//! leave the server unnoticed.

mod frames;
mod operating;
mod operations;
mod schemas;
mod shape;

use operations::{Answer, Operation, Sent, Who};
use serde_json::{Map, Value, json};

/// What both documents say of this server.
fn info(title: &str, about: &str) -> Value {
    json!({
        "title": title,
        "version": env!("CARGO_PKG_VERSION"),
        "description": about,
        "license": { "name": "MIT OR Apache-2.0" },
    })
}

/// OpenAPI 3.1 of everything under `/v1` but the agents' WebSocket.
pub fn openapi() -> Value {
    let mut paths = Map::new();
    for operation in operations::all() {
        let path = paths.entry(operation.path).or_insert_with(|| json!({}));
        path[operation.method] = described(&operation);
    }
    let about = "What agents and operators ask of a running server. Errors are `application/problem+json`. The agents' \
                 WebSocket, `/v1/agent`, is described by AsyncAPI: `jackfield spec asyncapi`.";
    json!({
        "openapi": "3.1.0",
        "jsonSchemaDialect": "https://json-schema.org/draft/2020-12/schema",
        "info": info("Jackfield", about),
        "servers": [{ "url": "/" }],
        "security": [{ "bearer": [] }],
        "paths": paths,
        "components": {
            "schemas": schemas::all(),
            "securitySchemes": { "bearer": schemas::bearer() },
            "responses": { "Problem": {
                "description": "It wasn't done, and why.",
                "content": { "application/problem+json": { "schema": shape::reference("Problem") } },
            } },
        },
    })
}

fn described(operation: &Operation) -> Value {
    let mut entry = json!({ "operationId": operation.id, "summary": operation.about });
    entry["description"] = json!(match operation.who {
        Who::Anybody => "Needs no token.",
        Who::Known => "For agents and operators.",
        Who::Reader => "For operators of any role.",
        Who::Supervisor => "For operators with the role `supervisor` or `operator`.",
        Who::Operator => "For operators with the role `operator`.",
    });
    if operation.who == Who::Anybody {
        entry["security"] = json!([]);
    }
    let in_path = operation.path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    let in_path = in_path.map(|name| json!({ "name": name, "in": "path", "required": true, "schema": shape::text() }));
    let named = |place: &'static str, parameters: &[(&'static str, Value, &'static str)]| -> Vec<Value> {
        let one = |(name, schema, about): &(&str, Value, &str)| json!({ "name": name, "in": place, "schema": schema, "description": about });
        parameters.iter().map(one).collect()
    };
    let parameters: Vec<Value> =
        in_path.chain(named("query", &operation.query)).chain(named("header", &operation.headers)).collect();
    if !parameters.is_empty() {
        entry["parameters"] = json!(parameters);
    }
    match &operation.sent {
        Sent::Nothing => {}
        Sent::File => entry["requestBody"] = json!({ "required": true, "content": { "*/*": {} } }),
        Sent::Json(schema) => {
            entry["requestBody"] = json!({ "content": { "application/json": { "schema": schema } } });
        }
    }
    entry["responses"] = responses(operation);
    entry
}

fn responses(operation: &Operation) -> Value {
    let mut responses = Map::new();
    let (status, done) = match operation.answer {
        Answer::Json(status, schema) => (status, json!({ "application/json": { "schema": shape::reference(schema) } })),
        Answer::JsonOrNothing(status, schema) => {
            responses.insert("204".to_owned(), json!({ "description": "Done, and there is nothing to say." }));
            (status, json!({ "application/json": { "schema": shape::reference(schema) } }))
        }
        Answer::Nothing => (204, Value::Null),
        Answer::Bytes => (200, json!({ "application/octet-stream": {} })),
        Answer::Document => (200, json!({ "application/json": { "schema": { "type": "object" } } })),
    };
    let mut response = json!({ "description": "Done." });
    if !done.is_null() {
        response["content"] = done;
    }
    responses.insert(status.to_string(), response);
    let by_role: &[u16] = match operation.who {
        Who::Anybody => &[],
        Who::Known => &[401],
        Who::Reader | Who::Supervisor | Who::Operator => &[401, 403],
    };
    for status in by_role.iter().chain(operation.refusals).chain(&[500, 503]) {
        responses.insert(status.to_string(), json!({ "$ref": "#/components/responses/Problem" }));
    }
    Value::Object(responses)
}

/// AsyncAPI 3.0 of the agents' WebSocket.
pub fn asyncapi() -> Value {
    let about = "One WebSocket, subprotocol `jackfield.agent.v1`, JSON text frames. What happens is pushed as CloudEvents; \
                 each command gets one `command.result`.";
    let events = frames::events();
    let commands = frames::commands();
    let mut messages = Map::new();
    let mut references = Map::new();
    for (name, message) in events.iter().chain(&commands) {
        references.insert(name.clone(), json!({ "$ref": format!("#/components/messages/{name}") }));
        messages.insert(name.clone(), message.clone());
    }
    let of = |frames: &[(String, Value)]| -> Vec<Value> {
        let one = |(name, _): &(String, Value)| json!({ "$ref": format!("#/channels/agent/messages/{name}") });
        frames.iter().map(one).collect()
    };
    json!({
        "asyncapi": "3.0.0",
        "info": info("Jackfield: the agents' protocol", about),
        "defaultContentType": "application/json",
        "channels": { "agent": {
            "address": "/v1/agent",
            "description": "An agent's connection. With `after` it goes on behind an event; else it begins with a snapshot.",
            "messages": references,
            "bindings": { "ws": {
                "method": "GET",
                "query": { "type": "object", "properties": {
                    "after": { "type": "integer", "minimum": 0, "description": "`sequence` of the last event seen." },
                } },
                "headers": { "type": "object", "properties": {
                    "Authorization": { "type": "string", "description": "`Bearer TOKEN`, an agent's. Browsers offer the subprotocol `bearer.TOKEN` instead." },
                    "Sec-WebSocket-Protocol": { "type": "string", "description": "`jackfield.agent.v1`" },
                } },
            } },
        } },
        "operations": {
            "pushed": { "action": "send", "channel": { "$ref": "#/channels/agent" }, "messages": of(&events),
                "summary": "What the server sends to the agent." },
            "asked": { "action": "receive", "channel": { "$ref": "#/channels/agent" }, "messages": of(&commands),
                "summary": "What the agent sends to the server." },
        },
        "components": { "messages": messages, "schemas": schemas::all() },
    })
}

#[cfg(test)]
mod tests;
