//! `driver check`: what an author or operator asks of a component before it is used.

use crate::exit::Exit;
use crate::sandbox;
use anyhow::Context;
use jackfield_config::ServerLimits;
use jackfield_sandbox::{Driver, Sandbox, SandboxConfig};
use std::path::Path;

/// Verifies a component against the specification and prints its descriptor.
pub async fn check(file: &Path, json: bool) -> Result<(), Exit> {
    let bytes = std::fs::read(file).with_context(|| format!("{} can't be read", file.display()))?;
    let cache = Scratch::new()?;
    let sandbox =
        Sandbox::start(SandboxConfig { instances: 8, ..sandbox::config(&cache.0, &ServerLimits::default()) })?;
    let signed = jackfield_signing::split(&bytes).with_context(|| format!("{} is refused", file.display()))?;
    let loaded = sandbox.load(signed.component).await;
    let driver = loaded.with_context(|| format!("{} is refused", file.display()))?;
    let keys: Vec<_> = signed.signatures.iter().map(|signature| signature.key.to_string()).collect();
    if json {
        let mut value = serde_json::to_value(driver.descriptor())?;
        if let Some(object) = value.as_object_mut() {
            object.insert("digest".to_owned(), driver.digest().to_string().into());
            object.insert("exports".to_owned(), exports(&driver).into());
            object.insert("signedBy".to_owned(), keys.into());
        }
        println!("{}", serde_json::to_string_pretty(&value)?);
    } else {
        print(&driver, &keys);
    }
    Ok(())
}

fn exports(driver: &Driver) -> Vec<&'static str> {
    let exports = driver.exports();
    let named = [("driver", true), ("webhook", exports.webhook), ("timer", exports.timer), ("stream", exports.stream)];
    named.into_iter().filter(|(_, there)| *there).map(|(name, _)| name).collect()
}

fn print(driver: &Driver, keys: &[String]) {
    let descriptor = driver.descriptor();
    let row = |name: &str, value: String| println!("{name:<14}{value}");
    row("driver", driver.name_and_version());
    row("title", descriptor.title.clone());
    row("vendor", descriptor.vendor.clone());
    row("digest", driver.digest().to_string());
    keys.iter().for_each(|key| row("signed by", key.clone()));
    row("fits", format!("jackfield:channel@{}", jackfield_spec::VERSION));
    row("exports", exports(driver).join(", "));
    for media in &descriptor.media_types {
        let weight = media.weight.map_or("default weight".to_owned(), |weight| format!("weight {weight}"));
        let pace = if media.real_time { "real-time" } else { "not real-time" };
        row("media type", format!("{} ({pace}, {weight})", media.name));
    }
    let interactions: Vec<_> = descriptor.interactions.iter().map(|known| known.name.as_str()).collect();
    row("understands", interactions.join(", "));
    for secret in &descriptor.secrets {
        let required = if secret.required { "required" } else { "optional" };
        row("secret", format!("{} ({required}): {}", secret.name, secret.title));
    }
    for wanted in &descriptor.capabilities {
        let required = if wanted.required { "required" } else { "optional" };
        row("wants", format!("{} to {} ({required}): {}", wanted.name, wanted.targets.join(", "), wanted.reason));
    }
    for wanted in &descriptor.limits {
        row("limit", format!("{}: asks for {}", wanted.name, wanted.value));
    }
    let properties = descriptor.settings_schema.get("properties").and_then(serde_json::Value::as_object);
    for (name, schema) in properties.into_iter().flatten() {
        let about = schema.get("description").and_then(serde_json::Value::as_str).unwrap_or_default();
        row("setting", format!("{name}: {about}"));
    }
}

/// A folder that is gone afterwards.
pub struct Scratch(pub std::path::PathBuf);

impl Scratch {
    /// A new one under the system's folder for such.
    pub fn new() -> anyhow::Result<Self> {
        let mut name = [0; 8];
        getrandom::fill(&mut name).map_err(|error| anyhow::anyhow!("no randomness for a folder's name: {error}"))?;
        let path = std::env::temp_dir().join(format!("jackfield-{}", hex::encode(name)));
        std::fs::create_dir(&path).with_context(|| format!("{} can't be made", path.display()))?;
        Ok(Self(path))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // Left over, it is for the system to clean.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
