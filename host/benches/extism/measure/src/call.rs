//! The plugin in Extism, and rounds of calls.

use crate::answer::Answer;
use crate::sample::{SECRET, Sample};
use anyhow::{Context, ensure};
use extism::{CurrentPlugin, Function, Manifest, PTR, Plugin, UserData, Val, ValType, Wasm};
use hmac::{Hmac, KeyInit, Mac};
use serde::Serialize;
use sha2::Sha256;
use std::time::{Duration, Instant};

/// Calls of a round: as many, in batches as large, as `jackfield-bench` makes of its driver.
const BATCHES: u32 = 40;
const BATCH: u32 = 500;

/// A request, as the plugin gets it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Request {
    method: String,
    url: String,
    headers: Vec<(String, String)>,
    body: String,
    peer: String,
    /// In milliseconds since 1970.
    received_at: u64,
}

/// A plugin that is called again and again.
pub struct Caller {
    plugin: Plugin,
}

impl Caller {
    /// Loads it.
    ///
    /// # Errors
    /// It is no plugin.
    pub fn new(wasm: Vec<u8>) -> anyhow::Result<Self> {
        let mac = <Hmac<Sha256> as KeyInit>::new_from_slice(SECRET.as_bytes())?;
        let verify = Function::new("verify_hmac", [PTR, PTR], [ValType::I64], UserData::new(mac), verify_hmac);
        let plugin = Plugin::new(Manifest::new([Wasm::data(wasm)]), [verify], false);
        Ok(Self { plugin: plugin.context("Extism doesn't load the plugin")? })
    }

    /// Makes sure that it does its work.
    ///
    /// # Errors
    /// It doesn't: it makes another message than the driver would, or takes a forged one.
    pub fn check(&mut self) -> anyhow::Result<()> {
        let answer = self.call(&request(7)?)?;
        ensure!(answer.status == 200, "the answer is {}, not 200", answer.status);
        let message = answer.message.context("the answer has no message")?;
        let (event, item) = (message.event_id.as_deref(), &message.work_item);
        ensure!(
            event.is_some_and(|id| id.starts_with("SM00000007")) && message.external_id.as_deref() == event,
            "the ids are wrong: {message:?}"
        );
        ensure!(
            message.media_type == "sms"
                && message.occurred_at == Some(1_795_359_845_123)
                && (message.interaction.kind.as_str(), message.interaction.name.as_str())
                    == ("request", "support-request")
                && message.interaction.arguments.is_object(),
            "the frame is wrong: {message:?}"
        );
        let attributes: Vec<_> = item.attributes.iter().map(|(key, value)| format!("{key}={value}")).collect();
        ensure!(
            item.conversation == "+14155550007"
                && item.customer.address == "+14155550007"
                && item.customer.name.as_deref() == Some("Kim Example")
                && (item.subject.as_ref(), item.language.as_ref(), item.priority) == (None, None, None)
                && attributes == ["attempt=1", "locale=en-US", "order=A-00000007", "plan=gold", "test=false"],
            "the work item is wrong: {message:?}"
        );
        ensure!(
            matches!(&message.parts[..], [part] if part.kind == "text" && part.format == "plain"
                && part.text.starts_with("Where is my order?")),
            "the parts are wrong: {message:?}"
        );
        let mut forged = request(7)?;
        forged.body.push(' ');
        let status = self.call(&forged)?.status;
        ensure!(status == 401, "a forged request is answered {status}, not 401");
        Ok(())
    }

    /// Makes a round of calls; gives the nanoseconds that one took.
    ///
    /// # Errors
    /// One failed.
    pub fn round(&mut self) -> anyhow::Result<f64> {
        let mut took = Duration::ZERO;
        for batch in 0..BATCHES {
            let requests =
                (0..BATCH).map(|call| request(batch * BATCH + call)).collect::<anyhow::Result<Vec<Request>>>()?;
            let start = Instant::now();
            for request in requests {
                let answer = self.call(&request)?;
                ensure!(answer.message.is_some(), "a call was answered {} without a message", answer.status);
            }
            took += start.elapsed();
        }
        Ok(took.as_secs_f64() * 1e9 / f64::from(BATCHES * BATCH))
    }

    fn call(&mut self, request: &Request) -> anyhow::Result<Answer> {
        let json = serde_json::to_vec(request)?;
        let answer: &[u8] = self.plugin.call("receive", json)?;
        Ok(serde_json::from_slice(answer)?)
    }
}

fn request(event: u32) -> anyhow::Result<Request> {
    let sample = Sample::new(event, event % 100);
    Ok(Request {
        method: "POST".to_owned(),
        url: "https://support.example.com/channels/shop".to_owned(),
        headers: sample.headers().map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
        body: String::from_utf8(sample.body.clone())?,
        peer: "203.0.113.77:40000".to_owned(),
        received_at: 0,
    })
}

/// The function that the plugin may call: the secret stays with the host, as it does in Jackfield.
fn verify_hmac(
    plugin: &mut CurrentPlugin,
    inputs: &[Val],
    outputs: &mut [Val],
    mac: UserData<Hmac<Sha256>>,
) -> anyhow::Result<()> {
    let mac = mac.get()?;
    let mut mac = mac.lock().map_err(|_| anyhow::anyhow!("a call panicked"))?.clone();
    let [body, claimed] = inputs else { anyhow::bail!("two blocks of memory are expected") };
    mac.update(plugin.memory_get_val::<&[u8]>(body)?);
    let fits = mac.verify_slice(plugin.memory_get_val::<&[u8]>(claimed)?).is_ok();
    let [output] = outputs else { anyhow::bail!("one result is expected") };
    *output = Val::I64(i64::from(fits));
    Ok(())
}
