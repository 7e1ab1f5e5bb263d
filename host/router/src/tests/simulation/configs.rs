//! The configs that a simulated world changes between.

use super::actions::{AGENTS, CHANNELS, QUEUES, SKILLS, agent};
use crate::delivery::Automatic;
use crate::tests::kit;
use crate::{AgentConfig, Assign, Choice, Config, Id, Millis, Order, Otherwise, QueueConfig, Ring, Targets};

/// One of many configs: agents and queues come and go, and every setting has several values.
pub(super) fn config(variant: u64) -> Config {
    let bit = |number: u32| variant & (1 << number) != 0;
    let agents = (0..AGENTS).filter(|number| !bit(0) || *number != variant % AGENTS);
    let mut config = kit::config();
    config.agents = agents.map(|number| (agent(number), agent_config(number, bit(3)))).collect();
    for name in QUEUES {
        config.queues.insert(name.into(), queue_config(name, variant));
    }
    if bit(1) {
        config.queues.remove("strict");
    }
    if bit(2) {
        config.queues.entry("plain".into()).and_modify(|queue| {
            queue.weights.insert("light".into(), 5);
        });
    }
    for (number, name) in CHANNELS.into_iter().enumerate() {
        let channel = config.channels.entry(name.into()).or_default();
        let names = [
            "work-item.assigned",
            "message.send",
            "work-item.queued",
            "work-item.closed",
            "work-item.revoked",
            "work-item.suspend",
        ];
        channel.interactions = names.into_iter().skip(number).map(Id::from).collect();
        channel.resend_unknown = bit(4);
        channel.look_up_unknown = number == 0;
        channel.media.insert("heavy".into(), kit::media(70, false));
        channel.media.insert("live".into(), kit::media(30, true));
        channel.media.insert("*".into(), crate::MediaConfig { interruptible: true, ..kit::media(15, false) });
    }
    config
}

fn agent_config(number: u64, small: bool) -> AgentConfig {
    let number = number as u8;
    let skills = SKILLS.into_iter().enumerate().filter(|(skill, _)| !(number as usize + skill).is_multiple_of(3));
    AgentConfig {
        capacity: if small { 30 } else { 60 + 20 * u32::from(number % 3) },
        overtake_limit: if number.is_multiple_of(2) { 40 } else { 0 },
        skills: skills.map(|(skill, name)| (name.into(), 1 + (number * 3 + skill as u8 * 4) % 10)).collect(),
        teams: [if number < 2 { "front".into() } else { "back".into() }].into(),
        limits: if number == 1 { [("light".into(), 2)].into() } else { Default::default() },
    }
}

fn queue_config(name: &str, variant: u64) -> QueueConfig {
    let bit = |number: u32| variant & (1 << number) != 0;
    let mut queue = QueueConfig::default();
    let choices = [Choice::LongestIdle, Choice::LeastLoaded, Choice::RoundRobin, Choice::BestSkill];
    match name {
        "plain" => queue.choose = choices[(variant >> 5) as usize % 4],
        "strict" => {
            queue.away_after_missed = true;
            queue.wrap_up_ms = 5_000;
            queue.offer_timeout_ms = Some(10_000);
            queue.max_length = Some(2);
            queue.when_full = if bit(7) { Otherwise::Overflow("again".into()) } else { Otherwise::Cancel };
            queue.answers = [Automatic::Acknowledgement, Automatic::Full].into();
        }
        "again" => {
            queue.offer_again = true;
            queue.weights.insert("heavy".into(), 45);
            queue.requeue_lost = bit(8);
            queue.max_length = Some(6);
            queue.when_full = Otherwise::Overflow("strict".into());
        }
        "skilled" => {
            queue.teams = ["front".into()].into();
            queue.rings = rings();
            queue.choose = Choice::BestSkill;
            queue.time_to_live_ms = bit(9).then_some(120_000);
            queue.answers = [Automatic::Waiting, Automatic::Expired].into();
        }
        "picked" => queue.assign = if bit(10) { Assign::Push } else { Assign::Pick },
        "sticky" => {
            queue.sticky_ms = 20_000;
            queue.order = Order::Lifo;
            queue.suspend_after_ms = Some(30_000);
            queue.suspended_percent = if bit(11) { 50 } else { 0 };
            queue.hours = Some("office".into());
            let closed = [Otherwise::Wait, Otherwise::Accept, Otherwise::Overflow("plain".into()), Otherwise::Cancel];
            queue.when_closed = closed[(variant >> 12) as usize % 4].clone();
            queue.answers = [Automatic::OutsideHours].into();
        }
        _ => {
            queue.parallel_offers = 3;
            queue.raise_per_minute = 50;
            queue.transfer_return_ms = if bit(14) { 15_000 } else { 0 };
            let within = |millis: Millis| Some(millis);
            queue.targets = Targets {
                first_answer_ms: within(20_000),
                next_answer_ms: within(30_000),
                resolution_ms: within(300_000),
                warn_percent: 50,
            };
        }
    }
    queue
}

fn rings() -> Vec<Ring> {
    vec![
        Ring {
            after_ms: 5_000,
            lower_skills: [("x".into(), 3)].into(),
            add_teams: ["back".into()].into(),
            answers: true,
            ..Ring::default()
        },
        Ring { after_ms: 15_000, drop_skills: ["y".into()].into(), any_team: true, ..Ring::default() },
        Ring { after_ms: 60_000, drop_all_skills: true, overflow: Some("plain".into()), ..Ring::default() },
    ]
}
