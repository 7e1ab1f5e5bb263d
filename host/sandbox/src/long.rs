//! Calls that run for longer than a tick go on, on threads of their own: the system's scheduler would make a short
//! call wait that comes to a thread which has just used up its share of the processor.

use std::cell::Cell;
use std::future::poll_fn;
use std::task::Poll;
use tokio::runtime::{Builder, Handle, Runtime};
use tokio::task::{JoinError, JoinHandle};

/// The priority of those threads (`nice`): where the processor is short they have a quarter of what a thread of the
/// server's has. Not less: an honest long call would use up its time with waiting.
const NICE: i32 = 6;

thread_local! {
    /// The call that is polled on this thread has run for longer than a tick.
    static IS_LONG: Cell<bool> = const { Cell::new(false) };
}

/// Threads for such calls.
pub(crate) fn runtime(threads: usize) -> std::io::Result<Runtime> {
    Builder::new_multi_thread()
        .worker_threads(threads)
        .thread_name("guest-long")
        .on_thread_start(|| {
            // Of this thread only, on Linux. Where it isn't allowed they are only threads of their own.
            if let Err(error) = rustix::process::setpriority_process(None, NICE) {
                tracing::debug!("threads for long calls keep their priority: {error}");
            }
        })
        .enable_all()
        .build()
}

/// Says that the call which is polled now has run for longer than a tick.
pub(crate) fn is_long() {
    IS_LONG.set(true);
}

/// Runs a call here, and from its first tick on there. If this future is dropped, the call is too.
///
/// # Errors
/// It panicked there.
pub(crate) async fn run<T: Send + 'static>(
    call: impl Future<Output = T> + Send + 'static,
    there: &Handle,
) -> Result<T, JoinError> {
    let mut call = Box::pin(call);
    let done = poll_fn(|context| {
        IS_LONG.set(false);
        match call.as_mut().poll(context) {
            Poll::Ready(value) => Poll::Ready(Some(value)),
            Poll::Pending if IS_LONG.take() => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        }
    });
    match done.await {
        Some(value) => Ok(value),
        None => Owned(there.spawn(call)).join().await,
    }
}

/// A task that ends with its handle.
struct Owned<T>(JoinHandle<T>);

impl<T> Owned<T> {
    async fn join(mut self) -> Result<T, JoinError> {
        (&mut self.0).await
    }
}

impl<T> Drop for Owned<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

#[cfg(test)]
mod tests;
