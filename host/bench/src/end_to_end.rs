//! P2 and P3: webhooks end to end, against the floor.

use crate::load::Load;
use crate::process::Process;
use crate::report::{Row, Target};
use crate::rounds::{ROUNDS, compare, p99_ms};
use std::path::Path;
use std::time::Duration;

/// Length of one half of a round.
const HALF: Duration = Duration::from_secs(3);
/// Length of the halves that warm up, which don't count.
const WARM: Duration = Duration::from_secs(1);

/// Measures both. `target` is the folder of what was built, `scratch` an empty one.
///
/// # Errors
/// A server can't be started or doesn't do its work.
pub fn measure(target: &Path, scratch: &Path) -> anyhow::Result<Vec<Row>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut server = Load::new(Process::server(target, &scratch.join("server"))?).await?;
        let mut floor = Load::new(Process::floor(&scratch.join("floor"))?).await?;
        let rows = rows(&mut server, &mut floor).await;
        rows.map_err(|error| {
            error.context(format!("the server's log ends with:\n{}\nthe floor's with:\n{}", server.log(), floor.log()))
        })
    })
}

async fn rows(server: &mut Load, floor: &mut Load) -> anyhow::Result<Vec<Row>> {
    server.open_conversations().await?;
    server.closed(WARM).await?;
    floor.closed(WARM).await?;
    let mut rates = Vec::new();
    for round in 1..=ROUNDS {
        let this = server.closed(HALF).await?;
        let reference = floor.closed(HALF).await?;
        eprintln!("P2 round {round}: {:.0} and {:.0} messages a second", this.rate(), reference.rate());
        rates.push((this.rate(), reference.rate()));
    }
    let highest = compare(&rates);
    let rate = highest.this / 2.0;
    let mut latencies = Vec::new();
    for round in 1..=ROUNDS {
        let this = server.open(rate, HALF).await?;
        let reference = floor.open(rate, HALF).await?;
        let (this, reference) = (p99_ms(this.latencies), p99_ms(reference.latencies));
        eprintln!("P3 round {round}: {this:.2} and {reference:.2} ms");
        latencies.push((this, reference));
    }
    Ok(vec![
        Row::new("P2 webhooks end to end, messages a second", &highest, Target::AtLeast(0.5)),
        Row::new(
            &format!("P3 ingest to agent's socket at {rate:.0} a second, p99 in ms"),
            &compare(&latencies),
            Target::AtMost(3.0),
        ),
    ])
}
