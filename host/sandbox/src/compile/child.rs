//! The compiler's process, seen from both ends.

use super::wire::{Answer, Job, head, split};
use super::{CompileLimits, work};
use crate::error::{LoadError, Refusal};
use crate::inspect::ComponentLimits;
use crate::versions::SERVED;
use rustix::process::{Resource, Rlimit, Signal, setpriority_process, setrlimit};
use std::ffi::OsString;
use std::io::{self, Read, Write};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{ExitCode, Output, Stdio};
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::process::Command;
use tokio::time::timeout;

/// How much longer than the processor's time it may take: it has the lowest priority.
const PATIENCE: u32 = 10;
/// How often its memory is looked at.
const LOOK: Duration = Duration::from_millis(25);
/// Bytes that allocators set aside, at most.
const SET_ASIDE: u64 = 8 << 30;
/// What the process may say about its end.
const COMPLAINT: usize = 400;

/// Compiles in a process of its own.
pub(super) async fn run(
    program: &Path,
    arguments: &[OsString],
    bytes: &[u8],
    component: &ComponentLimits,
    limits: &CompileLimits,
) -> Result<Vec<u8>, LoadError> {
    let host = |what: &str, error: io::Error| LoadError::Host(format!("the compiler's process {what}: {error}"));
    let mut command = Command::new(program);
    // Nothing of the server's: no environment, no secrets in it, no working folder.
    command.args(arguments).env_clear().current_dir("/").kill_on_drop(true);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|error| host("can't be started", error))?;
    let mut stdin = child.stdin.take().ok_or_else(|| host("has no stdin", io::ErrorKind::BrokenPipe.into()))?;
    let id = child.id();
    let seconds = limits.time.as_secs().max(1);
    let job = Job { component: component.clone(), seconds, memory: limits.memory as u64 };
    let talk = async {
        let send = async {
            // A process that has ended reads no more; why it has is told by its status.
            if stdin.write_all(&head(&job)).await.is_ok() {
                let _ = stdin.write_all(bytes).await;
            }
            drop(stdin);
        };
        let ((), output) = tokio::join!(send, child.wait_with_output());
        output
    };
    // Dropped with the process in it, `talk` ends the process.
    let output = tokio::select! {
        output = timeout(limits.time * PATIENCE, talk) => output,
        () = outgrown(id, limits.memory) => return Err(Refusal::CompileMemory(limits.memory).into()),
    };
    let output = match output {
        Ok(output) => output.map_err(|error| host("can't be waited for", error))?,
        Err(_) => return Err(Refusal::CompileTime(limits.time).into()),
    };
    if !output.status.success() {
        return Err(broken(&output, limits).into());
    }
    match split::<Answer>(&output.stdout) {
        Some((Answer::Compiled, code)) => Ok(code.to_vec()),
        Some((Answer::Refused(refusal), _)) => Err(refusal.into()),
        None => Err(LoadError::Host("the compiler's process answered nonsense".to_owned())),
    }
}

/// Returns when the process has more memory than it may have. Looked at from outside, since how much an allocator
/// sets aside of what the system would let it have says little about how much there is in use.
async fn outgrown(id: Option<u32>, limit: usize) {
    let Some(id) = id else { return std::future::pending().await };
    loop {
        tokio::time::sleep(LOOK).await;
        let status = tokio::fs::read_to_string(format!("/proc/{id}/status")).await.unwrap_or_default();
        let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:")?.trim().strip_suffix(" kB"));
        if resident
            .and_then(|kilobytes| kilobytes.parse::<usize>().ok())
            .is_some_and(|kilobytes| kilobytes > limit >> 10)
        {
            return;
        }
    }
}

/// Why the process ended before it answered.
fn broken(output: &Output, limits: &CompileLimits) -> Refusal {
    let said = String::from_utf8_lossy(&output.stderr);
    if [Signal::XCPU, Signal::KILL].iter().any(|signal| output.status.signal() == Some(signal.as_raw())) {
        return Refusal::CompileTime(limits.time);
    }
    if out_of_memory(&said) {
        return Refusal::CompileMemory(limits.memory);
    }
    let said: Vec<_> = said.lines().map(str::trim).filter(|line| !line.is_empty()).take(2).collect();
    let said = if said.is_empty() { "it said nothing".to_owned() } else { said.join(" ") };
    let said: String = said.chars().take(COMPLAINT).collect();
    Refusal::CompilerBroke(format!("{}: {said}", output.status))
}

/// As the allocator, the system and the engine say it.
fn out_of_memory(text: &str) -> bool {
    ["memory allocation of", "Cannot allocate memory", "out of memory", "os error 12"]
        .iter()
        .any(|words| text.contains(words))
}

/// The other end: compiles the component that comes in at stdin, for a server that wrote what it may use before it.
/// A program calls this as all that it does, with nothing running beside it.
pub fn compiler_process() -> ExitCode {
    match serve() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("the compiler's process: {error}");
            ExitCode::FAILURE
        }
    }
}

fn serve() -> io::Result<()> {
    let mut whole = Vec::new();
    io::stdin().lock().read_to_end(&mut whole)?;
    let (job, bytes) =
        split::<Job>(&whole).ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "stdin holds no job"))?;
    confine(&job)?;
    let (answer, code) = match work(bytes, &job.component, SERVED) {
        Ok(code) => (Answer::Compiled, code),
        // The engine tells it as any other error; it says nothing about the component.
        Err(Refusal::Compile(text)) if out_of_memory(&text) => return Err(io::Error::other(text)),
        Err(refusal) => (Answer::Refused(refusal), Vec::new()),
    };
    let mut stdout = io::stdout().lock();
    stdout.write_all(&head(&answer))?;
    stdout.write_all(&code)?;
    stdout.flush()
}

/// Limits of this process: the processor's time, memory, no files, no core dump, and the lowest priority.
fn confine(job: &Job) -> io::Result<()> {
    let limits = [
        (Resource::Cpu, job.seconds),
        // Beyond what the server looks for, should it be gone: an allocator sets memory aside that it never uses.
        (Resource::Data, job.memory.saturating_mul(2).saturating_add(SET_ASIDE)),
        (Resource::Core, 0),
        (Resource::Fsize, 0),
    ];
    for (resource, limit) in limits {
        setrlimit(resource, Rlimit { current: Some(limit), maximum: Some(limit) })?;
    }
    // A priority that can't be lowered is no reason to stop.
    let _ = setpriority_process(None, 19);
    Ok(())
}
