//! What events become.

use jackfield_sdk::native::{self, answers, pushed, sent, timer};
use jackfield_sdk::{Message, Part, Refused, Response, Timer, Webhook};

use super::{conversation, driver, event, message, signed, take};

fn about(message: &Message) -> (&str, &str) {
    (&message.interaction.name, &message.interaction.arguments)
}

#[test]
fn a_message_begins_a_thread_and_an_answer_joins_it() {
    let driver = driver("{}");
    let first = take(&driver, message(r#""text":" he &amp; 👍 ","client_msg_id":"cm1""#)).remove(0);
    assert_eq!(
        (first.event_id.as_deref(), first.external_id.as_deref()),
        (Some("Ev01"), Some("T1/C1/1531420618.000200"))
    );
    assert_eq!(
        (about(&first).0, first.text().as_str(), first.occurred_at),
        ("support-request", " he & 👍 ", Some(1_531_420_618_000))
    );
    assert_eq!(conversation(&first), "T1/C1/1531420618.000200");
    assert_eq!(first.work_item.as_ref().map(|item| item.customer.address.as_str()), Some("U1"));
    let answer =
        message(r#""text":"more","thread_ts":"1531420618.000200","ts":"9""#.replace(r#","ts":"9""#, "").as_str());
    assert_eq!(conversation(&take(&driver, answer)[0]), "T1/C1/1531420618.000200");
}

#[test]
fn direct_messages_are_threads_or_one_chat() {
    let direct =
        || signed(&event(r#""type":"message","channel":"D1","channel_type":"im","user":"U1","ts":"5.1","text":"x""#));
    let threads = driver("{}");
    assert_eq!(conversation(&take(&threads, direct())[0]), "T1/D1/5.1");
    let chat = driver(r#"{"direct-messages":"chat"}"#);
    assert_eq!(conversation(&take(&chat, direct())[0]), "T1/D1");
}

#[test]
fn all_that_people_say_is_taken_and_the_rest_is_not() {
    let driver = driver("{}");
    for subtype in ["file_share", "thread_broadcast", "me_message", "bot_message"] {
        let taken = take(&driver, message(&format!(r#""text":"x","subtype":"{subtype}""#)));
        assert_eq!(taken.len(), 1, "{subtype}");
    }
    for subtype in ["channel_join", "channel_topic", "message_replied", "pinned_item", "bot_add"] {
        assert!(take(&driver, message(&format!(r#""text":"x","subtype":"{subtype}""#))).is_empty(), "{subtype}");
    }
    let other = signed(&event(
        r#""type":"message","subtype":"bot_message","channel":"C1","bot_id":"B7","username":"Pager","ts":"5.1","text":"down""#,
    ));
    let item = take(&driver, other).remove(0).work_item.expect("a work item");
    assert_eq!((item.customer.address.as_str(), item.customer.name.as_deref()), ("B7", Some("Pager")));
    let blocks = message(
        r#""text":"","blocks":[{"type":"section","text":{"type":"mrkdwn","text":"one &amp; two"}},
        {"type":"rich_text","elements":[{"type":"rich_text_section","elements":[{"type":"text","text":"three"}]}]}]"#,
    );
    assert_eq!(take(&driver, blocks)[0].text(), "one & two\nthree");
    assert!(take(&driver, signed(&event(r#""type":"team_join","user":{"id":"U1"}"#))).is_empty());
    assert!(take(&driver, signed(r#"{"type":"app_rate_limited","team_id":"T1"}"#)).is_empty());
}

#[test]
fn the_bot_does_not_talk_to_itself() {
    let driver = driver("{}");
    for own in [
        r#""user":"UBOT","bot_id":"B1","text":"x""#,
        r#""user":"UX","bot_id":"B1","app_id":"A1","text":"x""#,
        r#""subtype":"bot_message","bot_id":"B1","bot_profile":{"app_id":"A1"},"text":"x""#,
    ] {
        let json = event(&format!(r#""type":"message","channel":"C1","ts":"5.1",{own}"#));
        assert!(take(&driver, signed(&json)).is_empty(), "{own}");
        let changed = event(&format!(
            r#""type":"message","subtype":"message_changed","channel":"C1","ts":"6.1","message":{{"ts":"5.1",{own}}}"#
        ));
        assert!(take(&driver, signed(&changed)).is_empty(), "{own}");
    }
    // Without authorizations by what auth.test told.
    let plain = |own: &str| {
        let json = event(&format!(r#""type":"message","channel":"C1","ts":"5.1","text":"x",{own}"#));
        signed(&json.replace(r#""authorizations":[{"team_id":"T1","user_id":"UBOT","is_bot":true}],"#, ""))
    };
    assert_eq!(take(&driver, plain(r#""user":"UBOT""#)).len(), 1);
    answers(|_| Ok(Response::json(200, r#"{"ok":true,"team_id":"T1","user_id":"UBOT","bot_id":"B1"}"#)));
    let start = native::SetTimer { name: "start".into(), delay_ms: 0, payload: Vec::new(), connection: None };
    driver.fired(native::expiry(&start, 1)).expect("learnt");
    assert!(take(&driver, plain(r#""user":"UBOT""#)).is_empty());
    assert!(take(&driver, plain(r#""subtype":"bot_message","bot_id":"B1""#)).is_empty());
    assert_eq!(take(&driver, plain(r#""subtype":"bot_message","bot_id":"B2""#)).len(), 1);
}

#[test]
fn who_the_bot_is_is_asked_again_until_slack_says() {
    let driver = driver("{}");
    let start = native::SetTimer { name: "start".into(), delay_ms: 0, payload: Vec::new(), connection: None };
    answers(|_| Ok(Response::json(200, r#"{"ok":false,"error":"invalid_auth"}"#)));
    driver.fired(native::expiry(&start, 1)).expect("asked again");
    let state = pushed().remove(0).connection.expect("a connection");
    assert_eq!((state.state.as_str(), state.user_action), ("bad-credentials", true));
    let again = timer("who-am-i");
    assert_eq!(again.delay_ms, 60_000);
    answers(|_| Ok(Response::json(200, r#"{"ok":true,"user_id":"UBOT"}"#)));
    driver.fired(native::expiry(&again, 1)).expect("learnt");
    assert_eq!(pushed().remove(0).connection.map(|connection| connection.state).as_deref(), Some("connected"));
    assert!(native::with(|host| host.timers.is_empty()));
}

#[test]
fn edits_and_removals_are_told() {
    let driver = driver("{}");
    let changed = |message: &str| {
        signed(&event(&format!(
            r#""type":"message","subtype":"message_changed","hidden":true,"channel":"C1","ts":"9.9","event_ts":"9.9","message":{message},
            "previous_message":{{"type":"message","user":"U1","text":"old","ts":"5.1","thread_ts":"4.1"}}"#
        )))
    };
    let edit = changed(
        r#"{"type":"message","user":"U1","text":"new","ts":"5.1","thread_ts":"4.1","edited":{"user":"U1","ts":"8.0"}}"#,
    );
    let message = take(&driver, edit).remove(0);
    assert_eq!(about(&message), ("message.changed", r#"{"externalId":"T1/C1/5.1"}"#));
    assert_eq!(
        (message.text().as_str(), conversation(&message), message.occurred_at),
        ("new", "T1/C1/4.1", Some(8_000))
    );
    assert!(
        take(
            &driver,
            changed(r#"{"user":"U1","text":"old","ts":"5.1","thread_ts":"4.1","attachments":[{"text":"a page"}]}"#)
        )
        .is_empty()
    );
    let tombstone = take(
        &driver,
        changed(r#"{"subtype":"tombstone","user":"USLACKBOT","text":"gone","ts":"5.1","thread_ts":"4.1"}"#),
    )
    .remove(0);
    assert_eq!(about(&tombstone).0, "message.removed");
    let deleted = signed(&event(
        r#""type":"message","subtype":"message_deleted","channel":"C1","ts":"9.9","deleted_ts":"5.1","event_ts":"9.9",
        "previous_message":{"user":"U1","text":"old","ts":"5.1","thread_ts":"4.1"}"#,
    ));
    let message = take(&driver, deleted).remove(0);
    assert_eq!(
        (about(&message), conversation(&message)),
        (("message.removed", r#"{"externalId":"T1/C1/5.1"}"#), "T1/C1/4.1")
    );
}

#[test]
fn reactions_find_their_thread() {
    let driver = driver("{}");
    take(&driver, message(r#""text":"in a thread","thread_ts":"4.1""#));
    let reaction = |kind: &str| {
        signed(&event(&format!(
            r#""type":"{kind}","user":"U1","reaction":"thumbsup","item":{{"type":"message","channel":"C1","ts":"1531420618.000200"}},"event_ts":"9.9""#
        )))
    };
    let put = take(&driver, reaction("reaction_added")).remove(0);
    assert_eq!(about(&put), ("reaction", r#"{"externalId":"T1/C1/1531420618.000200","emoji":"thumbsup"}"#));
    assert_eq!(conversation(&put), "T1/C1/4.1");
    assert!(take(&driver, reaction("reaction_removed"))[0].interaction.arguments.ends_with(r#""emoji":null}"#));
}

#[test]
fn an_app_that_was_removed_needs_somebody() {
    let driver = driver("{}");
    assert!(take(&driver, signed(&event(r#""type":"tokens_revoked","tokens":{"oauth":["U1"],"bot":[]}"#))).is_empty());
    let health = take(&driver, signed(&event(r#""type":"tokens_revoked","tokens":{"bot":["UBOT"]}"#))).remove(0);
    assert_eq!(about(&health).0, "channel.health-changed");
    assert!(health.connection.is_some_and(|connection| connection.user_action));
}

#[test]
fn a_mention_that_is_told_twice_is_taken_once() {
    let driver = driver("{}");
    let mention = |kind: &str, id: &str| {
        let json = event(&format!(r#""type":"{kind}","channel":"C1","user":"U1","ts":"5.1","text":"<@UBOT> help""#));
        signed(&json.replace("Ev01", id))
    };
    assert_eq!(take(&driver, mention("app_mention", "Ev1")).len(), 1);
    assert!(take(&driver, mention("message", "Ev2")).is_empty());
    // Its retry is the first one again.
    assert_eq!(take(&driver, mention("app_mention", "Ev1")).len(), 1);
}

#[test]
fn names_are_learnt_once() {
    let driver = driver("{}");
    take(&driver, message(r#""text":"hi""#));
    answers(|sent| {
        assert_eq!(String::from_utf8_lossy(&sent.body), "user=U1");
        Ok(Response::json(
            200,
            r#"{"ok":true,"user":{"id":"U1","real_name":"Kim Real","profile":{"display_name":"kim"}}}"#,
        ))
    });
    driver.fired(native::expiry(&timer("name/U1"), 1)).expect("learnt");
    let told = pushed().remove(0);
    assert_eq!((about(&told).0, conversation(&told)), ("customer.changed", "T1/C1/1531420618.000200"));
    let item = take(&driver, message(r#""text":"hi""#)).remove(0).work_item.expect("a work item");
    assert_eq!(item.customer.name.as_deref(), Some("kim"));
    assert!(native::with(|host| host.timers.is_empty()));
    assert_eq!(sent().len(), 1);
}

#[test]
fn what_the_server_refuses_is_set_aside_or_comes_again() {
    let driver = driver("{}");
    for (code, status, aside) in [("invalid", 200, 1), ("quota", 429, 1), ("unavailable", 503, 1)] {
        let refused = Refused { code: code.into(), text: "no".into(), pointer: None, attributes: vec![] };
        native::with(|host| host.refuse = Some(refused));
        assert_eq!(driver.receive(message(r#""text":"hi""#)).expect("an answer").status, status, "{code}");
        assert_eq!(native::with(|host| host.set_aside.len()), aside);
    }
}

/// Values of every kind, where Slack would send another.
const WRONG: [&str; 13] = [
    "null",
    "true",
    "false",
    "0",
    "-1",
    "1e300",
    "7.5",
    r#""""#,
    r#""\u0000""#,
    r#""a/b c""#,
    "[]",
    "{}",
    r#"[[{"a":[1]}]]"#,
];

#[test]
fn wrong_types_never_lose_what_somebody_said() {
    let whole = r#"{"team_id":"T1","api_app_id":"A1","type":"event_callback","event_id":"Ev01","authorizations":[],
        "event":{"type":"message","subtype":"file_share","channel":"C1","channel_type":"im","user":"U1","ts":"5.1",
        "thread_ts":"4.1","text":"what was said","client_msg_id":"cm1","event_ts":"5.2","blocks":[],"attachments":[],
        "bot_profile":null,"username":"kim","user_profile":{"display_name":"k"},"files":[]}}"#;
    let fields = [
        r#""T1""#,
        r#""A1""#,
        r#""Ev01""#,
        r#""authorizations":[]"#,
        r#""C1""#,
        r#""im""#,
        r#""U1""#,
        r#""5.1""#,
        r#""4.1""#,
        r#""cm1""#,
        r#""5.2""#,
        r#""blocks":[]"#,
        r#""attachments":[]"#,
        r#""bot_profile":null"#,
        r#""kim""#,
        r#"{"display_name":"k"}"#,
        r#""k""#,
        r#""files":[]"#,
    ];
    for field in fields {
        assert_eq!(whole.matches(field).count(), 1, "{field}");
        for wrong in WRONG {
            let wrong = match field.split_once(':') {
                Some((name, _)) if !name.starts_with('{') => format!("{name}:{wrong}"),
                _ => wrong.to_owned(),
            };
            let driver = driver("{}");
            let messages = take(&driver, signed(&whole.replace(field, &wrong)));
            let aside = native::with(|host| host.set_aside.iter().map(|(raw, _)| raw.clone()).collect::<Vec<_>>());
            let is_said = messages.iter().any(|message| message.text().contains("what was said"));
            let is_kept = aside.iter().any(|raw| String::from_utf8_lossy(raw).contains("what was said"));
            assert!(is_said != is_kept, "{field} as {wrong}: said {is_said}, set aside {is_kept}");
        }
    }
}

#[test]
fn what_is_not_known_is_shown() {
    let driver = driver("{}");
    let picture = r#""text":"","blocks":[{"type":"image","image_url":"https://x.example/c.gif","alt_text":"a cat"}]"#;
    assert_eq!(take(&driver, message(picture))[0].text(), "a cat");
    let linked = r#""text":"","attachments":[{"image_url":"https://x.example/c.gif"}]"#;
    assert_eq!(take(&driver, message(linked))[0].text(), "https://x.example/c.gif");
    for fields in [r#""text":"","blocks":[{"type":"video"}]"#, r#""attachments":[{"id":1}]"#, r#""files":{"id":"F1"}"#]
    {
        let part = take(&driver, message(fields)).remove(0).parts.remove(0);
        assert!(matches!(part, Part::Structured(_)), "{fields}: {part:?}");
    }
    let number = take(&driver, message(r#""text":7"#));
    assert_eq!(number[0].text(), "7");
    let files = take(&driver, message(r#""text":"see","files":[7,{"name":"a.txt"},{"id":"F1","name":"b.txt"}]"#));
    let states: Vec<_> = files[0].attachments().map(|part| (part.name.clone(), part.state.clone())).collect();
    assert_eq!(
        states,
        [("file", "failed"), ("a.txt", "failed"), ("b.txt", "pending")]
            .map(|(name, state)| (Some(name.into()), state.into()))
    );
    assert!(take(&driver, message(r#""text":"","blocks":[],"files":[]"#)).is_empty());
}
