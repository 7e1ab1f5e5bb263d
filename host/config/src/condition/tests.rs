use std::time::{Duration, Instant};

use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use serde_json::{Value, json};

use super::*;

fn message() -> Value {
    json!({
        "id": "0198", "channel": "support-sms", "mediaType": "sms", "agent": null,
        "workItem": {
            "conversation": "+14155551212", "language": "es", "priority": 7,
            "customer": {"address": "+14155551212", "name": null},
            "attributes": {"tier": "gold", "größe": "1"}
        },
        "interaction": {"kind": "request", "arguments": {"size": 12.5, "big": u64::MAX, "list": [1, 2, 3]}},
        "parts": [{"type": "text", "text": "Hola, quiero un reembolso"}, {"type": "attachment", "size": 10}]
    })
}

fn evaluate(source: &str) -> Outcome {
    let message = message();
    let condition = Condition::compile(source).unwrap_or_else(|error| panic!("{source}: {error}"));
    condition.evaluate(&Facts {
        message: &message,
        work_item: &message["workItem"],
        customer: &message["workItem"]["customer"],
        channel: &json!({"id": "support-sms", "driver": "twilio-sms@1.2.0"}),
        now: "2026-03-01T08:30:00Z".parse().unwrap(),
    })
}

#[test]
fn conditions_that_match() {
    for source in [
        r#"message.mediaType == "sms" && message.workItem.language == "es""#,
        r#"workItem.attributes["tier"] in ["gold", "silver"]"#,
        r#"workItem.attributes.tier.startsWith("go")"#,
        r#"workItem["attributes"]["größe"] == "1""#,
        r#"channel.id == "support-sms""#,
        r#"customer.address.matches("^\\+1")"#,
        "customer.name == null",
        "message.agent == null",
        "has(workItem.customer) && !has(workItem.subject)",
        "workItem.priority > 5 && workItem.priority == 7.0",
        "message.interaction.arguments.size > 12",
        "message.interaction.arguments.big > 1",
        "2 in message.interaction.arguments.list",
        r#"message.parts.exists(p, p.type == "text" && p.text.contains("reembolso"))"#,
        "message.parts.filter(p, has(p.size)).size() == 1",
        r#"workItem.attributes.exists(k, k == "tier")"#,
        r#""tier" in workItem.attributes"#,
        "workItem.customer == customer",
        r#"workItem.attributes == {"tier": "gold", "größe": "1"}"#,
        "message == message",
        "size(workItem.attributes) == 2",
        "type(workItem.priority) == int",
        "now > timestamp('2026-01-01T00:00:00Z')",
        "now - duration('24h') < now",
        r#"now.getHours() == 8 && now.getHours("Europe/Berlin") == 9"#,
        "[customer][0].name == null",
        // Errors on one side of `||` don't matter if the other decides.
        "message.nothing == 1 || true",
    ] {
        assert_eq!(evaluate(source), Outcome::Match, "{source}");
    }
}

#[test]
fn conditions_that_do_not_match() {
    for source in [
        r#"message.mediaType == "email""#,
        r#"customer == {"address": "x"}"#,
        "workItem.attributes == workItem",
        "message.agent == workItem",
        "3.5 in message.interaction.arguments.list",
        "1 in workItem.attributes",
        "now.getDayOfWeek() != 0",
    ] {
        assert_eq!(evaluate(source), Outcome::NoMatch, "{source}");
    }
}

#[test]
fn what_fails_says_why_without_the_customers_data() {
    for (source, reason) in [
        ("message.subject == 'x'", "there is no key `subject`"),
        ("message[customer.address] == 'x'", "there is no such key"),
        ("message.agent.name == 'x'", "found no matching overload for '_._' applied to '(null_type, string)'"),
        ("message.mediaType", "the condition gives a string, not true or false"),
        ("customer.address > 1", "found no matching overload for '_>_' applied to '(string, int)'"),
        ("1 / (size(message.parts) - 2) == 1", "division by zero"),
        ("message.parts[7] == 1", "an index is beyond the list"),
        ("timestamp(customer.address) < now", "the function `timestamp` failed"),
    ] {
        let Outcome::Failed(said) = evaluate(source) else {
            panic!("{source} did not fail");
        };
        assert_eq!(said, reason, "{source}");
    }
}

#[test]
fn errors_have_their_place_and_a_remedy() {
    for (source, expected) in [
        ("message.mediaType = 'sms'", "line 1, column 19 of the condition: `=` compares nothing; compare with `==`"),
        (
            "message.mediaType ==",
            "line 1, column 21 of the condition: the condition ends too early; write the rest of it",
        ),
        ("", "line 1, column 1 of the condition: the condition ends too early; write the rest of it"),
        (
            "true\n && 'é' == mesage.x",
            "line 2, column 12 of the condition: there is no `mesage`; did you mean `message`?",
        ),
        (
            "medium == 'sms'",
            "line 1, column 1 of the condition: there is no `medium`; \
             known here: message, workItem, customer, channel, now",
        ),
        (
            "message.mediaType.beginsWith('s')",
            "line 1, column 29 of the condition: there is no function `beginsWith`; \
             use the standard functions of CEL",
        ),
        (
            "message.id.matches('[')",
            "line 1, column 20 of the condition: `[` is not a regular expression; correct the pattern",
        ),
        (
            "has(message)",
            "line 1, column 5 of the condition: invalid argument to has() macro; correct the CEL expression",
        ),
        (
            "message.parts.exists(a, message.parts.exists(b, message.parts.exists(c, a == c)))",
            "line 1, column 69 of the condition: there are more than 2 loops in each other; \
             use fewer of all, exists, exists_one, map, filter",
        ),
        ("Foo{a: 1} == 1", "line 1, column 4 of the condition: there is no type `Foo`; use a map, { \"key\": value }"),
    ] {
        let error = Condition::compile(source).expect_err(source);
        assert_eq!(error.to_string(), expected, "{source}");
    }
}

#[test]
fn hostile_conditions_are_refused_quickly() {
    let hostile = [
        "(".repeat(4096),
        format!("{}1{}", "(".repeat(2000), ")".repeat(2000)),
        "[".repeat(4096),
        "{".repeat(4096),
        "-".repeat(4095) + "1.",
        format!("now{}", ".b".repeat(2000)),
        format!("now{}", "[1]".repeat(1360)),
        format!("1{}", "+1".repeat(2000)),
        format!("1{}", "<1".repeat(2000)),
        format!("{}now", "true?1:".repeat(500)),
        format!("[1]{}", ".map(x,x+x)".repeat(370)),
        format!("{}now{}", "[1].map(x,".repeat(300), ")".repeat(300)),
        "\u{0}".repeat(4096),
        "'".repeat(4095),
        "x".repeat(4097),
    ];
    for source in hostile {
        let start = Instant::now();
        let refused = Condition::compile(&source);
        assert!(refused.is_err(), "{}", &source[..20]);
        assert!(start.elapsed() < Duration::from_secs(2), "{} took {:?}", &source[..20], start.elapsed());
    }
}

#[test]
fn the_deepest_condition_evaluates_on_a_small_stack() {
    let deepest = (1..=MAX_SOURCE / 2)
        .map(|terms| format!("0{} >= 0", "+1".repeat(terms)))
        .take_while(|source| Condition::compile(source).is_ok())
        .last()
        .expect("a short sum compiles");
    assert!(deepest.len() > 100, "{deepest}");
    let outcome =
        std::thread::Builder::new().stack_size(512 << 10).spawn(move || evaluate(&deepest)).unwrap().join().unwrap();
    assert_eq!(outcome, Outcome::Match);
}

#[test]
fn two_loops_over_all_that_fits_end() {
    let list = vec!["0"; 990].join(",");
    let source = format!("[{list}].all(a, [{list}].all(b, a == b))");
    assert!(source.len() <= MAX_SOURCE);
    assert_eq!(evaluate(&source), Outcome::Match);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, rng_seed: RngSeed::Fixed(7), ..ProptestConfig::default() })]

    #[test]
    fn no_text_makes_it_panic(source in "\\PC{0,60}") {
        if let Err(error) = Condition::compile(&source) {
            prop_assert!(error.line >= 1 && error.column >= 1);
            prop_assert!(!error.problem.contains(char::is_control));
        }
    }

    #[test]
    fn no_expression_makes_it_panic(
        pieces in proptest::collection::vec(
            proptest::sample::select(vec![
                "message", "workItem", ".parts", ".x", "[0]", "(", ")", "'a'", "1", "1.5", "==", "&&", "||", "!",
                "-", "+", "/", "%", "<", "in", "?", ":", "[", "]", "{", "}", ",", ".exists(x,", ".map(y, y)",
                "has(", "size(", "now", "null", "true", "-9223372036854775808", "duration('1h')", " ", "timestamp(",
                ".getHours(", "'Europe/Berlin'", "b'x'", "1u", "string(", "int(", "\n",
            ]),
            0..14,
        )
    ) {
        let source = pieces.concat();
        if let Ok(condition) = Condition::compile(&source) {
            let message = message();
            condition.evaluate(&Facts {
                message: &message,
                work_item: &message["workItem"],
                customer: &Value::Null,
                channel: &Value::Null,
                now: jiff::Timestamp::MAX,
            });
        }
    }
}
