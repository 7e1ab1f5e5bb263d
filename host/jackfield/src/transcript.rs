//! Messages as people read them.

use crate::out::{harmless, one_line, text};
use serde_json::Value;

/// What a message says, with who said it: a line, or several of which the further ones are indented.
pub fn message(message: &Value) -> String {
    let mut pieces = Vec::new();
    let name = text(message, "interaction.name").unwrap_or_default();
    // These two are what people say to each other; everything else is named.
    if !matches!(name, "support-request" | "message.send") {
        pieces.push(format!("({})", one_line(name)));
    }
    let commands = message.pointer("/interaction/arguments/commands").filter(|_| name == "command.status-changed");
    pieces.extend(commands.and_then(Value::as_array).into_iter().flatten().map(possible));
    let parts = message.get("parts").and_then(Value::as_array);
    pieces.extend(parts.into_iter().flatten().map(part));
    if let Some(status) = text(message, "status") {
        pieces.push(format!("({})", one_line(status)));
    }
    let said = pieces.join(" ");
    let said = if said.is_empty() { "(nothing)" } else { &said };
    format!("{}: {}", speaker(message), said.trim_end().replace('\n', "\n    "))
}

/// Whether a command is possible, of those that a channel tells of.
fn possible(command: &Value) -> String {
    let is_enabled = command.get("enabled").and_then(Value::as_bool) == Some(true);
    let state = match text(command, "until").filter(|_| is_enabled) {
        Some(until) => format!("until {}", one_line(until)),
        None => if is_enabled { "possible" } else { "not possible" }.to_owned(),
    };
    let why = text(command, "tooltip").map_or_else(String::new, |why| format!(", {}", one_line(why)));
    format!("{}: {state}{why}", one_line(text(command, "command").unwrap_or_default()))
}

/// Who says it.
fn speaker(message: &Value) -> String {
    if text(message, "direction") == Some("outbound") {
        // On the way to an agent, `agent` is who gets it.
        let names = ["encodedAgent.name", "encodedAgent.id", "agent.name", "agent.id"];
        let agent = names.into_iter().find_map(|name| text(message, name));
        return agent.map_or_else(|| "server".to_owned(), one_line);
    }
    message.get("workItem").and_then(|item| item.get("customer")).map_or_else(|| "customer".to_owned(), customer)
}

/// A customer's name, else the address.
pub fn customer(customer: &Value) -> String {
    let name = text(customer, "name").filter(|name| !name.is_empty());
    name.or_else(|| text(customer, "address")).map_or_else(|| "customer".to_owned(), one_line)
}

fn part(part: &Value) -> String {
    match text(part, "type") {
        Some("text") => harmless(text(part, "text").unwrap_or_default()),
        Some("attachment") => {
            let name = text(part, "name").map_or_else(|| "without a name".to_owned(), one_line);
            let media_type = text(part, "mediaType").map(one_line).unwrap_or_default();
            let size = part.get("size").and_then(Value::as_u64);
            let size = size.map_or_else(String::new, |size| format!(", {size} bytes"));
            let state = text(part, "state").filter(|state| *state != "ready");
            let state = state.map_or_else(String::new, |state| format!(", {}", one_line(state)));
            format!("[file {name}, {media_type}{size}{state}]")
        }
        _ => {
            let fallback = text(part, "fallback").filter(|text| !text.is_empty());
            match fallback {
                Some(fallback) => harmless(fallback),
                None => format!("[{}]", crate::out::cell(part, "name")),
            }
        }
    }
}

#[cfg(test)]
mod tests;
