//! Two agents press accept at the same moment, from threads of their own, ten thousand times.

use super::*;
use jackfield_router::{AgentEvent, ErrorCode};
use std::collections::BTreeMap;
use std::sync::Barrier;
use tokio::runtime::Handle;

/// Work items at a time, and how often.
const ITEMS: usize = 200;
const ROUNDS: usize = 50;

async fn act(sequencer: &Sequencer, agent: &str, action: Action) -> Reply {
    let command = Command::Agent { agent: agent.into(), id: "".into(), action };
    sequencer.command(command).await.expect("commits")
}

/// Accepts these offers, each at the moment at which the other agent does.
fn accept_all(
    handle: &Handle,
    sequencer: &Sequencer,
    agent: &'static str,
    offers: &[Id],
    gate: &Barrier,
) -> Vec<Reply> {
    let pressed: Vec<_> = offers
        .iter()
        .map(|offer| {
            let (sequencer, action) = (sequencer.clone(), Action::Accept { offer: offer.clone() });
            gate.wait();
            handle.spawn(async move { act(&sequencer, agent, action).await })
        })
        .collect();
    pressed.into_iter().map(|pressed| handle.block_on(pressed).expect("it is answered")).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_who_accept_at_the_same_moment_one_wins_ten_thousand_times() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut rig = open(dir.path()).await;
    let agents = ["ana", "ben"];
    let settings = AgentConfig { capacity: 1_000_000, ..AgentConfig::default() };
    let mut both = config();
    both.agents = agents.iter().map(|agent| (Id::from(*agent), settings.clone())).collect();
    let queue = QueueConfig { parallel_offers: 2, ..QueueConfig::default() };
    both.queues = [("support".into(), queue)].into();
    rig.sequencer.configure(both).await.expect("the journal can be written");
    for agent in agents {
        let connected = Command::Connected { agent: agent.into(), connection: agent.into() };
        rig.sequencer.command(connected).await.expect("commits");
        let available = Action::SetState { state: Presence::Available, reason: None, media_type: None };
        assert_eq!(act(&rig.sequencer, agent, available).await, Reply::Done);
    }
    let (mut wins, mut moments) = (BTreeMap::<&str, usize>::new(), 0);
    for round in 0..ROUNDS {
        let pushes = (0..ITEMS).map(|item| rig.push(&format!("{round}-{item}"), &format!("{round}-{item}"))).collect();
        rig.sequencer.commit(rig.commit_of(pushes)).await.expect("commits");
        // Item -> the offers to both.
        let mut offers: BTreeMap<Id, BTreeMap<Id, Id>> = BTreeMap::new();
        while let Ok(announced) = rig.notices.try_recv() {
            if let AgentEvent::OfferCreated { offer, .. } = announced.notice.body {
                offers.entry(offer.item).or_default().insert(offer.agent, offer.id);
            }
        }
        assert_eq!(offers.len(), ITEMS);
        let of = |agent: &str| -> Vec<Id> { offers.values().map(|offers| offers[agent].clone()).collect() };
        let gate = Arc::new(Barrier::new(agents.len()));
        let threads = agents.map(|agent| {
            let (handle, sequencer, gate, offers) = (Handle::current(), rig.sequencer.clone(), gate.clone(), of(agent));
            std::thread::spawn(move || accept_all(&handle, &sequencer, agent, &offers, &gate))
        });
        let joined = tokio::task::spawn_blocking(|| threads.map(|thread| thread.join().expect("no agent panics")));
        let [ana, ben] = joined.await.expect("no agent panics");
        for ((item, ana), ben) in offers.keys().zip(ana).zip(ben) {
            let (winner, told) = match (&ana, &ben) {
                (Reply::Done, Reply::Refused(told)) => ("ana", told.clone()),
                (Reply::Refused(told), Reply::Done) => ("ben", told.clone()),
                other => panic!("{item}: {other:?}"),
            };
            assert_eq!((told.code, told.state.as_deref()), (ErrorCode::WrongState, Some("rescinded")), "{told:?}");
            *wins.entry(winner).or_default() += 1;
            moments += 1;
            let complete = Action::Complete { work_item: item.clone(), code: None, if_version: None };
            assert_eq!(act(&rig.sequencer, winner, complete).await, Reply::Done);
        }
        let exact = |state: &jackfield_router::State| {
            let loads: Vec<u32> = state.agents().values().map(|agent| agent.load).collect();
            (jackfield_router::check::check(state), loads)
        };
        let (checked, loads) = rig.sequencer.read(exact).await.expect("reads");
        assert_eq!((checked, loads), (Ok(()), vec![0, 0]), "the ledger is exact after round {round}");
    }
    assert_eq!(moments, ITEMS * ROUNDS);
    assert!(wins.values().all(|wins| *wins > 0), "both were first at times: {wins:?}");
}
