//! `agent`: who works on a running server, and an agent in the terminal.

mod desk;
mod input;
mod link;
mod session;
mod typed;

use crate::client::Server;
use crate::exit::Exit;
use crate::lists::{self, Listing};
use clap::{Args, Subcommand};

/// What can be asked about agents.
#[derive(Subcommand)]
pub enum Agent {
    /// List agents: presence and load
    List(Listing),
    /// Be an agent in the terminal; the token is the agent's own
    #[command(after_help = "Typed, one a line (`help` shows it again):\n  \
        available, busy, away [REASON], finishing, offline   presence\n  \
        accept [N], reject [N] [REASON]                      answer an offer, the newest without N\n  \
        TEXT, say TEXT                                       answer the customer of the work item in use\n  \
        items, use N                                         list work items, use another\n  \
        done [CODE]                                          end the work item in use\n  \
        hold, resume, transfer AGENT, consult AGENT, ...     see `help`\n  \
        quit                                                 leave; so does Ctrl-C\n\n\
        With --json each event of the protocol `jackfield.agent.v1` is a line on stdout, each command a line on stdin;\n\
        one without `id` is given one. It ends with stdin, after the results; if stdin is empty from the start, such as\n\
        /dev/null, it only listens. Notes on the connection go to stderr.\n\n\
        When the connection is lost, it is made again and goes on after the last event; commands without a result are\n\
        sent once more under their ids, which does nothing twice.\n\n\
        Examples:\n  JACKFIELD_TOKEN=ana-token jackfield agent connect --state available\n  \
        echo '{\"id\":\"c1\",\"type\":\"agent.set-state\",\"state\":\"away\"}' | jackfield agent connect --json")]
    Connect(Connect),
}

/// Options of `agent connect`.
#[derive(Args)]
pub struct Connect {
    /// One event a line on stdout, one command a line on stdin, both in JSON
    #[arg(long)]
    pub json: bool,
    /// Go on after the event with this `sequence`, where the server still has what followed
    #[arg(long, value_name = "N")]
    pub after: Option<u64>,
    /// Presence to begin with
    #[arg(long, value_name = "STATE", value_parser = ["available", "busy", "away", "finishing", "offline"])]
    pub state: Option<String>,
    #[command(flatten)]
    pub server: Server,
}

/// Does what was asked.
pub async fn run(command: Agent) -> Result<(), Exit> {
    match command {
        Agent::List(listing) => lists::agents(&listing).await,
        Agent::Connect(options) => session::run(options).await,
    }
}
