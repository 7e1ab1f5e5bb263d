//! Slack, beside its own libraries: @slack/bolt as receiver, slack_sdk as signer, verifier and sender.

use std::net::SocketAddr;
use std::time::{SystemTime, UNIX_EPOCH};

use jackfield_tests::{
    Agent, Companion, Http, Mute, Received, Request, Server, Setup, Sink, ask_node, ask_python, digest_at_socket,
    driver, eventually,
};
use serde_json::{Value, json};

const SECRET: &str = "8f742231b10e8888abcd99yyyzzz85a5";
const TOKEN: &str = "xoxb-the-token-of-the-bot";
const TIME: &str = "x-slack-request-timestamp";
const SIGNATURE: &str = "x-slack-signature";
const FORM: &str = "application/x-www-form-urlencoded";
/// An address where nobody is: for what sends nothing.
const NOWHERE: &str = "http://127.0.0.1:9";

fn setup(api_base: &str) -> Setup {
    let channel = format!(
        "[[channel]]\nid = \"team\"\ndriver = \"slack\"\nsettings = {{ api-base = \"{api_base}/api\" }}\n\
         secrets = {{ signing-secret = \"env:SLACK_SECRET\", bot-token = \"env:SLACK_TOKEN\" }}\n\
         grants = {{ http = [\"{api_base}\"] }}"
    );
    Setup::simple(&["ana"])
        .driver(driver("slack"))
        .environment("SLACK_SECRET", SECRET)
        .environment("SLACK_TOKEN", TOKEN)
        .text(&channel)
}

fn now() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("a time").as_secs().cast_signed()
}

/// The signatures that Slack's SDK makes.
async fn signatures(bodies: &[(i64, &str)]) -> Vec<String> {
    let signed = ask_python("slack_sdk_peer.py", &json!({"secret": SECRET, "sign": bodies})).await;
    signed.lines().map(str::to_owned).collect()
}

fn request(path: &str, content_type: &str, body: &str, time: i64, signature: &str) -> Request {
    Request::new("POST", path)
        .header("content-type", content_type)
        .header(TIME, time.to_string())
        .header(SIGNATURE, signature)
        .body(body.to_owned())
}

fn event(id: &str, event: Value) -> String {
    json!({"token": "t", "team_id": "T1", "api_app_id": "A1", "type": "event_callback", "event_id": id, "event_time": now(),
        "authorizations": [{"team_id": "T1", "user_id": "UBOT", "is_bot": true}], "event": event})
    .to_string()
}

fn said(id: &str, ts: &str, text: &str) -> String {
    event(
        id,
        json!({"type": "message", "channel": "C1", "channel_type": "channel", "user": "U1", "ts": ts, "text": text}),
    )
}

async fn post(server: &Server, body: &str) {
    let time = now();
    let signature = signatures(&[(time, body)]).await.remove(0);
    let sent = request("/channels/team", "application/json", body, time, &signature);
    assert!(server.http().send(sent).await.expect(200).body.is_empty());
}

/// Serves what Slack answers.
async fn api() -> Sink {
    let api = Sink::start().await;
    for (method, answer) in [
        ("auth.test", json!({"ok": true, "team_id": "T1", "user_id": "UBOT", "bot_id": "B1"})),
        (
            "users.info",
            json!({"ok": true, "user": {"id": "U1", "real_name": "Kim", "profile": {"display_name": "kim"}}}),
        ),
        ("chat.postMessage", json!({"ok": true, "channel": "C1", "ts": "6.2"})),
        ("files.getUploadURLExternal", json!({"ok": true, "upload_url": api.url("/upload/v1/ABC"), "file_id": "F123"})),
        ("files.completeUploadExternal", json!({"ok": true, "files": [{"id": "F123", "title": "a.txt"}]})),
    ] {
        api.serve(&format!("/api/{method}"), "application/json", answer.to_string());
    }
    api
}

fn of_method<'a>(received: &'a [Received], method: &str) -> Vec<&'a Received> {
    let path = format!("/{method}");
    received.iter().filter(|request| request.path.ends_with(&path)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_request_is_decided_as_slacks_own_libraries_decide() {
    let (mut bolt, port) = Companion::node("slack_bolt.mjs", &json!({"secret": SECRET})).await;
    let bolt_address: SocketAddr = format!("127.0.0.1:{port}").parse().expect("an address");
    let bolt_http = Http::new(bolt_address);
    let server = Server::start(setup(NOWHERE)).await;

    let good = said("Ev1", "1.1", "hello");
    let retried = said("Ev1", "1.1", "hello");
    let own = event(
        "Ev2",
        json!({"type": "message", "channel": "C1", "user": "UBOT", "bot_id": "B1", "ts": "2.1", "text": "mine"}),
    );
    let challenge = json!({"type": "url_verification", "challenge": "3eZbrw", "token": "t"}).to_string();
    let command =
        "team_id=T1&channel_id=C1&user_id=U1&user_name=kim&command=%2Fhelp&text=me&trigger_id=1.2.x&api_app_id=A1";
    let action = json!({"type": "block_actions", "team": {"id": "T1"}, "user": {"id": "U1", "username": "kim"},
        "channel": {"id": "C1"}, "message": {"ts": "1.1"}, "container": {"type": "message", "message_ts": "1.1"},
        "actions": [{"type": "button", "action_id": "a", "block_id": "b", "value": "y", "text": {"type": "plain_text", "text": "Yes!"},
        "action_ts": "7.1"}]});
    let action = format!("payload={}", encoded(&action.to_string()));
    let json = "application/json";
    let bodies: [(i64, &str, &str); 11] = [
        (0, json, &good),
        (0, json, &retried),
        (0, json, &own),
        (0, json, &challenge),
        (0, FORM, command),
        (0, FORM, &action),
        (-290, json, &good),
        (-310, json, &good),
        (310, json, &good),
        (0, FORM, "ssl_check=1&token=t"),
        (0, json, "{\"type\":"),
    ];
    let time = now();
    let timed: Vec<(i64, &str)> = bodies.iter().map(|(offset, _, body)| (time + offset, *body)).collect();
    let signed = signatures(&timed).await;
    let mut cases = Vec::new();
    for ((offset, kind, body), signature) in bodies.iter().zip(&signed) {
        cases.push((*kind, *body, (time + offset).to_string(), signature.clone()));
    }
    // What nobody signed, or signed otherwise.
    let (at, genuine) = (time.to_string(), signed[0].clone());
    for (at, signature) in [
        (at.clone(), genuine.replace("v0=", "v1=")),
        (at.clone(), genuine.replace("v0=", "")),
        (at.clone(), genuine[..40].to_owned()),
        (at.clone(), format!("v0={}", "0".repeat(64))),
        (at.clone(), genuine.to_uppercase().replace("V0", "v0")),
        (at.clone(), String::new()),
        ((time + 1).to_string(), genuine.clone()),
        ("0".to_owned(), genuine.clone()),
    ] {
        cases.push((json, &good, at, signature));
    }
    let told: Vec<_> = cases.iter().map(|(_, body, at, signature)| json!([at, signature, body])).collect();
    let verified = ask_python("slack_sdk_peer.py", &json!({"secret": SECRET, "verify": told})).await;
    let verified: Vec<bool> = verified.lines().map(|line| line == "true").collect();
    assert_eq!(verified.len(), cases.len());

    let (mut accepted, mut refused) = (0, 0);
    for ((kind, body, at, signature), verified) in cases.iter().zip(verified) {
        let to = |path: &str| {
            Request::new("POST", path)
                .header("content-type", *kind)
                .header(TIME, at.clone())
                .header(SIGNATURE, signature.clone())
                .header("x-slack-retry-num", "1")
                .header("x-slack-retry-reason", "http_timeout")
                .body((*body).to_owned())
        };
        let what = format!("{at} {signature} {body}");
        let ours = server.http().send(to("/channels/team")).await;
        let theirs = bolt_http.send(to("/slack/events")).await;
        let is_future = at.parse::<i64>().is_ok_and(|at| at > time + 300);
        if is_future {
            // bolt takes what comes from the future; the SDK's verifier and we don't.
            assert_eq!((ours.status, theirs.status, verified), (401, 200, false), "{what}");
            continue;
        }
        assert_eq!(ours.is_success(), theirs.is_success(), "{what}: {} {}", ours.status, theirs.status);
        assert_eq!(ours.status == 401, theirs.status == 401, "{what}: {} {}", ours.status, theirs.status);
        if !body.contains("ssl_check") {
            assert_eq!(ours.status != 401, verified, "{what}: {}", ours.status);
        }
        if body.contains("challenge") {
            assert_eq!(ours.json(), theirs.json());
        } else if ours.is_success() {
            assert!(ours.body.is_empty(), "{what}: {}", ours.text());
            accepted += 1;
        } else {
            refused += 1;
        }
    }
    assert_eq!((accepted, refused), (7, 10));
    // Without a signature at all, and with bytes that are no text.
    for headers in [vec![], vec![(SIGNATURE, vec![0xff, 0xfe])], vec![(TIME, at.clone().into_bytes())]] {
        let bare = Request::new("POST", "/channels/team").header("content-type", json).body(good.clone());
        let bare = headers.into_iter().fold(bare, |request, (name, value)| request.header(name, value));
        server.http().send(bare).await.expect(401);
    }

    // What reached bolt's listeners is what reached ours; a retry, which bolt hears again, once.
    let mut heard: Vec<String> = serde_json::from_str(&bolt.ask(&json!({})).await).expect("a list");
    heard.sort();
    heard.dedup();
    let mut said: Vec<String> = Vec::new();
    for item in server.operator().get("/v1/work-items").await.expect(200).json()["items"].as_array().expect("items") {
        let path = format!("/v1/work-items/{}/messages", item["id"].as_str().expect("an id"));
        let thread = server.operator().get(&path).await.expect(200).json();
        for message in thread["items"].as_array().expect("messages") {
            let part = &message["parts"][0];
            said.extend(part["text"].as_str().or(part["fallback"].as_str()).map(str::to_owned));
        }
    }
    said.sort();
    assert_eq!(said, heard);
    assert_eq!(said, ["/help me", "Yes!", "hello"]);
}

/// A value of a form.
fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_goes_into_the_thread_as_slacks_sdk_sends_it() {
    let api = api().await;
    let server = Server::start(setup(&api.url(""))).await;
    let mut ana = Agent::available(&server, "ana").await;
    post(&server, &said("Ev1", "1531420618.000200", "x &lt;b&gt; <https://a.example|here>")).await;
    let offered = ana.accept().await;
    let message = &offered["message"];
    assert_eq!(
        (&message["parts"][0]["text"], &message["mediaType"]),
        (&json!("x <b> here (https://a.example)"), &json!("chat"))
    );
    assert_eq!(message["workItem"]["conversation"], "T1/C1/1531420618.000200");
    assert_eq!(json!(digest_at_socket(message)), message["digest"]);
    let item = offered["workItem"]["id"].clone();
    let text = "Grüße 👍";
    ana.reply(&item, text).await;
    let upload = Request::new("POST", "/v1/blobs").header("content-type", "text/plain").body("the file");
    let blob = server.http().with_token("ana").send(upload).await.expect(201).json()["digest"].clone();
    ana.ok(json!({"type": "message.send", "workItemId": item, "text": "", "attachments": [blob]})).await;
    eventually("the file is shared", async || {
        (!of_method(&api.received(), "files.completeUploadExternal").is_empty()).then_some(())
    })
    .await;
    let ours = api.received();
    let told = of_method(&ours, "files.getUploadURLExternal")[0].fields();
    let file = json!({"name": told["filename"], "content": "the file"});
    let call = json!({"base": api.url("/api"), "token": TOKEN, "channel": "C1", "thread": "1531420618.000200", "text": text, "file": file});
    ask_python("slack_sdk_peer.py", &call).await;
    let theirs = api.received().split_off(ours.len());
    for method in ["chat.postMessage", "files.getUploadURLExternal", "files.completeUploadExternal"] {
        let (ours, theirs) = (of_method(&ours, method), of_method(&theirs, method));
        assert_eq!((ours.len(), theirs.len()), (1, 1), "{method}");
        assert_eq!(ours[0].fields(), theirs[0].fields(), "{method}");
        assert_eq!(
            (ours[0].header("authorization"), &ours[0].method),
            (theirs[0].header("authorization"), &theirs[0].method)
        );
    }
    let (ours, theirs) = (of_method(&ours, "ABC"), of_method(&theirs, "ABC"));
    assert_eq!((&ours[0].body, ours[0].header("authorization")), (&theirs[0].body, ""));
    let call = json!({"base": api.url("/api/"), "token": TOKEN, "message": {"channel": "C1", "thread_ts": "1531420618.000200", "text": text}});
    ask_node("slack_web_api.mjs", &call).await;
    let all = api.received();
    let posts = of_method(&all, "chat.postMessage");
    assert_eq!(posts.first().map(|post| post.fields()), posts.last().map(|post| post.fields()));
    assert_eq!(posts.len(), 3);
    let log = server.log();
    assert!(!log.contains(TOKEN) && !log.contains(SECRET), "{log}");

    // The customer's name was learnt meanwhile; an answer in the thread joins.
    let second = json!({"type": "message", "channel": "C1", "user": "U1", "ts": "1531420700.1", "thread_ts": "1531420618.000200", "text": "more"});
    post(&server, &event("Ev9", second)).await;
    let joined = ana.event_where("message.received", |data| data["message"]["eventId"] == "Ev9").await;
    assert_eq!(joined["message"]["workItem"]["customer"]["name"], "kim");
}

#[tokio::test]
async fn a_file_is_fetched_after_the_answer_and_a_login_page_is_none() {
    let api = api().await;
    let server = Server::start(setup(&api.url(""))).await;
    let mut ana = Agent::available(&server, "ana").await;
    api.serve("/files-pri/F1/a.pdf", "application/pdf", "%PDF");
    api.serve("/files-pri/F2/b.pdf", "text/html; charset=utf-8", "<html>Sign in to Slack");
    let file = |id: &str, name: &str| json!({"id": id, "name": name, "mimetype": "application/pdf", "size": 4, "url_private": api.url(&format!("/files-pri/{id}/{name}"))});
    let files = json!([file("F1", "a.pdf"), file("F2", "b.pdf")]);
    let shared = json!({"type": "message", "subtype": "file_share", "channel": "C1", "user": "U1", "ts": "5.1", "text": "see", "files": files});
    post(&server, &event("Ev1", shared)).await;
    let message = ana.accept().await["message"].clone();
    assert_eq!((&message["parts"][0]["text"], &message["parts"][1]["state"]), (&json!("see"), &json!("pending")));
    ana.event("message.changed").await;
    let parts = ana.event("message.changed").await["message"]["parts"].clone();
    assert_eq!((&parts[1]["state"], &parts[2]["state"]), (&json!("ready"), &json!("failed")));
    let asked = api.received();
    let fetched: Vec<_> = asked.iter().filter(|request| request.path.starts_with("/files-pri/")).collect();
    assert!(fetched.iter().all(|request| request.header("authorization") == format!("Bearer {TOKEN}")), "{fetched:?}");
}

#[tokio::test]
async fn an_answer_that_nobody_confirms_is_unknown_and_not_sent_again() {
    let mute = Mute::start().await;
    let server = Server::start(setup(&mute.url())).await;
    let mut ana = Agent::available(&server, "ana").await;
    post(&server, &said("Ev1", "5.1", "hi")).await;
    let item = ana.accept().await["workItem"]["id"].clone();
    let sent = ana.reply(&item, "hello").await;
    ana.event_where("message.status", |data| data["messageId"] == sent.as_str() && data["status"] == "unknown").await;
    // What is said later is sent; what may have been, not again by itself.
    let later = ana.reply(&item, "are you there?").await;
    ana.event_where("message.status", |data| data["messageId"] == later.as_str() && data["status"] == "unknown").await;
    let posted = || mute.heard().iter().filter(|line| line.contains("/api/chat.postMessage ")).count();
    assert_eq!(posted(), 2);
    ana.ok(json!({"type": "message.retry", "messageId": sent})).await;
    eventually("it is sent again when the agent wants it", async || (posted() == 3).then_some(())).await;
}
