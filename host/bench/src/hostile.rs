//! P8: a neighbour's latency while one driver does nothing but burn the processor, against the same burnt by a thread
//! that has nothing to do with the server.

use crate::load::Load;
use crate::process::Process;
use crate::report::{Row, Target};
use crate::rounds::{ROUNDS, compare, p99_ms};
use std::hint::black_box;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Length of one half of a round.
const HALF: Duration = Duration::from_secs(3);
/// Length of what warms up.
const WARM: Duration = Duration::from_secs(1);
/// The neighbour's part of what it could do alone.
const PART: f64 = 0.3;
/// Calls that never end, at the same time: as many as the channel has instances for.
const ENDLESS: usize = 16;
/// How long one waits that was sent away at once.
const BREATH: Duration = Duration::from_millis(20);

/// Measures it. `target` is the folder of what was built, `scratch` an empty one.
///
/// # Errors
/// A server can't be started or doesn't do its work.
pub fn measure(target: &Path, scratch: &Path) -> anyhow::Result<Row> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        // Never held back, which by default it is after its 60th crash.
        let bad = "\n[[channel]]\nid = \"bad\"\ndriver = \"hostile\"\nlimits = { restarts = 1000000 }\n";
        let process = Process::server_beside(target, &scratch.join("hostile"), bad, &["hostile"])?;
        let address = process.address;
        let mut load = Load::new(process).await?;
        let row = row(&mut load, address).await;
        row.map_err(|error| error.context(format!("the server's log ends with:\n{}", load.log())))
    })
}

async fn row(load: &mut Load, address: SocketAddr) -> anyhow::Result<Row> {
    load.open_conversations().await?;
    load.closed(WARM).await?;
    let rate = load.closed(HALF).await?.rate() * PART;
    let mut latencies = Vec::new();
    for round in 1..=ROUNDS {
        let this = beside(load, rate, (0..ENDLESS).map(|_| burn(move |stop| call(address, stop)))).await?;
        let reference = beside(load, rate, std::iter::once(burn(spin))).await?;
        eprintln!("P8 round {round}: {this:.2} and {reference:.2} ms");
        latencies.push((this, reference));
    }
    let name = format!("P8 at {rate:.0} a second beside a hostile driver, p99 in ms");
    Ok(Row::new(&name, &compare(&latencies), Target::AtMost(1.5)))
}

/// The neighbour's p99 while all of these burn.
async fn beside(load: &mut Load, rate: f64, burning: impl Iterator<Item = Burning>) -> anyhow::Result<f64> {
    let burning: Vec<Burning> = burning.collect();
    load.open(rate, WARM).await?;
    let round = load.open(rate, HALF).await?;
    drop(burning);
    Ok(p99_ms(round.latencies))
}

/// A thread that burns the processor, here or by a server, until it is dropped.
struct Burning {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

fn burn(once: impl Fn(&AtomicBool) + Send + 'static) -> Burning {
    let stop = Arc::new(AtomicBool::new(false));
    let seen = stop.clone();
    let thread = std::thread::spawn(move || {
        while !seen.load(Ordering::Relaxed) {
            once(&seen);
        }
    });
    Burning { stop, thread: Some(thread) }
}

fn spin(stop: &AtomicBool) {
    let mut number = 0u64;
    while !stop.load(Ordering::Relaxed) {
        for _ in 0..10_000 {
            number = black_box(number.wrapping_add(1));
        }
    }
}

/// One call that never ends by itself; what it is answered is of no interest. Who is sent away at once, since the driver
/// has failed too often, comes again after a breath: else it is the asking that burns the processor.
fn call(address: SocketAddr, _: &AtomicBool) {
    let begun = Instant::now();
    ask(address);
    if begun.elapsed() < BREATH {
        std::thread::sleep(BREATH);
    }
}

fn ask(address: SocketAddr) {
    let Ok(mut stream) = TcpStream::connect(address) else { return };
    let request = "POST /channels/bad/loop HTTP/1.1\r\nhost: bench\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
    if stream.write_all(request.as_bytes()).is_ok() {
        let _ = stream.read_to_end(&mut Vec::new());
    }
}

impl Drop for Burning {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            // A thread that panicked has burnt nothing more; the latencies say what there is to say.
            let _ = thread.join();
        }
    }
}
