//! Telegram, against an emulator of its Bot API and python-telegram-bot.

use std::time::Duration;

use jackfield_tests::{
    Agent, Companion, DEADLINE, Mute, Received, Request, Server, Setup, Sink, ask_python, digest_at_socket, driver,
    eventually, free_port,
};
use serde_json::{Map, Value, json};
use tokio::time::timeout;

const TOKEN: &str = "123456:AAE-the_token_of_the_bot";
const SECRET: &str = "the-secret_Token";
const HEADER: &str = "x-telegram-bot-api-secret-token";
const SENT: &str = r#"{"ok":true,"result":{"message_id":77,"date":1,"chat":{"id":5,"type":"private"}}}"#;
/// An address where nobody is: for what sends nothing.
const NOWHERE: &str = "http://127.0.0.1:9";

fn setup(api_base: &str, settings: &str) -> Setup {
    let channel = format!(
        "[[channel]]\nid = \"bot\"\ndriver = \"telegram\"\nsettings = {{ api-base = \"{api_base}\"{settings} }}\n\
         secrets = {{ bot-token = \"env:BOT_TOKEN\", webhook-secret = \"env:BOT_SECRET\" }}\n\
         grants = {{ http = [\"{api_base}\"] }}"
    );
    Setup::simple(&["ana"])
        .driver(driver("telegram"))
        .environment("BOT_TOKEN", TOKEN)
        .environment("BOT_SECRET", SECRET)
        .text(&channel)
}

/// The emulator; `webhook` is what it calls with updates, if it does.
async fn emulator(port: u16, webhook: Option<String>) -> Companion {
    let first = json!({"port": port, "token": TOKEN, "secret": SECRET, "webhook": webhook});
    let (emulator, word) = Companion::node("telegram_server.mjs", &first).await;
    assert_eq!(word, "ready");
    emulator
}

/// What the bot has written so far.
async fn written(emulator: &mut Companion) -> Vec<Value> {
    let history: Value = serde_json::from_str(&emulator.ask(&json!({"history": true})).await).expect("the history");
    let of_bot = |entry: &&Value| entry["message"]["chat_id"] == 5;
    history.as_array().expect("a list").iter().filter(of_bot).map(|entry| entry["message"].clone()).collect()
}

fn said(update: u32, fields: Value) -> Value {
    let mut message = json!({"message_id": update, "date": 1, "from": {"id": 5, "is_bot": false, "first_name": "Kim"},
        "chat": {"id": 5, "type": "private", "first_name": "Kim"}});
    for (name, value) in fields.as_object().expect("fields") {
        message[name] = value.clone();
    }
    json!({"update_id": update, "message": message})
}

fn call(update: &Value) -> Request {
    Request::json("/channels/bot", update).header(HEADER, SECRET)
}

async fn post(server: &Server, update: &Value) {
    let answer = server.http().send(call(update)).await.expect(200);
    // A method in the answer, Telegram would carry out.
    assert!(answer.body.is_empty(), "{}", answer.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_customer_writes_reaches_an_agent_and_the_answer_reaches_the_customer() {
    let port = free_port();
    let server = Server::start(setup(&format!("http://127.0.0.1:{port}"), "")).await;
    let mut emulator = emulator(port, Some(format!("{}/channels/bot", server.url()))).await;
    let mut ana = Agent::available(&server, "ana").await;
    emulator.ask(&json!({"say": " he 👍 &+ "})).await;
    let offered = ana.accept().await;
    let message = &offered["message"];
    assert_eq!((&message["parts"][0]["text"], &message["mediaType"]), (&json!(" he 👍 &+ "), &json!("chat")));
    assert_eq!((&message["externalId"], &message["workItem"]["customer"]["name"]), (&json!("5/1"), &json!("Kim")));
    assert_eq!(json!(digest_at_socket(message)), message["digest"]);

    let item = &offered["workItem"]["id"];
    let sent = ana.reply(item, "Gr\u{fc}\u{df}e <b>&</b> _x_ 👍").await;
    ana.event_where("message.status", |data| data["messageId"] == sent.as_str() && data["status"] == "sent").await;
    let written = written(&mut emulator).await;
    assert_eq!(written, [json!({"chat_id": 5, "text": "Gr\u{fc}\u{df}e <b>&</b> _x_ 👍"})]);

    // A button, and the beginning from a link: of the same conversation.
    emulator.ask(&json!({"press": "yes"})).await;
    let pressed = ana.event("message.received").await["message"].clone();
    assert_eq!(pressed["parts"][0]["values"], json!({"id": "yes", "title": "yes"}));
    emulator.ask(&json!({"say": "/start order-77"})).await;
    let started = ana.event("message.received").await["message"].clone();
    assert_eq!(started["attributes"]["telegram.start"], "order-77");
}

#[tokio::test(flavor = "multi_thread")]
async fn updates_are_asked_for_where_nobody_can_call() {
    let port = free_port();
    let mut emulator = emulator(port, None).await;
    let mut server = Server::start(setup(&format!("http://127.0.0.1:{port}"), ", updates = \"polling\"")).await;
    let mut ana = Agent::available(&server, "ana").await;
    emulator.ask(&json!({"say": "anybody there?"})).await;
    let item = ana.accept().await["workItem"]["id"].clone();
    let sent = ana.reply(&item, "yes").await;
    ana.event_where("message.status", |data| data["messageId"] == sent.as_str() && data["status"] == "sent").await;
    assert_eq!(written(&mut emulator).await, [json!({"chat_id": 5, "text": "yes"})]);
    server.http().send(call(&said(9, json!({"text": "by the webhook"})))).await.expect(403);

    // It goes on after a crash.
    server.kill().await;
    emulator.ask(&json!({"say": "still there?"})).await;
    server.start_again().await;
    let mut ana = Agent::available(&server, "ana").await;
    let path = format!("/v1/work-items/{}/messages", item.as_str().expect("an id"));
    eventually("the second message is there", async || {
        let thread = server.operator().get(&path).await.expect(200).text();
        thread.contains("still there?").then_some(())
    })
    .await;
    ana.set_state("away").await;
}

#[tokio::test]
async fn a_long_poll_does_not_hold_the_end_back() {
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}", silent.local_addr().expect("its address"));
    let mut server = Server::start(setup(&url, ", updates = \"polling\"")).await;
    // Telegram waits for something to come.
    let poll = timeout(DEADLINE, silent.accept()).await.expect("a poll in time").expect("a connection");
    let ended = server.stop().await;
    assert!(ended.status.success() && ended.took < Duration::from_secs(15), "{:?}", ended.took);
    drop(poll);
}

fn of_method<'a>(received: &'a [Received], method: &str) -> Vec<&'a Received> {
    let path = format!("/bot{TOKEN}/{method}");
    received.iter().filter(|request| request.path == path).collect()
}

/// Serves what a bot is answered.
async fn api() -> Sink {
    let api = Sink::start().await;
    for method in ["sendMessage", "sendDocument"] {
        api.serve(&format!("/bot{TOKEN}/{method}"), "application/json", SENT);
    }
    let me = r#"{"ok":true,"result":{"id":1,"is_bot":true,"first_name":"Bot","username":"a_bot"}}"#;
    api.serve(&format!("/bot{TOKEN}/getMe"), "application/json", me);
    for method in ["setWebhook", "deleteWebhook"] {
        api.serve(&format!("/bot{TOKEN}/{method}"), "application/json", r#"{"ok":true,"result":true}"#);
    }
    api
}

#[tokio::test(flavor = "multi_thread")]
async fn what_goes_out_is_what_python_telegram_bot_sends() {
    let api = api().await;
    let server = Server::start(setup(&api.url(""), "")).await;
    let mut ana = Agent::available(&server, "ana").await;
    let group = json!({"chat": {"id": -9, "type": "group", "title": "G"}, "text": "x"});
    post(&server, &said(44, group)).await;
    let item = ana.accept().await["workItem"]["id"].clone();
    let text = "Grüße & <b> 👍";
    ana.reply(&item, text).await;
    post(&server, &said(45, json!({"text": "in private"}))).await;
    let private = ana.accept().await["workItem"]["id"].clone();
    ana.reply(&private, text).await;
    let upload = Request::new("POST", "/v1/blobs").header("content-type", "application/pdf").body("%PDF");
    let blob = server.http().with_token("ana").send(upload).await.expect(201).json()["digest"].clone();
    ana.ok(json!({"type": "message.send", "workItemId": private, "text": "see", "attachments": [blob]})).await;
    let ours = api.wait_for(3).await;

    let calls = json!([
        ["send_message", {"chat_id": -9, "text": text, "reply_to": 44}],
        ["send_message", {"chat_id": 5, "text": text}],
        ["send_document", {"chat_id": 5, "document": "%PDF", "filename": "a.pdf", "caption": "see"}],
    ]);
    ask_python("telegram_bot.py", &json!({"base": api.url(""), "token": TOKEN, "calls": calls})).await;
    let theirs = api.received().split_off(ours.len());
    for method in ["sendMessage", "sendDocument"] {
        let (ours, theirs) = (of_method(&ours, method), of_method(&theirs, method));
        let fields_of = |requests: &[&Received]| -> Vec<_> {
            requests
                .iter()
                .map(|request| {
                    let mut fields = request.fields();
                    // They name the file elsewhere in the form.
                    fields.remove("document");
                    fields
                })
                .collect()
        };
        assert!(!ours.is_empty());
        assert_eq!(fields_of(&ours), fields_of(&theirs), "{method}");
    }
    let file = of_method(&ours, "sendDocument")[0];
    assert!(file.body.windows(4).any(|bytes| bytes == b"%PDF"));
    assert!(!server.log().contains(TOKEN));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_python_telegram_bot_lets_in_is_let_in() {
    let api = api().await;
    let server = Server::start(setup(NOWHERE, "")).await;
    let body = said(1, json!({"text": "hi"})).to_string();
    let cases = [
        vec![(HEADER, SECRET)],
        vec![],
        vec![(HEADER, "")],
        vec![(HEADER, "the-secret_Tokem")],
        vec![(HEADER, "the-secret_Token-and-more")],
        vec![("authorization", SECRET)],
    ];
    let mut ours = Vec::new();
    let mut requests = Vec::new();
    for case in &cases {
        let request = Request::new("POST", "/channels/bot").header("content-type", "application/json");
        let request = case.iter().fold(request, |request, (name, value)| request.header(name, *value));
        ours.push(server.http().send(request.body(body.clone())).await.status.to_string());
        let headers: Map<String, Value> = case.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
        requests.push(json!({"headers": headers, "body": body}));
    }
    let given = json!({"base": api.url(""), "token": TOKEN, "secret": SECRET, "requests": requests});
    let theirs = ask_python("telegram_bot.py", &given).await;
    assert_eq!(ours, theirs.lines().collect::<Vec<_>>());
    assert_eq!(ours, ["200", "403", "403", "403", "403", "403"]);
    // Bytes that are no text, and two of them.
    let raw = || Request::new("POST", "/channels/bot").body(body.clone());
    server.http().send(raw().header(HEADER, vec![0xff, 0xfe])).await.expect(403);
    server.http().send(raw().header(HEADER, SECRET).header(HEADER, SECRET)).await.expect(403);
}

#[tokio::test]
async fn a_photo_is_fetched_after_the_answer_and_the_token_is_in_no_log() {
    let api = api().await;
    let server = Server::start(setup(&api.url(""), "").environment("RUST_LOG", "debug")).await;
    let mut ana = Agent::available(&server, "ana").await;
    let photo = json!([{"file_id": "S", "width": 90, "height": 60}, {"file_id": "L", "width": 800, "height": 600}]);
    let path = r#"{"ok":true,"result":{"file_id":"L","file_path":"photos/file_1.jpg"}}"#;
    api.serve(&format!("/bot{TOKEN}/getFile"), "application/json", path);
    api.serve(&format!("/file/bot{TOKEN}/photos/file_1.jpg"), "image/jpeg", b"\xff\xd8 the photo".as_slice());
    // It is not there at once.
    api.answer_next(&[500]);
    post(&server, &said(1, json!({"caption": "look", "photo": photo}))).await;
    let message = ana.accept().await["message"].clone();
    assert_eq!((&message["parts"][0]["text"], &message["parts"][1]["state"]), (&json!("look"), &json!("pending")));
    let part = ana.event("message.changed").await["message"]["parts"][1].clone();
    assert_eq!(
        (&part["state"], &part["mediaType"], &part["size"]),
        (&json!("ready"), &json!("image/jpeg"), &json!(12))
    );
    let blob = format!("/v1/blobs/{}", part["blob"].as_str().expect("a blob"));
    let fetched = server.http().with_token("ana").get(&blob).await.expect(200);
    assert_eq!(fetched.body.as_ref(), b"\xff\xd8 the photo");

    let log = server.log();
    let told = server.operator().get("/v1/channels").await.expect(200).text();
    assert!(!log.contains(TOKEN) && !told.contains(TOKEN), "{log}");
}

#[tokio::test]
async fn a_wrong_token_is_told_to_the_operator() {
    let api = api().await;
    let server = Server::start(setup(&api.url(""), "")).await;
    let mut ana = Agent::available(&server, "ana").await;
    post(&server, &said(1, json!({"text": "hi"}))).await;
    let item = ana.accept().await["workItem"]["id"].clone();
    let health = async || server.operator().get("/v1/channels").await.expect(200).json()["items"][0]["health"].clone();
    assert_eq!(health().await["state"], "connected");
    api.answer_next(&[401]);
    let sent = ana.reply(&item, "hello").await;
    let of = |data: &Value, status: &str| data["messageId"] == sent.as_str() && data["status"] == status;
    let failed = ana.event_where("message.status", |data| of(data, "failed")).await;
    assert_eq!(failed["error"]["code"], "bad-credentials", "{failed}");
    let becomes = async |state: &str| {
        eventually(&format!("the channel is {state}"), async || {
            let told = health().await;
            (told["state"] == state).then_some(told)
        })
        .await
    };
    assert_eq!(becomes("bad-credentials").await["userAction"], true);
    let sent = ana.reply(&item, "hello again").await;
    ana.event_where("message.status", |data| data["messageId"] == sent.as_str() && data["status"] == "sent").await;
    becomes("connected").await;
}

#[tokio::test]
async fn an_answer_that_nobody_confirms_is_unknown_and_not_sent_again() {
    let mute = Mute::start().await;
    let server = Server::start(setup(&mute.url(), "")).await;
    let mut ana = Agent::available(&server, "ana").await;
    post(&server, &said(1, json!({"text": "hi"}))).await;
    let item = ana.accept().await["workItem"]["id"].clone();
    let sent = ana.reply(&item, "hello").await;
    ana.event_where("message.status", |data| data["messageId"] == sent.as_str() && data["status"] == "unknown").await;
    // What is said later is sent; what may have been, not again by itself.
    let later = ana.reply(&item, "are you there?").await;
    ana.event_where("message.status", |data| data["messageId"] == later.as_str() && data["status"] == "unknown").await;
    let heard: Vec<String> = mute.heard();
    assert_eq!(heard, vec![format!("POST /bot{TOKEN}/sendMessage HTTP/1.1"); 2]);
    let log = server.log();
    assert!(!log.contains(TOKEN), "{log}");
    ana.ok(json!({"type": "message.retry", "messageId": sent})).await;
    eventually("it is sent again when the agent wants it", async || (mute.heard().len() == 3).then_some(())).await;
}
