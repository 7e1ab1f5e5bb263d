use super::*;
use crate::strategies;
use proptest::prelude::*;
use serde_json::{Value, json};

fn canonical(text: &str) -> String {
    let value: Value = serde_json::from_str(text).unwrap_or_else(|error| panic!("{text}: {error}"));
    to_json(&value).unwrap_or_else(|error| panic!("{text}: {error}"))
}

#[test]
fn a_digest_is_read_as_it_is_written() {
    let digest = Digest::of(b"jackfield");
    assert_eq!(digest.to_string().parse(), Ok(digest));
    assert_eq!(digest.to_string().to_uppercase().parse::<Digest>(), Err(DigestError));
    assert_eq!("sha256-00".parse::<Digest>(), Err(DigestError));
}

/// RFC 8785, section 3.2.2: the sample of primitive types.
#[test]
fn the_sample_of_rfc_8785_comes_out_as_printed() {
    let sample = r#"{
        "numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
        "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
        "literals": [null, true, false]
    }"#;
    let printed = concat!(
        r#"{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"#,
        r#""string":"€$\u000f\nA'B\"\\\\\"/"}"#
    );
    assert_eq!(canonical(sample), printed);
}

/// RFC 8785, section 3.2.3: keys in the order of their UTF-16 code units.
#[test]
fn keys_are_sorted_as_in_rfc_8785() {
    let sample = r#"{
        "\u20ac": "Euro Sign", "\r": "Carriage Return", "\ufb33": "Hebrew Letter Dalet With Dagesh", "1": "One",
        "\ud83d\ude00": "Emoji: Grinning Face", "\u0080": "Control", "\u00f6": "Latin Small Letter O With Diaeresis"
    }"#;
    let order = ["\\r", "1", "\u{80}", "ö", "€", "😀", "\u{fb33}"];
    let text = canonical(sample);
    let places: Vec<Option<usize>> = order.iter().map(|key| text.find(&format!("\"{key}\":"))).collect();
    assert!(places.iter().all(Option::is_some), "{text}");
    assert!(places.is_sorted(), "{text}");
}

/// RFC 8785, appendix B: IEEE 754 bits and what is written.
#[test]
fn numbers_are_written_as_in_appendix_b_of_rfc_8785() {
    let table: &[(u64, &str)] = &[
        (0x0000_0000_0000_0000, "0"),
        (0x8000_0000_0000_0000, "0"),
        (0x0000_0000_0000_0001, "5e-324"),
        (0x8000_0000_0000_0001, "-5e-324"),
        (0x7fef_ffff_ffff_ffff, "1.7976931348623157e+308"),
        (0xffef_ffff_ffff_ffff, "-1.7976931348623157e+308"),
        (0x4340_0000_0000_0000, "9007199254740992"),
        (0xc340_0000_0000_0000, "-9007199254740992"),
        (0x4430_0000_0000_0000, "295147905179352830000"),
        (0x44b5_2d02_c7e1_4af5, "9.999999999999997e+22"),
        (0x44b5_2d02_c7e1_4af6, "1e+23"),
        (0x44b5_2d02_c7e1_4af7, "1.0000000000000001e+23"),
        (0x444b_1ae4_d6e2_ef4e, "999999999999999700000"),
        (0x444b_1ae4_d6e2_ef4f, "999999999999999900000"),
        (0x444b_1ae4_d6e2_ef50, "1e+21"),
        (0x3eb0_c6f7_a0b5_ed8c, "9.999999999999997e-7"),
        (0x3eb0_c6f7_a0b5_ed8d, "0.000001"),
        (0x41b3_de43_5555_5553, "333333333.3333332"),
        (0x41b3_de43_5555_5554, "333333333.33333325"),
        (0x41b3_de43_5555_5555, "333333333.3333333"),
        (0x41b3_de43_5555_5556, "333333333.3333334"),
        (0x41b3_de43_5555_5557, "333333333.33333343"),
        (0xbecb_f647_612f_3696, "-0.0000033333333333333333"),
        (0x4314_3ff3_c1cb_0959, "1424953923781206.2"),
    ];
    for (bits, written) in table {
        assert_eq!(to_json(&json!(f64::from_bits(*bits))).ok().as_deref(), Some(*written), "{bits:016x}");
        assert_eq!(canonical(written), *written);
    }
}

#[test]
fn an_absent_value_is_null_and_encoded_agent_is_left_out() {
    let message: Message = serde_json::from_value(json!({
        "mediaType": "telegraph", "parts": [], "attributes": {},
        "interaction": {"kind": "notification", "name": "typing", "arguments": {"on": true}},
    }))
    .unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(
        to_json(&message).unwrap_or_default(),
        concat!(
            r#"{"agent":null,"attributes":{},"cause":null,"channel":null,"connection":null,"digest":null,"#,
            r#""direction":null,"driver":null,"eventId":null,"externalId":null,"id":null,"interaction":{"#,
            r#""arguments":{"on":true},"inReplyTo":null,"kind":"notification","name":"typing","trackingId":null},"#,
            r#""mediaType":"telegraph","occurredAt":null,"parts":[],"queue":null,"receivedAt":null,"rule":null,"#,
            r#""statistics":null,"workItem":null}"#
        )
    );
}

#[test]
fn a_key_twice_and_raw_json_are_refused() {
    let twice = crate::Attributes(vec![("a".to_owned(), String::new()), ("a".to_owned(), String::new())]);
    assert!(to_json(&twice).is_err_and(|error| error.to_string().contains("a key twice")));
    let raw = serde_json::value::RawValue::from_string("{\"b\":1,\"a\":1}".to_owned());
    assert!(raw.is_ok_and(|raw| to_json(&raw).is_err()));
}

/// Wider than messages may hold: the writer is compared with another implementation.
#[test]
fn large_numbers_are_written_as_their_doubles() {
    for value in [json!(u64::MAX), json!(i64::MIN), json!(1_u64 << 53), json!((1_u64 << 53) + 1), json!(-5), json!(0)] {
        assert_eq!(to_json(&value).ok(), serde_json_canonicalizer::to_string(&value).ok(), "{value}");
    }
}

proptest! {
    #![proptest_config(strategies::config())]

    #[test]
    fn canonical_json_is_read_and_written_unchanged(message in strategies::stamped()) {
        let text = to_json(&message)?;
        let read: Message = serde_json::from_str(&text)?;
        prop_assert_eq!(serde_json_canonicalizer::to_string(&message)?, text.clone(), "as another implementation");
        prop_assert_eq!(to_json(&read)?, text);
    }

    #[test]
    fn any_value_has_one_canonical_form(value in strategies::value()) {
        let text = to_json(&value)?;
        let read: Value = serde_json::from_str(&text)?;
        prop_assert_eq!(to_json(&read)?, text.clone());
        prop_assert_eq!(serde_json_canonicalizer::to_string(&value)?, text);
    }

    #[test]
    fn a_sealed_message_is_what_digest_and_json_give(mut message in strategies::stamped(), placed: bool) {
        if let (Some(item), false) = (&mut message.work_item, placed) {
            item.id = None;
        }
        let mut sealed = message.clone();
        let json = seal(&mut sealed)?;
        message.digest = Some(digest(&mut message)?);
        prop_assert_eq!(json, to_json(&message)?);
        prop_assert_eq!(sealed, message);
    }

    #[test]
    fn stamps_leave_the_digest_alone(mut pushed in strategies::message(), stamped in strategies::stamped()) {
        let before = digest(&mut pushed)?;
        let mut message = pushed.clone();
        message.id = stamped.id;
        message.channel = stamped.channel;
        message.driver = stamped.driver;
        message.direction = stamped.direction;
        message.received_at = stamped.received_at;
        message.digest = Some(before);
        if let (Some(item), Some(other)) = (&mut message.work_item, stamped.work_item) {
            item.id = other.id;
        }
        let whole = message.clone();
        prop_assert_eq!(digest(&mut message)?, before);
        prop_assert_eq!(message, whole, "the message is as it was");
    }

    #[test]
    fn the_digest_is_the_same_at_the_agents_socket(mut message in strategies::stamped(), agent in strategies::agent()) {
        let encoded = digest(&mut message)?;
        message.encoded_agent = message.agent.replace(agent);
        let text = to_json(&message)?;
        let mut read: Message = serde_json::from_str(&text)?;
        prop_assert_eq!(digest_delivered(&mut read)?, encoded);
        prop_assert_eq!(to_json(&read)?, text, "the message is as it was");
    }

    #[test]
    fn another_content_has_another_digest(mut message in strategies::message()) {
        let before = digest(&mut message)?;
        message.attributes.set("changed", "yes");
        prop_assert_ne!(digest(&mut message)?, before);
    }
}
