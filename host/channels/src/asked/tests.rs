//! What is asked for counts within bounds, and only where the config is silent.

use super::*;
use jackfield_sandbox::WantedLimit;
use jackfield_spec::Attributes;

fn asks(limits: &[(&str, &str)]) -> Descriptor {
    let limit = |(name, value): &(&str, &str)| WantedLimit {
        name: (*name).to_owned(),
        value: (*value).to_owned(),
        attributes: Attributes::default(),
    };
    Descriptor {
        name: "large".to_owned(),
        version: "1.0.0".to_owned(),
        vendor: String::new(),
        title: String::new(),
        media_types: Vec::new(),
        interactions: Vec::new(),
        commands: Vec::new(),
        settings_schema: serde_json::json!({}),
        secrets: Vec::new(),
        capabilities: Vec::new(),
        instances: Vec::new(),
        headers: Vec::new(),
        limits: limits.iter().map(limit).collect(),
        attributes: Attributes::default(),
    }
}

#[test]
fn a_body_is_as_large_as_config_or_driver_say() {
    let mib = ByteSize::mib;
    for (configured, asked, expected) in [
        (None, None, mib(1)),
        (None, Some("4MiB"), mib(4)),
        (None, Some("64KiB"), mib(1)),
        (None, Some("16MiB"), mib(16)),
        (None, Some("1GiB"), mib(16)),
        (None, Some("a lot"), mib(1)),
        (Some(ByteSize::kib(1)), Some("4MiB"), ByteSize::kib(1)),
        (Some(mib(64)), Some("4MiB"), mib(64)),
    ] {
        let limits: Vec<_> = asked.map(|value| ("body", value)).into_iter().collect();
        assert_eq!(body(configured, Some(&asks(&limits))), expected, "{configured:?} {asked:?}");
    }
    assert_eq!(body(None, None), mib(1), "nothing serves the channel");
}

#[test]
fn times_are_asked_for_by_lane_and_unknown_names_passed_over() {
    let minutes = |count: u64| Some(Duration::from_secs(count * 60));
    let descriptor = asks(&[("deliver", "2m"), ("timer", "3h"), ("retry-for", "5m"), ("next", "1s")]);
    assert_eq!((call(&descriptor, "deliver"), call(&descriptor, "timer")), (minutes(2), minutes(15)));
    assert_eq!((retry_for(None, &descriptor), call(&descriptor, "receive")), (minutes(5), None));
    let for_ever = asks(&[("retry-for", "9000h")]);
    assert_eq!(retry_for(None, &for_ever), minutes(14 * 24 * 60), "no work item stays open for a year");
    assert_eq!((retry_for(minutes(7), &for_ever), retry_for(minutes(7), &asks(&[]))), (minutes(7), minutes(7)));
    assert_eq!((retry_for(None, &asks(&[("retry-for", "soon")])), retry_for(None, &asks(&[]))), (None, None));
    assert_eq!(call(&asks(&[("deliver", "soon")]), "deliver"), None);
    let large = asks(&[("receive", "10s"), ("memory", "128MiB")]);
    assert_eq!((receive(&large), memory(&large)), (Some(Duration::from_secs(10)), Some(ByteSize::mib(128))));
    let larger = asks(&[("receive", "1h"), ("memory", "4GiB")]);
    assert_eq!((receive(&larger), memory(&larger)), (Some(Duration::from_secs(15)), Some(ByteSize::mib(256))));
    assert_eq!((receive(&descriptor), memory(&descriptor)), (None, None));
}
