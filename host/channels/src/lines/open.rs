//! Connections that a driver opens for long.

use super::limits::Admission;
use super::line::{Line, Order};
use super::talk::{End, Talk};
use super::wire::peer_of;
use crate::channels::Channels;
use crate::live::Live;
use crate::serving::Serving;
use jackfield_egress::Link;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use tokio::sync::mpsc;

/// Where to.
struct Target {
    url: String,
    tls_name: Option<String>,
}

impl Channels {
    /// Makes a connection known, and opens it beside everything else.
    pub(super) fn spawn_open(&self, serving: &Arc<Serving>, id: String, url: String, tls_name: Option<String>) {
        // What serves by now: a connection's own view of the channel may be older than the config.
        let serving = self.serving(&serving.id).unwrap_or_else(|| serving.clone());
        let Some(live) = serving.live() else { return };
        let (line, orders) = Line::new(id, live.clone());
        serving.kept.lines.enter(line.clone());
        let channels = self.clone();
        let target = Target { url, tls_name };
        tokio::spawn(async move { channels.open(serving, live, line, orders, target).await });
    }

    async fn open(
        &self,
        serving: Arc<Serving>,
        live: Arc<Live>,
        line: Arc<Line>,
        orders: mpsc::UnboundedReceiver<Order>,
        target: Target,
    ) {
        let board = serving.kept.lines.clone();
        let admission = Admission::new(&board);
        let Some(connected) = self.connected(&serving, &live).await else {
            board.leave(&line);
            return board.gone(&line);
        };
        let (admission, linked) = match admission {
            Ok(mut admission) => {
                let linked = link(&live, &target).await;
                admission.opened();
                (Some(admission), linked)
            }
            Err(refused) => {
                self.turned_away(&serving, Some(refused));
                (None, Err(End::new("refused", "the channel has too many connections")))
            }
        };
        let talk = Talk { channels: self.clone(), serving, line, orders, connected, admission };
        match linked {
            Ok((link, peer)) => {
                board.counters.called.fetch_add(1, Ordering::Relaxed);
                talk.attend(Box::new(link), peer).await;
            }
            Err(end) => talk.end(end).await,
        }
    }
}

async fn link(live: &Live, target: &Target) -> Result<(Link, jackfield_sandbox::LinePeer), End> {
    let client = live.generation.client().ok_or_else(|| End::new("denied", "the channel has no way out"))?;
    let linked = client.link(&target.url, target.tls_name.as_deref()).await.map_err(|error| {
        let code = match error.code() {
            "denied" | "invalid" => "denied",
            "dns" => "dns",
            "tls" => "tls",
            _ => "refused",
        };
        End::new(code, error.to_string())
    })?;
    let peer = peer_of(&linked).map_err(|error| End::new("reset", error.to_string()))?;
    Ok((linked, peer))
}
