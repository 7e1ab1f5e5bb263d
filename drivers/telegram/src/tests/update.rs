//! What updates become.

use jackfield_sdk::native::{self, answers, pushed, sent};
use jackfield_sdk::{Message, Part, Timer, Webhook};

use super::{attribute, driver, field, message, take, update};
use crate::entities::byte_at;

fn arguments(message: &Message) -> &str {
    &message.interaction.arguments
}

fn values(message: &Message) -> (&str, &str, &str) {
    match &message.parts[0] {
        Part::Structured(part) => (&part.name, &part.values, &part.fallback),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_text_is_a_support_request() {
    let driver = driver("{}");
    let message = take(&driver, &message(r#""text":" he 👍 &+ ""#)).remove(0);
    assert_eq!((message.event_id.as_deref(), message.external_id.as_deref()), (Some("10000"), Some("1111111/1365")));
    assert_eq!((message.interaction.name.as_str(), arguments(&message)), ("support-request", "{}"));
    assert_eq!((message.text().as_str(), message.occurred_at), (" he 👍 &+ ", Some(1_441_645_532_000)));
    let item = message.work_item.expect("a work item");
    assert_eq!((item.conversation.as_str(), item.customer.address.as_str()), ("1111111", "1111111"));
    assert_eq!((item.customer.name.as_deref(), item.language.as_deref()), (Some("Test Lastname"), Some("de")));
    assert_eq!(item.customer.aliases, ["@Testusername"]);
}

#[test]
fn ids_have_64_bits() {
    let driver = driver("{}");
    let json = r#"{"update_id":9007199254740993,"message":{"message_id":9223372036854775807,"date":1,
        "from":{"id":7000000000001,"first_name":"A"},"chat":{"id":-1009007199254740,"type":"supergroup","title":"T"},
        "is_topic_message":true,"message_thread_id":77,"text":"x"}}"#;
    let message = take(&driver, json).remove(0);
    assert_eq!(message.event_id.as_deref(), Some("9007199254740993"));
    assert_eq!(message.external_id.as_deref(), Some("-1009007199254740/9223372036854775807"));
    let item = message.work_item.expect("a work item");
    assert_eq!(item.conversation, "-1009007199254740/77");
    assert_eq!(
        (item.customer.address.as_str(), attribute(&item.attributes, "telegram.chat-title")),
        ("7000000000001", Some("T"))
    );
}

#[test]
fn links_are_readable_at_their_offsets_in_utf_16() {
    let driver = driver("{}");
    let fields = r#""text":"👍 see here and https://b.example","entities":[
        {"type":"bold","offset":0,"length":2},
        {"type":"text_link","offset":7,"length":4,"url":"https://a.example/x"},
        {"type":"text_link","offset":16,"length":17,"url":"https://b.example/"},
        {"type":"text_link","offset":1,"length":2,"url":"https://cut.example/"},
        {"type":"text_link","offset":30,"length":99,"url":"https://behind.example/"},
        {"type":"text_link","offset":-3,"length":1e300,"url":"https://no.example/"}]"#;
    let message = take(&driver, &message(fields)).remove(0);
    assert_eq!(message.text(), "👍 see here (https://a.example/x) and https://b.example");
    let Part::Text(part) = &message.parts[0] else { panic!("{:?}", message.parts) };
    assert!(attribute(&part.attributes, "telegram.entities").is_some_and(|json| json.contains("text_link")));
    assert_eq!(
        (byte_at("👍a", 2), byte_at("👍a", 1), byte_at("👍a", 3), byte_at("👍a", 4)),
        (Some(4), None, Some(5), None)
    );
}

#[test]
fn files_are_pending_and_the_largest_photo_counts() {
    let driver = driver("{}");
    let fields = r#""caption":"see","media_group_id":"g7","photo":[
        {"file_id":"S","width":90,"height":51,"file_size":1101},{"file_id":"L","width":800,"height":600,"file_size":82000},
        {"file_id":"M","width":320,"height":240,"file_size":9000}]"#;
    let photo = take(&driver, &message(fields)).remove(0);
    assert_eq!((photo.text().as_str(), attribute(&photo.attributes, "telegram.media-group-id")), ("see", Some("g7")));
    let part = photo.attachments().next().expect("a file");
    assert_eq!((part.state.as_str(), part.media_type.as_str(), part.size), ("pending", "image/jpeg", Some(82_000)));
    assert_eq!(
        (part.name.as_deref(), attribute(&part.attributes, "telegram.file-id")),
        (Some("photo-1365.jpg"), Some("L"))
    );
    assert_eq!(native::with(|host| host.timers.remove(0).name), "media/1111111/1365/0");

    for (fields, name, media_type, state) in [
        (
            r#""document":{"file_id":"D","file_name":"a b.pdf","mime_type":"application/pdf"}"#,
            "a b.pdf",
            "application/pdf",
            "pending",
        ),
        (r#""voice":{"file_id":"V","duration":3}"#, "voice-1365.ogg", "audio/ogg", "pending"),
        (r#""audio":{"file_id":"A","mime_type":"audio/mp4"}"#, "audio-1365.mp3", "audio/mp4", "pending"),
        (r#""video":{"file_id":"V","file_size":20971521}"#, "video-1365.mp4", "video/mp4", "failed"),
        (
            r#""sticker":{"file_id":"T","emoji":"👍","is_animated":false,"is_video":true}"#,
            "sticker-1365.webm",
            "video/webm",
            "pending",
        ),
        (r#""animation":{"file_id":"G"},"document":{"file_id":"G"}"#, "animation-1365.mp4", "video/mp4", "pending"),
        (
            r#""document":{"file_id":"D","mime_type":"nonsense"}"#,
            "document-1365",
            "application/octet-stream",
            "pending",
        ),
    ] {
        let message = take(&driver, &message(fields)).remove(0);
        let part = message.attachments().next().expect("a file");
        assert_eq!(
            (part.name.as_deref(), part.media_type.as_str(), part.state.as_str()),
            (Some(name), media_type, state)
        );
        assert_eq!(message.attachments().count(), 1);
    }
}

#[test]
fn places_people_and_the_rest_have_words() {
    let driver = driver("{}");
    let one = |fields: &str| take(&driver, &message(fields)).remove(0);
    let place = one(r#""location":{"latitude":48.2,"longitude":-16.5}"#);
    assert_eq!(
        values(&place),
        ("location", r#"{"latitude":48.2,"longitude":-16.5,"name":null,"address":null}"#, "48.2, -16.5")
    );
    let venue = one(
        r#""location":{"latitude":1,"longitude":2},"venue":{"location":{"latitude":1,"longitude":2},"title":"Café","address":"Ring 1"}"#,
    );
    assert_eq!(values(&venue).2, "Café, Ring 1 1, 2");
    let contact = one(r#""contact":{"phone_number":"+43","first_name":"Bo","last_name":"B"}"#);
    assert_eq!(values(&contact), ("contact", r#"{"name":"Bo B","phones":["+43"],"emails":[]}"#, "Bo B +43"));
    let poll = one(r#""poll":{"id":"1","question":"Why?"}"#);
    assert_eq!((values(&poll).0, values(&poll).2), ("telegram.poll", "(a poll: Why?)"));
}

#[test]
fn what_is_quoted_is_told() {
    let driver = driver("{}");
    let fields = r#""text":"yes","reply_to_message":{"message_id":1300,"chat":{"id":1111111},"text":"Is it red?"},
        "forward_origin":{"type":"user","sender_user":{"first_name":"Eve"}}"#;
    let message = take(&driver, &message(fields)).remove(0);
    assert_eq!(arguments(&message), r#"{"replyTo":"1111111/1300"}"#);
    assert_eq!(attribute(&message.attributes, "telegram.quote"), Some("Is it red?"));
    assert_eq!(attribute(&message.attributes, "telegram.forwarded-from"), Some("Eve"));
}

#[test]
fn edits_change_the_message() {
    let driver = driver("{}");
    let json = message(r#""edit_date":1441645600,"text":"better""#).replace(r#""message":{"#, r#""edited_message":{"#);
    let message = take(&driver, &json).remove(0);
    assert_eq!(
        (message.interaction.name.as_str(), arguments(&message)),
        ("message.changed", r#"{"externalId":"1111111/1365"}"#)
    );
    assert_eq!((message.text().as_str(), message.occurred_at), ("better", Some(1_441_645_600_000)));
}

#[test]
fn a_button_is_a_choice_and_telegram_is_told() {
    let driver = driver("{}");
    let json = r#"{"update_id":5,"callback_query":{"id":"4382bfdwdsb323b2d9","from":{"id":1111111,"first_name":"Test"},
        "data":"yes","message":{"message_id":9,"date":1,"chat":{"id":1111111,"type":"private"},
        "reply_markup":{"inline_keyboard":[[{"text":"No","callback_data":"no"}],[{"text":"Yes!","callback_data":"yes"}]]}}}}"#;
    let message = take(&driver, json).remove(0);
    assert_eq!(values(&message), ("choice", r#"{"id":"yes","title":"Yes!"}"#, "Yes!"));
    assert_eq!((message.event_id.as_deref(), arguments(&message)), (Some("5"), r#"{"replyTo":"1111111/9"}"#));
    answers(|_| Ok(jackfield_sdk::Response::json(200, r#"{"ok":true,"result":true}"#)));
    let timer = native::with(|host| host.timers.remove(0));
    driver.fired(native::expiry(&timer, 1)).expect("answered");
    let sent = sent().remove(0);
    assert!(sent.url.ends_with("/answerCallbackQuery"), "{}", sent.url);
    assert_eq!(field(&sent, "/callback_query_id").as_deref(), Some("4382bfdwdsb323b2d9"));
    // It waits a minute or so: too late is no fault.
    answers(|_| {
        Ok(jackfield_sdk::Response::json(
            400,
            r#"{"ok":false,"error_code":400,"description":"Bad Request: query is too old"}"#,
        ))
    });
    driver.fired(native::expiry(&timer, 1)).expect("let be");
}

#[test]
fn who_blocks_the_bot_or_writes_stop_is_out_until_start() {
    let driver = driver("{}");
    let member = |update: u32, status: &str| {
        format!(
            r#"{{"update_id":{update},"my_chat_member":{{"chat":{{"id":5,"type":"private"}},"from":{{"id":5,"first_name":"A"}},
            "date":1,"old_chat_member":{{"status":"member"}},"new_chat_member":{{"status":"{status}"}}}}}}"#
        )
    };
    let blocked = take(&driver, &member(1, "kicked")).remove(0);
    assert_eq!(
        (blocked.interaction.name.as_str(), arguments(&blocked)),
        ("opt-out", r#"{"address":"5","scope":"channel","out":true}"#)
    );
    assert!(take(&driver, &member(1, "kicked")).is_empty(), "it is known");
    assert_eq!(arguments(&take(&driver, &member(2, "member"))[0]), r#"{"address":"5","scope":"channel","out":false}"#);

    let stop = take(&driver, &message(r#""text":"/stop@HelpBot""#));
    let names: Vec<&str> = stop.iter().map(|message| message.interaction.name.as_str()).collect();
    assert_eq!(names, ["support-request", "opt-out"]);
    let start = take(&driver, &message(r#""text":"/start order-77_x""#));
    assert_eq!(attribute(&start[0].attributes, "telegram.start"), Some("order-77_x"));
    assert!(arguments(&start[1]).ends_with(r#""out":false}"#));
    assert_eq!(take(&driver, &message(r#""text":"please /stop""#)).len(), 1);
}

#[test]
fn reactions_and_groups_that_move_are_told() {
    let driver = driver("{}");
    let json = r#"{"update_id":3,"message_reaction":{"chat":{"id":5,"type":"private"},"message_id":8,"user":{"id":5},
        "date":1,"old_reaction":[],"new_reaction":[{"type":"emoji","emoji":"🔥"}]}}"#;
    let put = take(&driver, json).remove(0);
    assert_eq!((put.interaction.name.as_str(), arguments(&put)), ("reaction", r#"{"externalId":"5/8","emoji":"🔥"}"#));
    let json = json.replace(r#"[{"type":"emoji","emoji":"🔥"}]"#, "[]");
    assert_eq!(arguments(&take(&driver, &json)[0]), r#"{"externalId":"5/8","emoji":null}"#);

    let json = r#"{"update_id":4,"message":{"message_id":2,"date":1,"from":{"id":5},"chat":{"id":-10,"type":"group"},"migrate_to_chat_id":-100777}}"#;
    let merge = take(&driver, json).remove(0);
    assert_eq!(arguments(&merge), r#"{"fromConversation":"-10","toConversation":"-100777"}"#);
    assert_eq!(native::with(|host| host.store["migrated/-10"].clone()), b"-100777");
}

#[test]
fn business_chats_have_conversations_of_their_own() {
    let driver = driver("{}");
    let json = |from: u32| {
        format!(
            r#"{{"update_id":6,"business_message":{{"business_connection_id":"BC-1","message_id":3,"date":1,"from":{{"id":{from},
            "first_name":"F"}},"chat":{{"id":5,"type":"private","first_name":"Cus"}},"text":"hi"}}}}"#
        )
    };
    let said = take(&driver, &json(5)).remove(0);
    let item = said.work_item.expect("a work item");
    assert_eq!((item.conversation.as_str(), item.customer.address.as_str()), ("business/BC-1/5", "5"));
    assert_eq!(said.external_id.as_deref(), Some("business/BC-1/5/3"));
    let echoed = take(&driver, &json(9)).remove(0);
    assert_eq!((echoed.interaction.name.as_str(), arguments(&echoed)), ("message.echoed", r#"{"by":"F"}"#));
    assert_eq!(echoed.work_item.and_then(|item| item.customer.name).as_deref(), Some("Cus"));
    let by_bot = json(9).replace(r#""text":"hi""#, r#""text":"hi","sender_business_bot":{"id":1,"is_bot":true}"#);
    assert!(take(&driver, &by_bot).is_empty(), "what we sent");
    let json = r#"{"update_id":7,"deleted_business_messages":{"business_connection_id":"BC-1","chat":{"id":5},"message_ids":[3,4]}}"#;
    let removed = take(&driver, json);
    assert_eq!((removed.len(), arguments(&removed[1])), (2, r#"{"externalId":"business/BC-1/5/4"}"#));
}

#[test]
fn who_writes_to_a_channel_directly_has_a_conversation_of_their_own() {
    let driver = driver("{}");
    let json = |from: &str, fields: &str| {
        format!(
            r#"{{"update_id":6,"message":{{"message_id":3,"date":1,{from},"chat":{{"id":-1005,"type":"supergroup","title":"News","is_direct_messages":true}},
            "direct_messages_topic":{{"topic_id":4503599627370495,"user":{{"id":5,"first_name":"Cus"}}}},{fields}}}}}"#
        )
    };
    let said =
        take(&driver, &json(r#""from":{"id":5,"first_name":"Cus","language_code":"es"}"#, r#""text":"hi""#)).remove(0);
    let item = said.work_item.expect("a work item");
    assert_eq!((item.conversation.as_str(), item.customer.address.as_str()), ("-1005/direct/4503599627370495", "5"));
    assert_eq!((said.external_id.as_deref(), item.customer.name.as_deref()), (Some("-1005/3"), Some("Cus")));
    // Who runs the channel writes as the channel, or as themselves.
    for from in
        [r#""from":{"id":9,"first_name":"Ana"}"#, r#""from":{"id":5},"sender_chat":{"id":-1004,"title":"News"}"#]
    {
        let echoed = take(&driver, &json(from, r#""text":"hello""#)).remove(0);
        assert_eq!(echoed.interaction.name, "message.echoed", "{from}");
        assert_eq!(echoed.work_item.map(|item| item.customer.address).as_deref(), Some("5"));
    }
}

#[test]
fn nothing_that_somebody_said_is_lost_because_it_is_not_known() {
    let driver = driver("{}");
    for (fields, expected) in [
        (r#""text":5"#, "(a message of a kind that isn't known here)"),
        (r#""photo":[]"#, "(a message of a kind that isn't known here)"),
        (r#""document":{"file_id":null}"#, "(a message of a kind that isn't known here)"),
        (r#""hologram":{"file_id":"x"}"#, "(a message of a kind that isn't known here)"),
        (r#""successful_payment":{"currency":"EUR"}"#, "(a payment, which can't be shown here)"),
        (r#""users_shared":{"request_id":1,"users":[{"user_id":7}]}"#, "(shared users, which can't be shown here)"),
    ] {
        let shown = take(&driver, &message(fields));
        assert_eq!(shown.iter().map(Message::text).collect::<Vec<_>>(), [expected], "{fields}");
    }
    for service in [
        r#""new_chat_members":[{"id":7}]"#,
        r#""pinned_message":{"message_id":1}"#,
        r#""forum_topic_created":{"name":"x"}"#,
        r#""is_automatic_forward":true,"text":"a post of the channel's""#,
    ] {
        assert!(take(&driver, &message(service)).is_empty(), "{service}");
    }
    let json = r#"{"update_id":5,"callback_query":{"id":"4","from":{"id":1},"game_short_name":"chess","message":{"message_id":9,"date":0,"chat":{"id":1}}}}"#;
    assert_eq!(take(&driver, json)[0].text(), "chess");
}

#[test]
fn one_member_of_a_group_does_not_speak_for_all() {
    let driver = driver("{}");
    let json = |text: &str| {
        format!(
            r#"{{"update_id":1,"message":{{"message_id":4,"date":1,"from":{{"id":5}},"chat":{{"id":-9,"type":"group"}},"text":"{text}"}}}}"#
        )
    };
    let stop = take(&driver, &json("/stop@AnotherBot"));
    assert_eq!(stop.iter().map(|message| message.interaction.name.as_str()).collect::<Vec<_>>(), ["support-request"]);
    let start = take(&driver, &json("/start@HelpBot group-1"));
    assert_eq!((start.len(), attribute(&start[0].attributes, "telegram.start")), (1, Some("group-1")));
}

#[test]
fn every_wrong_type_is_refused_or_shown_and_never_a_trap() {
    let driver = driver("{}");
    let kinds = [
        "null",
        "true",
        "0",
        "-1",
        "1e300",
        "99999999999999999999",
        "1.5",
        r#""""#,
        r#""7""#,
        "[]",
        "[[]]",
        "{}",
        r#"{"id":{}}"#,
    ];
    let places = [
        r#"{"update_id":X,"message":{"message_id":1,"date":1,"chat":{"id":5},"text":"x"}}"#,
        r#"{"update_id":1,"message":X}"#,
        r#"{"update_id":1,"message":{"message_id":X,"date":1,"chat":{"id":5},"text":"x"}}"#,
        r#"{"update_id":1,"message":{"message_id":1,"date":X,"chat":{"id":5},"text":"x"}}"#,
        r#"{"update_id":1,"message":{"message_id":1,"date":1,"chat":X,"text":"x"}}"#,
        r#"{"update_id":1,"message":{"message_id":1,"date":1,"chat":{"id":X},"from":X,"text":X,"entities":X}}"#,
        r#"{"update_id":1,"message":{"message_id":1,"chat":{"id":5},"text":"ab","entities":[X,{"type":"text_link","url":"http://x","offset":X,"length":X}]}}"#,
        r#"{"update_id":1,"message":{"message_id":1,"chat":{"id":5},"photo":X,"document":X,"voice":X,"sticker":X,"location":X,"contact":X,"poll":X}}"#,
        r#"{"update_id":1,"message":{"message_id":1,"chat":{"id":5},"photo":[X,{"file_id":"a","width":X,"height":X,"file_size":X}]}}"#,
        r#"{"update_id":1,"message":{"message_id":1,"chat":{"id":5},"venue":{"location":{"latitude":X,"longitude":X},"title":X}}}"#,
        r#"{"update_id":1,"message":{"message_id":1,"chat":{"id":5},"text":"x","reply_to_message":X,"quote":X,"forward_origin":X,"media_group_id":X,"direct_messages_topic":X}}"#,
        r#"{"update_id":1,"callback_query":{"id":X,"from":X,"message":X,"data":X}}"#,
        r#"{"update_id":1,"callback_query":{"id":"q","from":{"id":5},"message":{"message_id":1,"chat":{"id":5},"reply_markup":{"inline_keyboard":X}},"data":"d"}}"#,
        r#"{"update_id":1,"message_reaction":{"chat":{"id":5},"message_id":1,"user":X,"new_reaction":X}}"#,
        r#"{"update_id":1,"message_reaction":{"chat":{"id":5},"message_id":1,"new_reaction":[X]}}"#,
        r#"{"update_id":1,"my_chat_member":{"chat":{"id":5},"new_chat_member":X}}"#,
        r#"{"update_id":1,"my_chat_member":{"chat":{"id":5},"new_chat_member":{"status":X}}}"#,
        r#"{"update_id":1,"deleted_business_messages":{"business_connection_id":X,"chat":{"id":5},"message_ids":X}}"#,
        r#"{"update_id":1,"deleted_business_messages":{"chat":{"id":5},"message_ids":[X]}}"#,
    ];
    for place in places {
        for kind in kinds {
            let body = place.replace('X', kind);
            let answer = driver.receive(update(body.clone())).expect("an answer");
            assert!(matches!(answer.status, 200 | 400), "{} {body}", answer.status);
            // What stands in a message whose place is whole is shown.
            if place.contains(r#""message_id":1,"chat":{"id":5},"#)
                && place.contains(r#""message":{"#)
                && !place.contains("callback")
            {
                assert_eq!(answer.status, 200, "{body}");
                assert!(pushed().iter().any(|message| message.interaction.name == "support-request"), "{body}");
            }
            pushed();
        }
    }
}
