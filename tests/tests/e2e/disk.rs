//! Disks that are full, read-only, or don't give back what was written (R5): nothing is answered that isn't durable, and
//! what can mend itself does.

use std::path::{Path, PathBuf};
use std::process::Command;

use jackfield_tests::{Agent, Http, Server, Setup, eventually, jackfield};
use serde_json::{Value, json};

/// Space that is left beside the ballast, as `truncate` takes it.
const LEFT: &str = "2M";

fn setup() -> Setup {
    Setup::simple(&["ana"]).webhook("forms", "")
}

/// A file system of its own in memory for the data folder, for as long as this is there. Only root can make one.
struct SmallDisk(PathBuf);

impl SmallDisk {
    fn under(server: &Server) -> Option<Self> {
        let data = server.data();
        let compiled = std::fs::read_link(data.join("compiled")).expect("a link");
        if !run(Command::new("mount").args(["-t", "tmpfs", "-o", "size=16m", "tmpfs"]).arg(&data)) {
            let root = Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout == b"0\n");
            assert!(!root, "root can mount a small disk");
            return None;
        }
        std::os::unix::fs::symlink(compiled, data.join("compiled")).expect("a link");
        Some(Self(data))
    }

    fn remount(&self, how: &str) {
        assert!(run(Command::new("mount").args(["-o", &format!("remount,{how}")]).arg(&self.0)), "remount,{how}");
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        run(Command::new("umount").arg("--lazy").arg(&self.0));
    }
}

fn run(command: &mut Command) -> bool {
    command.output().is_ok_and(|output| output.status.success())
}

fn message(number: usize) -> Value {
    json!({"id": format!("m{number}"), "from": "kim", "text": "x".repeat(50_000)})
}

/// Posts messages from `first` on until one isn't taken; returns its number.
async fn fill(http: &Http, first: usize) -> usize {
    for number in first..2_000 {
        let answer = http.post("/channels/forms", &message(number)).await;
        if answer.status == 200 {
            continue;
        }
        assert_eq!(answer.status, 503, "{}", answer.text());
        let after = answer.header("retry-after").parse::<u32>();
        assert!(after.is_ok_and(|seconds| seconds > 0), "{:?}", answer.headers);
        return number;
    }
    panic!("the disk never got full");
}

/// A server whose disk takes nothing any more: it says so, goes on by itself once `mend` has made space, and has lost
/// and doubled nothing.
async fn goes_on(server: &mut Server, mend: impl FnOnce(&Server)) {
    let http = server.http();
    let mut ana = Agent::available(server, "ana").await;
    http.post("/channels/forms", &message(0)).await.expect(200);
    let item = ana.accept().await["workItem"]["id"].clone();
    let refused = fill(&http, 1).await;
    let unready = http.get("/readyz").await.expect(503);
    assert!(unready.header("retry-after").parse::<u32>().is_ok());
    http.get("/healthz").await.expect(200);
    http.post("/channels/forms", &message(refused)).await.expect(503);
    let told = ana.refused(json!({"type": "work-item.complete", "workItemId": item}), "unavailable").await;
    assert!(told["message"].as_str().is_some_and(|text| text.contains("try again")), "{told}");

    mend(server);
    // Nobody asks for anything but whether it is ready.
    eventually("it is ready again by itself", async || (http.get("/readyz").await.status == 200).then_some(())).await;
    // The sender tries again what was refused, and also the last one that was not.
    for number in refused - 1..refused + 2 {
        http.post("/channels/forms", &message(number)).await.expect(200);
    }
    server.kill().await;
    server.start_again().await;
    let item = item.as_str().expect("an id");
    let all = server.operator().get(&format!("/v1/work-items/{item}/messages?limit=500")).await.expect(200).json();
    let inbound = all["items"].as_array().into_iter().flatten().filter_map(|one| one["eventId"].as_str());
    let expected: Vec<_> = (0..refused + 2).map(|number| format!("m{number}")).collect();
    assert_eq!(inbound.collect::<Vec<_>>(), expected, "each that was taken is there once");
    server.stop().await;
    jackfield(&server.data(), &["journal", "verify", "--data", "."]).await.expect(0);
}

#[tokio::test]
async fn a_full_disk_refuses_until_there_is_space_again() {
    let mut server = Server::prepare(setup());
    // Who isn't root has the test below, in which a limit takes the disk's place.
    let Some(_disk) = SmallDisk::under(&server) else { return };
    server.start_again().await;
    let ballast = server.data().join("ballast");
    let fill = format!("head -c 64M /dev/zero > ballast; truncate -s -{LEFT} ballast");
    assert!(run(Command::new("sh").args(["-c", &fill]).current_dir(server.data())));
    goes_on(&mut server, |_| std::fs::remove_file(&ballast).expect("there is ballast")).await;
}

#[tokio::test]
async fn a_limit_on_the_size_of_files_is_like_a_full_disk() {
    let mut server = Server::start(setup()).await;
    let limit = |server: &Server, size: &str| {
        let pid = server.process_id().to_string();
        assert!(run(Command::new("prlimit").args(["--pid", &pid, &format!("--fsize={size}")])), "prlimit runs");
    };
    limit(&server, "2000000:unlimited");
    goes_on(&mut server, |server| limit(server, "unlimited:unlimited")).await;
}

#[tokio::test]
async fn a_read_only_disk_is_named_at_the_start() {
    let mut server = Server::prepare(setup());
    let Some(disk) = SmallDisk::under(&server) else {
        // To others than root, a folder that they may not write is the same.
        assert!(run(Command::new("chmod").arg("0500").arg(server.data())));
        let error = server.try_start().await.expect_err("it can't write");
        assert!(error.contains("data"), "{error}");
        return;
    };
    server.start_again().await;
    server.http().post("/channels/forms", &message(1)).await.expect(200);
    server.stop().await;
    disk.remount("ro");
    let error = server.try_start().await.expect_err("it can't write");
    assert!(error.to_lowercase().contains("read-only"), "{error}");
    disk.remount("rw");
    server.start_again().await;
    let items = server.operator().get("/v1/work-items").await.expect(200).json();
    assert_eq!(items["items"].as_array().map(Vec::len), Some(1));
}

/// Damages the newest copy of a record in the first of the files that has one.
fn flip_a_bit(files: &[PathBuf]) -> bool {
    let marker = b"\"cause\":\"rec";
    files.iter().any(|file| {
        let mut bytes = std::fs::read(file).unwrap_or_default();
        let Some(at) = bytes.windows(marker.len()).rposition(|window| window == marker) else { return false };
        bytes[at + 9] ^= 1;
        std::fs::write(file, bytes).is_ok()
    })
}

fn truncate(file: &Path, length: usize) -> Vec<u8> {
    let whole = std::fs::read(file).expect("the file");
    std::fs::write(file, &whole[..whole.len().min(length)]).expect("writes");
    whole
}

#[tokio::test]
async fn a_cut_tail_and_a_flipped_bit_stop_the_start_with_a_sentence() {
    let mut server = Server::start(setup()).await;
    for number in 0..5 {
        let body = json!({"id": format!("m{number}"), "from": "kim", "text": format!("message number {number}")});
        server.http().post("/channels/forms", &body).await.expect(200);
    }
    server.kill().await;
    let log = server.data().join("journal.db-wal");
    // The last pages never reached the disk.
    let length = std::fs::metadata(&log).map_or(0, |log| log.len() as usize);
    let whole = truncate(&log, length / 2);
    let error = server.try_start().await.expect_err("records are missing");
    assert!(error.contains("its tail is cut off") && error.contains("Restore the newest backup"), "{error}");

    // The folder as it was; the start that was refused has changed nothing that counts.
    std::fs::write(&log, &whole).expect("writes");
    assert!(flip_a_bit(&[log, server.data().join("journal.db")]), "there is a record to be damaged");
    // In the log SQLite's own sums find it, and the page is as if it had never been written.
    let error = server.try_start().await.expect_err("a record isn't what was written");
    assert!(error.contains("is damaged") || error.contains("its tail is cut off"), "{error}");
}
