//! Watches the drivers folder: a new or changed file is taken once it is whole.

use crate::channels::Channels;
use std::time::Duration;

/// How often the folder is looked at. Two equal looks in a row mean that nobody writes: a driver is taken within
/// twice this.
const LOOK: Duration = Duration::from_secs(1);

impl Channels {
    /// Watches for ever; the router is told when other drivers serve.
    pub async fn watch(self) {
        let mut taken = self.folder().look();
        let mut last = taken.clone();
        loop {
            tokio::time::sleep(LOOK).await;
            let now = self.folder().look();
            if now == last && now != taken {
                taken = now.clone();
                if self.refresh().await
                    && let Err(error) = self.sequencer().configure(self.router_config()).await
                {
                    tracing::error!("the router does not know of the new drivers: {error}");
                }
            }
            last = now;
        }
    }
}
