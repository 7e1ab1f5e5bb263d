//! Replay: an instance's recorded calls, run by another component in a real sandbox with nothing behind it.
//!
//! Everything that a driver can learn comes by its imports, and each answer stands in the record. A driver that asks what
//! was asked is answered as it was answered; what it writes to its store it reads again; what else can be known is made
//! up as the host would (a push is checked and gets an id). What can't be known is answered `unavailable`, and said.

mod model;
mod pages;
mod player;

pub(crate) use player::Player;

use crate::bindings::jackfield::channel::message;
use crate::call::{self, Call, CallKind, State};
use crate::channel::{Channel, ChannelConfig, Grants};
use crate::connected::Told;
use crate::driver::{Driver, Guest};
use crate::error::CallError;
use crate::generation::Work;
use crate::limits::Limits;
use crate::pool;
use crate::secrets::Secrets;
use crate::tape::Tape;
use jackfield_records::{Call as Recorded, Record, facts, unfold};
use model::Model;
use serde_json::{Map, Value};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;
use wasmtime::Store;

/// One call of a record, replayed.
#[derive(Debug, Clone, PartialEq)]
pub struct Replayed {
    /// What the driver did this time, in the form of a record.
    pub call: Recorded,
    /// Which of its steps asked for something that the record has no answer to.
    pub unanswered: Vec<usize>,
}

/// Why a record can't be replayed at all.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// The instance's life has a gap.
    #[error(
        "the record does not begin with the instance's `configure`, or misses calls in between (they were dropped, or are too old); replay another one"
    )]
    Gap,
    /// Something in the record is of another version.
    #[error("the record's {0} can't be read by this version; replay it with the version that recorded it")]
    Unfit(String),
    /// The component has no such handler, or failed before it could be called.
    #[error(transparent)]
    Call(#[from] CallError),
}

impl Driver {
    /// Runs the calls of one instance, its records in order, in a new instance of this driver that is answered from
    /// them. Ends where a call fails.
    ///
    /// # Errors
    /// [`ReplayError`]; a difference is none.
    pub async fn replay(&self, records: &[Record]) -> Result<Vec<Replayed>, ReplayError> {
        let driver = self.clone();
        let records = records.to_vec();
        let task = self.inner.sandbox.spawn(async move { driver.replay_here(&records).await });
        let failed = |error| CallError::Trap { trap: format!("the replay's task failed: {error}") };
        task.await.map_err(failed)?
    }

    async fn replay_here(&self, records: &[Record]) -> Result<Vec<Replayed>, ReplayError> {
        let first = records.first().ok_or(ReplayError::Gap)?;
        let mut next = 0;
        for record in records {
            if record.first != next || record.instance != first.instance {
                return Err(ReplayError::Gap);
            }
            next += u32::try_from(record.calls.len()).unwrap_or(u32::MAX);
        }
        let calls: Vec<&Recorded> = records.iter().flat_map(|record| &record.calls).collect();
        let (configure, rest) = calls.split_first().ok_or(ReplayError::Gap)?;
        let unfit = |what: &str| ReplayError::Unfit(what.to_owned());
        let limits: Limits = unfold(&first.limits).ok_or_else(|| unfit("limits"))?;
        let (context, settings): (pool::Context, String) = unfold(&configure.input).ok_or_else(|| unfit("settings"))?;
        let model = Arc::new(Model::default());
        let config = ChannelConfig {
            id: first.channel.clone(),
            public_url: context.public_url.clone(),
            settings,
            secrets: Secrets::default(),
            grants: Grants::default(),
            limits,
            connections: None,
        };
        let usage = self.inner.sandbox.inner.usages.of(&format!("replay of {}", first.instance));
        let channel = Arc::new(Channel::new(config, model.clone(), self.descriptor(), usage));
        let player = Player::new(configure, model.clone());
        let done = player.done();
        let made = pool::start_with(&self.inner, &channel, Tape::Replaying(Box::new(player)), context);
        let mut instance = match made.await {
            Ok(instance) => instance,
            // How it failed stands in the player's last call.
            Err(error) => return done.take().map(|replayed| vec![replayed]).ok_or(error.into()),
        };
        let mut replayed: Vec<Replayed> = done.take().into_iter().collect();
        for recorded in rest {
            let given = Given::of(recorded).ok_or_else(|| unfit(&format!("input of `{}`", recorded.handler)))?;
            let player = Player::new(recorded, model.clone());
            let (done, ended) = (player.done(), player.ended());
            let (store, guest) = (&mut instance.store, &instance.guest);
            let (cpu, wall) = given.times(&channel.config.limits);
            call::begin(store, Call::new(CallKind::Handler, cpu));
            store.data_mut().call.ends = Some(tokio::time::Instant::now() + wall);
            store.data_mut().call.delivery = given.delivery();
            store.data_mut().tape = Tape::Replaying(Box::new(player));
            store.data_mut().tape.begin(&recorded.handler, || recorded.input.clone());
            let answer = tokio::select! {
                biased;
                answer = timeout(wall, given.run(store, guest)) => Some(answer),
                () = ended.notified() => None,
            };
            // Where the record's call was cut off this one is, too.
            let over = store.data().tape.is_over();
            let answer = match answer {
                Some(answer) if !over => call::finish(store, wall, answer),
                _ => Err(CallError::CutOff),
            };
            store.data_mut().tape.end(&answer);
            replayed.extend(done.take());
            if answer.is_err() {
                break;
            }
        }
        Ok(replayed)
    }
}

/// What a recorded handler was given.
enum Given {
    Work(Work),
    /// In a connection's own instance.
    Told(Told),
}

impl Given {
    fn of(recorded: &Recorded) -> Option<Self> {
        let given = Value::Object(Map::from_iter([(recorded.handler.clone(), recorded.input.clone())]));
        unfold(&given).map(Self::Work).or_else(|| unfold(&given).map(Self::Told))
    }

    fn times(&self, limits: &Limits) -> (Duration, Duration) {
        match self {
            Self::Work(work) => work.times(limits),
            Self::Told(_) => (limits.receive_cpu, limits.receive_wall),
        }
    }

    fn delivery(&self) -> Option<String> {
        match self {
            Self::Work(work) => work.delivery(),
            Self::Told(_) => None,
        }
    }

    /// What it answers, in the form of a record.
    async fn run(self, store: &mut Store<State>, guest: &Guest) -> wasmtime::Result<Value> {
        Ok(match self {
            Self::Work(work) => facts(&work.run(store, guest).await?),
            Self::Told(told) => facts(&told.tell(store, guest).await?),
        })
    }
}

/// What is answered where the record has no answer.
fn unknown() -> message::Error {
    call::refuse("unavailable", "the record has no answer to this")
}

#[cfg(test)]
mod tests;
