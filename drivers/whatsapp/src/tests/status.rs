//! How far what was sent has come.

use jackfield_sdk::native;

use super::{change, driver, received};

fn status(fields: &str) -> String {
    change(
        "messages",
        &format!(r#""statuses":[{{"id":"wamid.9","recipient_id":"1650","timestamp":"1795305600",{fields}}}]"#),
    )
}

#[test]
fn statuses_are_told_with_our_own_id() {
    let driver = driver();
    for (word, told) in [("sent", "sent"), ("delivered", "delivered"), ("read", "read"), ("played", "read")] {
        let body = status(&format!(
            r#""status":"{word}","biz_opaque_callback_data":"0198-m","pricing":{{"billable":true,"category":"service"}}"#
        ));
        let message = received(&driver, &body).remove(0);
        assert_eq!(message.event_id.as_deref(), Some(format!("wamid.9/{word}").as_str()));
        assert_eq!((message.external_id.as_deref(), message.cause.as_deref()), (Some("wamid.9"), Some("0198-m")));
        let arguments = &message.interaction.arguments;
        assert!(arguments.contains(&format!(r#""externalId":"wamid.9","upTo":null,"status":"{told}""#)), "{arguments}");
        assert!(message.attributes.contains(&("whatsapp.pricing.category".into(), "service".into())));
        assert_eq!(message.work_item.expect("a work item").conversation, "1650");
    }
    assert!(received(&driver, &status(r#""status":"warning""#)).is_empty());
}

#[test]
fn a_failure_says_why_and_what_follows() {
    let driver = driver();
    let failed = |code: u32| {
        received(
            &driver,
            &status(&format!(
                r#""status":"failed","errors":[{{"code":{code},"title":"Title","error_data":{{"details":"Details."}}}}]"#
            )),
        )
    };
    let told = failed(131_026);
    assert!(
        told[0]
            .interaction
            .arguments
            .contains(r#""status":"failed","code":"whatsapp/131026","text":"It can't be delivered"#)
    );
    assert_eq!(told.len(), 1);
    assert!(failed(999).remove(0).interaction.arguments.contains(r#""code":"whatsapp/999","text":"Details.""#));
    for code in [131_049, 131_050] {
        assert_eq!(failed(code)[1].interaction.arguments, r#"{"address":"1650","scope":"marketing","out":true}"#);
    }
    let closed = failed(131_047).remove(1);
    assert!(closed.interaction.arguments.contains(r#""enabled":false"#), "{}", closed.interaction.arguments);
    let locked = failed(131_031).remove(1).connection.expect("the channel's health");
    assert_eq!((locked.state.as_str(), locked.user_action), ("logged-out", true));
}

#[test]
fn a_fault_of_metas_is_logged_and_told() {
    let driver = driver();
    let told = received(&driver, &change("messages", r#""errors":[{"code":131000,"title":"Something went wrong"}]"#));
    assert_eq!(told[0].connection.as_ref().map(|connection| connection.state.as_str()), Some("transient-error"));
    assert!(native::with(|host| host.log.concat()).contains("131000"));
}

#[test]
fn a_status_without_what_it_is_about_is_set_aside() {
    let driver = driver();
    let value = r#""statuses":[{"status":"sent"},{"id":"wamid.9","status":"sent"},null]"#;
    assert!(received(&driver, &change("messages", value)).is_empty());
    assert_eq!(native::with(|host| host.set_aside.len()), 3);
}
