//! Who calls, and whether they may.

use crate::gateway::Gateway;
use crate::people::{Caller, Directory};
use crate::problem::Problem;
use axum::extract::FromRequestParts;
use http::HeaderMap;
use http::header::{AUTHORIZATION, SEC_WEBSOCKET_PROTOCOL};
use http::request::Parts;
use jackfield_config::{Role, TokenHash};
use jackfield_router::Id;

/// How a browser's WebSocket carries its token: the subprotocol `bearer.TOKEN`.
const BEARER_PROTOCOL: &[u8] = b"bearer.";

/// The hash of the token in `Authorization`, if there is one. More than one is none: it isn't clear whose it is.
fn token_of(headers: &HeaderMap) -> Option<TokenHash> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let (Some(value), None) = (values.next(), values.next()) else {
        return None;
    };
    let value = value.as_bytes();
    let space = value.iter().position(|byte| *byte == b' ')?;
    let (scheme, token) = value.split_at(space);
    let token = token.trim_ascii();
    (scheme.eq_ignore_ascii_case(b"bearer") && !token.is_empty()).then(|| TokenHash::of(token))
}

/// The hash of the token among the subprotocols that a WebSocket asks for.
fn token_of_protocols(headers: &HeaderMap) -> Option<TokenHash> {
    let mut protocols =
        headers.get_all(SEC_WEBSOCKET_PROTOCOL).iter().flat_map(|value| value.as_bytes().split(|byte| *byte == b','));
    let token = protocols.find_map(|protocol| protocol.trim_ascii().strip_prefix(BEARER_PROTOCOL))?;
    (!token.is_empty()).then(|| TokenHash::of(token))
}

fn known(directory: &Directory, token: Option<TokenHash>) -> Result<Caller, Problem> {
    let token = token.ok_or_else(|| Problem::unauthorized(false))?;
    directory.caller(&token).cloned().ok_or_else(|| Problem::unauthorized(true))
}

/// An agent who asks for a WebSocket, and the token's hash.
pub(crate) fn agent_at_socket(directory: &Directory, headers: &HeaderMap) -> Result<(Id, TokenHash), Problem> {
    let token = token_of(headers).or_else(|| token_of_protocols(headers));
    match (known(directory, token)?, token) {
        (Caller::Agent(agent), Some(token)) => Ok((agent, token)),
        _ => Err(Problem::forbidden("this is the agents' socket; connect with an agent's token")),
    }
}

impl Caller {
    /// Refuses everybody but operators, whatever their role.
    pub(crate) fn reads(&self) -> Result<(), Problem> {
        match self {
            Self::Operator { .. } => Ok(()),
            Self::Agent(_) => Err(Problem::forbidden("this is for operators; use an operator's token")),
        }
    }

    /// Refuses everybody who may not move work items; says who it is.
    pub(crate) fn supervises(&self) -> Result<Id, Problem> {
        match self {
            Self::Operator { name, role: Role::Operator | Role::Supervisor } => Ok(name.clone()),
            _ => Err(Problem::forbidden("this needs the role `supervisor` or `operator`")),
        }
    }

    /// Refuses everybody who may not change how the server runs; says who it is, for the record.
    pub(crate) fn operates(&self) -> Result<String, Problem> {
        match self {
            Self::Operator { name, role: Role::Operator } => Ok(format!("operator {name}")),
            _ => Err(Problem::forbidden("this needs the role `operator`")),
        }
    }
}

impl FromRequestParts<Gateway> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, gateway: &Gateway) -> Result<Self, Problem> {
        known(&gateway.people().now(), token_of(&parts.headers))
    }
}

#[cfg(test)]
mod tests;
