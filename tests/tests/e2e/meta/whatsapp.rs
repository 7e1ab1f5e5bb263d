//! A customer on WhatsApp and an agent.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use jackfield_tests::{Agent, Server, Setup, Sink, driver, eventually, jackfield, sha256};
use serde_json::{Value, json};
use tokio::io::AsyncReadExt;
use tokio::net::TcpListener;

use super::{TOKEN, escaped, now, post, raw, signature};

pub(super) const NUMBER: &str = "106540352242922";
const USER: &str = "US.13491208655302741918";
const CUSTOMER: &str = "16505551234";

pub(super) fn setup(api_base: &str) -> Setup {
    super::setup("whatsapp", &format!("phone-number-id = \"{NUMBER}\""), api_base)
}

/// A body with one change; `fields` stand beside its `metadata`.
fn change(fields: Value) -> Value {
    let mut value = json!({
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": "15550783881", "phone_number_id": NUMBER},
    });
    value.as_object_mut().expect("an object").extend(fields.as_object().expect("an object").clone());
    json!({"object": "whatsapp_business_account", "entry": [{"id": "1", "changes": [{"value": value, "field": "messages"}]}]})
}

/// Something that the customer wrote.
pub(super) fn message(id: &str, content: Value) -> Value {
    let now = now() / 1000;
    let mut message = json!({"from": CUSTOMER, "from_user_id": USER, "id": id, "timestamp": now.to_string()});
    message.as_object_mut().expect("an object").extend(content.as_object().expect("an object").clone());
    let contact = json!({"profile": {"name": "Shéena 👍"}, "wa_id": CUSTOMER, "user_id": USER});
    change(json!({"contacts": [contact], "messages": [message]}))
}

fn picture_of(id: &str) -> Value {
    message(id, json!({"type": "image", "image": {"id": "4490", "mime_type": "image/png"}}))
}

pub(super) fn text(id: &str, text: &str) -> Value {
    message(id, json!({"type": "text", "text": {"body": text}}))
}

fn status(id: &str, status: &str, key: &str) -> Value {
    let of = json!({
        "id": id, "status": status, "timestamp": "1795305600", "recipient_id": CUSTOMER, "recipient_user_id": USER,
        "biz_opaque_callback_data": key,
    });
    change(json!({"statuses": [of]}))
}

#[tokio::test]
async fn a_message_on_whatsapp_reaches_an_agent_and_the_answer_comes_back_read() {
    let graph = Sink::start().await;
    let messages = format!("/v23.0/{NUMBER}/messages");
    graph.serve(&messages, "application/json", r#"{"messaging_product":"whatsapp","messages":[{"id":"wamid.out"}]}"#);
    let picture = b"\x89PNG the picture".as_slice();
    let told =
        json!({"url": graph.url("/file"), "mime_type": "image/png", "sha256": &sha256(picture)[7..], "id": "4490"});
    graph.serve("/v23.0/4490", "application/json", told.to_string());
    graph.serve("/file", "image/png", picture);
    let server = Server::start(setup(&graph.url(""))).await;
    let mut ana = Agent::available(&server, "ana").await;

    // The first is signed by another library.
    let body = escaped(&text("wamid.1", "Wo ist mein Päckchen? 👍"));
    let signed = raw(&body).header("x-hub-signature-256", signature(&body).await);
    server.http().send(signed.clone()).await.expect(200);
    let offered = ana.accept().await;
    let message = &offered["message"];
    assert_eq!(
        (&message["parts"][0]["text"], &message["externalId"]),
        (&json!("Wo ist mein Päckchen? 👍"), &json!("wamid.1"))
    );
    let customer = &message["workItem"]["customer"];
    assert_eq!(
        (&customer["address"], &customer["aliases"], &customer["name"]),
        (&json!(USER), &json!([CUSTOMER]), &json!("Shéena 👍"))
    );
    let window = ana
        .event_where("message.received", |data| data["message"]["interaction"]["name"] == "command.status-changed")
        .await;
    let command = &window["message"]["interaction"]["arguments"]["commands"][0];
    assert_eq!((&command["command"], &command["enabled"]), (&json!("message.send"), &json!(true)));
    assert!(command["until"].is_string(), "{command}");
    // Meta sends again what it has no answer to.
    server.http().send(signed).await.expect(200);

    post(&server, &picture_of("wamid.2")).await.expect(200);
    let changed = ana.event("message.changed").await["message"].clone();
    assert_eq!(
        (&changed["parts"][0]["state"], &changed["parts"][0]["blob"]),
        (&json!("ready"), &json!(sha256(picture)))
    );

    let item = &offered["workItem"]["id"];
    let sent = ana.reply(item, "Unterwegs: ä").await;
    let of = |status: &'static str| {
        let sent = sent.clone();
        move |data: &Value| data["messageId"] == sent.as_str() && data["status"] == status
    };
    ana.event_where("message.status", of("sent")).await;
    let asked = graph.received();
    assert!(asked.iter().all(|asked| asked.header("authorization") == format!("Bearer {TOKEN}")), "{asked:?}");
    let posted: Vec<_> = asked.iter().filter(|asked| asked.path == messages).collect();
    assert_eq!(posted.len(), 1, "{posted:?}");
    assert_eq!(
        posted[0].json(),
        json!({
            "messaging_product": "whatsapp", "recipient_type": "individual", "to": CUSTOMER, "type": "text",
            "text": {"preview_url": false, "body": "Unterwegs: ä"}, "biz_opaque_callback_data": sent,
        })
    );
    for word in ["delivered", "read", "sent"] {
        post(&server, &status("wamid.out", word, &sent)).await.expect(200);
    }
    ana.event_where("message.status", of("delivered")).await;
    ana.event_where("message.status", of("read")).await;

    // A template, by the driver's own command.
    let arguments = json!({"name": "order_update", "language": "de", "values": ["7"]});
    ana.ok(json!({"type": "work-item.invoke", "workItemId": item, "name": "send-template", "arguments": arguments}))
        .await;
    let reply = ana.event_where("message.received", |data| data["message"]["interaction"]["name"] == "invoke").await;
    assert_eq!(reply["message"]["interaction"]["arguments"]["outcome"], json!({"externalId": "wamid.out"}));
    let wrong =
        json!({"type": "work-item.invoke", "workItemId": item, "name": "send-template", "arguments": {"name": 7}});
    ana.refused(wrong, "bad-request").await;
}

/// A Graph API that reads what it is sent and hangs up.
async fn mute() -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("its address");
    let count = Arc::new(AtomicUsize::new(0));
    let counted = count.clone();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = [0; 4096];
            if stream.read(&mut request).await.is_ok_and(|read| read > 0) {
                counted.fetch_add(1, Ordering::SeqCst);
            }
        }
    });
    (format!("http://{address}"), count)
}

#[tokio::test]
async fn an_answer_that_nobody_confirmed_is_unknown_until_a_status_settles_it() {
    let (api_base, asked) = mute().await;
    let server = Server::start(setup(&api_base)).await;
    let mut ana = Agent::available(&server, "ana").await;
    post(&server, &text("wamid.1", "hello?")).await.expect(200);
    let item = ana.accept().await["workItem"]["id"].clone();
    let sent = ana.reply(&item, "here").await;
    let of = |status: &'static str| {
        let sent = sent.clone();
        move |data: &Value| data["messageId"] == sent.as_str() && data["status"] == status
    };
    ana.event_where("message.status", of("unknown")).await;
    // The driver was asked once more, and said that it can't be looked up.
    eventually("the delivery has ended", async || {
        let path = format!("/v1/work-items/{}/messages", item.as_str().expect("an id"));
        let thread = server.operator().get(&path).await.expect(200).json();
        (thread["statuses"][&sent]["status"] == "unknown").then_some(())
    })
    .await;
    assert_eq!(asked.load(Ordering::SeqCst), 1, "it is not sent again by itself");
    // WhatsApp's id of it is new to us, our own isn't.
    post(&server, &status("wamid.lost", "delivered", &sent)).await.expect(200);
    ana.event_where("message.status", of("delivered")).await;
    assert_eq!(asked.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_bad_entry_is_in_quarantine_and_the_others_are_with_the_agent() {
    let server = Server::start(setup("http://127.0.0.1:9")).await;
    let mut ana = Agent::available(&server, "ana").await;
    let mut body = text("wamid.1", "one");
    body["entry"][0]["changes"][0]["value"]["messages"].as_array_mut().expect("messages").push(json!({"type": "text"}));
    let other = text("wamid.2", "two")["entry"][0].clone();
    body["entry"].as_array_mut().expect("entries").extend([json!({"id": "x", "changes": 7}), other]);
    post(&server, &body).await.expect(200);
    let item = ana.accept().await["workItem"]["id"].clone();
    ana.event_where("message.received", |data| data["message"]["externalId"] == "wamid.2").await;
    let path = format!("/v1/work-items/{}", item.as_str().expect("an id"));
    let shown = server.operator().get(&path).await.expect(200).json();
    assert_eq!(shown["externalIds"], json!(["wamid.1", "wamid.2"]));
    let aside = server.operator().get("/v1/quarantine").await.expect(200).json();
    assert_eq!(aside["items"].as_array().map(Vec::len), Some(2), "{aside}");
    // What is for another number is nobody's here.
    let elsewhere = escaped(&text("wamid.3", "three")).replace(NUMBER, "999");
    let elsewhere: Value = serde_json::from_str(&elsewhere).expect("JSON");
    post(&server, &elsewhere).await.expect(200);
    assert_eq!(
        server.operator().get("/v1/work-items").await.expect(200).json()["items"].as_array().map(Vec::len),
        Some(1)
    );
}

#[tokio::test]
async fn a_batch_as_large_as_metas_is_taken_without_a_setting() {
    let server = Server::start(setup("http://127.0.0.1:9")).await;
    let mut ana = Agent::available(&server, "ana").await;
    // 500 messages of 4 KB: more than one call can push.
    let mut batch = text("wamid.0", &"a".repeat(4_000));
    let messages = batch["entry"][0]["changes"][0]["value"]["messages"].as_array_mut().expect("messages");
    let first = messages[0].clone();
    messages.extend((1..500).map(|number| {
        let mut message = first.clone();
        message["id"] = json!(format!("wamid.{number}"));
        message
    }));
    assert!((2_000_000..3_000_000).contains(&batch.to_string().len()));
    post(&server, &batch).await.expect(200);
    ana.accept().await;
    ana.event_where("message.received", |data| data["message"]["externalId"] == "wamid.499").await;
    let component = driver("whatsapp");
    let check = jackfield(component.parent().expect("its folder"), &["driver", "check", "whatsapp.wasm"]).await;
    assert!(check.expect(0).stdout.contains("body: asks for 4MiB"));
    // What nobody would send is not even read.
    let huge = raw(&"x".repeat((4 << 20) + 1)).header("x-hub-signature-256", "sha256=00");
    server.http().send(huge).await.expect(413);
}
