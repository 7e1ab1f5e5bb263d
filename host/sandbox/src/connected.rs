//! The instance that one connection has to itself.

use crate::bindings::exports::jackfield::channel::timer;
use crate::bindings::jackfield::channel::peer::Peer;
use crate::bindings::jackfield::channel::{connection_types, message as wit};
use crate::call::{self, Call, CallKind, State};
use crate::connections::LineEvent;
use crate::convert;
use crate::driver::Guest;
use crate::error::{CallError, Failed};
use crate::generation::{Called, Generation, Missing, Running, argument};
use crate::pool::{self, Instance};
use crate::transaction::Transaction;
use jackfield_spec::ErrorInfo;
use serde::{Deserialize, Serialize};
use tokio::time::{Instant, timeout};
use wasmtime::Store;

/// A connection's own instance. It belongs to its generation for as long as it lives, whatever serves the channel by
/// then.
pub struct Connected {
    generation: Generation,
    /// None once a call has failed: what is left of the instance's memory can't be trusted.
    instance: Option<Instance>,
}

impl Generation {
    /// Makes an instance for one connection; where there is no room for it, instances that only wait are let go first.
    ///
    /// # Errors
    /// [`CallError`]: the driver exports no `stream`, there is no room, or `configure` failed.
    pub async fn connected(&self) -> Result<Connected, Failed> {
        if !self.driver().exports().stream {
            return Err(CallError::NotExported("stream").into());
        }
        let generation = self.clone();
        let made = self.here_or_spawned(async move {
            let inner = &generation.inner;
            let _running = Running::new(inner);
            pool::made(&inner.driver.inner, &inner.channel).await
        });
        let instance = made.await??;
        Ok(Connected { generation: self.clone(), instance: Some(instance) })
    }
}

impl Connected {
    /// The generation that it belongs to.
    pub fn generation(&self) -> &Generation {
        &self.generation
    }

    /// Tells the instance of something that happened to its connection. What a timer's handler returned is the output;
    /// the other handlers return nothing.
    ///
    /// # Errors
    /// [`CallError`]; then nothing of the call is left, and the instance is gone.
    pub async fn call(&mut self, connection: &str, event: LineEvent) -> Result<Called<Result<(), ErrorInfo>>, Failed> {
        let Some(instance) = self.instance.take() else {
            return Err(CallError::CutOff.into());
        };
        let (generation, connection) = (self.generation.clone(), connection.to_owned());
        let called =
            self.generation.here_or_spawned(async move { run(&generation, instance, connection, event).await });
        let (instance, called) = called.await??;
        self.instance = Some(instance);
        Ok(called)
    }
}

async fn run(
    generation: &Generation,
    mut instance: Instance,
    connection: String,
    event: LineEvent,
) -> Result<(Instance, Called<Result<(), ErrorInfo>>), Failed> {
    let inner = &*generation.inner;
    // Of many connections at once only some have a call that runs; the others wait, and with them what they are sent.
    let Ok(_turn) = inner.lanes.connected.acquire().await else {
        return Err(CallError::CutOff.into());
    };
    let _running = Running::new(inner);
    let limits = &inner.channel.config.limits;
    let (cpu, wall) = (limits.receive_cpu, limits.receive_wall);
    let store = &mut instance.store;
    call::begin(store, Call::new(CallKind::Handler, cpu));
    store.data_mut().call.ends = Some(Instant::now() + wall);
    let told = Told::of(connection, event);
    store.data_mut().tape.begin(told.handler(), || argument(&told));
    let cut = inner.cut.notified();
    let answer = if inner.is_cut() {
        Err(CallError::CutOff)
    } else {
        tokio::select! {
            biased;
            answer = timeout(wall, told.tell(store, &instance.guest)) => Ok(answer),
            () = cut => Err(CallError::CutOff),
        }
    };
    let answer = answer.and_then(|answer| call::finish(store, wall, answer));
    // A call that was cut off ends on record with its instance.
    if !matches!(answer, Err(CallError::CutOff)) {
        store.data_mut().tape.end(&answer);
    }
    store.data_mut().tape.hand_on();
    let output: Result<(), wit::Error> = answer.map_err(|error| store.data_mut().call.failed(error))?;
    let call = std::mem::replace(&mut store.data_mut().call, Call::new(CallKind::Configure, cpu));
    let transaction: Transaction = call.transaction;
    let output = output.map_err(|error| convert::error_in(crate::answer::error(error, &inner.channel.scrubber)));
    Ok((instance, Called { output, transaction }))
}

/// A handler of `%stream`, or a connection's timer, with its arguments, as it stands in a record.
#[derive(Serialize, Deserialize)]
pub(crate) enum Told {
    Opened(String, Peer),
    Received(String, Vec<u8>),
    Signaled(String, connection_types::Signal),
    Closed(String, connection_types::Closing),
    Fired(timer::Expiry),
}

impl Told {
    fn of(connection: String, event: LineEvent) -> Self {
        match event {
            LineEvent::Opened(peer) => Self::Opened(connection, convert::line_peer_out(peer)),
            LineEvent::Received(data) => Self::Received(connection, data.into()),
            LineEvent::Signaled { name, attributes } => {
                Self::Signaled(connection, connection_types::Signal { name: name.to_owned(), attributes: attributes.0 })
            }
            LineEvent::Closed { code, text } => {
                let closing = connection_types::Closing { code: code.to_owned(), text, attributes: Vec::new() };
                Self::Closed(connection, closing)
            }
            LineEvent::Fired(expiry) => {
                Self::Fired(timer::Expiry { connection: Some(connection), ..convert::expiry_out(expiry) })
            }
        }
    }

    /// The handler's name in a record.
    fn handler(&self) -> &'static str {
        match self {
            Self::Opened(..) => "Opened",
            Self::Received(..) => "Received",
            Self::Signaled(..) => "Signaled",
            Self::Closed(..) => "Closed",
            Self::Fired(_) => "Fired",
        }
    }

    /// Runs the handler. Those of `stream` return nothing.
    pub(crate) async fn tell(
        self,
        store: &mut Store<State>,
        guest: &Guest,
    ) -> wasmtime::Result<Result<(), wit::Error>> {
        let stream = guest.stream.as_ref().ok_or(Missing("stream"))?;
        match self {
            Self::Opened(connection, peer) => stream.call_opened(store, &connection, &peer).await?,
            Self::Received(connection, data) => stream.call_received(store, &connection, &data).await?,
            Self::Signaled(connection, signal) => stream.call_signaled(store, &connection, &signal).await?,
            Self::Closed(connection, closing) => stream.call_closed(store, &connection, &closing).await?,
            Self::Fired(expiry) => {
                let timer = guest.timer.as_ref().ok_or(Missing("timer"))?;
                return timer.call_fired(store, &expiry).await;
            }
        }
        Ok(Ok(()))
    }
}
