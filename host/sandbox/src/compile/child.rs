//! The compiler's process, seen from both ends.

use super::wire::{Answer, Job, head, split};
use super::{CompileLimits, work};
use crate::error::{LoadError, Refusal};
use crate::inspect::ComponentLimits;
use std::ffi::OsString;
use std::io::{self, Read, Write};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{ExitCode, ExitStatus, Output, Stdio};
use tokio::io::AsyncWriteExt;
use tokio::process::Command;
use tokio::time::timeout;

/// How much longer than the processor's time it may take: it has the lowest priority.
const PATIENCE: u32 = 10;
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
    let output = match timeout(limits.time * PATIENCE, talk).await {
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

/// Why the process ended before it answered.
fn broken(output: &Output, limits: &CompileLimits) -> Refusal {
    let said = String::from_utf8_lossy(&output.stderr);
    if output.status.signal() == Some(libc::SIGXCPU) || output.status.signal() == Some(libc::SIGKILL) {
        return Refusal::CompileTime(limits.time);
    }
    if out_of_memory(&said) {
        return Refusal::CompileMemory(limits.memory);
    }
    let first = said.lines().find(|line| !line.trim().is_empty()).unwrap_or("it said nothing");
    let first: String = first.chars().take(COMPLAINT).collect();
    Refusal::CompilerBroke(format!("{}: {first}", ended(output.status)))
}

fn ended(status: ExitStatus) -> String {
    status.to_string()
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
    let (answer, code) = match work(bytes, &job.component) {
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
#[expect(unsafe_code, reason = "limits of a process have no safe interface in the standard library")]
fn confine(job: &Job) -> io::Result<()> {
    let limits = [
        (libc::RLIMIT_CPU, job.seconds),
        // What is written to counts, not address space, of which every thread's allocator reserves much.
        (libc::RLIMIT_DATA, job.memory),
        (libc::RLIMIT_CORE, 0),
        (libc::RLIMIT_FSIZE, 0),
    ];
    for (resource, limit) in limits {
        let limit = libc::rlimit { rlim_cur: limit, rlim_max: limit };
        // SAFETY: `limit` is a valid `rlimit` for the time of the call, which keeps no pointer to it.
        if unsafe { libc::setrlimit(resource, &raw const limit) } != 0 {
            return Err(io::Error::last_os_error());
        }
    }
    // SAFETY: takes and gives numbers only. A priority that can't be lowered is no reason to stop.
    let _ = unsafe { libc::setpriority(libc::PRIO_PROCESS, 0, 19) };
    Ok(())
}
