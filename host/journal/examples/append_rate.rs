//! Prints how many records a second are appended, in batches of 64, each with a body and a message.
//!
//! `cargo run --release -p jackfield-journal --example append_rate -- [RECORDS] [BATCH]`

use std::sync::Arc;
use std::time::{Duration, Instant};

use jackfield_journal::{Batch, Body, Journal, NewRecord, Row, SqliteJournal, digest_of};

const RECORD_BYTES: usize = 400;
const BODY_BYTES: usize = 600;
const CONVERSATIONS: u64 = 100;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut numbers = std::env::args().skip(1);
    let mut number = |default| numbers.next().map_or(Ok(default), |n| n.parse::<u64>());
    let (records, batch) = (number(500_000)?, number(64)?);
    let dir = tempfile::tempdir_in(".")?;
    let mut journal = SqliteJournal::open(dir.path())?;
    let (mut worst, mut total) = (Duration::ZERO, Duration::ZERO);
    let mut times = Vec::new();
    while journal.head() < records {
        let head = journal.head();
        let batch = batch_of(head..head + batch);
        let start = Instant::now();
        for row in &batch.rows {
            if let Row::Message { id, .. } = row {
                assert!(!journal.has_message(id)?);
            }
        }
        journal.append(head, batch)?;
        let took = start.elapsed();
        times.push(took);
        total += took;
        worst = worst.max(took);
    }
    times.sort_unstable();
    println!(
        "{:.0} records/s, {:.1} µs each; a batch of {batch}: median {:?}, 99 % {:?}, worst {worst:?}",
        journal.head() as f64 / total.as_secs_f64(),
        total.as_secs_f64() * 1e6 / journal.head() as f64,
        times[times.len() / 2],
        times[times.len() * 99 / 100],
    );
    drop(journal);
    let start = Instant::now();
    SqliteJournal::open(dir.path())?;
    println!("opened again, without a snapshot, in {:?}", start.elapsed());
    Ok(())
}

fn batch_of(numbers: std::ops::Range<u64>) -> Batch {
    let mut batch = Batch::default();
    for (record, number) in numbers.enumerate() {
        let mut bytes = vec![b'x'; BODY_BYTES];
        bytes[..8].copy_from_slice(&number.to_be_bytes());
        let digest = digest_of(&bytes);
        let conversation = digest_of(&(number % CONVERSATIONS).to_be_bytes());
        batch.records.push(NewRecord { at: 1_760_000_000_000 + number as i64, payload: vec![b'r'; RECORD_BYTES] });
        batch.bodies.push(Body { digest, bytes: Arc::from(bytes) });
        batch.rows.push(Row::Message {
            id: first_half(&digest_of(&digest)),
            record,
            channel: "support-sms".to_owned(),
            conversation: first_half(&conversation),
            work_item: Some(first_half(&digest_of(&conversation))),
            inbound: true,
            external_id: Some(hex::encode(first_half(&digest))),
            body: digest,
            customer: Some(first_half(&conversation)),
            attachments: Vec::new(),
            at: 1_760_000_000_000,
        });
    }
    batch
}

fn first_half(digest: &[u8; 32]) -> [u8; 16] {
    let mut half = [0; 16];
    half.copy_from_slice(&digest[..16]);
    half
}
