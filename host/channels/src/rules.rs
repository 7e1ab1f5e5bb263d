//! The router's rules, made of the config and of what the loaded drivers say of themselves.

use jackfield_config::{Assign, Channel, Choose, Config, Order, Otherwise, Queue, Ring};
use jackfield_router as router;
use jackfield_sandbox::Driver;
use router::{Automatic, Id};
use std::collections::BTreeMap;
use std::time::Duration;

/// The kinds of answers that the server can give by itself.
const ANSWERS: [Automatic; 5] =
    [Automatic::Acknowledgement, Automatic::OutsideHours, Automatic::Full, Automatic::Waiting, Automatic::Expired];

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// The config as the router needs it. A channel whose driver isn't loaded has no media and wants nothing delivered.
pub(crate) fn router_config(config: &Config, drivers: &BTreeMap<String, Driver>) -> router::Config {
    let agents = config.agents.iter().map(|agent| {
        let settings = router::AgentConfig {
            capacity: agent.capacity,
            overtake_limit: agent.overtake_limit,
            skills: levels(&agent.skills),
            teams: ids(&agent.teams),
            limits: levels(&agent.limits),
        };
        (agent.id.as_str().into(), settings)
    });
    let queues = config.queues.iter().map(|queue| (queue.id.as_str().into(), queue_config(queue)));
    let channels = config.channels.iter().map(|channel| {
        let driver = drivers.get(&channel.id);
        (channel.id.as_str().into(), channel_config(channel, driver))
    });
    router::Config {
        agents: agents.collect(),
        queues: queues.collect(),
        channels: channels.collect(),
        default_queue: config.routes.last().map_or("", |route| route.queue.as_str()).into(),
        grace_ms: millis(config.server.agent_grace),
    }
}

/// Names with their levels or numbers.
pub(crate) fn levels<T: Copy>(levels: &BTreeMap<String, T>) -> BTreeMap<Id, T> {
    levels.iter().map(|(name, level)| (name.as_str().into(), *level)).collect()
}

fn ids<C: FromIterator<Id>>(names: &[String]) -> C {
    names.iter().map(|name| name.as_str().into()).collect()
}

fn queue_config(queue: &Queue) -> router::QueueConfig {
    router::QueueConfig {
        offer_timeout_ms: queue.offer_timeout.map(millis),
        parallel_offers: queue.parallel_offers,
        weights: levels(&queue.weights),
        suspended_percent: queue.suspended_percent,
        suspend_after_ms: queue.suspend_after.map(millis),
        wrap_up_ms: millis(queue.wrap_up),
        offer_again: queue.offer_again,
        away_after_missed: queue.away_after_missed,
        requeue_lost: queue.requeue_lost,
        choose: match queue.choose {
            Choose::LongestIdle => router::Choice::LongestIdle,
            Choose::LeastLoaded => router::Choice::LeastLoaded,
            Choose::RoundRobin => router::Choice::RoundRobin,
            Choose::BestSkill => router::Choice::BestSkill,
        },
        assign: match queue.assign {
            Assign::Push => router::Assign::Push,
            Assign::Pick => router::Assign::Pick,
        },
        order: match queue.order {
            Order::Fifo => router::Order::Fifo,
            Order::Lifo => router::Order::Lifo,
        },
        raise_per_minute: queue.raise_per_minute,
        teams: ids(&queue.teams),
        rings: queue.rings.iter().map(ring).collect(),
        sticky_ms: millis(queue.sticky_for),
        max_length: queue.max_length,
        when_full: otherwise(&queue.when_full),
        hours: queue.hours.as_deref().map(Id::from),
        when_closed: otherwise(&queue.outside_hours),
        time_to_live_ms: queue.time_to_live.map(millis),
        transfer_return_ms: millis(queue.transfer_return),
        targets: router::Targets {
            first_answer_ms: queue.sla.first_answer.map(millis),
            next_answer_ms: queue.sla.next_answer.map(millis),
            resolution_ms: queue.sla.resolution.map(millis),
            warn_percent: queue.sla.warn_percent,
        },
        answered_within_ms: millis(queue.service_level),
        answers: ANSWERS.into_iter().filter(|kind| queue.answers.contains_key(kind.name())).collect(),
    }
}

fn ring(ring: &Ring) -> router::Ring {
    router::Ring {
        after_ms: millis(ring.after),
        drop_skills: ids(&ring.drop_skills),
        drop_all_skills: ring.drop_all_skills,
        lower_skills: levels(&ring.lower_skills),
        add_teams: ids(&ring.add_teams),
        any_team: ring.any_team,
        overflow: ring.overflow.as_deref().map(Id::from),
        answers: ring.answer,
    }
}

fn otherwise(otherwise: &Otherwise) -> router::Otherwise {
    match otherwise {
        Otherwise::Wait => router::Otherwise::Wait,
        Otherwise::Accept => router::Otherwise::Accept,
        Otherwise::Overflow(queue) => router::Otherwise::Overflow(queue.as_str().into()),
        Otherwise::Cancel => router::Otherwise::Cancel,
    }
}

fn channel_config(channel: &Channel, driver: Option<&Driver>) -> router::ChannelConfig {
    let mut out = router::ChannelConfig { resend_unknown: channel.resend_unknown, ..router::ChannelConfig::default() };
    let Some(driver) = driver else { return out };
    let descriptor = driver.descriptor();
    out.interactions = descriptor.interactions.iter().map(|known| known.name.as_str().into()).collect();
    out.media = descriptor
        .media_types
        .iter()
        .map(|media| {
            let config = router::MediaConfig {
                real_time: media.real_time,
                weight: media.weight,
                offer_timeout_ms: media.offer_timeout_ms.map(u64::from),
                interruptible: media.interruptible,
            };
            (media.name.as_str().into(), config)
        })
        .collect();
    out.look_up_unknown = descriptor.attributes.get("look-up-unknown") == Some("true");
    if let Some(duration) = crate::asked::retry_for(channel.limits.retry_for, descriptor) {
        out.deliver_retry_for_ms = millis(duration);
    }
    out
}
