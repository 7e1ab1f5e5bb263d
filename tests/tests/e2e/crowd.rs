//! A crowd of agents and customers over real sockets: they behave as people do, lose their connections, the server is
//! killed in the middle. What must be true is checked on what the clients themselves saw.

use std::collections::BTreeSet;
use std::time::Duration;

use jackfield_tests::{Random, Server, Setup, within};
use tokio::sync::watch;
use tokio::task::JoinSet;

mod customer;
mod desk;
mod history;

use desk::Desk;
use history::History;

/// Agents and work items; `make soak` takes more.
const CROWD: (u64, u64) = (200, 5_000);
const SOAK: (u64, u64) = (1_000, 20_000);
/// Customers who speak at the same time.
const SPEAKERS: u64 = 12;
/// How long all of it may take: the time of a slow machine that does other things as well.
const PATIENCE: Duration = Duration::from_secs(300);

fn setting(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

fn setup(agents: u64) -> Setup {
    let agents = (0..agents).map(|number| {
        let capacity = 40 + number % 3 * 20;
        format!("[[agent]]\nid = \"{0}\"\ntoken = \"{0}\"\ncapacity = {capacity}\n", name(number))
    });
    Setup::new()
        .text(&agents.collect::<String>())
        .text("[[queue]]\nid = \"support\"\noffer-timeout = \"2s\"\nweights = { message = 20 }\n[[route]]\nqueue = \"support\"")
        .webhook("forms", "")
}

fn name(number: u64) -> String {
    format!("agent-{number:04}")
}

#[tokio::test(flavor = "multi_thread")]
async fn invariants_hold_on_what_a_crowd_of_clients_sees() {
    let (agents, items) = if setting("JACKFIELD_SOAK").is_some() { SOAK } else { CROWD };
    let seed = setting("JACKFIELD_SEED").unwrap_or(20_261_122);
    println!("JACKFIELD_SEED={seed}: {agents} agents, {items} work items");
    let mut server = Server::start(setup(agents)).await;
    let address = server.address();
    let history = History::default();
    let (stop, stopped) = watch::channel(false);

    let mut desks = JoinSet::new();
    for number in 0..agents {
        let desk = Desk::new(name(number), address, Random::new(seed ^ (number << 20)), history.clone());
        desks.spawn(desk.work(stopped.clone()));
    }
    let mut customers = JoinSet::new();
    for speaker in 0..SPEAKERS {
        let mine: Vec<u64> = (0..items).filter(|number| number % SPEAKERS == speaker).collect();
        customers.spawn(customer::speak(address, mine, Random::new(seed ^ (1 << 60) ^ speaker), history.clone()));
    }

    // In the middle of it, by what was done and not by the clock.
    reach(&history, items / 2, &mut desks).await;
    server.kill().await;
    server.start_again().await;

    while let Some(done) = customers.join_next().await {
        done.expect("a customer saw nothing wrong");
    }
    reach(&history, items, &mut desks).await;
    stop.send(true).expect("agents listen");
    while let Some(done) = desks.join_next().await {
        done.expect("an agent saw nothing wrong");
    }
    history.check(items);

    // Nothing is left, in the server's own words too.
    let list = server.operator().get("/v1/agents?limit=500").await.expect(200).json();
    let loads: BTreeSet<_> =
        list["items"].as_array().into_iter().flatten().map(|agent| agent["load"].as_u64()).collect();
    assert_eq!(loads, BTreeSet::from([Some(0)]), "the ledger is empty");
    let open = server.operator().get("/v1/work-items?state=active").await.expect(200).json();
    assert_eq!(open["items"].as_array().map(Vec::len), Some(0));
}

/// Waits until so many items are closed; an agent who saw something wrong ends that.
async fn reach(history: &History, items: u64, desks: &mut JoinSet<()>) {
    let closed = within(PATIENCE, "work items are closed", async || (history.closed() >= items).then_some(()));
    tokio::select! {
        () = closed => {}
        Some(ended) = desks.join_next() => panic!("an agent ended: {ended:?}"),
    }
}
