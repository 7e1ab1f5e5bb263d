//! What a driver says about itself.

use jackfield_spec::Attributes;
use serde::Serialize;
use serde_json::Value;

/// The answer of `describe`, checked.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Descriptor {
    /// The driver's name: 1 to 64 of `a-z`, `0-9`, `-`.
    pub name: String,
    /// Semver.
    pub version: String,
    /// Who made it.
    pub vendor: String,
    /// Shown to people.
    pub title: String,
    /// The media that it brings.
    pub media_types: Vec<MediaType>,
    /// What may be delivered to it.
    pub interactions: Vec<SupportedInteraction>,
    /// Commands of its own, called by `invoke`.
    pub commands: Vec<Command>,
    /// JSON Schema of its settings.
    pub settings_schema: Value,
    /// Secrets that it uses.
    pub secrets: Vec<WantedSecret>,
    /// What it wants to touch.
    pub capabilities: Vec<WantedCapability>,
    /// How its instances live.
    pub instances: Vec<InstancePolicy>,
    /// Request headers that it reads, lower case; none: all.
    pub headers: Vec<String>,
    /// Limits that it asks for.
    pub limits: Vec<WantedLimit>,
    /// Room to grow.
    pub attributes: Attributes,
}

/// Properties of a medium.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MediaType {
    /// An open name; `*`: from the settings.
    pub name: String,
    /// Somebody waits at the other end.
    pub real_time: bool,
    /// Of an agent's capacity.
    pub weight: Option<u32>,
    /// How long an agent has to accept.
    pub offer_timeout_ms: Option<u32>,
    /// May be overtaken by what is not.
    pub interruptible: bool,
    /// Room to grow.
    pub attributes: Attributes,
}

/// An interaction that may be delivered.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SupportedInteraction {
    /// Its name.
    pub name: String,
    /// Room to grow.
    pub attributes: Attributes,
}

/// A command of the driver's own.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Command {
    /// Its name.
    pub name: String,
    /// Shown to people.
    pub title: String,
    /// JSON Schema of its arguments.
    pub arguments_schema: Value,
    /// Room to grow.
    pub attributes: Attributes,
}

/// A secret that the driver uses.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct WantedSecret {
    /// Its name in the config.
    pub name: String,
    /// Shown to people.
    pub title: String,
    /// The channel can't be served without it.
    pub required: bool,
    /// Room to grow.
    pub attributes: Attributes,
}

/// Something that the driver wants to touch.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct WantedCapability {
    /// `http`, `tcp`, `udp`, `listen`, `reveal`.
    pub name: String,
    /// Where to; may name settings: `https://{api-base}`.
    pub targets: Vec<String>,
    /// Why, for the operator.
    pub reason: String,
    /// The channel can't be served without it.
    pub required: bool,
    /// Room to grow.
    pub attributes: Attributes,
}

/// How instances of an interface live.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct InstancePolicy {
    /// The interface, or `deliver`.
    pub of: String,
    /// `pooled`, `fresh`, `per-connection`, `single`.
    pub policy: String,
    /// Room to grow.
    pub attributes: Attributes,
}

/// A limit that the driver asks for.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct WantedLimit {
    /// As in the config.
    pub name: String,
    /// As in the config.
    pub value: String,
    /// Room to grow.
    pub attributes: Attributes,
}

impl Descriptor {
    /// The media properties for a media type: its own entry, else the driver's `*`.
    pub fn media(&self, name: &str) -> Option<&MediaType> {
        let find = |wanted: &str| self.media_types.iter().find(|media| media.name == wanted);
        find(name).or_else(|| find("*"))
    }

    /// Whether an interaction may be delivered.
    pub fn understands(&self, interaction: &str) -> bool {
        self.interactions.iter().any(|known| known.name == interaction)
    }

    /// Whether the instances of an interface are used for one call each.
    pub(crate) fn is_fresh(&self, of: &str) -> bool {
        self.instances.iter().any(|policy| policy.of == of && policy.policy == "fresh")
    }

    /// Refuses what can't be served, with a sentence for the driver's author.
    pub(crate) fn check(&self) -> Result<(), String> {
        let named = !self.name.is_empty()
            && self.name.len() <= 64
            && self.name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        if !named {
            return Err(format!("the name `{}` is not 1 to 64 of a-z, 0-9 and `-`", cut(&self.name)));
        }
        let numbers = self.version.split(['-', '+']).next().unwrap_or_default();
        let semver = numbers.split('.').filter(|n| n.parse::<u64>().is_ok()).count() == 3
            && numbers.split('.').count() == 3
            && self.version.len() <= 64;
        if !semver {
            return Err(format!("the version `{}` is not semver, such as 1.0.0", cut(&self.version)));
        }
        if self.media_types.is_empty() {
            return Err("it names no media type; give at least one, or `*` if it comes from the settings".to_owned());
        }
        let is_served = |policy: &&InstancePolicy| match policy.of.as_str() {
            "stream" => policy.policy == "per-connection",
            _ => matches!(policy.policy.as_str(), "pooled" | "fresh"),
        };
        if let Some(policy) = self.instances.iter().find(|policy| !is_served(policy)) {
            return Err(format!(
                "the instance policy `{}` of `{}` is not served by this server yet; use {}",
                cut(&policy.policy),
                cut(&policy.of),
                if policy.of == "stream" { "`per-connection`" } else { "`pooled` or `fresh`" }
            ));
        }
        Ok(())
    }
}

fn cut(text: &str) -> String {
    text.chars().take(80).collect()
}
