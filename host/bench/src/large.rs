//! P7: a server with a million open work items: how long it takes to start, what an item costs in memory, and whether a
//! snapshot makes anybody wait.

use crate::process::Process;
use crate::report::Row;
use crate::rounds::{ROUNDS, median};
use anyhow::{Context, ensure};
use jackfield_journal::{Batch, Journal, NewRecord, SqliteJournal};
use jackfield_router::{ChannelConfig, Command, Config, QueueConfig, Received, Route, State, decide};
use jackfield_sequencer::{Entry, Keys, Outputs, Sequencer, Settings, running_clock, system_clock};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;

/// Open items.
const ITEMS: u64 = 1_000_000;
/// Items opened by one batch of the journal.
const BATCH: u64 = 500;
/// How often the sequencer is asked something.
const EVERY: Duration = Duration::from_millis(1);

/// Makes the rows of P7.
///
/// # Errors
/// The server isn't built, or the disk is full.
pub fn measure(target: &Path, scratch: &Path) -> anyhow::Result<Vec<Row>> {
    let (large, small) = (scratch.join("large"), scratch.join("small"));
    let data = large.join("data");
    fill(&data)?;
    let program = std::path::absolute(target.join("release/jackfield"))?;
    snapshot(&program, &data).map_err(anyhow::Error::msg)?;
    std::fs::create_dir_all(&small)?;
    let empty = Process::server(target, &small)?.memory()?;
    let (mut starts, mut memory) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let begun = Instant::now();
        let server = Process::server(target, &large)?;
        starts.push(begun.elapsed().as_secs_f64());
        memory.push(server.memory()?.saturating_sub(empty) as f64 / ITEMS as f64);
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let (quiet, busy) = runtime.block_on(waits(program, &data))?;
    Ok(vec![
        Row::bounded("P7 start with 1,000,000 open items, s", median(starts.into_iter()), 5.0),
        Row::bounded("P7 memory of an open item, bytes", median(memory.into_iter()), 1024.0),
        Row::bounded("P7 longest wait for the sequencer in a snapshot, ms", busy, 10.0),
        Row::bounded("P7 the same without one (what the machine does)", quiet, 10.0),
    ])
}

/// A journal with a million open items, as the sequencer would have written it, but for bodies.
fn fill(data: &Path) -> anyhow::Result<()> {
    let mut journal = SqliteJournal::open(data)?;
    Keys::open(data, true)?;
    let mut state = State::default();
    let mut at = 1_800_000_000_000;
    let config = Config {
        queues: [("support".into(), QueueConfig::default())].into(),
        channels: [("shop".into(), ChannelConfig::default())].into(),
        default_queue: "support".into(),
        ..Config::default()
    };
    let first = [Command::Started, Command::Configure { salt: 7, config: Box::new(config) }];
    append(&mut journal, &mut state, at, first.into_iter())?;
    for batch in 0..ITEMS / BATCH {
        at += 1;
        append(&mut journal, &mut state, at, (0..BATCH).map(|number| opening(batch * BATCH + number)))?;
    }
    ensure!(state.items().len() as u64 == ITEMS, "only {} items were opened", state.items().len());
    Ok(())
}

fn opening(number: u64) -> Command {
    let key =
        |kind: u8| hex::encode(&jackfield_journal::digest_of(&[&[kind], &number.to_be_bytes()[..]].concat())[..16]);
    let id = key(1);
    let id = format!("{}-{}-{}-{}-{}", &id[..8], &id[8..12], &id[12..16], &id[16..20], &id[20..]);
    Command::Receive(Box::new(Received {
        message_id: id.into(),
        channel: "shop".into(),
        conversation: key(2).into(),
        customer: Some(key(3).into()),
        media_type: "message".into(),
        interaction: "support-request".to_owned(),
        support_request: true,
        route: Some(Route { queue: "support".into(), rule: "route 1".into(), ..Route::default() }),
        ..Received::default()
    }))
}

/// Decides commands and appends them as one batch, a record each.
fn append(
    journal: &mut SqliteJournal,
    state: &mut State,
    at: u64,
    commands: impl Iterator<Item = Command>,
) -> anyhow::Result<()> {
    let mut batch = Batch::default();
    for command in commands {
        let decision = decide(state, &command, at);
        let entry = Entry { at: decision.at, events: decision.events, ..Entry::of(command.kind()) };
        batch.records.push(NewRecord { at: decision.at.cast_signed(), payload: serde_json::to_vec(&entry)? });
    }
    let head = journal.head();
    journal.append(head, batch)?;
    Ok(())
}

/// Lets the server's binary make a snapshot, as the server does.
fn snapshot(program: &Path, data: &Path) -> Result<(), String> {
    let output = std::process::Command::new(program).args(["journal", "snapshot", "--data"]).arg(data).output();
    let output = output.map_err(|error| error.to_string())?;
    if output.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&output.stderr).into_owned()) }
}

/// The longest wait for the sequencer while nothing is made, and while a snapshot is; in milliseconds.
async fn waits(program: std::path::PathBuf, data: &Path) -> anyhow::Result<(f64, f64)> {
    let (notices, _notices) = mpsc::unbounded_channel();
    let (effects, _effects) = mpsc::unbounded_channel();
    let outputs = Outputs { notices, effects };
    let (sequencer, _) =
        jackfield_sequencer::start(data, Settings { clock: system_clock(), running: running_clock(), outputs })?;
    let folder = data.to_owned();
    sequencer.make_snapshots_by(Arc::new(move || snapshot(&program, &folder)));
    // Something new, so that there is something to be made.
    sequencer.command(Command::Started).await?;
    let begun = Instant::now();
    sequencer.snapshot().await?;
    let done = || sequencer.counters().snapshots.load(Ordering::Relaxed) > 0;
    let failed = || sequencer.counters().snapshot_failures.load(Ordering::Relaxed) > 0;
    let busy = longest(&sequencer, || done() || failed()).await?;
    ensure!(done(), "no snapshot was made");
    let end = Instant::now() + begun.elapsed();
    let quiet = longest(&sequencer, || Instant::now() >= end).await?;
    Ok((quiet, busy))
}

async fn longest(sequencer: &Sequencer, ended: impl Fn() -> bool) -> anyhow::Result<f64> {
    let mut longest = Duration::ZERO;
    while !ended() {
        let asked = Instant::now();
        sequencer.read(|_| ()).await.context("the sequencer has ended")?;
        longest = longest.max(asked.elapsed());
        tokio::time::sleep(EVERY).await;
    }
    Ok(longest.as_secs_f64() * 1e3)
}
