//! Watches over channels: asks drivers for their health, notices silence.

use crate::channels::Channels;
use crate::counters::CallKind;
use crate::health::Health;
use crate::serving::Serving;
use jackfield_sandbox::{Delivery, LogLevel, Outcome};
use jackfield_spec::Kind;
use std::sync::Arc;
use std::time::Duration;

/// How often drivers are asked for their health.
const HEALTH: Duration = Duration::from_secs(60);

impl Channels {
    /// Asks drivers for their health now and then, those that answer that, and looks for channels that are too quiet.
    pub(crate) async fn watch_health(&self) {
        loop {
            for serving in self.set().serving.values().filter(|serving| !serving.is_paused()) {
                self.look_for_silence(serving);
                self.spawn_health(serving.clone());
            }
            tokio::time::sleep(HEALTH).await;
        }
    }

    /// Asks a driver for its health, once the server runs.
    pub(crate) fn spawn_health(&self, serving: Arc<Serving>) {
        if self.is_running() {
            let channels = self.clone();
            tokio::spawn(async move { channels.ask_health(&serving).await });
        }
    }

    /// A flag for people: nothing is refused for it.
    fn look_for_silence(&self, serving: &Arc<Serving>) {
        let (silent, new) = serving.kept.silence.lock().look(self.now().millis());
        if let (Some(silent), true) = (silent, new) {
            let why = format!(
                "nothing has come in since {}, where about {:.0} events are usual; see whether the channel is in contact",
                silent.since, silent.expected
            );
            tracing::warn!(channel = serving.id, "{why}");
            self.say(&serving.id, LogLevel::Warn, &why);
        }
    }

    async fn ask_health(&self, serving: &Arc<Serving>) {
        let Some(generation) = serving.generation() else { return };
        let now = self.now();
        let descriptor = generation.driver().descriptor();
        if !descriptor.understands("channel.health") {
            serving.kept.health.lock().update(Health::connected(now));
            return;
        }
        let driver = generation.driver().name_and_version();
        let media_type = descriptor.media_types.first().map_or("", |media| media.name.as_str());
        let mut message = crate::compose::bare(&serving.id, &driver, media_type, Kind::Request, "channel.health");
        let id = uuid::Uuid::now_v7().to_string();
        message.id = Some(id.clone());
        message.interaction.tracking_id = Some(id.clone());
        // As every message it says what it is about: how the channel stood before.
        message.connection = Some(serving.kept.health.lock().info());
        let delivery =
            Delivery { message, attempt: 1, idempotency_key: id, previous: "none".to_owned(), progress: Vec::new() };
        let called = generation.deliver(delivery).await;
        let health = match called {
            Ok(mut called) => {
                // What the driver noted while it looked is kept, as with every call.
                let lines = std::mem::take(&mut called.transaction.lines);
                if let Ok(commit) = self.commit_of(serving, CallKind::Deliver, called.transaction) {
                    let is_empty = commit.is_empty();
                    match if is_empty { Ok(()) } else { self.commit(serving, commit).await.map(drop) } {
                        Ok(()) => self.release_lines(serving, lines),
                        Err(error) => {
                            tracing::warn!(
                                channel = serving.id,
                                "what the driver noted with its health is not kept: {error}"
                            );
                        }
                    }
                }
                match called.output {
                    Outcome::Reply(reply) => Health::of(&reply, now),
                    Outcome::Failure(error) => Some(Health {
                        state: "transient-error".to_owned(),
                        detail: Some(error.text),
                        since: now,
                        user_action: false,
                    }),
                    Outcome::Receipt(_) | Outcome::Later => None,
                }
            }
            Err(error) => Some(Health {
                state: "unknown-error".to_owned(),
                detail: Some(error.to_string()),
                since: now,
                user_action: true,
            }),
        };
        if let Some(health) = health {
            serving.kept.health.lock().update(health);
        }
    }
}
