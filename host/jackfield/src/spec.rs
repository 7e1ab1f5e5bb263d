//! `spec`: the published documents.

use crate::exit::Exit;
use crate::out;
use clap::Subcommand;

/// Which document.
#[derive(Subcommand)]
pub enum Spec {
    /// The specification that drivers are written against, as one WIT text
    Wit,
    /// The JSON Schema of messages, with the arguments of all interactions
    JsonSchema,
    /// OpenAPI 3.1: what can be asked of a running server over HTTP
    Openapi,
    /// AsyncAPI 3.0: the agents' WebSocket
    Asyncapi,
}

/// Prints it.
pub fn run(document: &Spec) -> Result<(), Exit> {
    match document {
        Spec::Wit => out::line(jackfield_spec::wit_text().trim_end()),
        Spec::JsonSchema => out::json(&jackfield_spec::schema::json_schema()),
        Spec::Openapi => out::json(&jackfield_gateway::openapi()),
        Spec::Asyncapi => out::json(&jackfield_gateway::asyncapi()),
    }
}
