//! P4: the driver is swapped while webhooks come in at half the highest rate.

use crate::client::Client;
use crate::load::Load;
use crate::process::{OPERATOR, Process};
use crate::report::{Row, Target};
use crate::rounds::{ROUNDS, compare, p99_ms};
use anyhow::{Context, ensure};
use std::net::SocketAddr;
use std::path::Path;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Length of one half of a round.
const HALF: Duration = Duration::from_secs(3);
/// When in its half the swap begins.
const BEGIN: Duration = Duration::from_secs(1);
/// So long after its answer a swap may still be felt.
const AFTER: Duration = Duration::from_millis(500);

/// Measures it. `target` is the folder of what was built, `scratch` an empty one.
///
/// # Errors
/// The server can't be started, refuses a request or the driver, or loses or doubles a message.
pub fn measure(target: &Path, scratch: &Path) -> anyhow::Result<Row> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let driver = std::fs::read(target.join("drivers/webhook.wasm"))?;
    runtime.block_on(async {
        let process = Process::server(target, &scratch.join("swap"))?;
        let address = process.address;
        let mut server = Load::new(process).await?;
        let row = row(&mut server, address, &driver).await;
        row.map_err(|error| error.context(format!("the server's log ends with:\n{}", server.log())))
    })
}

async fn row(server: &mut Load, address: SocketAddr, driver: &[u8]) -> anyhow::Result<Row> {
    server.open_conversations().await?;
    server.closed(BEGIN).await?;
    let rate = server.closed(HALF).await?.rate() / 2.0;
    let mut latencies = Vec::new();
    for round in 1..=ROUNDS {
        let before = server.open(rate, HALF).await?;
        let swap = swap(address, version(driver, round as u32));
        let during = server.open(rate, HALF).await?;
        let (begin, end) = swap.join().map_err(|_| anyhow::anyhow!("the swap's thread failed"))??;
        let felt = during.sent.iter().zip(&during.latencies);
        let felt: Vec<_> =
            felt.filter(|(sent, _)| (begin..end + AFTER).contains(*sent)).map(|(_, took)| *took).collect();
        ensure!(!felt.is_empty(), "the swap took longer than its round");
        let (this, reference) = (p99_ms(felt), p99_ms(before.latencies));
        eprintln!("P4 round {round}: {this:.2} and {reference:.2} ms, swapped in {:?}", end - begin);
        latencies.push((this, reference));
    }
    let name = format!("P4 hot swap at {rate:.0} a second, nothing lost, doubled or refused, p99 in ms");
    Ok(Row::new(&name, &compare(&latencies), Target::AtMost(2.0)))
}

/// The same driver with a digest of its own: a custom section that nobody reads.
fn version(driver: &[u8], number: u32) -> Vec<u8> {
    let mut section = b"\x04swap".to_vec();
    section.extend(number.to_le_bytes());
    let mut bytes = driver.to_vec();
    bytes.extend([0, section.len() as u8]);
    bytes.extend(section);
    bytes
}

/// Loads a driver a while from now, on a thread of its own; tells when that began and ended.
fn swap(address: SocketAddr, component: Vec<u8>) -> JoinHandle<anyhow::Result<(Instant, Instant)>> {
    std::thread::spawn(move || {
        std::thread::sleep(BEGIN);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async {
            let mut client = Client::connect(address).await?;
            let mut request = format!(
                "PUT /v1/drivers/webhook HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {OPERATOR}\r\n\
                 content-length: {}\r\n\r\n",
                component.len()
            )
            .into_bytes();
            request.extend(component);
            let begin = Instant::now();
            client.send(&request).await.context("the driver was not loaded")?;
            Ok((begin, Instant::now()))
        })
    })
}
