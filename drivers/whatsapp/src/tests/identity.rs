//! Who customers are.

use jackfield_sdk::{Message, WorkItem};

use super::{change, driver, received};

const USER: &str = "US.13491208655302741918";

fn text(id: &str, contact: &str, who: &str) -> String {
    change(
        "messages",
        &format!(
            r#""contacts":[{{"profile":{{"name":"Sheena","username":"sheena.n"}}{contact}}}],
            "messages":[{{{who}"id":"{id}","timestamp":"1795305600","type":"text","text":{{"body":"x"}}}}]"#
        ),
    )
}

fn item(messages: &[Message]) -> WorkItem {
    let asked = messages.iter().find(|message| message.interaction.name == "support-request").expect("a request");
    asked.work_item.clone().expect("a work item")
}

fn names(messages: &[Message]) -> Vec<&str> {
    messages.iter().map(|message| message.interaction.name.as_str()).collect()
}

#[test]
fn the_id_is_the_address_and_the_number_an_alias() {
    let driver = driver();
    let both = format!(r#","wa_id":"1650","user_id":"{USER}""#);
    for who in [format!(r#""from":"1650","from_user_id":"{USER}","#), r#""from":"1650","#.to_owned()] {
        let customer = item(&received(&driver, &text("wamid.1", &both, &who))).customer;
        assert_eq!((customer.address.as_str(), customer.aliases.as_slice()), (USER, ["1650".to_owned()].as_slice()));
    }
    // The number alone is the same customer.
    let known = item(&received(&driver, &text("wamid.2", r#","wa_id":"1650""#, r#""from":"1650","#)));
    assert_eq!((known.conversation.as_str(), known.customer.address.as_str()), (USER, USER));
}

#[test]
fn a_hidden_number_is_no_hindrance() {
    let driver = driver();
    for who in [format!(r#""from_user_id":"{USER}","#), String::new()] {
        let item = item(&received(&driver, &text("wamid.1", &format!(r#","user_id":"{USER}""#), &who)));
        assert_eq!((item.conversation.as_str(), item.customer.aliases.len()), (USER, 0));
        assert!(item.customer.attributes.contains(&("whatsapp.username".into(), "sheena.n".into())));
    }
}

#[test]
fn one_who_was_known_by_number_goes_on_under_the_id() {
    let driver = driver();
    assert_eq!(
        item(&received(&driver, &text("wamid.1", r#","wa_id":"1650""#, r#""from":"1650","#))).conversation,
        "1650"
    );
    let both = format!(r#","wa_id":"1650","user_id":"{USER}""#);
    let messages = received(&driver, &text("wamid.2", &both, r#""from":"1650","#));
    assert_eq!(names(&messages)[..3], ["work-item.merge", "customer.changed", "support-request"]);
    assert_eq!(
        messages[0].interaction.arguments,
        format!(r#"{{"fromConversation":"1650","toConversation":"{USER}"}}"#)
    );
    assert_eq!(messages[1].interaction.arguments, format!(r#"{{"oldAddress":"1650","newAddress":"{USER}"}}"#));
    assert!(!names(&received(&driver, &text("wamid.3", &both, r#""from":"1650","#))).contains(&"work-item.merge"));
}

#[test]
fn a_changed_number_or_id_is_told() {
    let driver = driver();
    let system = |fields: &str| {
        let value = format!(
            r#""messages":[{{"from":"1650","id":"wamid.s","timestamp":"1","type":"system","system":{{"body":"User A changed from 1650 to 1219",{fields}}}}}]"#
        );
        received(&driver, &change("messages", &value))
    };
    let told = system(r#""wa_id":"1219","type":"user_changed_number""#);
    assert_eq!(names(&told), ["work-item.merge", "customer.changed"]);
    assert_eq!(told[1].interaction.arguments, r#"{"oldAddress":"1650","newAddress":"1219"}"#);
    assert_eq!(told[1].text(), "User A changed from 1650 to 1219");
    let customer = &told[1].work_item.as_ref().expect("a work item").customer;
    assert_eq!((customer.address.as_str(), customer.aliases.as_slice()), ("1219", [].as_slice()));
    let told = system(&format!(r#""wa_id":"1219","user_id":"{USER}","type":"user_changed_user_id""#));
    assert_eq!(told[1].interaction.arguments, format!(r#"{{"oldAddress":"1650","newAddress":"{USER}"}}"#));
    let told = system(r#""type":"customer_identity_changed""#);
    assert_eq!(told[0].interaction.arguments, r#"{"oldAddress":null,"newAddress":null}"#);
}

#[test]
fn a_user_id_update_moves_the_conversation() {
    let driver = driver();
    let value = format!(
        r#""contacts":[{{"profile":{{"name":"A"}},"wa_id":"1219","user_id":"{USER}"}}],
        "user_id_update":[{{"wa_id":"1219","detail":"changed","user_id":{{"previous":"US.1","current":"{USER}"}},"timestamp":"1"}},{{"x":1}}]"#
    );
    let told = received(&driver, &change("user_id_update", &value));
    assert_eq!(told[0].interaction.arguments, format!(r#"{{"fromConversation":"US.1","toConversation":"{USER}"}}"#));
    assert_eq!(told[1].interaction.arguments, format!(r#"{{"oldAddress":"US.1","newAddress":"{USER}"}}"#));
    assert_eq!((told.len(), told[1].work_item.as_ref().map(|item| item.customer.aliases.len())), (2, Some(2)));
}

#[test]
fn who_wants_no_advertising_is_told() {
    let driver = driver();
    for (word, out) in [("stop", "true"), ("resume", "false")] {
        let value = format!(
            r#""user_preferences":[{{"wa_id":"1650","category":"marketing_messages","value":"{word}","timestamp":"1795305600"}}]"#
        );
        let told = received(&driver, &change("user_preferences", &value)).remove(0);
        assert_eq!(told.interaction.arguments, format!(r#"{{"address":"1650","scope":"marketing","out":{out}}}"#));
    }
}
