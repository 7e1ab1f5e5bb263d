//! The driver for any program that posts JSON: requests signed by the libraries that others sign with.

use std::time::{SystemTime, UNIX_EPOCH};

use jackfield_tests::{Agent, Request, Server, Setup, Sink, ask_node, ask_python, driver};
use serde_json::json;

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// A channel with this signature, whose replies go to `reply_url`.
fn setup(signature: &str, secret: &str, reply_url: &str) -> Setup {
    let origin = reply_url.splitn(4, '/').take(3).collect::<Vec<_>>().join("/");
    Setup::simple(&["ana"]).driver(driver("webhook")).environment("SECRET", secret).text(&format!(
        "[[channel]]\nid = \"forms\"\ndriver = \"webhook\"\nsettings = {{ signature = \"{signature}\", reply-url = \"{reply_url}\" }}\n\
         secrets = {{ signing-secret = \"env:SECRET\" }}\ngrants = {{ http = [\"{origin}\"] }}"
    ))
}

fn body(id: &str) -> String {
    json!({"id": id, "from": "kim", "text": "hällo 👋"}).to_string()
}

fn post(body: &str) -> Request {
    Request::new("POST", "/channels/forms").header("content-type", "application/json").body(body.to_owned())
}

/// Seconds since 1970.
fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock").as_secs()
}

#[tokio::test]
async fn standard_webhooks_go_both_ways() {
    let sink = Sink::start().await;
    let server = Server::start(setup("standard-webhooks", SECRET, &sink.url("/replies"))).await;
    let mut ana = Agent::available(&server, "ana").await;
    let signed = async |id: &str, time: u64, body: &str| {
        let asked = json!({"secret": SECRET, "id": id, "time": time, "body": body});
        let signature = ask_python("standard_webhooks.py", &asked).await;
        post(body)
            .header("webhook-id", id)
            .header("webhook-timestamp", time.to_string())
            .header("webhook-signature", signature)
    };
    let good = signed("msg_1", now(), &body("m1")).await;
    server.http().send(good.clone()).await.expect(200);
    for at in [2, 10, body("m1").len() - 3] {
        server.http().send(good.clone().with_flipped_byte(at)).await.expect(401);
    }
    // What was recorded can't be played again an hour later.
    let old = signed("msg_2", now() - 3600, &body("m2")).await;
    server.http().send(old).await.expect(401);
    server.http().send(post(&body("m3"))).await.expect(401);

    let item = ana.accept().await["workItem"]["id"].clone();
    let sent = ana.reply(&item, "hello back 👋").await;
    let reply = sink.wait_for(1).await[0].clone();
    assert_eq!(
        (reply.method.as_str(), reply.path.as_str(), reply.header("webhook-id")),
        ("POST", "/replies", sent.as_str())
    );
    let headers = ["webhook-id", "webhook-timestamp", "webhook-signature"].map(|name| (name, reply.header(name)));
    let verify = async |body: &str| {
        let headers: std::collections::BTreeMap<_, _> = headers.into();
        ask_python("standard_webhooks.py", &json!({"secret": SECRET, "headers": headers, "body": body})).await
    };
    let text = String::from_utf8(reply.body.to_vec()).expect("a text");
    assert_eq!(verify(&text).await, "genuine");
    assert_eq!(verify(&text.replace("back", "bakc")).await, "not genuine");
    // It is the message in canonical JSON, with the agent who wrote it.
    let message = reply.json();
    assert_eq!((&message["id"], &message["interaction"]["name"]), (&json!(sent), &json!("message.send")));
    assert_eq!((&message["agent"]["id"], &message["workItem"]["conversation"]), (&json!("ana"), &json!("kim")));
    assert_eq!(jackfield_spec::canonical::to_json(&message).expect("canonical JSON"), text);
}

#[tokio::test]
async fn what_github_and_stripe_sign_is_accepted() {
    for (signature, scheme, header) in
        [("hmac", "github", "x-hub-signature-256"), ("stripe", "stripe", "stripe-signature")]
    {
        let secret = "It's a Secret to Everybody";
        let server = Server::start(setup(signature, secret, "http://127.0.0.1:9/")).await;
        let value = ask_node("sign.mjs", &json!({"scheme": scheme, "secret": secret, "body": body("m1")})).await;
        let good = post(&body("m1")).header(header, value.clone());
        server.http().send(good.clone()).await.expect(200);
        server.http().send(good.with_flipped_byte(4)).await.expect(401);
        server.http().send(post(&body("m1"))).await.expect(401);
        let other =
            ask_node("sign.mjs", &json!({"scheme": scheme, "secret": "another secret", "body": body("m1")})).await;
        server.http().send(post(&body("m1")).header(header, other)).await.expect(401);
        let twice = post(&body("m1")).header(header, "0000").header(header, value);
        server.http().send(twice).await.expect(401);
    }
}

#[tokio::test]
async fn tokens_and_passwords_are_compared_whole() {
    let server = Server::start(setup("token", "s3cret", "http://127.0.0.1:9/")).await;
    let with = |value: &str| post(&body("m1")).header("authorization", value.to_owned());
    server.http().send(with("Bearer s3cret")).await.expect(200);
    for wrong in ["Bearer s3cre", "Bearer s3crets", "Bearer ", "s3cret", "Basic s3cret"] {
        server.http().send(with(wrong)).await.expect(401);
    }
    let server = Server::start(setup("basic", "shop:s3cret", "http://127.0.0.1:9/")).await;
    // shop:s3cret, shop:s3crets, shop
    server.http().send(with("Basic c2hvcDpzM2NyZXQ=")).await.expect(200);
    for wrong in ["Basic c2hvcDpzM2NyZXRz", "Basic c2hvcA==", "Basic ", "Basic ????"] {
        server.http().send(with(wrong)).await.expect(401);
    }
}

#[tokio::test]
async fn a_payload_of_any_shape_is_mapped() {
    let map = "[channel.settings.map]\nid = \"/event/uuid\"\nconversation = \"/ticket\"\nfrom = \"/user/mail\"\nname = \"/user/name\"\ntext = \"/event/body\"\ntime = \"/at\"";
    let server =
        Server::start(Setup::simple(&["ana"]).webhook("forms", &format!("media-type = \"shop\"\n{map}"))).await;
    let mut ana = Agent::available(&server, "ana").await;
    let payload = json!({
        "event": {"uuid": "e-1", "body": "Where is it?"}, "ticket": 4711, "at": "2026-11-22T10:00:00+01:00",
        "user": {"mail": "kim@example.com", "name": "Kim"}, "tier": "gold"
    });
    server.http().post("/channels/forms", &payload).await.expect(200);
    let message = ana.event("offer.created").await["message"].clone();
    assert_eq!(
        (&message["eventId"], &message["externalId"], &message["mediaType"]),
        (&json!("e-1"), &json!("e-1"), &json!("shop"))
    );
    assert_eq!(message["occurredAt"], "2026-11-22T09:00:00.000Z");
    let item = &message["workItem"];
    assert_eq!((&item["conversation"], &item["customer"]["address"]), (&json!("4711"), &json!("kim@example.com")));
    assert_eq!((&item["customer"]["name"], &item["attributes"]["tier"]), (&json!("Kim"), &json!("gold")));
    assert_eq!(message["parts"][0]["text"], "Where is it?");
}
