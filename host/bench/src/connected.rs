//! P11: what connected agents cost, and how fast all of them are told something.

use crate::process::Process;
use crate::report::{Row, Target};
use crate::rounds::{Compared, ROUNDS, median};
use crate::socket::Socket;
use anyhow::{Context, ensure};
use serde_json::Value;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Instant;
use tokio::task::JoinSet;

/// Agents that are connected.
const AGENTS: usize = 10_000;
/// Connections that are being made at the same time.
const AT_ONCE: usize = 128;
/// What an agent may cost, in KB.
const KB: f64 = 20.0;
/// What telling all of them may take, in milliseconds.
const MS: f64 = 1_000.0;

/// Measures it. `target` is the folder of what was built, `scratch` an empty one.
///
/// # Errors
/// The server can't be started or doesn't do its work.
pub fn measure(target: &Path, scratch: &Path) -> anyhow::Result<Vec<Row>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let dir = scratch.join("crowd");
        let server = Process::server_with(target, &dir, &config(100))?;
        let rows = rows(&server, &dir).await;
        rows.map_err(|error| error.context(format!("the server's log ends with:\n{}", server.log())))
    })
}

fn config(capacity: usize) -> String {
    let agents = (0..AGENTS).map(|n| format!("[[agent]]\nid = \"a{n}\"\ntoken = \"a{n}\"\ncapacity = {capacity}\n"));
    format!(
        "[server]\nlisten = \"127.0.0.1:0\"\ndata = \"data\"\ndrivers = \"drivers\"\nlog = \"warn\"\n{}\
         [[queue]]\nid = \"support\"\n[[route]]\nqueue = \"support\"\n",
        agents.collect::<String>()
    )
}

async fn rows(server: &Process, dir: &Path) -> anyhow::Result<Vec<Row>> {
    // One agent first: what the first connection of all brings isn't the others'.
    let mut sockets = vec![connect(server.address, 0).await?];
    let before = server.memory()?;
    let mut connecting = JoinSet::new();
    for number in 1..AGENTS {
        if connecting.len() == AT_ONCE {
            sockets.extend(connecting.join_next().await.transpose()?.transpose()?);
        }
        connecting.spawn(connect(server.address, number));
    }
    while let Some(connected) = connecting.join_next().await {
        sockets.push(connected??);
    }
    let each = (server.memory()?.saturating_sub(before)) as f64 / (AGENTS - 1) as f64 / 1_024.0;
    eprintln!("P11: {each:.1} KB for each connected agent");

    // A new capacity is told to every agent.
    let mut times = Vec::new();
    for round in 1..=ROUNDS {
        let capacity = 100 + round;
        std::fs::write(dir.join("jackfield.toml"), config(capacity))?;
        let begun = Instant::now();
        server.hang_up()?;
        let mut told = JoinSet::new();
        for mut socket in sockets.drain(..) {
            told.spawn(async move {
                hear(&mut socket, capacity).await?;
                anyhow::Ok(socket)
            });
        }
        while let Some(socket) = told.join_next().await {
            sockets.push(socket??);
        }
        let took = begun.elapsed().as_secs_f64() * 1e3;
        eprintln!("P11 round {round}: all are told within {took:.0} ms");
        times.push(took);
    }
    let memory = Compared { this: each, reference: KB };
    let broadcast = Compared { this: median(times.into_iter()), reference: MS };
    Ok(vec![
        Row::new(&format!("P11 {AGENTS} agents connected, KB each"), &memory, Target::AtMost(1.0)),
        Row::new(&format!("P11 a reload told to {AGENTS} agents, ms"), &broadcast, Target::AtMost(1.0)),
    ])
}

/// Connects an agent, who becomes available.
async fn connect(address: SocketAddr, number: usize) -> anyhow::Result<Socket> {
    let mut socket = Socket::connect(address, &format!("a{number}")).await?;
    ensure!(kind(&mut socket).await? == "snapshot", "the first frame is the snapshot");
    socket.command(&serde_json::json!({"id": "here", "type": "agent.set-state", "state": "available"})).await?;
    while kind(&mut socket).await? != "agent.updated" {}
    Ok(socket)
}

async fn kind(socket: &mut Socket) -> anyhow::Result<String> {
    let event: Value = serde_json::from_str(socket.next().await?)?;
    Ok(event["type"].as_str().context("an event without a type")?.to_owned())
}

/// Waits until the agent is told this capacity.
async fn hear(socket: &mut Socket, capacity: usize) -> anyhow::Result<()> {
    loop {
        let event: Value = serde_json::from_str(socket.next().await?)?;
        if event["data"]["agent"]["capacity"] == capacity {
            return Ok(());
        }
    }
}
