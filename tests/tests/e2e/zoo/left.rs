//! What a server's process holds: memory, threads, open files and sockets.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use jackfield_tests::{Server, eventually};

/// Memory that may come and go between two looks at one state: the allocator keeps what was freed in pieces, SQLite's
/// caches fill up (2 MB a connection), and pages of the instances' pool stay with it (256 KiB a slot). What leaks with
/// every call of a zoo of some 350 a round is far more.
const SLACK: u64 = 24 << 20;

/// How long what is idle may stay: tokio's threads for blocking work 10 s, the sandbox looks every 5 s.
const PATIENCE: Duration = Duration::from_secs(25);

/// What a process holds.
#[derive(Debug)]
pub struct Left {
    memory: u64,
    threads: usize,
    files: usize,
    instances: u64,
    #[expect(dead_code, reason = "what the open files are, for the reader of a failure, who is shown all of this")]
    names: BTreeMap<String, usize>,
}

fn count(folder: &Path) -> usize {
    std::fs::read_dir(folder).expect("the process lives").count()
}

impl Left {
    /// What it holds now.
    pub async fn of(server: &Server) -> Self {
        let metrics = server.http().get("/metrics").await.expect(200).text();
        let instances = metrics
            .lines()
            // The neighbour's own may wait for its next request.
            .filter(|line| line.starts_with("jackfield_channel_instances{") && !line.contains("\"forms\""))
            .filter_map(|line| line.rsplit(' ').next()?.parse::<u64>().ok())
            .sum();
        let process = PathBuf::from(format!("/proc/{}", server.process_id()));
        let status = std::fs::read_to_string(process.join("status")).expect("the process lives");
        let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("a line of memory");
        let kilobytes: u64 = resident.trim().trim_end_matches(" kB").parse().expect("a number");
        let mut names = BTreeMap::new();
        for file in std::fs::read_dir(process.join("fd")).expect("the process lives").flatten() {
            let name = std::fs::read_link(file.path()).unwrap_or_default().display().to_string();
            *names.entry(name.split(':').next().unwrap_or_default().to_owned()).or_default() += 1;
        }
        Self {
            names,
            memory: kilobytes << 10,
            threads: count(&process.join("task")),
            files: count(&process.join("fd")),
            instances,
        }
    }

    /// What it holds once it is no more than `before` in all but memory: what is idle goes after a while.
    pub async fn after(server: &Server, before: &Self) -> Self {
        let waited = Instant::now();
        eventually("threads, files and instances are as they were", async || {
            let now = Self::of(server).await;
            let few = now.is_as_few_as(before);
            // Said while there is still time for it.
            assert!(few || waited.elapsed() < PATIENCE, "{now:?} is left of {before:?}");
            few.then_some(now)
        })
        .await
    }

    /// The same, where files may be opened that stay: connections to the journal, and one kept for each peer and call
    /// at a time.
    pub fn and_files(self, more: usize) -> Self {
        Self { files: self.files + more, ..self }
    }

    fn is_as_few_as(&self, before: &Self) -> bool {
        self.threads <= before.threads && self.files <= before.files && self.instances <= before.instances
    }

    /// Whether its memory is what it was, but for what comes and goes.
    pub fn has_the_memory_of(&self, before: &Self) -> bool {
        self.memory <= before.memory + SLACK
    }
}
