use super::*;
use crate::compose::bare;
use jackfield_spec::{Attributes, Customer, Kind, WorkItemInfo};
use std::path::Path;

/// Routes as an operator writes them.
fn routes(text: &str) -> Routes {
    let queues = "[[queue]]\nid = \"support\"\n[[queue]]\nid = \"spanish\"\n";
    let config = jackfield_config::parse(&format!("{queues}{text}"), "test.toml", Path::new(""), &|_| None);
    Routes::new(config.expect("the test's routes are right").config.routes)
}

fn message(language: Option<&str>) -> Message {
    let mut message = bare("line", "d@1.0.0", "telegraph", Kind::Request, "support-request");
    message.work_item = Some(WorkItemInfo {
        id: None,
        conversation: "c".to_owned(),
        customer: Customer {
            address: "+1".to_owned(),
            aliases: Vec::new(),
            name: None,
            id: None,
            attributes: Attributes::default(),
        },
        subject: None,
        priority: None,
        language: language.map(str::to_owned),
        state: None,
        attributes: Attributes::default(),
    });
    message
}

const TWO: &str = r#"
[[route]]
when = 'message.workItem.language == "es" && channel.id == "line"'
queue = "spanish"
priority = 7
[[route]]
queue = "support"
"#;

#[test]
fn one_changed_field_changes_the_queue() {
    let routes = routes(TWO);
    let channel = channel_facts("line", "d", false);
    let spanish = routes.decide(&message(Some("es")), &channel, 0).route.expect("there is a catch-all");
    assert_eq!((&*spanish.queue, spanish.priority, &*spanish.rule), ("spanish", Some(7), "route 1"));
    let other = routes.decide(&message(Some("en")), &channel, 0).route.expect("there is a catch-all");
    assert_eq!((&*other.queue, other.priority, &*other.rule), ("support", None, "route 2"));
    let elsewhere = routes.decide(&message(Some("es")), &channel_facts("other", "d", false), 0);
    assert_eq!(&*elsewhere.route.expect("there is a catch-all").queue, "support");
}

#[test]
fn a_condition_that_cannot_be_said_is_not_met_and_counted() {
    let routes =
        routes("[[route]]\nwhen = 'message.nosuch.key == 1'\nqueue = \"spanish\"\n[[route]]\nqueue = \"support\"\n");
    let routed = routes.decide(&message(None), &channel_facts("line", "d", false), 0);
    assert_eq!(routed.failures, 1);
    assert_eq!(&*routed.route.expect("there is a catch-all").queue, "support");
}
