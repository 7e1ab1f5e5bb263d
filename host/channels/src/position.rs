//! Places in the queue, told to customers through drivers that want that: advice, never journaled.

use crate::channels::Channels;
use crate::serving::Serving;
use jackfield_router::{Advisor, Place};
use jackfield_spec::{Kind, Message, QueueInfo, canonical};
use std::sync::Arc;
use std::time::Duration;

/// The notification.
const POSITION: &str = "queue.position";
/// How often places are looked at. Each item is told of at most once in ten seconds.
const EVERY: Duration = Duration::from_secs(1);

/// A place that its customer is told.
struct Advised {
    channel: String,
    queue: String,
    place: Place,
}

impl Channels {
    /// Tells customers who wait where they are, for ever.
    pub async fn tell_positions(self) {
        let mut advisor = Advisor::default();
        loop {
            tokio::time::sleep(EVERY).await;
            if !self.set().serving.values().any(|serving| wants(serving)) {
                continue;
            }
            let now = self.sequencer().now();
            let mut asked = std::mem::take(&mut advisor);
            let found = self.sequencer().read(move |state| {
                let advised = |place: Place| {
                    let item = state.item(&place.item)?;
                    Some(Advised { channel: item.channel.to_string(), queue: item.queue.to_string(), place })
                };
                let advice: Vec<_> = asked.advise(state, now).into_iter().filter_map(advised).collect();
                (asked, advice)
            });
            // Only a server that is stopping doesn't answer.
            let Ok((back, advice)) = found.await else { return };
            advisor = back;
            for advised in advice {
                self.tell_position(&advised);
            }
        }
    }

    fn tell_position(&self, advised: &Advised) {
        let Some(serving) = self.serving(&advised.channel).filter(|serving| !serving.is_paused()) else { return };
        match self.position_message(&serving, advised) {
            Ok(Some(message)) => {
                let channels = self.clone();
                tokio::spawn(async move { channels.advise(serving, message).await });
            }
            Ok(None) => {}
            Err(error) => {
                tracing::warn!(channel = serving.id, "a customer is not told the place in the queue: {error}")
            }
        }
    }

    /// The notification about an item, unless nothing of it is stored any more.
    fn position_message(
        &self,
        serving: &Arc<Serving>,
        advised: &Advised,
    ) -> Result<Option<Message>, jackfield_journal::Error> {
        let item = advised.place.item.to_string();
        let Some(first) = self.sequencer().messages().of_item(&item, None, 1)?.into_iter().next() else {
            return Ok(None);
        };
        let mut message = self.about(serving, first, &item, Some("queued"), Kind::Notification, POSITION);
        message.id = Some(uuid::Uuid::now_v7().to_string());
        message.queue = Some(QueueInfo {
            position: Some(advised.place.position),
            expected_wait_ms: advised.place.expected_wait_ms.and_then(|wait| u32::try_from(wait).ok()),
            ..QueueInfo::new(&advised.queue)
        });
        message.digest = canonical::digest(&mut message).ok();
        Ok(Some(message))
    }
}

/// Whether the channel's driver takes such advice.
fn wants(serving: &Serving) -> bool {
    serving.generation().is_some_and(|generation| generation.driver().descriptor().understands(POSITION))
}
