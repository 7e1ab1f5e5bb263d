//! Connections that come in: let in, given an instance, and attended to until they end.

use super::limits::{Admission, Refused};
use super::line::Line;
use super::talk::{End, Talk};
use super::wire::Wire;
use crate::channels::Channels;
use crate::serving::Serving;
use jackfield_config::{LineLimits, Listen, Scheme, TlsFiles};
use jackfield_sandbox::{Connections, Limit, LineEvent, LinePeer, Listener};
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// What is to be listened on for a channel.
#[derive(Debug, Clone, PartialEq)]
pub struct ListenSpec {
    /// The channel's id.
    pub channel: String,
    /// Where, with what is spoken there.
    pub listen: Vec<Listen>,
    /// Its certificate.
    pub tls: Option<TlsFiles>,
    /// Proxies that say whom they speak for.
    pub proxy_from: Vec<ipnet::IpNet>,
}

impl Channels {
    /// What is to be listened on, by the config in force.
    pub fn listens(&self) -> Vec<ListenSpec> {
        let set = self.set();
        let spec = |serving: &Arc<Serving>| {
            let config = &serving.config;
            let listen = config.listen.iter().filter(|listen| listen.scheme != Scheme::Udp).copied().collect();
            let (channel, tls, proxy_from) = (config.id.clone(), config.tls.clone(), config.proxy_from.clone());
            ListenSpec { channel, listen, tls, proxy_from }
        };
        set.serving.values().map(spec).filter(|spec| !spec.listen.is_empty() || spec.tls.is_some()).collect()
    }

    /// Notes what is listened on for a channel, for its driver and for operators.
    pub fn listening(&self, channel: &str, listeners: Vec<Listener>) {
        if let Some(serving) = self.serving(channel) {
            serving.kept.lines.set_listeners(listeners);
        }
    }

    /// Tells an operator something of a channel's listeners.
    pub fn say_of_listener(&self, channel: &str, is_wrong: bool, text: &str) {
        let level = if is_wrong { jackfield_sandbox::LogLevel::Error } else { jackfield_sandbox::LogLevel::Info };
        self.say(channel, level, text);
    }

    /// The limits of a channel's connections; none: there is no such channel.
    pub fn line_limits(&self, channel: &str) -> Option<LineLimits> {
        Some(self.serving(channel)?.kept.lines.limits())
    }

    /// Lets a connection in that was just accepted. None: it is to be closed at once.
    pub fn admit(&self, channel: &str) -> Option<Admission> {
        let serving = self.serving(channel)?;
        let is_ready = serving.live().is_some_and(|live| live.generation.driver().exports().stream);
        let waits = || serving.kept.supervisor.lock().wait(self.now().millis()).is_some();
        if serving.is_paused() || !is_ready || waits() {
            self.turned_away(&serving, None);
            return None;
        }
        match Admission::new(&serving.kept.lines) {
            Ok(admission) => Some(admission),
            Err(refused) => {
                self.turned_away(&serving, Some(refused));
                None
            }
        }
    }

    /// Says whose a connection is. False: it is to be closed at once.
    pub fn admit_from(&self, channel: &str, admission: &mut Admission, address: IpAddr) -> bool {
        let Err(refused) = admission.of(address, self.now().millis()) else { return true };
        if let Some(serving) = self.serving(channel) {
            self.turned_away(&serving, Some(refused));
        }
        false
    }

    /// A connection ended before it was open: `limit` is the one that it met.
    pub fn never_opened(&self, channel: &str, limit: Option<Limit>) {
        if let Some(serving) = self.serving(channel) {
            self.turned_away(&serving, limit.map(Refused::Limit));
        }
    }

    pub(super) fn turned_away(&self, serving: &Serving, why: Option<Refused>) {
        serving.kept.lines.counters.refused.fetch_add(1, Ordering::Relaxed);
        if let Some(Refused::Limit(limit)) = why {
            Self::met(serving, limit);
        }
        tracing::debug!(channel = serving.id, "a connection was turned away: {why:?}");
    }

    /// Attends to a connection that came in, until it has ended.
    pub async fn attend(&self, channel: &str, mut admission: Admission, wire: Box<dyn Wire>, peer: LinePeer) {
        let Some(serving) = self.serving(channel) else { return };
        let Some(live) = serving.live() else { return self.turned_away(&serving, None) };
        let Some(connected) = self.connected(&serving, &live).await else {
            return self.turned_away(&serving, None);
        };
        admission.opened();
        let board = serving.kept.lines.clone();
        let (line, orders) = Line::new(board.new_id(), live);
        board.enter(line.clone());
        // It may have been replaced since it was asked for an instance, and have drained those that it had.
        if line.live.is_leaving() {
            line.order(super::line::Order::Drain(self.config().server.swap.drain));
        }
        board.counters.accepted.fetch_add(1, Ordering::Relaxed);
        serving.kept.silence.lock().heard(self.now().millis());
        let talk = Talk { channels: self.clone(), serving, line, orders, connected, admission: Some(admission) };
        talk.attend(wire, peer).await;
    }

    /// Asks all connections to end, and waits until they have, at most a little longer than that.
    pub async fn drain_lines(&self, within: Duration) {
        let set = self.set();
        let boards: Vec<_> = set.serving.values().map(|serving| serving.kept.lines.clone()).collect();
        boards.iter().for_each(|board| board.drain(None, within));
        let ended = async {
            for board in &boards {
                board.ended(None).await;
            }
        };
        // Those that are told at the deadline still write their last words.
        if tokio::time::timeout(within + LAST, ended).await.is_err() {
            tracing::warn!("some connections did not end in time and are cut off");
        }
    }
}

/// How long last words may take.
pub(super) const LAST: Duration = Duration::from_secs(2);

impl Talk {
    /// Attends to the connection until it has ended, and tells the driver how.
    pub(super) async fn attend(mut self, wire: Box<dyn Wire>, peer: LinePeer) {
        let (end, mut flow) = self.converse(wire, peer).await;
        self.serving.kept.lines.leave(&self.line);
        // Before the peer can see the end: who has seen it finds it counted.
        self.count(&end);
        let has_words = matches!(end.code, super::talk::FAILED | "shutdown" | "idle");
        self.gather(&mut flow);
        flow.finish(has_words, LAST).await;
        if let Some(admission) = &mut self.admission {
            admission.peer_gone();
        }
        self.tell_end(end).await;
    }

    /// Counts the end of a connection that was never open and tells the driver.
    pub(super) async fn end(self, end: End) {
        self.serving.kept.lines.leave(&self.line);
        self.count(&end);
        self.tell_end(end).await;
    }

    fn count(&self, end: &End) {
        self.serving.kept.lines.counters.end(end.code);
        if end.code == "idle" {
            Channels::met(&self.serving, Limit::ConnectionIdle);
        }
    }

    async fn tell_end(mut self, end: End) {
        let board = self.serving.kept.lines.clone();
        tracing::debug!(channel = self.serving.id, line = self.line.id, code = end.code, "{}", end.text);
        if end.code != super::talk::FAILED {
            let closed = LineEvent::Closed { code: end.code, text: end.text };
            if let Err(failed) = self.tell(closed).await {
                let why = failed.text;
                tracing::debug!(channel = self.serving.id, "the driver was not told of a connection's end: {why}");
            }
        }
        drop(self.admission.take());
        board.gone(&self.line);
    }
}
