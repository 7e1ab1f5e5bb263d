//! What we send, beside what other people's libraries send for the same.

use jackfield_tests::{Agent, Received, Request, Server, Sink, ask_node, ask_python};
use serde_json::{Value, json};

use super::{TOKEN, post, whatsapp};

/// The customer of [`whatsapp::text`].
const TO: &str = "16505551234";

/// What arrived at the messages' path, as JSON.
fn messages(received: &[Received]) -> Vec<Value> {
    let posts = received.iter().filter(|received| received.path.ends_with("/messages"));
    posts.map(Received::json).collect()
}

fn uploads(received: &[Received]) -> Vec<&Received> {
    received.iter().filter(|received| place(received).ends_with("/media")).collect()
}

/// The path without a query: one library says there again what stands in its form.
fn place(received: &Received) -> &str {
    received.path.split('?').next().unwrap_or_default()
}

/// The names of a form's fields.
fn fields(upload: &Received) -> Vec<String> {
    let body = String::from_utf8_lossy(&upload.body).into_owned();
    let mut names: Vec<String> =
        body.split(" name=\"").skip(1).filter_map(|rest| rest.split('"').next()).map(str::to_owned).collect();
    names.sort();
    names
}

async fn graph() -> Sink {
    let graph = Sink::start().await;
    let folder = format!("/v23.0/{}", whatsapp::NUMBER);
    graph.serve(&format!("{folder}/messages"), "application/json", r#"{"messaging_product":"whatsapp","contacts":[{"input":"16505551234","wa_id":"16505551234"}],"messages":[{"id":"wamid.out"}]}"#);
    graph.serve(&format!("{folder}/media"), "application/json", r#"{"id":"4490709327384033"}"#);
    graph
}

#[tokio::test(flavor = "multi_thread")]
async fn what_goes_out_is_what_other_libraries_send() {
    let ours = graph().await;
    let server = Server::start(whatsapp::setup(&ours.url(""))).await;
    let mut ana = Agent::available(&server, "ana").await;
    post(&server, &whatsapp::text("wamid.1", "hello")).await.expect(200);
    let item = ana.accept().await["workItem"]["id"].clone();
    let text = ana.reply(&item, "Täxt").await;
    let upload = Request::new("POST", "/v1/blobs?name=a.png").header("content-type", "image/png").body("the bytes");
    let blob = server.http().with_token("ana").send(upload).await.expect(201).json()["digest"].clone();
    let file = json!({"type": "message.send", "workItemId": item, "text": "look", "attachments": [blob]});
    let file = ana.ok(file).await["messageId"].clone();
    let template = json!({"name": "order_update", "language": "en_US", "values": ["Ann", "7"]});
    let invoke =
        json!({"type": "work-item.invoke", "workItemId": item, "name": "send-template", "arguments": template});
    let template = ana.ok(invoke).await["messageId"].clone();
    ours.wait_for(4).await;

    let received = ours.received();
    let sent = messages(&received);
    assert_eq!(sent.len(), 3, "{sent:?}");
    let keys: Vec<_> = sent.iter().map(|sent| sent["biz_opaque_callback_data"].clone()).collect();
    assert_eq!(keys, [json!(text), file, template]);
    for library in ["python", "node"] {
        let theirs = graph().await;
        let asked = json!({"base": theirs.url(""), "number": whatsapp::NUMBER, "token": TOKEN, "to": TO, "keys": keys});
        match library {
            "python" => ask_python("meta_send.py", &asked).await,
            _ => ask_node("meta_send.mjs", &asked).await,
        };
        let golden = theirs.received();
        for (ours, theirs) in sent.iter().zip(messages(&golden)) {
            assert_eq!(without_defaults(ours), without_defaults(&theirs), "{library}");
        }
        assert_eq!(messages(&golden).len(), 3, "{library}");
        let (our_upload, their_upload) = (uploads(&received)[0], uploads(&golden)[0]);
        for header in ["authorization", "content-type"] {
            let value = |upload: &Received| upload.header(header).split(';').next().unwrap_or_default().to_owned();
            assert_eq!(value(our_upload), value(their_upload), "{library}: {header}");
        }
        let theirs = fields(their_upload);
        let all = fields(our_upload);
        assert!(theirs.iter().all(|name| all.contains(name)), "{library}: {theirs:?}, ours {all:?}");
        assert_eq!(place(our_upload), place(their_upload), "{library}");
    }
}

/// Without what is the default when it is left out, and without differences in the case of a word.
fn without_defaults(message: &Value) -> Value {
    let mut message = message.clone();
    if let Some(text) = message.get_mut("text").and_then(Value::as_object_mut)
        && text.get("preview_url") == Some(&json!(false))
    {
        text.remove("preview_url");
    }
    let lowered = message.to_string().replace("\"BODY\"", "\"body\"").replace("\"TEXT\"", "\"text\"");
    let mut message: Value = serde_json::from_str(&lowered).expect("JSON");
    if let Some(language) = message.pointer_mut("/template/language").and_then(Value::as_object_mut) {
        language.remove("policy");
    }
    message
}
