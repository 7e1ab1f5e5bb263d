//! P1: one call of a sandboxed driver against the same source compiled natively, and against the same work through Extism.

use crate::extism::Extism;
use crate::report::{Row, Target};
use crate::rounds::{ROUNDS, compare};
use crate::sample::{SECRET, Sample};
use crate::services::NoServer;
use crate::wire::SETTINGS;
use anyhow::{Context, ensure};
use bytes::Bytes;
use jackfield_sandbox::{
    Body, ChannelConfig, Generation, Grants, Header, Limits, Peer, Request, Sandbox, SandboxConfig, Secrets,
};
use jackfield_sdk::{Driver, Webhook, native};
use jackfield_spec::Timestamp;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use webhook::WebhookDriver;

/// Calls of one half of a round.
const CALLS: u32 = BATCHES * BATCH;
const BATCHES: u32 = 40;
/// Requests are made in batches before the clock starts: few, so that they are still in the cache when they are used,
/// as those of a server are.
const BATCH: u32 = 500;
static SANDBOX: std::sync::OnceLock<Sandbox> = std::sync::OnceLock::new();
const URL: &str = "https://support.example.com/channels/shop";
const PEER: &str = "203.0.113.77:40000";
const LOCAL: &str = "127.0.0.1:8080";

/// Measures it. `target` is the folder of what was built, `scratch` an empty one.
///
/// # Errors
/// The component is missing or doesn't do its work.
pub fn measure(target: &Path, scratch: &Path) -> anyhow::Result<Vec<Row>> {
    let path = target.join("drivers/webhook.wasm");
    let component =
        std::fs::read(&path).with_context(|| format!("{} is missing; `make drivers` makes it", path.display()))?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let sandbox = Sandbox::start(SandboxConfig::new(scratch.join("compiled")))?;
    let generation = runtime.block_on(serve(&sandbox, component))?;
    let driver = twin()?;
    check(&runtime, &generation, &driver)?;
    let in_sandbox = || -> anyhow::Result<f64> {
        let took = runtime.block_on(sandbox.spawn(sandboxed(generation.clone())))??;
        Ok(took.as_secs_f64() / f64::from(CALLS))
    };
    let mut rounds = Vec::new();
    // The first round warms up.
    for _ in 0..=ROUNDS {
        let sandboxed = in_sandbox()?;
        let native = natively(&driver)?.as_secs_f64() / f64::from(CALLS);
        rounds.push((sandboxed * 1e6, native * 1e6));
    }
    Ok(vec![
        Row::new("P1 sandboxed driver, microseconds a call", &compare(&rounds[1..]), Target::AtMost(3.0)),
        through_extism(target, in_sandbox)?,
    ])
}

/// Against Extism. `in_sandbox` makes a round of calls and gives the seconds of one.
fn through_extism(target: &Path, in_sandbox: impl Fn() -> anyhow::Result<f64>) -> anyhow::Result<Row> {
    let name = "P1 a call in the sandbox over the same through Extism, ns";
    let bound = Target::AtMost(0.3);
    let Some(mut extism) = Extism::start(target)? else {
        return Ok(Row::not_measured(name, bound, "the program isn't built: `host/benches/extism/build.sh` builds it"));
    };
    let mut rounds = Vec::new();
    for _ in 0..=ROUNDS {
        rounds.push((in_sandbox()? * 1e9, extism.round()?));
    }
    Ok(Row::new(name, &compare(&rounds[1..]), bound))
}

async fn serve(sandbox: &Sandbox, component: Vec<u8>) -> anyhow::Result<Generation> {
    let _ = SANDBOX.set(sandbox.clone());
    let driver = sandbox.load(component).await?;
    let mut secrets = Secrets::default();
    secrets.add("signing-secret", SECRET.into());
    let config = ChannelConfig {
        id: "shop".to_owned(),
        public_url: URL.to_owned(),
        settings: SETTINGS.to_owned(),
        secrets,
        grants: Grants::default(),
        limits: Limits::default(),
        connections: None,
    };
    Ok(driver.serve(config, Arc::new(NoServer)).await?)
}

fn twin() -> anyhow::Result<WebhookDriver> {
    native::install(native::Host::new().with_secret("signing-secret", SECRET));
    let configured = WebhookDriver::configure(native::context("shop", URL), SETTINGS);
    configured.map_err(|error| anyhow::anyhow!("the twin refuses its settings: {}: {}", error.key, error.text))
}

fn sandbox_request(event: u32) -> Request {
    let sample = Sample::new(event, event % 100);
    let header =
        |(name, value): (&str, &str)| Header { name: name.to_owned(), value: Bytes::copy_from_slice(value.as_bytes()) };
    Request {
        method: "POST".to_owned(),
        url: URL.to_owned(),
        headers: sample.headers().map(header).collect(),
        body: Body::Bytes(Bytes::copy_from_slice(&sample.body)),
        peer: Peer { address: PEER.to_owned(), local: LOCAL.to_owned(), proxied: false },
        received_at: Timestamp::default(),
    }
}

fn native_request(event: u32) -> jackfield_sdk::Request {
    let sample = Sample::new(event, event % 100);
    let header = |(name, value): (&str, &str)| jackfield_sdk::Header { name: name.to_owned(), value: value.into() };
    let mut request = native::request("POST", URL, sample.body.as_slice());
    request.headers = sample.headers().map(header).collect();
    request.peer.address = PEER.to_owned();
    request.peer.local = LOCAL.to_owned();
    request
}

/// Both sides make the same message of the same request.
fn check(runtime: &tokio::runtime::Runtime, generation: &Generation, driver: &WebhookDriver) -> anyhow::Result<()> {
    let called = runtime.block_on(generation.receive(&sandbox_request(7), false))?;
    let answer = called.output.map_err(|error| anyhow::anyhow!("the component: {}", error.text))?;
    let native_answer =
        driver.receive(native_request(7)).map_err(|error| anyhow::anyhow!("the twin: {}", error.text))?;
    ensure!(
        (answer.status, native_answer.status) == (200, 200),
        "answers {} and {} where both should be 200",
        answer.status,
        native_answer.status
    );
    let pushed = called.transaction.pushes;
    let native_pushed = native::with(|host| std::mem::take(&mut host.pushed));
    let events =
        (pushed.first().map(|message| &message.event_id), native_pushed.first().map(|message| &message.event_id));
    ensure!(
        pushed.len() == 1 && native_pushed.len() == 1 && events.0 == events.1,
        "both should push one message, the same: {events:?}"
    );
    Ok(())
}

/// Calls one after the other, on a guests' thread, so that none is made to wait for another thread to wake up. What is
/// timed ends when the call's message is dropped.
async fn sandboxed(generation: Generation) -> anyhow::Result<Duration> {
    let mut took = Duration::ZERO;
    for batch in 0..BATCHES {
        let requests: Vec<Request> = (0..BATCH).map(|call| sandbox_request(batch * BATCH + call)).collect();
        let start = Instant::now();
        for request in requests {
            let called = generation.receive(&request, false).await?;
            ensure!(called.transaction.pushes.len() == 1, "a call pushed {} messages", called.transaction.pushes.len());
        }
        took += start.elapsed();
    }
    Ok(took)
}

/// The same of the twin.
fn natively(driver: &WebhookDriver) -> anyhow::Result<Duration> {
    let mut took = Duration::ZERO;
    for batch in 0..BATCHES {
        let requests: Vec<jackfield_sdk::Request> =
            (0..BATCH).map(|call| native_request(batch * BATCH + call)).collect();
        let start = Instant::now();
        for request in requests {
            let answer = driver.receive(request).map_err(|error| anyhow::anyhow!("the twin: {}", error.text))?;
            let pushed = native::with(|host| host.pushed.drain(..).count());
            ensure!(
                answer.status == 200 && pushed == 1,
                "the twin answered {} and pushed {pushed} messages",
                answer.status
            );
        }
        took += start.elapsed();
    }
    Ok(took)
}
