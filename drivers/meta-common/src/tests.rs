//! What the drivers share, against the host in memory.

use jackfield_sdk::interactions::Own;
use jackfield_sdk::json::Value;
use jackfield_sdk::native::{self, SetTimer, pushed};
use jackfield_sdk::{Body, Delivery, Kind, Message, Refused, Request, Settings, WorkItem, form};
use proptest::prelude::*;

use crate::settings::MetaSettings;
use crate::signature::HEADER;
use crate::testing::{URL, install, signed};
use crate::{Events, Found, Trouble, batch, graph, id, items, millis, webhook, window};

/// Pushes a message for each event that has an id.
struct Echo;

impl Events for Echo {
    const OBJECT: &'static str = "page";
    type Event<'v> = &'v Value<'v>;

    fn split<'v>(&self, body: &'v Value<'v>) -> Vec<Found<'v, &'v Value<'v>>> {
        items(body, "entry").iter().map(Found::Event).collect()
    }

    fn handle(&self, event: &&Value<'_>) -> Result<(), Trouble> {
        let Some(id) = id(event, "id") else { return Err(Trouble::Bad("no id".into())) };
        let own = Own { kind: Kind::Notification, name: "echo".into(), arguments: "{}".into() };
        let message = Message::new("page", &own).with_work_item(WorkItem::new("c", "a")).with_event_id(id);
        jackfield_sdk::push_all(&[message])?;
        Ok(())
    }

    fn raw(event: &&Value<'_>) -> String {
        event.to_json()
    }
}

fn status(request: &Request) -> u16 {
    webhook::receive(&Echo, request).expect("the host has all that is asked of it").status
}

#[test]
fn the_published_vector_is_genuine() {
    install();
    let vector = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
    let request = |signature: &str| native::request("POST", URL, "Hello, World!").with_header(HEADER, signature);
    // Genuine, and no JSON.
    assert_eq!(status(&request(vector)), 400);
    assert_eq!(status(&request(&vector.replace('7', "8"))), 401);
}

#[test]
fn hostile_signatures_are_401() {
    install();
    let body = r#"{"object":"page","entry":[]}"#;
    let good = signed(body);
    assert_eq!(status(&good), 200);
    let value = good.headers[0].value.clone();
    let with = |values: &[&[u8]]| {
        let request = native::request("POST", URL, body);
        values.iter().fold(request, |request, value| request.with_header(HEADER, value.to_vec()))
    };
    let hex = &value[7..];
    let cases: [&[&[u8]]; 10] = [
        &[],
        &[b""],
        &[&value, &value],
        &[b"sha256=\xff\xfe"],
        &[&[b"sha256=".as_slice(), &[0xff; 64]].concat()],
        &[hex],
        &[&value[..40]],
        &[&[&value, b"00".as_slice()].concat()],
        &[&[b"v1=".as_slice(), hex].concat()],
        &[&value.to_ascii_uppercase()],
    ];
    for case in cases {
        assert_eq!(status(&with(case)), 401, "{case:?}");
    }
    for at in 0..body.len() {
        let mut flipped = good.clone();
        flipped.body = Body::Bytes(
            body.bytes().enumerate().map(|(place, byte)| if place == at { byte ^ 1 } else { byte }).collect(),
        );
        assert_eq!(status(&flipped), 401, "the byte at {at}");
        flipped.body = Body::Bytes(body.as_bytes()[..at].into());
        assert_eq!(status(&flipped), 401, "cut at {at}");
    }
    assert!(pushed().is_empty());
}

#[test]
fn the_webhook_is_verified() {
    install();
    let get = |fields: &[(&str, &str)]| native::request("GET", &format!("{URL}?{}", form::write(fields)), "");
    let all = [("hub.mode", "subscribe"), ("hub.verify_token", "the word"), ("hub.challenge", "1158201444")];
    let answer = webhook::receive(&Echo, &get(&all)).expect("an answer");
    assert_eq!((answer.status, &answer.body), (200, &Body::Bytes(b"1158201444".to_vec())));
    assert_eq!(answer.headers[0].value, b"text/plain");
    for left_out in 0..3 {
        let some: Vec<_> = all.iter().enumerate().filter(|(at, _)| *at != left_out).map(|(_, field)| *field).collect();
        assert_eq!(status(&get(&some)), 403);
    }
    for (at, other) in [(0, "unsubscribe"), (1, "the Word"), (1, "")] {
        let mut wrong = all;
        wrong[at].1 = other;
        assert_eq!(status(&get(&wrong)), 403);
    }
    assert_eq!(status(&get(&[all.as_slice(), &all[1..2]].concat())), 403, "two tokens");
    assert_eq!(status(&native::request("PUT", URL, "")), 405);
}

#[test]
fn a_bad_entry_is_set_aside_and_the_rest_goes_on() {
    install();
    assert_eq!(status(&signed(r#"{"object":"page","entry":[{"id":"1"},{"no":1},7,{"id":"4"}]}"#)), 200);
    assert_eq!(pushed().iter().filter_map(|message| message.event_id.clone()).collect::<Vec<_>>(), ["1", "4"]);
    let aside = native::with(|host| host.set_aside.clone());
    assert_eq!(aside.iter().map(|(raw, _)| raw.as_slice()).collect::<Vec<_>>(), [br#"{"no":1}"#.as_slice(), b"7"]);
}

#[test]
fn what_is_no_batch_is_400_and_another_object_ignored() {
    install();
    for body in ["", "[]", "null", "{", r#"{"entry":[]}"#, r#"{"object":"page"}"#, r#"{"object":"page","entry":{}}"#] {
        assert_eq!(status(&signed(body)), 400, "{body}");
    }
    assert_eq!(status(&signed(r#"{"object":"instagram","entry":[{"id":"1"}]}"#)), 200);
    assert!(pushed().is_empty());
    assert!(native::with(|host| host.log.concat()).contains("ignored: a webhook about `instagram`"));
}

#[test]
fn what_the_server_cannot_take_now_is_asked_for_again() {
    install();
    for (code, expected) in [("quota", 429), ("unavailable", 503), ("limit", 200)] {
        let refused = Refused { code: code.into(), text: "no".into(), pointer: None, attributes: vec![] };
        native::with(|host| host.refuse = Some(refused));
        assert_eq!(status(&signed(r#"{"object":"page","entry":[{"id":"1"}]}"#)), expected, "{code}");
    }
    assert_eq!(native::with(|host| host.set_aside.len()), 1);
}

#[test]
fn a_large_batch_goes_on_by_timers() {
    install();
    let count = 2 * batch::EVENTS + 1;
    let entries: Vec<String> = (0..count).map(|at| format!(r#"{{"id":"{at}"}}"#)).collect();
    assert_eq!(status(&signed(&format!(r#"{{"object":"page","entry":[{}]}}"#, entries.join(",")))), 200);
    assert_eq!(pushed().len(), batch::EVENTS);
    for expected in [batch::EVENTS, 1] {
        let timer = native::with(|host| host.timers.remove(0));
        batch::go_on(&Echo, &native::expiry(&timer, 1)).expect("goes on");
        assert_eq!(pushed().len(), expected);
    }
    assert!(native::with(|host| host.timers.is_empty()));
    for (name, payload) in [("start", ""), ("batch/x", "x"), ("media/x", "sha256-00 60")] {
        let timer = SetTimer { name: name.into(), delay_ms: 0, payload: payload.into(), connection: None };
        batch::go_on(&Echo, &native::expiry(&timer, 1)).expect("nothing to do");
    }
}

#[test]
fn what_fills_a_call_goes_on_in_the_next() {
    install();
    native::with(|host| host.room = Some(2));
    assert_eq!(status(&signed(r#"{"object":"page","entry":[{"id":"1"},{"id":"2"},{"id":"3"}]}"#)), 200);
    assert_eq!(pushed().len(), 2);
    let timer = native::with(|host| host.timers.remove(0));
    batch::go_on(&Echo, &native::expiry(&timer, 1)).expect("goes on");
    assert_eq!(pushed().iter().filter_map(|message| message.event_id.clone()).collect::<Vec<_>>(), ["3"]);
    assert!(native::with(|host| host.timers.is_empty()));
}

#[test]
fn halves_of_surrogate_pairs_take_no_batch_along() {
    install();
    assert_eq!(status(&signed(r#"{"object":"page","entry":[{"id":"1","text":"cut \ud83d"}]}"#)), 200);
    assert_eq!(pushed().len(), 1);
}

#[test]
fn pieces_that_are_out_are_not_sent_again() {
    install();
    let delivery = |previous: &str, progress: &[&str]| Delivery {
        previous: previous.into(),
        progress: progress.iter().map(|id| (*id).to_owned()).collect(),
        ..native::delivery(native::answer("m", WorkItem::new("c", "a"), ""))
    };
    let mut sent = Vec::new();
    let receipt = graph::send_pieces(&delivery("failed", &["one"]), "/id", &["1", "2", "3"], |piece| {
        sent.push(*piece);
        Ok(format!(r#"{{"id":"id-{piece}"}}"#).into_bytes())
    });
    assert_eq!(receipt.expect("sent").external_ids, ["one", "id-2", "id-3"]);
    assert_eq!(sent, ["2", "3"]);
    assert_eq!(native::with(|host| std::mem::take(&mut host.progress)), ["id-2", "id-3"]);

    let unknown = graph::send_pieces(&delivery("unknown", &[]), "/id", &["1"], |_| panic!("it is sent again"));
    assert_eq!(unknown.expect_err("unknown").code, "maybe-sent");
    let resent = graph::send_pieces(&delivery("resend", &[]), "/id", &["1"], |_| Ok(b"{}".to_vec()));
    assert_eq!(resent.expect("sent").external_ids, ["key-1/0"]);
}

#[test]
fn the_token_is_shown_to_meta_only() {
    install();
    let settings = Settings::parse(r#"{"page-id":"1","api-base":"http://127.0.0.1:4010/base"}"#).expect("JSON");
    let settings = MetaSettings::read(&settings, "page-id", "").unwrap_or_else(|error| panic!("{}", error.text));
    assert_eq!(settings.url("1/messages"), "http://127.0.0.1:4010/base/v23.0/1/messages");
    let shown = |url: &str| !settings.file(url).headers.is_empty();
    for url in
        ["https://lookaside.fbsbx.com/whatsapp?a=1", "http://127.0.0.1:4010/file", "https://scontent.xx.fbcdn.net/x"]
    {
        assert!(shown(url), "{url}");
    }
    for url in [
        "https://evil.example/lookaside.fbsbx.com",
        "https://lookaside.fbsbx.com@evil.example/",
        "https://evil.example?.fbsbx.com",
        "https://evil.example#.fbsbx.com",
        "http://lookaside.fbsbx.com/",
        "http://127.0.0.1:4011/file",
        "https://evilfbsbx.com/",
    ] {
        assert!(!shown(url), "{url}");
    }
}

#[test]
fn the_last_word_is_the_newest() {
    install();
    let last = |id: &str, at| window::Last { external_id: id.into(), at };
    assert!(window::note("c", &last("m2", 2_000), 1));
    assert!(!window::note("c", &last("m1", 1_000), 1));
    assert_eq!((window::last_of("c"), window::last_of("other")), (Some(last("m2", 2_000)), None));
}

#[test]
fn times_are_seconds_or_milliseconds() {
    let of = |json: &str| millis(&jackfield_sdk::json::parse(json.as_bytes()).expect("JSON"), "t");
    assert_eq!(of(r#"{"t":"1739321024"}"#), Some(1_739_321_024_000));
    assert_eq!(of(r#"{"t":1458692752478}"#), Some(1_458_692_752_478));
    assert_eq!(
        (of(r#"{"t":"-1"}"#), of(r#"{"t":"99999999999999999999"}"#), of("{}"), of(r#"{"t":0}"#)),
        (None, None, None, None)
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn no_request_traps(body in proptest::collection::vec(any::<u8>(), 0..200), signature in proptest::collection::vec(any::<u8>(), 0..80)) {
        install();
        prop_assert_eq!(status(&native::request("POST", URL, body).with_header(HEADER, signature)), 401);
    }
}
