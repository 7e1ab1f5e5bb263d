//! Watches the drivers folder: a new or changed file is taken once it is whole.

use crate::channels::Channels;
use std::time::Duration;

/// How often the folder is looked at. Two equal looks in a row mean that nobody writes: a driver is taken within
/// twice this.
const LOOK: Duration = Duration::from_secs(1);

impl Channels {
    /// Watches for ever; the router is told when other drivers serve.
    pub async fn watch(self) {
        let mut taken = self.registry().look();
        let mut last = taken.clone();
        loop {
            tokio::time::sleep(LOOK).await;
            let now = self.registry().look();
            if now == last && now != taken {
                taken = now.clone();
                self.refresh().await;
            }
            last = now;
        }
    }
}
