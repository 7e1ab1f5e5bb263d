//! Short ways to write a [`Descriptor`].

use crate::Descriptor;
use crate::bindings::driver::exports::jackfield::channel::driver::{
    Command, InstancePolicy, MediaType, SupportedInteraction, WantedCapability, WantedLimit, WantedSecret,
};

impl Descriptor {
    /// A descriptor with a name, a semver version and a title; the rest is empty (no settings) and is filled in
    /// by the driver.
    pub fn new(name: &str, version: &str, title: &str) -> Self {
        Self {
            name: name.into(),
            version: version.into(),
            vendor: String::new(),
            title: title.into(),
            media_types: Vec::new(),
            interactions: Vec::new(),
            commands: Vec::new(),
            settings_schema: r#"{"type":"object","additionalProperties":false}"#.into(),
            secrets: Vec::new(),
            capabilities: Vec::new(),
            instances: Vec::new(),
            headers: Vec::new(),
            limits: Vec::new(),
            attributes: Vec::new(),
        }
    }
}

/// A media type that is not real-time, with the server's defaults for the rest. `*`: the settings name it.
pub fn media_type(name: &str) -> MediaType {
    MediaType {
        name: name.into(),
        real_time: false,
        weight: None,
        offer_timeout_ms: None,
        interruptible: true,
        attributes: Vec::new(),
    }
}

/// The interactions that the driver wants delivered.
pub fn supported(names: &[&str]) -> Vec<SupportedInteraction> {
    names.iter().map(|name| SupportedInteraction { name: (*name).into(), attributes: Vec::new() }).collect()
}

/// A command of the driver's own, called by `invoke`; `schema` is the JSON Schema of its arguments.
pub fn command(name: &str, title: &str, schema: &str) -> Command {
    Command { name: name.into(), title: title.into(), arguments_schema: schema.into(), attributes: Vec::new() }
}

/// A secret that the operator gives to the channel.
pub fn secret(name: &str, title: &str, required: bool) -> WantedSecret {
    WantedSecret { name: name.into(), title: title.into(), required, attributes: Vec::new() }
}

/// Something that only the operator can grant: `http`, `tcp`, `udp`, `listen`, `reveal`.
pub fn capability(name: &str, targets: &[&str], reason: &str, required: bool) -> WantedCapability {
    WantedCapability {
        name: name.into(),
        targets: targets.iter().map(|target| (*target).into()).collect(),
        reason: reason.into(),
        required,
        attributes: Vec::new(),
    }
}

/// How instances are made for one interface: `pooled`, `fresh`, `per-connection`, `single`.
pub fn instances(of: &str, policy: &str) -> InstancePolicy {
    InstancePolicy { of: of.into(), policy: policy.into(), attributes: Vec::new() }
}

/// A limit that the driver needs otherwise than by default: `receive`, `deliver`, `timer`, `retry-for` (`15m`), `memory`
/// (`128MiB`), `body` of a webhook (`4MiB`, at most 16 MiB); as in the config.
pub fn limit(name: &str, value: &str) -> WantedLimit {
    WantedLimit { name: name.into(), value: value.into(), attributes: Vec::new() }
}

/// The request headers that the driver reads, in lower case.
pub fn headers(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).into()).collect()
}
