//! SMS by Twilio, against Twilio's own library and Twilio's own OpenAPI.

use base64::Engine;
use jackfield_tests::{Agent, Answer, Request, Server, Setup, Sink, ask_python, digest_at_socket, driver, eventually};
use serde_json::{Map, Value, json};

mod prism;
mod recorded;

use prism::Prism;

const ACCOUNT: &str = "AC0123456789abcdef0123456789abcdef";
const TOKEN: &str = "the-auth-token-of-the-account";
const OURS: &str = "+14155550100";
const CUSTOMER: &str = "+14155551212";
/// What Twilio calls; the server listens elsewhere, as behind a proxy.
const PUBLIC: &str = "https://support.example.com";

fn setup(api_base: &str) -> Setup {
    let channel = format!(
        "[[channel]]\nid = \"support-sms\"\ndriver = \"twilio-sms\"\n\
         settings = {{ account-sid = \"{ACCOUNT}\", from = \"{OURS}\", api-base = \"{api_base}\" }}\n\
         secrets = {{ auth-token = \"env:TWILIO_TOKEN\" }}\ngrants = {{ http = [\"{api_base}\"] }}"
    );
    Setup::simple(&["ana"])
        .server(&format!("public-url = \"{PUBLIC}\""))
        .driver(driver("twilio-sms"))
        .environment("TWILIO_TOKEN", TOKEN)
        .text(&channel)
}

/// An address where nobody is: for what sends nothing.
const NOWHERE: &str = "http://127.0.0.1:9";

/// The signature that Twilio's library makes.
async fn signature(path: &str, params: &[(&str, &str)]) -> String {
    let params: Map<String, Value> = params.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
    let request = json!({"token": TOKEN, "url": format!("{PUBLIC}{path}"), "params": params});
    ask_python("twilio_sign.py", &request).await
}

/// A webhook as Twilio sends it.
async fn signed(path: &str, params: &[(&str, &str)]) -> Request {
    let signature = signature(path, params).await;
    Request::form(path, params).header("x-twilio-signature", signature)
}

/// A text of the customer's.
async fn text(server: &Server, sid: &str, body: &str) -> Answer {
    server.http().send(signed("/channels/support-sms", &inbound(sid, body)).await).await
}

fn inbound<'a>(sid: &'a str, body: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![
        ("ToCountry", "US"),
        ("MessageSid", sid),
        ("SmsSid", sid),
        ("SmsMessageSid", sid),
        ("AccountSid", ACCOUNT),
        ("NumMedia", "0"),
        ("NumSegments", "1"),
        ("From", CUSTOMER),
        ("To", OURS),
        ("Body", body),
        ("ApiVersion", "2010-04-01"),
        // Twilio adds parameters without notice.
        ("BrandNewParameter", "ä+b c&d=e"),
    ]
}

async fn items(server: &Server) -> Vec<Value> {
    let list = server.operator().get("/v1/work-items").await.expect(200).json();
    list["items"].as_array().cloned().unwrap_or_default()
}

#[tokio::test]
async fn a_text_signed_by_twilios_library_reaches_an_agent() {
    let server = Server::start(setup(NOWHERE)).await;
    let mut ana = Agent::available(&server, "ana").await;
    let answer = text(&server, "SM00000000000000000000000000000001", " he 👍 &+ ").await.expect(200);
    // Twilio sends the customer whatever text it finds in the answer.
    assert_eq!(answer.header("content-type"), "text/xml");
    assert!(answer.text().ends_with("<Response/>"), "{}", answer.text());

    let offered = ana.event("offer.created").await;
    let message = &offered["message"];
    assert_eq!(message["parts"][0]["text"], " he 👍 &+ ");
    assert_eq!(
        (&message["mediaType"], &message["eventId"]),
        (&json!("sms"), &json!("SM00000000000000000000000000000001"))
    );
    assert_eq!(message["workItem"]["customer"]["address"], CUSTOMER);
    assert_eq!(message["attributes"]["twilio-sms.BrandNewParameter"], "ä+b c&d=e");
    // It is the message that the driver formed.
    let path = format!("/v1/work-items/{}/messages", offered["workItem"]["id"].as_str().expect("an id"));
    let kept = server.operator().get(&path).await.expect(200).json()["items"][0].clone();
    assert_eq!((&message["id"], &message["digest"]), (&kept["id"], &kept["digest"]));
    assert_eq!(json!(digest_at_socket(message)), message["digest"]);

    // Sent again it is nothing new; a second text joins.
    text(&server, "SM00000000000000000000000000000001", " he 👍 &+ ").await.expect(200);
    text(&server, "SM00000000000000000000000000000002", "hello?").await.expect(200);
    let joined = ana.event("message.received").await;
    assert_eq!(joined["message"]["eventId"], "SM00000000000000000000000000000002");
    let items = items(&server).await;
    assert_eq!(items.len(), 1, "{items:?}");
    let both = ["SM00000000000000000000000000000001", "SM00000000000000000000000000000002"];
    assert_eq!(items[0]["externalIds"], json!(both));
}

#[tokio::test]
async fn a_picture_is_fetched_with_authorization_after_the_answer() {
    let twilio = Sink::start().await;
    let media = format!("/2010-04-01/Accounts/{ACCOUNT}/Messages/MM1/Media/ME1");
    twilio.serve(&media, "image/png", b"\x89PNG the picture".as_slice());
    // It is not there at once.
    twilio.answer_next(&[503]);
    let server = Server::start(setup(&twilio.url(""))).await;
    let mut ana = Agent::available(&server, "ana").await;
    let url = twilio.url(&media);
    let mut params = inbound("MM00000000000000000000000000000001", "see this");
    params.retain(|(name, _)| *name != "NumMedia");
    params.extend([("NumMedia", "1"), ("MediaUrl0", url.as_str()), ("MediaContentType0", "image/png")]);
    server.http().send(signed("/channels/support-sms", &params).await).await.expect(200);

    let message = ana.accept().await["message"].clone();
    assert_eq!(message["parts"][0]["text"], "see this");
    assert_eq!((&message["parts"][1]["state"], &message["parts"][1]["blob"]), (&json!("pending"), &Value::Null));
    let changed = ana.event("message.changed").await["message"].clone();
    let part = &changed["parts"][1];
    assert_eq!((&part["state"], &part["mediaType"], &part["size"]), (&json!("ready"), &json!("image/png"), &json!(16)));
    let path = format!("/v1/blobs/{}", part["blob"].as_str().expect("a blob"));
    let fetched = server.http().with_token("ana").get(&path).await.expect(200);
    assert_eq!(fetched.body.as_ref(), b"\x89PNG the picture");

    let asked = twilio.received();
    assert_eq!(asked.len(), 2, "{asked:?}");
    let basic = base64::engine::general_purpose::STANDARD.encode(format!("{ACCOUNT}:{TOKEN}"));
    assert!(asked.iter().all(|request| request.header("authorization") == format!("Basic {basic}")), "{asked:?}");
}

#[tokio::test]
async fn one_flipped_byte_is_refused_and_leaves_nothing_behind() {
    let server = Server::start(setup(NOWHERE)).await;
    let params = inbound("SM00000000000000000000000000000003", "hello");
    let good = signed("/channels/support-sms", &params).await;
    // A byte of each parameter's value.
    let body = good.body_bytes().to_vec();
    let values = body.iter().enumerate().filter(|(_, byte)| **byte == b'=').map(|(at, _)| at + 1);
    for at in values {
        let answer = server.http().send(good.clone().with_flipped_byte(at)).await;
        // 403, or 400 where what is left is no form any more.
        assert!(matches!(answer.status, 400 | 403), "the byte at {at}: {} {}", answer.status, answer.text());
    }
    let refused = async |what: &str, request: Request| {
        let answer = server.http().send(request).await;
        assert!(matches!(answer.status, 400 | 403), "{what}: {} {}", answer.status, answer.text());
    };
    let unsigned = || Request::form("/channels/support-sms", &params);
    let signature = signature("/channels/support-sms", &params).await;
    refused("no signature", unsigned()).await;
    refused("an empty one", unsigned().header("x-twilio-signature", "")).await;
    refused("bytes that are no text", unsigned().header("x-twilio-signature", vec![0xff, 0xfe])).await;
    refused("a prefix", unsigned().header("x-twilio-signature", format!("v1={signature}"))).await;
    refused("one that is cut", unsigned().header("x-twilio-signature", signature[..20].to_owned())).await;
    let twice = unsigned()
        .header("x-twilio-signature", "0/KCTR6DLpKmkAf8muzZqo1nDgQ=")
        .header("x-twilio-signature", signature.clone());
    refused("two", twice).await;
    let elsewhere =
        Request::form("/channels/support-sms?to=elsewhere", &params).header("x-twilio-signature", signature.clone());
    refused("another URL", elsewhere).await;

    assert_eq!(items(&server).await, Vec::<Value>::new());
    let metrics = server.http().get("/metrics").await.expect(200).text();
    assert!(metrics.contains("jackfield_channel_messages_total{channel=\"support-sms\"} 0\n"), "{metrics}");
    assert!(metrics.contains("jackfield_journal_failures_total 0\n"), "{metrics}");

    // The Host header decides nothing: what was signed is the public URL.
    let elsewhere = unsigned().header("x-forwarded-host", "elsewhere.example").header("x-twilio-signature", signature);
    server.http().send(elsewhere).await.expect(200);
    assert_eq!(items(&server).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_passes_twilios_openapi_and_its_status_only_moves_forward() {
    let prism = Prism::start("@twilio/cli-core/src/services/twilio-api/twilio_api_v2010.json").await;
    let server = Server::start(setup(&prism.url())).await;
    let mut ana = Agent::available(&server, "ana").await;
    text(&server, "SM00000000000000000000000000000004", "Where is my order?").await.expect(200);
    let item = ana.accept().await["workItem"]["id"].clone();
    let sent = ana.reply(&item, "On its way: ä 👍").await;
    let status = async |ana: &mut Agent, status: &str| {
        let of = |data: &Value| data["messageId"] == sent.as_str() && data["status"] == status;
        ana.event_where("message.status", of).await
    };
    status(&mut ana, "sent").await;

    // What Twilio's specification says of the request.
    let calls = prism.calls();
    assert_eq!(calls.len(), 1, "{calls:?}");
    let call = &calls[0];
    assert_eq!(call.status, 201, "{call:?}");
    assert_eq!(call.path, format!("/2010-04-01/Accounts/{ACCOUNT}/Messages.json"));
    let field = |name: &str| call.form.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone());
    assert_eq!(field("To").as_deref(), Some(CUSTOMER));
    assert_eq!(field("From").as_deref(), Some(OURS));
    assert_eq!(field("Body").as_deref(), Some("On its way: ä 👍"));
    let callback = field("StatusCallback").expect("a callback");
    assert!(callback.starts_with(&format!("{PUBLIC}/channels/support-sms?")) && callback.contains(&sent), "{callback}");

    // Twilio calls back, not always in order.
    let sid = call.answer["sid"].as_str().expect("the sid").to_owned();
    let path = callback.strip_prefix(PUBLIC).expect("our own URL").to_owned();
    let call_back = async |word: &str| {
        let params = [
            ("MessageSid", sid.as_str()),
            ("SmsSid", sid.as_str()),
            ("MessageStatus", word),
            ("SmsStatus", word),
            ("AccountSid", ACCOUNT),
            ("From", OURS),
            ("To", CUSTOMER),
            ("ApiVersion", "2010-04-01"),
        ];
        let answer = server.http().send(signed(&path, &params).await).await;
        assert!(answer.is_success(), "{word}: {} {}", answer.status, answer.text());
    };
    let counted = async |name: &str| {
        let metrics = server.http().get("/metrics").await.expect(200).text();
        let start = format!("jackfield_channel_{name}_total{{channel=\"support-sms\"}} ");
        let value = metrics.lines().find_map(|line| line.strip_prefix(&start)).map(str::to_owned);
        value.expect("the metric").parse::<u64>().expect("a number")
    };
    let before = counted("messages").await;
    call_back("delivered").await;
    status(&mut ana, "delivered").await;
    call_back("sent").await;
    // Two events of one message: neither is a duplicate of the other.
    assert_eq!((counted("messages").await, counted("duplicates").await), (before + 2, 0));
    call_back("delivered").await;
    assert_eq!((counted("messages").await, counted("duplicates").await), (before + 2, 1));
    call_back("read").await;
    status(&mut ana, "read").await;
    call_back("failed").await;
    let later: Vec<_> = ana.so_far("message.status").await.iter().map(|data| data["status"].clone()).collect();
    assert!(!later.iter().any(|status| status == "failed" || status == "sent"), "it never goes back: {later:?}");
    let path = format!("/v1/work-items/{}/messages", item.as_str().expect("an id"));
    let shown = eventually("the status is shown", async || {
        let thread = server.operator().get(&path).await.expect(200).json();
        thread["statuses"][&sent]["status"].as_str().map(str::to_owned)
    })
    .await;
    assert_eq!(shown, "read");
}
