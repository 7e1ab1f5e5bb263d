//! A customer on Messenger and an agent.

use jackfield_tests::{Agent, Server, Setup, Sink};
use serde_json::{Value, json};

use super::{TOKEN, now, post};

pub(super) const PAGE: &str = "1067280970047460";
const CUSTOMER: &str = "6789012345678901";

pub(super) fn setup(api_base: &str) -> Setup {
    super::setup("messenger", &format!("page-id = \"{PAGE}\""), api_base)
}

/// A body with events between customer and page; `fields` stand beside who and when.
fn events(events: &[Value]) -> Value {
    json!({"object": "page", "entry": [{"id": PAGE, "time": now(), "messaging": events}]})
}

fn of_customer(fields: Value) -> Value {
    let mut event = json!({"sender": {"id": CUSTOMER}, "recipient": {"id": PAGE}, "timestamp": now()});
    event.as_object_mut().expect("an object").extend(fields.as_object().expect("an object").clone());
    event
}

fn echo(message: Value) -> Value {
    json!({"sender": {"id": PAGE}, "recipient": {"id": CUSTOMER}, "timestamp": now(), "message": message})
}

pub(super) fn text(mid: &str, text: &str) -> Value {
    events(&[of_customer(json!({"message": {"mid": mid, "text": text}}))])
}

#[tokio::test]
async fn a_message_on_messenger_reaches_an_agent_and_watermarks_tell_how_far_answers_came() {
    let graph = Sink::start().await;
    let messages = format!("/v23.0/{PAGE}/messages");
    graph.serve(&messages, "application/json", r#"{"recipient_id":"6789012345678901","message_id":"m_out"}"#);
    let server = Server::start(setup(&graph.url(""))).await;
    let mut ana = Agent::available(&server, "ana").await;
    post(&server, &text("m_1", "Wo? ä👍")).await.expect(200);
    let offered = ana.accept().await;
    let message = &offered["message"];
    assert_eq!((&message["parts"][0]["text"], &message["externalId"]), (&json!("Wo? ä👍"), &json!("m_1")));
    assert_eq!(message["workItem"]["conversation"], CUSTOMER);

    let item = &offered["workItem"]["id"];
    let sent = ana.reply(item, "Hier").await;
    let of = |status: &'static str| {
        let sent = sent.clone();
        move |data: &Value| data["messageId"] == sent.as_str() && data["status"] == status
    };
    ana.event_where("message.status", of("sent")).await;
    let asked = graph.wait_for(1).await;
    assert_eq!((asked.len(), asked[0].path.as_str()), (1, messages.as_str()));
    assert_eq!(asked[0].header("authorization"), format!("Bearer {TOKEN}"));
    let mark = format!("jackfield/{sent}");
    assert_eq!(
        asked[0].json(),
        json!({"recipient": {"id": CUSTOMER}, "messaging_type": "RESPONSE", "message": {"text": "Hier", "metadata": mark}})
    );

    // Its own echo is nothing new; what was written in the page's inbox is.
    let ours = echo(
        json!({"is_echo": true, "app_id": 1_517_776_481_860_111_u64, "metadata": mark, "mid": "m_out", "text": "Hier"}),
    );
    let theirs = echo(json!({"is_echo": true, "app_id": 263_902_037_430_900_u64, "mid": "m_inbox", "text": "by hand"}));
    post(&server, &events(&[ours, theirs])).await.expect(200);
    let echoed =
        ana.event_where("message.received", |data| data["message"]["interaction"]["name"] == "message.echoed").await;
    let echoed = &echoed["message"];
    assert_eq!((&echoed["parts"][0]["text"], &echoed["direction"]), (&json!("by hand"), &json!("outbound")));

    post(&server, &events(&[of_customer(json!({"delivery": {"mids": ["m_out"], "watermark": now()}}))]))
        .await
        .expect(200);
    ana.event_where("message.status", of("delivered")).await;
    // One from before the answer says nothing of it.
    for (watermark, expected) in [(1_458_668_856_253, "delivered"), (now(), "read")] {
        post(&server, &events(&[of_customer(json!({"read": {"watermark": watermark}}))])).await.expect(200);
        let path = format!("/v1/work-items/{}/messages", item.as_str().expect("an id"));
        let thread = server.operator().get(&path).await.expect(200).json();
        assert_eq!(thread["statuses"][&sent]["status"], expected, "{watermark}");
    }
    ana.event_where("message.status", of("read")).await;
}
