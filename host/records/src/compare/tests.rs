use super::*;
use proptest::prelude::*;
use serde_json::json;

fn step(function: &str, arguments: Value) -> Step {
    Step { function: function.to_owned(), arguments, answer: Some(Value::Null) }
}

fn call(steps: Vec<Step>, ending: Ending) -> Call {
    Call { handler: "Receive".to_owned(), at: 0, input: Value::Null, steps, ending }
}

fn ok() -> Ending {
    Ending::Returned { answer: json!({ "status": 200 }) }
}

fn failed(kind: &str) -> Ending {
    Ending::Failed { kind: kind.to_owned(), text: String::new() }
}

#[test]
fn what_only_looks_makes_no_difference() {
    let recorded = call(vec![step("clock.now", json!([])), step("store.get", json!(["k"]))], ok());
    let replayed = call(vec![step("secrets.hmac", json!(["k"]))], ok());
    assert_eq!(compare(&recorded, &replayed, &[]), []);
    let unanswered = compare(&recorded, &replayed, &[0]);
    assert!(matches!(unanswered.as_slice(), [Difference::Unanswered { .. }]));
}

#[test]
fn each_kind_of_difference_is_told_with_its_place() {
    let set = |key: &str, value: &str| step("store.set", json!([key, { "$text": value }, null]));
    let recorded = call(vec![set("a", "1"), set("b", "2"), step("log.write", json!(["Info", "x"]))], ok());
    let replayed = call(vec![set("a", "1"), set("b", "3"), set("c", "4")], failed("trap"));
    let found = compare(&recorded, &replayed, &[]);
    let change = Change { at: "/1/$text".to_owned(), recorded: Some(json!("2")), replayed: Some(json!("3")) };
    assert_eq!(found[0], Difference::Changed { function: "store.set".to_owned(), changes: vec![change] });
    assert!(matches!(&found[1], Difference::Missing { function, .. } if function == "log.write"));
    assert!(matches!(&found[2], Difference::Added { function, .. } if function == "store.set"));
    assert!(matches!(&found[3], Difference::Ending { .. }));
    assert_eq!(found.len(), 4);
}

#[test]
fn time_is_compared_as_a_kind_and_as_far_as_it_went() {
    let steps = vec![step("log.write", json!([1])), step("log.write", json!([2]))];
    let recorded = call(steps.clone(), failed("guest-time"));
    assert_eq!(compare(&recorded, &call(steps[..1].to_vec(), failed("guest-time")), &[]), []);
    assert_ne!(compare(&recorded, &call(steps[1..].to_vec(), failed("guest-time")), &[]), []);
    assert_ne!(compare(&recorded, &call(steps.clone(), ok()), &[]), [], "it comes to an end now");
    assert_eq!(compare(&call(steps.clone(), failed("cut-off")), &call(steps, ok()), &[]), []);
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let one = (0..3_u8, 0..3_u8).prop_map(|(function, value)| {
        step(["store.set", "server.push", "log.write"][function as usize], json!([value]))
    });
    proptest::collection::vec(one, 0..8)
}

proptest! {
    #[test]
    fn there_is_a_difference_just_where_one_is(before in steps(), after in steps()) {
        let found = compare(&call(before.clone(), ok()), &call(after.clone(), ok()), &[]);
        prop_assert_eq!(found.is_empty(), before == after);
    }
}
