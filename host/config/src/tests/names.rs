use crate::DriverRef;
use crate::names::is_id;
use crate::problem::nearest;

#[test]
fn driver_references() {
    for (text, name, version) in [
        ("twilio-sms", "twilio-sms", None),
        ("webhook@1.2.0", "webhook", Some("1.2.0")),
        ("x_1@1.0.0-rc.1+b", "x_1", Some("1.0.0-rc.1+b")),
    ] {
        let driver = DriverRef::parse(text).unwrap();
        assert_eq!((driver.name.as_str(), driver.version.as_deref()), (name, version));
        assert_eq!(driver.to_string(), text);
    }
    for text in ["", "@1.0.0", "a@", "a@1", "a@1.2", "a@1.2.x", "a@1.2.3-", "a b", "../a", "a/b", "a@1.0.0@2.0.0", "é"]
    {
        assert_eq!(DriverRef::parse(text), None, "{text}");
    }
}

#[test]
fn ids() {
    for text in ["ana", "support-sms", "a.b_c", "ana@example.com", "7"] {
        assert!(is_id(text), "{text}");
    }
    for text in ["", ".", "..", "-a", "a/b", "a b", "é", &"a".repeat(129)] {
        assert!(!is_id(text), "{text}");
    }
}

#[test]
fn the_nearest_name() {
    let known = ["offer-timeout", "id", "wrap-up"];
    assert_eq!(nearest("offer_timeout", known), Some("offer-timeout"));
    assert_eq!(nearest("wrapup", known), Some("wrap-up"));
    assert_eq!(nearest("priority", known), None);
    assert_eq!(nearest(&"x".repeat(100_000), known), None);
}
