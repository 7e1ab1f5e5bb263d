//! Brings what the router tells agents to their connections.
//!
//! ```text
//! Announcement -> Renderer (once) -> Feed of the agent (a ring of the newest) -> each connection, at its own pace
//! ```
//!
//! A connection has no queue of its own: it knows the number it has seen and takes what follows from the ring. One
//! that is slower than the ring is long finds a gap and begins anew with a snapshot, so nothing grows without limit.

mod feed;
mod renderer;
mod ring;

pub(crate) use feed::{Feed, Seat};
pub(crate) use renderer::Renderer;
pub(crate) use ring::Next;

use crate::render::{Event, write};
use jackfield_channels::Typing;
use jackfield_router::{Id, State};
use jackfield_sequencer::{Announcement, Sequencer};
use parking_lot::RwLock;
use serde::Serialize;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::broadcast;
use tokio::sync::mpsc::UnboundedReceiver;

/// Announcements rendered before the connections are woken: few, so that the first doesn't wait for the last.
const BATCH: usize = 32;

/// The feeds of all agents. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub(crate) struct Hub {
    feeds: Arc<RwLock<HashMap<Id, Arc<Feed>>>>,
    open: Arc<AtomicU64>,
    counters: Arc<Counters>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct TypingData<'a> {
    work_item_id: &'a str,
    on: bool,
}

/// What is counted, for metrics.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    /// Events rendered.
    pub(crate) events: AtomicU64,
    /// Connections that were too slow, or away too long, and began anew with a snapshot.
    pub(crate) gaps: AtomicU64,
    /// Connections closed because nothing came from the far end.
    pub(crate) dead: AtomicU64,
}

impl Hub {
    /// An agent's feed.
    pub(crate) fn feed(&self, agent: &Id) -> Arc<Feed> {
        if let Some(feed) = self.feeds.read().get(agent) {
            return feed.clone();
        }
        self.feeds.write().entry(agent.clone()).or_default().clone()
    }

    /// A place for one more connection of an agent; none if there are too many.
    pub(crate) fn seat(&self, agent: &Id) -> Option<Seat> {
        self.feed(agent).seat(&self.open)
    }

    /// Forgets all events: content was erased. Who has not seen them yet begins anew with a snapshot.
    pub(crate) fn clear(&self) {
        self.feeds.read().values().for_each(|feed| feed.clear());
    }

    /// Connections that are open.
    pub(crate) fn connections(&self) -> u64 {
        self.open.load(Ordering::Relaxed)
    }

    /// What was counted.
    pub(crate) fn counters(&self) -> &Counters {
        &self.counters
    }

    /// Renders and spreads announcements on a thread of its own until nobody sends any more: rendering may read the
    /// database, and must not hold up those who serve requests.
    ///
    /// # Errors
    /// No thread could be made.
    pub(crate) fn start(
        self,
        announcements: UnboundedReceiver<Announcement>,
        renderer: Renderer,
    ) -> std::io::Result<()> {
        std::thread::Builder::new().name("hub".to_owned()).spawn(move || self.run(announcements, renderer)).map(drop)
    }

    /// Passes on that customers write, until the channels are gone.
    pub(crate) async fn pass_on(self, sequencer: Sequencer, mut typing: broadcast::Receiver<Typing>) {
        loop {
            let heard = match typing.recv().await {
                Ok(heard) => heard,
                // It is only advice; what comes next counts.
                Err(broadcast::error::RecvError::Lagged(_)) => continue,
                Err(broadcast::error::RecvError::Closed) => return,
            };
            let on = heard.on;
            let look = move |state: &State| {
                let item = state.open_item(&heard.channel.into(), &heard.conversation.into())?;
                let asked = item.offers.iter().filter_map(|offer| Some(state.offer(offer)?.agent.clone()));
                Some((item.id.clone(), item.owner.iter().cloned().chain(asked).collect::<Vec<Id>>()))
            };
            let Ok(found) = sequencer.read(look).await else { return };
            let Some((item, agents)) = found else { continue };
            for agent in agents {
                let frame = |count| {
                    let data = TypingData { work_item_id: &item, on };
                    write(&Event::advice(&agent, count, sequencer.now(), "typing", data)).ok().map(Into::into)
                };
                self.feed(&agent).advise(&item, frame);
            }
        }
    }

    fn run(&self, mut announcements: UnboundedReceiver<Announcement>, mut renderer: Renderer) {
        let mut batch = Vec::with_capacity(BATCH);
        while announcements.blocking_recv_many(&mut batch, BATCH) > 0 {
            let mut touched: Vec<Arc<Feed>> = Vec::new();
            for announcement in batch.drain(..) {
                let feed = self.feed(&announcement.notice.agent);
                match renderer.render(&announcement) {
                    Ok(event) => feed.push(announcement.notice.sequence, event.into()),
                    // The next event's number then shows a gap, and a snapshot mends it.
                    Err(error) => {
                        tracing::error!(agent = %announcement.notice.agent, "an event could not be written: {error}")
                    }
                }
                self.counters.events.fetch_add(1, Ordering::Relaxed);
                if !touched.iter().any(|known| Arc::ptr_eq(known, &feed)) {
                    touched.push(feed);
                }
            }
            for feed in touched {
                feed.wake();
            }
        }
    }
}
