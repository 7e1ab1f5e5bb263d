use super::NOW;
use crate::{ChannelLog, LINES_PER_CHANNEL, LogLine};

fn line(channel: &str, number: u64) -> LogLine {
    LogLine {
        channel: channel.to_owned(),
        at: NOW + number as i64,
        level: "info".to_owned(),
        text: format!("line {number}"),
        fields: "{}".to_owned(),
    }
}

#[test]
fn lines_are_read_by_channel() {
    let dir = tempfile::tempdir().unwrap();
    let log = ChannelLog::open(dir.path()).unwrap();
    log.append(&[line("a", 1), line("b", 2), line("a", 3)]).unwrap();
    log.append(&[]).unwrap();
    log.append(&[line("a", 4)]).unwrap();
    let entries = log.read("a", 0, 100).unwrap();
    let lines: Vec<LogLine> = entries.iter().map(|entry| entry.line.clone()).collect();
    assert_eq!(lines, [line("a", 1), line("a", 3), line("a", 4)]);
    assert_eq!(log.read("a", entries[0].number, 1).unwrap(), entries[1..2]);
    let before = log.before_newest("a", 2).unwrap();
    assert_eq!(log.read("a", before, 100).unwrap(), entries[1..]);
    assert_eq!(log.before_newest("a", 100).unwrap(), entries[0].number - 1);
    assert_eq!(log.before_newest("none", 5).unwrap(), 0);
    drop(log);
    let log = ChannelLog::open(dir.path()).unwrap();
    assert_eq!(log.read("a", 0, 100).unwrap(), entries);
}

#[test]
fn only_the_newest_are_kept() {
    let dir = tempfile::tempdir().unwrap();
    let log = ChannelLog::open(dir.path()).unwrap();
    log.append(&[line("quiet", 0)]).unwrap();
    let written = LINES_PER_CHANNEL + 2000;
    let lines: Vec<LogLine> = (1..=written).map(|number| line("loud", number)).collect();
    for lines in lines.chunks(700) {
        log.append(lines).unwrap();
    }
    let kept = log.read("loud", 0, usize::MAX).unwrap();
    assert!((LINES_PER_CHANNEL as usize..=LINES_PER_CHANNEL as usize + 500).contains(&kept.len()));
    assert_eq!(kept.last().unwrap().line, line("loud", written));
    assert_eq!(log.read("quiet", 0, 10).unwrap().len(), 1);
}

#[test]
fn a_damaged_log_is_put_aside() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("log.db"), vec![b'?'; 5000]).unwrap();
    let log = ChannelLog::open(dir.path()).unwrap();
    log.append(&[line("a", 1)]).unwrap();
    assert_eq!(log.read("a", 0, 10).unwrap().len(), 1);
    assert!(dir.path().join("log.db.damaged").exists());
}
