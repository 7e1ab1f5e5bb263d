//! What users of today's systems complain about, as requirements: a test for each that routing decides, named after it.

use jackfield_tests::{Agent, Server, Setup};
use serde_json::{Value, json};

mod assigning;
mod keeping;
mod moving;
mod supervising;

/// Agents of a capacity, one queue with these lines, a channel `forms` whose items weigh 20.
fn setup(agents: &[&str], capacity: u32, queue: &str) -> Setup {
    let agents = agents.iter().map(|id| {
        format!("[[agent]]\nid = \"{id}\"\nname = \"{id} the agent\"\ntoken = \"{id}\"\ncapacity = {capacity}\n")
    });
    Setup::new()
        .text(&agents.collect::<String>())
        .text(&format!("[[queue]]\nid = \"support\"\nweights = {{ message = 20 }}\n{queue}"))
        .text("[[queue]]\nid = \"sales\"\nweights = { message = 20 }")
        .text("[[route]]\nqueue = \"support\"")
        .webhook("forms", "")
}

/// A customer says something.
async fn say(server: &Server, id: &str, from: &str) {
    server.http().post("/channels/forms", &json!({"id": id, "from": from, "text": id})).await.expect(200);
}

/// The event id of what an offer is about.
fn event_of(offered: &Value) -> &str {
    offered["message"]["eventId"].as_str().unwrap_or_default()
}

/// The load that operators see of an agent.
async fn load(server: &Server, agent: &str) -> Value {
    let list = server.operator().get("/v1/agents").await.expect(200).json();
    let found = list["items"].as_array().and_then(|agents| agents.iter().find(|found| found["id"] == agent).cloned());
    found.map(|found| found["load"].clone()).unwrap_or_default()
}

/// A command about a work item.
fn of_item(kind: &str, item: &Value) -> Value {
    json!({"type": format!("work-item.{kind}"), "workItemId": item})
}

/// Accepts what is offered and is offered it as this kind.
async fn accept_as(agent: &mut Agent, kind: &str) -> Value {
    let offered = agent.accept().await;
    assert_eq!(offered["offer"]["kind"], kind, "{offered}");
    offered
}
