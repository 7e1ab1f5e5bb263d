//! A driver's durable timer.

use serde::{Deserialize, Serialize};

use crate::ids::Millis;

/// A timer that is set. One of a name per channel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Timer {
    /// When the driver wanted it.
    pub due: Millis,
    /// What the driver gets back, base64.
    pub payload: String,
    /// How often it fired.
    pub attempt: u32,
    /// When it fires (again); none while the driver has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fires: Option<Millis>,
}
