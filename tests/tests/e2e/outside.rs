//! The way out: what drivers may reach, against a real name server and real peers; and secrets, which go out and never in.

mod far;
mod mail;
mod reach;
mod rotation;
mod secrets;

use far::Far;
use jackfield_tests::{Answer, NameServer, Request, Server, Setup, guest};

/// A server with the channel `keep`; `channel` are lines of it, `server` of `[server]`.
fn setup(server: &str, channel: &str) -> Setup {
    Setup::simple(&["ana"])
        .driver(guest("keeper"))
        .server(server)
        .text(&format!("[[channel]]\nid = \"keep\"\ndriver = \"keeper\"\n{channel}"))
}

/// Lets the driver do a deed; the answer's text.
async fn deed(server: &Server, name: &str, lines: &[&str]) -> String {
    ask(server, name, lines).await.expect(200).text()
}

async fn ask(server: &Server, name: &str, lines: &[&str]) -> Answer {
    server.http().send(Request::new("POST", &format!("/channels/keep/{name}")).body(lines.join("\n"))).await
}

/// What a metric of the channel stands at.
async fn metric(server: &Server, name: &str, labels: &str) -> u64 {
    let metrics = server.http().get("/metrics").await.expect(200).text();
    let start = format!("jackfield_{name}{{channel=\"keep\",{labels}}} ");
    let value = metrics.lines().find_map(|line| line.strip_prefix(&start));
    value.unwrap_or_else(|| panic!("no {start}:\n{metrics}")).parse().expect("a number")
}
