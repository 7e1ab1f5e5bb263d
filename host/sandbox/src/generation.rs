//! One loaded version of a driver for one channel: the unit of hot swap, drain and rollback.

use crate::bindings::exports::jackfield::channel as exports;
use crate::bindings::jackfield::channel::{http_types, message as wit};
use crate::call::{self, Call, CallKind, State};
use crate::channel::{Channel, ChannelConfig};
use crate::convert::{self, Unfit};
use crate::driver::{Driver, Guest};
use crate::error::{CallError, Failed, SettingsError};
use crate::handler::{Delivery, Expiry, Outcome, Request, Response};
use crate::limits::Limits;
use crate::pool::{self, Pool};
use crate::scrub::Composed;
use crate::services::Services;
use crate::transaction::Transaction;
use crate::usage::Usage;
use jackfield_records::{Recorder, facts};
use jackfield_spec::{ErrorInfo, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;
use tokio::sync::{Notify, Semaphore};
use tokio::time::{Instant, timeout};
use wasmtime::Store;

/// What a handler call came to: the guest's answer, and what has to be committed before it goes out.
#[derive(Debug, Clone, PartialEq)]
pub struct Called<T> {
    /// The guest's answer.
    pub output: T,
    /// What the caller must make durable first.
    pub transaction: Transaction,
}

/// A driver that serves a channel. Cheap to clone.
#[derive(Clone)]
pub struct Generation {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) driver: Driver,
    pub(crate) channel: Arc<Channel>,
    pub(crate) lanes: Arc<Lanes>,
    running: AtomicUsize,
    /// Told when no call runs.
    idle: Notify,
    /// No call of it may run any more.
    is_cut: AtomicBool,
    pub(crate) cut: Notify,
}

impl Inner {
    /// Whether no call of it may run any more.
    pub(crate) fn is_cut(&self) -> bool {
        self.is_cut.load(Ordering::SeqCst)
    }
}

/// Instances of their own for each lane, so that a slow vendor never holds up what comes in.
pub(crate) struct Lanes {
    receive: Pool,
    deliver: Pool,
    timer: Pool,
    /// Calls of connections' own instances at the same time.
    pub(crate) connected: Semaphore,
    idle: Duration,
    usage: Arc<Usage>,
}

impl Lanes {
    fn new(channel: &Channel) -> Self {
        let limits = &channel.config.limits;
        let pool = || Pool::new(limits.instances);
        Self {
            receive: pool(),
            deliver: pool(),
            timer: pool(),
            connected: Semaphore::new(limits.instances.max(1)),
            idle: limits.idle,
            usage: channel.usage.clone(),
        }
    }

    fn all(&self) -> [&Pool; 3] {
        [&self.receive, &self.deliver, &self.timer]
    }

    /// Whether these are instances of the channel.
    pub(crate) fn are_of(&self, channel: &Channel) -> bool {
        Arc::ptr_eq(&self.usage, &channel.usage)
    }

    /// Lets go of instances that have waited for `most`, or for as long as the channel's limit says.
    pub(crate) fn let_go(&self, most: Option<Duration>) {
        self.all().into_iter().for_each(|pool| pool.let_go(most.unwrap_or(self.idle)));
    }
}

/// Counts a call while it runs.
pub(crate) struct Running<'a>(&'a Inner);

impl<'a> Running<'a> {
    pub(crate) fn new(inner: &'a Inner) -> Self {
        inner.running.fetch_add(1, Ordering::SeqCst);
        Self(inner)
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        if self.0.running.fetch_sub(1, Ordering::SeqCst) == 1 {
            self.0.idle.notify_waiters();
        }
    }
}

impl Driver {
    /// Serves a channel: lets the driver check its settings in an instance, which goes again. What serves has
    /// instances only while there is something to do: a channel that is idle costs next to nothing.
    ///
    /// # Errors
    /// [`CallError::Settings`] when the driver refuses them, others when it fails.
    pub async fn serve(&self, config: ChannelConfig, services: Arc<dyn Services>) -> Result<Generation, CallError> {
        self.serve_channel(Arc::new(self.channel(config, services))).await
    }

    /// The same, and keeps each call for replay. So every call has a fresh instance. A channel whose driver may see a
    /// secret in clear is not recorded: it could put it anywhere.
    ///
    /// # Errors
    /// As of [`Driver::serve`].
    pub async fn serve_recorded(
        &self,
        config: ChannelConfig,
        services: Arc<dyn Services>,
        recorder: Recorder,
    ) -> Result<Generation, CallError> {
        let recorder = Some(recorder).filter(|_| config.grants.reveal.is_empty());
        let mut channel = self.channel(config, services);
        channel.recorder = recorder;
        self.serve_channel(Arc::new(channel)).await
    }

    async fn serve_channel(&self, channel: Arc<Channel>) -> Result<Generation, CallError> {
        self.configured(&channel).await?;
        let lanes = Arc::new(Lanes::new(&channel));
        self.inner.sandbox.watch(&lanes);
        let inner = Inner {
            driver: self.clone(),
            channel,
            lanes,
            running: AtomicUsize::new(0),
            idle: Notify::new(),
            is_cut: AtomicBool::new(false),
            cut: Notify::new(),
        };
        Ok(Generation { inner: Arc::new(inner) })
    }

    fn channel(&self, config: ChannelConfig, services: Arc<dyn Services>) -> Channel {
        let usage = self.inner.sandbox.inner.usages.of(&config.id);
        Channel::new(config, services, self.descriptor(), usage)
    }

    async fn configured(&self, channel: &Arc<Channel>) -> Result<(), CallError> {
        let (loaded, channel) = (self.inner.clone(), channel.clone());
        let task = self.inner.sandbox.spawn(async move { pool::made(&loaded, &channel).await.map(drop) });
        joined(task.await)?
    }

    /// Lets the driver check a channel's settings without serving it.
    ///
    /// # Errors
    /// What the driver says of them; other failures as [`Driver::serve`].
    pub async fn check_settings(
        &self,
        config: ChannelConfig,
        services: Arc<dyn Services>,
    ) -> Result<Result<(), SettingsError>, CallError> {
        match self.configured(&Arc::new(self.channel(config, services))).await {
            Ok(()) => Ok(Ok(())),
            Err(CallError::Settings(error)) => Ok(Err(error)),
            Err(other) => Err(other),
        }
    }
}

pub(crate) fn joined<T>(result: Result<T, tokio::task::JoinError>) -> Result<T, CallError> {
    result.map_err(|error| CallError::Trap { trap: format!("the call's task failed: {error}") })
}

impl Generation {
    /// The driver that serves.
    pub fn driver(&self) -> &Driver {
        &self.inner.driver
    }

    /// Its limits.
    pub fn limits(&self) -> &Limits {
        &self.inner.channel.config.limits
    }

    /// Its channel's way out.
    pub fn client(&self) -> Option<&Arc<jackfield_egress::Client>> {
        self.inner.channel.config.grants.client.as_ref()
    }

    /// What came from a peer that secrets were written to, without those that it repeats: the channel's, and those that
    /// were composed for this peer.
    pub fn scrubbed(&self, data: bytes::Bytes, composed: &Composed) -> bytes::Bytes {
        match composed.replaced(self.inner.channel.scrubber.bytes(&data, &[])) {
            std::borrow::Cow::Borrowed(_) => data,
            std::borrow::Cow::Owned(clean) => clean.into(),
        }
    }

    /// What its channel uses, all its generations together.
    pub fn usage(&self) -> &Usage {
        &self.inner.channel.usage
    }

    /// Calls that run now.
    pub fn running(&self) -> usize {
        self.inner.running.load(Ordering::Relaxed)
    }

    /// Waits until none of its calls runs.
    pub async fn ended(&self) {
        loop {
            let mut idle = std::pin::pin!(self.inner.idle.notified());
            // What ends between the look and the wait is heard.
            idle.as_mut().enable();
            if self.inner.running.load(Ordering::SeqCst) == 0 {
                return;
            }
            idle.await;
        }
    }

    /// Ends what still runs of a generation that was replaced; each call fails with [`CallError::CutOff`].
    pub fn cut_off(&self) {
        self.inner.is_cut.store(true, Ordering::SeqCst);
        self.inner.cut.notify_waiters();
    }

    /// Whether both are the same generation, not only of the same driver.
    pub fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.inner, &other.inner)
    }

    /// Instances that wait for a call, over all lanes.
    pub fn idle_instances(&self) -> usize {
        self.inner.lanes.all().into_iter().map(Pool::idle).sum()
    }

    /// Gives a webhook request to the driver. `again`: its commit met a change, so it runs on a fresh instance.
    ///
    /// # Errors
    /// [`CallError`]; then nothing of the call is left.
    pub async fn receive(&self, request: &Request, again: bool) -> Result<Called<Result<Response, ErrorInfo>>, Failed> {
        self.receive_as_of(request, again, None).await
    }

    /// The same, with this time on the driver's clock: what is taken in late must pass the checks that it would have
    /// passed when it came.
    ///
    /// # Errors
    /// As of [`Generation::receive`].
    pub async fn receive_as_of(
        &self,
        request: &Request,
        again: bool,
        now: Option<Timestamp>,
    ) -> Result<Called<Result<Response, ErrorInfo>>, Failed> {
        if !self.inner.driver.exports().webhook {
            return Err(CallError::NotExported("webhook").into());
        }
        let request = convert::request_out(request, &self.inner.channel.headers);
        let (answer, transaction) = self.spawn(Work::Receive(Box::new(request), now), again).await?;
        let output = match answer {
            Answer::Received(Ok(response)) => Ok(convert::response_in(response).map_err(unusable)?),
            Answer::Received(Err(error)) => Err(convert::error_in(error)),
            _ => return Err(CallError::NotExported("webhook").into()),
        };
        Ok(Called { output, transaction })
    }

    /// Gives a message to the driver, to bring it to the channel.
    ///
    /// # Errors
    /// [`CallError`]; then nothing durable of the call is left, but something may have gone out.
    pub async fn deliver(&self, delivery: Delivery) -> Result<Called<Outcome>, Failed> {
        let delivery = convert::delivery_out(delivery);
        let (answer, transaction) = self.spawn(Work::Deliver(Box::new(delivery)), false).await?;
        let Answer::Delivered(outcome) = answer else {
            return Err(CallError::NotExported("driver").into());
        };
        Ok(Called { output: convert::outcome_in(*outcome).map_err(unusable)?, transaction })
    }

    /// Tells the driver that a timer is due. `again` as in [`Generation::receive`].
    ///
    /// # Errors
    /// [`CallError`]; then nothing of the call is left and the timer is still to be fired.
    pub async fn fired(&self, expiry: Expiry, again: bool) -> Result<Called<Result<(), ErrorInfo>>, Failed> {
        if !self.inner.driver.exports().timer {
            return Err(CallError::NotExported("timer").into());
        }
        let (answer, transaction) = self.spawn(Work::Fire(convert::expiry_out(expiry)), again).await?;
        let Answer::Fired(result) = answer else {
            return Err(CallError::NotExported("timer").into());
        };
        Ok(Called { output: result.map_err(convert::error_in), transaction })
    }

    /// Runs a call on the guests' threads: here, if this is one of them. Else it goes on there if the caller goes away.
    async fn spawn(&self, work: Work, again: bool) -> Result<(Answer, Transaction), Failed> {
        let generation = self.clone();
        self.here_or_spawned(async move { generation.run(work, again).await }).await?
    }

    /// Runs a future on the guests' threads.
    pub(crate) async fn here_or_spawned<T: Send + 'static>(
        &self,
        future: impl Future<Output = T> + Send + 'static,
    ) -> Result<T, CallError> {
        let sandbox = &self.inner.driver.inner.sandbox;
        if sandbox.is_here() {
            return Ok(future.await);
        }
        joined(sandbox.spawn(future).await)
    }

    async fn run(&self, work: Work, again: bool) -> Result<(Answer, Transaction), Failed> {
        let inner = &*self.inner;
        let _running = Running::new(inner);
        let limits = &inner.channel.config.limits;
        let (pool, of) = match &work {
            Work::Receive(..) => (&inner.lanes.receive, "webhook"),
            Work::Deliver(_) => (&inner.lanes.deliver, "deliver"),
            Work::Fire(_) => (&inner.lanes.timer, "timer"),
        };
        let (cpu, wall) = work.times(limits);
        // A record begins with its instance.
        let fresh = again || inner.channel.recorder.is_some() || inner.driver.descriptor().is_fresh(of);
        let mut lease = pool.lease(&inner.driver.inner, &inner.channel, fresh, wall).await?;
        let store = &mut lease.instance.store;
        call::begin(store, Call::new(CallKind::Handler, cpu));
        store.data_mut().call.ends = Some(Instant::now() + wall);
        store.data_mut().call.delivery = work.delivery();
        store.data_mut().call.now = work.now();
        store.data_mut().tape.begin(work.handler(), || argument(&work));
        let called = self.answer(work, store, &lease.instance.guest, wall).await;
        store.data_mut().tape.hand_on();
        let answer = called.map_err(|error| store.data_mut().call.failed(error))?;
        let call = std::mem::replace(&mut store.data_mut().call, Call::new(CallKind::Configure, cpu));
        // An instance that holds on to a connection goes, and the connection with it.
        lease.give_back(fresh, limits);
        Ok((crate::answer::scrubbed(answer, &inner.channel.scrubber), call.transaction))
    }

    /// The guest's answer, unless its time is over, or the generation's.
    async fn answer(
        &self,
        work: Work,
        store: &mut Store<State>,
        guest: &Guest,
        wall: Duration,
    ) -> Result<Answer, CallError> {
        let inner = &*self.inner;
        let cut = inner.cut.notified();
        if inner.is_cut() {
            return Err(CallError::CutOff);
        }
        let answer = tokio::select! {
            biased;
            answer = timeout(wall, work.run(store, guest)) => answer,
            // What is kept of it ends with its instance.
            () = cut => return Err(CallError::CutOff),
        };
        let answer = call::finish(store, wall, answer);
        store.data_mut().tape.end(&answer);
        let answer = answer?;
        if let Answer::Received(Ok(http_types::Response { body: http_types::Body::Blob(blob), .. })) = &answer {
            // A driver shows to the web only what its channel may read.
            let readable = store.data_mut().readable(&inner.channel, blob);
            readable.map_err(|error| CallError::Answer(format!("/body: {}", error.text)))?;
        }
        Ok(answer)
    }
}

/// A handler with its argument, as it stands in a record.
#[derive(Serialize, Deserialize)]
pub(crate) enum Work {
    Receive(Box<http_types::Request>, Option<Timestamp>),
    Deliver(Box<exports::driver::Delivery>),
    Fire(exports::timer::Expiry),
}

/// What a handler answered, as it stands in a record.
#[derive(Serialize)]
pub(crate) enum Answer {
    Received(Result<http_types::Response, wit::Error>),
    Delivered(Box<exports::driver::Outcome>),
    Fired(Result<(), wit::Error>),
}

/// A handler's argument in a record.
pub(crate) fn argument(work: &impl Serialize) -> Value {
    match facts(work) {
        Value::Object(case) => case.into_iter().next().map(|(_, input)| input).unwrap_or_default(),
        other => other,
    }
}

/// Said of a handler that the caller has checked to be exported.
#[derive(Debug, thiserror::Error)]
#[error("the component does not export `{0}`")]
pub(crate) struct Missing(pub(crate) &'static str);

impl Work {
    /// The handler's name in a record.
    fn handler(&self) -> &'static str {
        match self {
            Self::Receive(..) => "Receive",
            Self::Deliver(_) => "Deliver",
            Self::Fire(_) => "Fire",
        }
    }

    /// Guest time and wall time.
    pub(crate) fn times(&self, limits: &Limits) -> (Duration, Duration) {
        match self {
            Self::Receive(..) => (limits.receive_cpu, limits.receive_wall),
            Self::Deliver(_) => (limits.deliver_wall, limits.deliver_wall),
            Self::Fire(_) => (limits.timer_wall, limits.timer_wall),
        }
    }

    /// The time that the driver is to see, if it isn't the server's.
    fn now(&self) -> Option<Timestamp> {
        match self {
            Self::Receive(_, now) => *now,
            Self::Deliver(_) | Self::Fire(_) => None,
        }
    }

    /// The idempotency key, if it is a delivery.
    pub(crate) fn delivery(&self) -> Option<String> {
        match self {
            Self::Deliver(delivery) => Some(delivery.idempotency_key.clone()),
            Self::Receive(..) | Self::Fire(_) => None,
        }
    }

    pub(crate) async fn run(self, store: &mut Store<State>, guest: &Guest) -> wasmtime::Result<Answer> {
        Ok(match self {
            Self::Receive(request, _) => {
                let webhook = guest.webhook.as_ref().ok_or(Missing("webhook"))?;
                Answer::Received(webhook.call_receive(store, &request).await?)
            }
            Self::Deliver(delivery) => Answer::Delivered(Box::new(guest.driver.call_deliver(store, &delivery).await?)),
            Self::Fire(expiry) => {
                let timer = guest.timer.as_ref().ok_or(Missing("timer"))?;
                Answer::Fired(timer.call_fired(store, &expiry).await?)
            }
        })
    }
}

fn unusable(unfit: Unfit) -> CallError {
    CallError::Answer(unfit.to_string())
}
