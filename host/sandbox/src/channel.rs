//! A channel as its driver's instances see it: settings, secrets, grants, limits.

use crate::connections::Connections;
use crate::descriptor::Descriptor;
use crate::limits::Limits;
use crate::scrub::Scrubber;
use crate::secrets::Secrets;
use crate::services::Services;
use crate::usage::Usage;
use jackfield_egress::Client;
use jackfield_records::Recorder;
use serde_json::Value;
use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;
use std::time::Instant;

/// What the operator lets the channel's driver touch, beyond what every channel may.
#[derive(Clone, Default)]
pub struct Grants {
    /// The way out, which knows what may be reached; none: nothing.
    pub client: Option<Arc<Client>>,
    /// Secrets that may be revealed to the guest.
    pub reveal: BTreeSet<String>,
}

/// Names only: a client has nothing to show.
impl fmt::Debug for Grants {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Grants").field("client", &self.client.is_some()).field("reveal", &self.reveal).finish()
    }
}

/// A configured use of a driver.
#[derive(Clone)]
pub struct ChannelConfig {
    /// The channel's id.
    pub id: String,
    /// Its webhook as vendors call it.
    pub public_url: String,
    /// Settings as JSON.
    pub settings: String,
    /// Secrets by name.
    pub secrets: Secrets,
    /// What it may touch.
    pub grants: Grants,
    /// What it may use.
    pub limits: Limits,
    /// Its connections; none: it has none, and gets none.
    pub connections: Option<Arc<dyn Connections>>,
}

/// A channel with the server around it; shared by all its instances.
pub struct Channel {
    pub(crate) config: ChannelConfig,
    pub(crate) services: Arc<dyn Services>,
    /// `name@version` of the driver that serves it.
    pub(crate) driver: String,
    /// Request headers that the driver reads, settings put in; none: all.
    pub(crate) headers: Vec<String>,
    /// The values that must not be shown.
    pub(crate) scrubber: Scrubber,
    /// What it uses, over all its generations.
    pub(crate) usage: Arc<Usage>,
    pub(crate) started: Instant,
    /// Where its calls are kept, if they are.
    pub(crate) recorder: Option<Recorder>,
}

impl Channel {
    pub(crate) fn new(
        config: ChannelConfig,
        services: Arc<dyn Services>,
        driver: &Descriptor,
        usage: Arc<Usage>,
    ) -> Self {
        let headers = headers(&driver.headers, &config.settings);
        let driver = format!("{}@{}", driver.name, driver.version);
        let scrubber = Scrubber::new(config.secrets.all_values());
        Self { config, services, driver, headers, scrubber, usage, started: Instant::now(), recorder: None }
    }
}

/// The descriptor's header names; `{name}` stands for the setting of that name, and is left out where it isn't given.
fn headers(named: &[String], settings: &str) -> Vec<String> {
    let settings: Value = serde_json::from_str(settings).unwrap_or(Value::Null);
    let put_in = |name: &String| match name.strip_prefix('{').and_then(|name| name.strip_suffix('}')) {
        Some(setting) => settings.get(setting).and_then(Value::as_str).map(str::to_ascii_lowercase),
        None => Some(name.clone()),
    };
    named.iter().filter_map(put_in).collect()
}
