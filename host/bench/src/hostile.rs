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
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
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
        // Never held back, which by default it is after its 60th crash, and never put into quarantine.
        let bad =
            "\n[[channel]]\nid = \"bad\"\ndriver = \"hostile\"\nlimits = { restarts = 1000000, quarantine = 0 }\n";
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
        let answers = Arc::new(Answers::default());
        let endless = || {
            let answers = answers.clone();
            burn(move |_| call(address, &answers))
        };
        let this = beside(load, rate, (0..ENDLESS).map(|_| endless())).await?;
        let reference = beside(load, rate, std::iter::once(burn(spin))).await?;
        let (cut_off, other) = (answers.cut_off.load(Ordering::Relaxed), answers.other.load(Ordering::Relaxed));
        eprintln!("P8 round {round}: {this:.2} and {reference:.2} ms; {cut_off} calls were cut off, {other} sent away");
        anyhow::ensure!(cut_off > other, "most of the hostile calls did not run: {other} of them were sent away");
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

/// How the hostile calls ended.
#[derive(Default)]
struct Answers {
    /// 504: they ran until their time was over.
    cut_off: AtomicUsize,
    /// Anything else.
    other: AtomicUsize,
}

/// One call that never ends by itself. Who is sent away at once, since the driver has failed too often, comes again after a
/// breath: else it is the asking that burns the processor.
fn call(address: SocketAddr, answers: &Answers) {
    let begun = Instant::now();
    let is_cut_off = ask(address).is_ok_and(|answer| answer.starts_with(b"HTTP/1.1 504 "));
    let count = if is_cut_off { &answers.cut_off } else { &answers.other };
    count.fetch_add(1, Ordering::Relaxed);
    if begun.elapsed() < BREATH {
        std::thread::sleep(BREATH);
    }
}

fn ask(address: SocketAddr) -> std::io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect(address)?;
    let request = "POST /channels/bad/loop HTTP/1.1\r\nhost: bench\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
    stream.write_all(request.as_bytes())?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    Ok(answer)
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
