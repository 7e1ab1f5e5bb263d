//! Before channels are served: their drivers are loaded and their settings, secrets and grants checked.

use crate::asked;
use crate::registry::Registry;
use crate::way_out::WayOut;
use jackfield_config::{ByteSize, Channel, Config, Problem, Scheme};
use jackfield_egress::{Counters, Policy};
use jackfield_sandbox::{Driver, Grants, Limits, Secrets};
use jackfield_sequencer::Keys;
use jsonschema::error::ValidationErrorKind;
use serde_json::Value;
use std::sync::Arc;
use url::Url;

/// The channel's webhook as vendors call it.
pub(crate) fn public_url(base: &str, id: &str) -> String {
    format!("{base}/channels/{id}")
}

/// Checks what the config says of a channel against its driver's descriptor: what the sandbox needs of the channel, and
/// every problem found, each at its place in the config file. With problems it is of use only to ask the driver what it
/// says of its settings, which can be told although a secret is missing.
pub(crate) fn prepare(
    driver: &Driver,
    channel: &Channel,
    base: &str,
    keys: Option<&Keys>,
    way_out: &WayOut,
    counters: Arc<Counters>,
) -> (jackfield_sandbox::ChannelConfig, Vec<Problem>) {
    let mut problems = settings_problems(channel, driver);
    problems.extend(secret_problems(channel, driver));
    let grants = match way_out.grants(channel, counters) {
        Ok(grants) => grants,
        Err(problem) => {
            problems.push(*problem);
            Grants::default()
        }
    };
    for wanted in &driver.descriptor().capabilities {
        if wanted.required && wanted.name == "tcp" && channel.grants.tcp.is_empty() {
            let targets = wanted.targets.join("\", \"");
            problems.push(channel.key_problem(
                "grants.tcp",
                format!("the driver can't work without tcp: {}", wanted.reason),
                format!("write grants = {{ tcp = [\"{targets}\"] }}"),
            ));
        }
        if wanted.required && wanted.name == "http" && channel.grants.http.is_empty() {
            let targets: Vec<_> = wanted.targets.iter().map(|target| origin(target, channel, driver)).collect();
            let targets = targets.join("\", \"");
            problems.push(channel.key_problem(
                "grants.http",
                format!("the driver can't work without http: {}", wanted.reason),
                format!("write grants = {{ http = [\"{targets}\"] }}"),
            ));
        }
    }
    problems.extend(listen_problem(channel, driver));
    let prepared = jackfield_sandbox::ChannelConfig {
        id: channel.id.clone(),
        public_url: public_url(base, &channel.id),
        settings: channel.settings.to_string(),
        secrets: secrets(channel, keys),
        grants,
        limits: limits(channel, driver),
        connections: None,
    };
    (prepared, problems)
}

/// Listening for a driver that takes no connections, or not listening for one that can do nothing else.
fn listen_problem(channel: &Channel, driver: &Driver) -> Option<Problem> {
    let mut listen = channel.listen.iter().filter(|listen| listen.scheme != Scheme::Udp);
    match listen.next() {
        Some(_) if !driver.exports().stream => Some(channel.key_problem(
            "listen",
            format!("{} takes no connections: it exports no `stream`", driver.name_and_version()),
            "leave it out, or use a driver that does".to_owned(),
        )),
        Some(_) => None,
        None => {
            let mut wanted = driver.descriptor().capabilities.iter();
            let wanted = wanted.find(|wanted| wanted.required && wanted.name == "listen")?;
            Some(channel.key_problem(
                "listen",
                format!("the driver can't work without it: {}", wanted.reason),
                "write listen = [\"tcp://127.0.0.1:2424\"]".to_owned(),
            ))
        }
    }
}

/// What a config's channels came to.
#[derive(Debug, Default)]
pub struct Checked {
    /// What keeps a channel from being served.
    pub errors: Vec<Problem>,
    /// What lets it be served, but hardly as it was meant.
    pub warnings: Vec<Problem>,
}

/// Checks every channel of a config, drivers' own checks included, without serving any.
pub async fn check(registry: &Registry, config: &Config, services: Arc<dyn jackfield_sandbox::Services>) -> Checked {
    let base = config.server.public_url.clone().unwrap_or_else(|| format!("http://{}", config.server.listen));
    let way_out = WayOut::system();
    let mut checked = Checked::default();
    for channel in &config.channels {
        let problems = &mut checked.errors;
        let driver = match registry.find(&channel.driver).await {
            Ok(found) => found.component.driver,
            Err(error) => {
                let remedy = "see the drivers folder, and `jackfield driver check FILE`".to_owned();
                problems.push(channel.key_problem("driver", error.to_string(), remedy));
                continue;
            }
        };
        let (prepared, found) = prepare(&driver, channel, &base, None, &way_out, Arc::default());
        let told = problems.len();
        problems.extend(found);
        checked.warnings.extend(ungranted(channel, &driver));
        match driver.check_settings(prepared, services.clone()).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                // What the schema or the descriptor has told of the same key isn't told twice.
                let refused = refused(channel, &error);
                if problems.iter().skip(told).all(|problem| problem.key != refused.key) {
                    problems.push(refused);
                }
            }
            Err(error) => {
                let remedy = "ask the driver's vendor, or use another version".to_owned();
                problems.push(channel.key_problem(
                    "driver",
                    format!("the driver failed in `configure`: {error}"),
                    remedy,
                ));
            }
        }
    }
    checked
}

/// Settings that name an address which the driver wants to reach and no grant covers.
fn ungranted(channel: &Channel, driver: &Driver) -> Vec<Problem> {
    let http: Vec<String> = channel.grants.http.iter().map(ToString::to_string).collect();
    // Grants that can't be parsed are told as errors.
    let Ok(policy) = Policy::parse(&http, &[]) else { return Vec::new() };
    let targets = driver.descriptor().capabilities.iter().filter(|wanted| wanted.name == "http");
    let targets = targets.flat_map(|wanted| &wanted.targets);
    targets
        .filter_map(|target| {
            let (_, rest) = target.split_once('{')?;
            let (name, _) = rest.split_once('}')?;
            let url = Url::parse(channel.settings.get(name)?.as_str()?).ok()?;
            if !url.scheme().starts_with("http") || policy.check_url(&channel.id, &url).is_ok() {
                return None;
            }
            let origin = url.origin().ascii_serialization();
            let problem = format!("no grant covers {origin}, so the driver will be denied it");
            Some(channel.settings_problem(&format!("/{name}"), problem, format!("add {origin:?} to grants.http")))
        })
        .collect()
}

/// The origin of a capability's target; `{name}` in it stands for the setting of that name, or its default.
fn origin(target: &str, channel: &Channel, driver: &Driver) -> String {
    let mut text = target.to_owned();
    if let (Some(from), Some(to)) = (target.find('{'), target.find('}'))
        && let Some(name) = target.get(from + 1..to)
    {
        let default = || driver.descriptor().settings_schema.pointer(&format!("/properties/{name}/default"));
        if let Some(value) = channel.settings.get(name).or_else(default).and_then(Value::as_str) {
            text.replace_range(from..=to, value);
        }
    }
    // Of another scheme there is no origin; that such a setting is wrong is told beside it.
    Url::parse(&text)
        .ok()
        .filter(Url::has_host)
        .filter(|url| url.scheme().starts_with("http"))
        .map_or_else(|| "https://api.example.com".to_owned(), |url| url.origin().ascii_serialization())
}

/// What a driver says of its settings, at its place in the file.
pub(crate) fn refused(channel: &Channel, error: &jackfield_sandbox::SettingsError) -> Problem {
    match error.key.strip_prefix("secrets/") {
        Some(name) => channel.key_problem(&format!("secrets.{name}"), error.text.clone(), error.remedy.clone()),
        None => channel.settings_problem(&error.key, error.text.clone(), error.remedy.clone()),
    }
}

fn settings_problems(channel: &Channel, driver: &Driver) -> Vec<Problem> {
    let schema = &driver.descriptor().settings_schema;
    let validator = match jsonschema::validator_for(schema) {
        Ok(validator) => validator,
        Err(error) => {
            let problem = format!("the driver's JSON Schema of its settings is wrong: {error}");
            return vec![channel.key_problem("driver", problem, "ask the driver's vendor".to_owned())];
        }
    };
    let title = driver.name_and_version();
    validator
        .iter_errors(&channel.settings)
        .map(|error| {
            let remedy = match error.kind() {
                ValidationErrorKind::Enum { options } => format!("write one of {}", listed(options)),
                _ => format!("write what {title} takes; `jackfield driver check` prints its settings"),
            };
            let mut pointer = error.instance_path().as_str().to_owned();
            // The place of the key that nobody knows, not of the table around it.
            if let ValidationErrorKind::AdditionalProperties { unexpected } = error.kind()
                && let Some(name) = unexpected.first()
            {
                pointer = format!("{pointer}/{}", name.replace('~', "~0").replace('/', "~1"));
            }
            channel.settings_problem(&pointer, problem_of(&error), remedy)
        })
        .collect()
}

/// What is wrong with a setting, on one line. Of an enumeration the remedy lists the values.
fn problem_of(error: &jsonschema::ValidationError<'_>) -> String {
    match error.kind() {
        ValidationErrorKind::Enum { .. } => format!("{} is not known to the driver", error.instance()),
        _ => error.to_string(),
    }
}

/// The values of an enumeration, in the schema's order.
fn listed(options: &Value) -> String {
    let options = options.as_array().map(Vec::as_slice).unwrap_or_default();
    options.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

fn secret_problems(channel: &Channel, driver: &Driver) -> Vec<Problem> {
    let wanted = &driver.descriptor().secrets;
    let missing =
        wanted.iter().filter(|secret| secret.required && !channel.secrets.contains_key(&secret.name)).map(|secret| {
            let name = &secret.name;
            let remedy = format!("write secrets = {{ {name} = \"env:NAME\" }}");
            let problem = format!("the driver needs this secret ({})", secret.title);
            channel.key_problem(&format!("secrets.{name}"), problem, remedy)
        });
    let unknown =
        channel.secrets.keys().filter(|name| !wanted.iter().any(|secret| secret.name == **name)).map(|name| {
            let known: Vec<_> = wanted.iter().map(|secret| secret.name.as_str()).collect();
            let remedy = format!("leave it out; the driver knows: {}", known.join(", "));
            channel.key_problem(&format!("secrets.{name}"), "the driver knows no such secret".to_owned(), remedy)
        });
    missing.chain(unknown).collect()
}

fn secrets(channel: &Channel, keys: Option<&Keys>) -> Secrets {
    let mut secrets = Secrets::default();
    for (name, values) in &channel.secrets {
        for value in values {
            secrets.add(name, value.expose().to_vec());
        }
    }
    if let Some(keys) = keys {
        secrets.add("channel-key", keys.channel_key(&channel.id).to_vec());
        secrets.seal_with(keys.sealing_key(&channel.id));
    }
    secrets
}

/// The channel's limits over the sandbox's defaults. A receiving call may take three times its guest time.
fn limits(channel: &Channel, driver: &Driver) -> Limits {
    let wanted = &channel.limits;
    let default = Limits::default();
    // What the descriptor asks for where the operator says nothing, up to what is sensible.
    let asked = |lane| asked::call(driver.descriptor(), lane);
    let receive_cpu = wanted.receive.or(asked::receive(driver.descriptor())).unwrap_or(default.receive_cpu);
    let count = |wanted: Option<u32>, default: usize| wanted.map_or(default, |count| count as usize);
    let size = |wanted: Option<ByteSize>, default: usize| wanted.map_or(default, ByteSize::to_usize);
    Limits {
        receive_cpu,
        receive_wall: wanted.receive_wall.unwrap_or(receive_cpu * 3),
        deliver_wall: wanted.deliver.or_else(|| asked("deliver")).unwrap_or(default.deliver_wall),
        timer_wall: wanted.timer.or_else(|| asked("timer")).unwrap_or(default.timer_wall),
        memory: size(wanted.memory.or(asked::memory(driver.descriptor())), default.memory),
        channel_memory: size(wanted.channel_memory, default.channel_memory),
        instances: count(wanted.instances, default.instances),
        idle: wanted.idle.unwrap_or(default.idle),
        recycle_after: default.recycle_after,
        handles: count(wanted.handles, default.handles),
        host_calls: wanted.host_calls.unwrap_or(default.host_calls),
        host_call_bytes: size(wanted.host_call_bytes, default.host_call_bytes),
        pushes: count(wanted.pushes, default.pushes),
        push_bytes: size(wanted.push_bytes, default.push_bytes),
        pushes_per_second: wanted.pushes_per_second.unwrap_or(default.pushes_per_second),
        log_lines: wanted.log_lines.unwrap_or(default.log_lines),
        log_bytes: size(wanted.log_bytes, default.log_bytes),
        store_keys: wanted.store_keys.map_or(default.store_keys, u64::from),
        store_bytes: wanted.store_bytes.map_or(default.store_bytes, |size| size.0),
        store_value: size(wanted.store_value, default.store_value),
        blob: size(wanted.blob, default.blob),
        spooled: size(wanted.spooled, default.spooled),
        blobs: count(wanted.blobs, default.blobs),
        timers: count(wanted.timers, default.timers),
        timer_changes: count(wanted.timer_changes, default.timer_changes),
        store_writes: count(wanted.store_writes, default.store_writes),
        connection_changes: count(wanted.connection_changes, default.connection_changes),
        queries: wanted.queries.unwrap_or(default.queries),
        set_asides: count(wanted.set_asides, default.set_asides),
        composed: count(wanted.composed, default.composed),
        composed_bytes: size(wanted.composed_bytes, default.composed_bytes),
        derivation_rounds: wanted.derivation_rounds.unwrap_or(default.derivation_rounds),
        captures: count(wanted.captures, default.captures),
        captured: wanted.captured.unwrap_or(default.captured),
        captured_bytes: size(wanted.captured_bytes, default.captured_bytes),
        wasi_bytes: size(wanted.wasi_bytes, default.wasi_bytes),
        http_requests: wanted.egress.http_requests.unwrap_or(default.http_requests),
        tcp_connections: wanted.egress.tcp_connections.unwrap_or(default.tcp_connections),
        egress_bytes: wanted.egress.egress_bytes.map_or(default.egress_bytes, |size| size.0),
    }
}
