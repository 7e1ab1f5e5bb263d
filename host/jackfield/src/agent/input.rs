//! Lines of stdin, and the wish to leave.

use std::io::{self, BufRead, IsTerminal};
use tokio::sync::mpsc;

/// Lines that may wait, such as while there is no connection.
const WAITING: usize = 64;

/// What the person or program at the other end of stdin wants.
pub(super) struct Input {
    /// Lines of stdin; ends with it.
    pub(super) lines: mpsc::Receiver<String>,
    /// Ctrl-C or SIGTERM.
    pub(super) stop: mpsc::Receiver<()>,
    /// Stdin is a terminal: its end is typed by somebody.
    pub(super) terminal: bool,
}

impl Input {
    /// Begins to read.
    pub(super) fn of_process() -> io::Result<Self> {
        let (stopped, stop) = mpsc::channel(1);
        let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
        tokio::spawn(async move {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
            }
            // Nobody listens any more: it has left already.
            let _ = stopped.send(()).await;
        });
        let (sender, lines) = mpsc::channel(WAITING);
        // A thread of its own: a read of stdin can't be broken off, and nobody must wait for it at the end.
        std::thread::Builder::new().name("stdin".to_owned()).spawn(move || read(&sender))?;
        Ok(Self { lines, stop, terminal: io::stdin().is_terminal() })
    }
}

fn read(lines: &mpsc::Sender<String>) {
    let mut stdin = io::stdin().lock();
    let mut line = Vec::new();
    while stdin.read_until(b'\n', &mut line).is_ok_and(|read| read > 0) {
        let text = String::from_utf8_lossy(&line).trim_end_matches(['\n', '\r']).to_owned();
        line.clear();
        if lines.blocking_send(text).is_err() {
            return;
        }
    }
}
