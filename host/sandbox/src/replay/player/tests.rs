use super::*;
use crate::services::Services;

fn call(steps: &[(&str, Value, Option<Value>)], ending: Ending) -> Call {
    let step = |(function, arguments, answer): &(&str, Value, Option<Value>)| Step {
        function: (*function).to_owned(),
        arguments: arguments.clone(),
        answer: answer.clone(),
    };
    Call {
        handler: "Receive".to_owned(),
        at: 1_000,
        input: Value::Null,
        steps: steps.iter().map(step).collect(),
        ending,
    }
}

fn returned() -> Ending {
    Ending::Returned { answer: Value::Null }
}

fn player(steps: &[(&str, Value, Option<Value>)], ending: Ending) -> (Player, Arc<Model>) {
    let model = Arc::new(Model::default());
    (Player::new(&call(steps, ending), model.clone()), model)
}

type Found = Result<Option<Vec<u8>>, crate::bindings::jackfield::channel::message::Error>;

fn answered<R>(before: Before<R>) -> R {
    match before {
        Before::Answered(answer) => answer,
        Before::Go | Before::Keep => panic!("the host was to answer"),
    }
}

#[test]
fn what_was_asked_is_answered_in_its_order() {
    let now = |at: u64| ("clock.now", Value::Null, Some(json!(at)));
    let (mut player, _) = player(&[now(5), now(7)], returned());
    let ask = |player: &mut Player| answered(player.asked::<u64>("clock.now", &()));
    assert_eq!([ask(&mut player), ask(&mut player)], [5, 7]);
    assert_eq!(ask(&mut player), 7, "then the time stands still");
    assert_eq!(player.call.steps.len(), 3);
}

#[test]
fn a_driver_reads_what_it_wrote_and_else_what_was_there() {
    let get = ("store.get", json!(["k"]), Some(json!({ "Ok": { "$text": "old" } })));
    let set = ("store.set", json!(["k", { "$text": "new" }, null]), Some(json!({ "Ok": null })));
    let (mut player, model) = player(&[get, set], returned());
    let read = |player: &mut Player, key: &str| player.asked::<Found>("store.get", &(key,));
    assert!(answered(read(&mut player, "k")).is_ok_and(|value| value == Some(b"old".to_vec())));
    // Another value than the recorded version wrote: the host takes it, and it is read again.
    let other = (&"k", &b"other".to_vec(), &None::<u64>);
    assert!(matches!(player.asked::<Result<(), ()>>("store.set", &other), Before::Keep));
    player.answered(json!({ "Ok": null }));
    assert!(answered(read(&mut player, "k")).is_ok_and(|value| value == Some(b"other".to_vec())));
    assert_eq!(model.store_get("desk", "k").expect("known").value, Some(b"old".to_vec()), "what was committed");
    assert!(player.unanswered.is_empty());
    assert!(matches!(read(&mut player, "unheard-of"), Before::Keep));
    assert_eq!(player.unanswered.len(), 1, "nobody knows what stands there");
}

#[test]
fn pages_of_the_store_are_made_anew_of_those_that_were_seen() {
    let entry = |key: &str, value: &str| json!({ "key": key, "value": { "$text": value }, "attributes": [] });
    let page = |after: Option<&str>, entries: &[Value]| {
        ("store.entries", json!(["k/", after, 2]), Some(json!({ "Ok": entries })))
    };
    let first = page(None, &[entry("k/1", "a"), entry("k/2", "b")]);
    let second = page(Some("k/2"), &[entry("k/3", "c")]);
    let (mut player, _) = player(&[first, second], returned());
    type Entries = Result<Vec<crate::bindings::jackfield::channel::store::Entry>, ()>;
    let ask = |player: &mut Player, prefix: &str, after: Option<&str>, limit: u32| {
        let entries = answered(player.asked::<Entries>("store.entries", &(prefix, after, limit))).expect("a page");
        entries.into_iter().map(|entry| (entry.key, String::from_utf8_lossy(&entry.value).into_owned())).collect()
    };
    let of = |entries: &[(&str, &str)]| -> Vec<(String, String)> {
        entries.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    };
    let all: Vec<_> = ask(&mut player, "k/", None, 100);
    assert_eq!(all, of(&[("k/1", "a"), ("k/2", "b"), ("k/3", "c")]), "another page size than was recorded");
    for (key, value) in [("k/1", Value::Null), ("k/25", json!({ "$text": "new" }))] {
        let function = if value.is_null() { "store.delete" } else { "store.set" };
        assert!(matches!(player.asked::<Result<(), ()>>(function, &(key, &value)), Before::Keep));
        player.answered(json!({ "Ok": null }));
    }
    let all: Vec<_> = ask(&mut player, "k/", None, 2);
    assert_eq!(all, of(&[("k/2", "b")]), "as the store does it: two that are there, one of them deleted");
    let all: Vec<_> = ask(&mut player, "k/", Some("k/2"), 100);
    assert_eq!(all, of(&[("k/25", "new"), ("k/3", "c")]));
    assert!(player.unanswered.is_empty());
    assert!(matches!(player.asked::<Entries>("store.entries", &("other/", None::<u8>, 5)), Before::Keep));
    assert_eq!(player.unanswered.len(), 1, "nobody knows what stands there");
}

#[test]
fn a_guest_with_wasi_that_asks_for_more_waits_for_nothing() {
    let send = ("wasi:http.send", json!([{ "url": "https://a" }]), Some(json!({ "Ok": 1 })));
    let none = ("wasi:http.answer", json!([1]), Some(Value::Null));
    let came = ("wasi:http.answer", json!([1]), Some(json!({ "Err": "Timeout" })));
    let (mut player, _) = player(&[send, none, came], returned());
    let poll = |player: &mut Player, waits: Value| answered(player.asked::<Vec<u32>>("wasi:io.poll", &(waits,)));
    assert_eq!(
        poll(&mut player, json!([{ "After": 5 }, { "Answer": 1 }, "Now"])),
        [1, 2],
        "no moment before the others"
    );
    assert_eq!(poll(&mut player, json!([{ "After": 5 }, { "At": 7 }])), [0, 1]);
    let mut look = || answered(player.asked::<Option<Result<(), String>>>("wasi:http.answer", &(1,)));
    assert_eq!(look(), None);
    for _ in 0..2 {
        assert_eq!(look(), Some(Err("Timeout".to_owned())), "once more than it was");
    }
    assert_eq!(answered(player.asked::<u64>("wasi:clocks.wall", &())), 1_000);
    assert!(player.unanswered.is_empty());
    assert!(matches!(player.asked::<Result<u32, u8>>("wasi:http.send", &("another",)), Before::Keep));
    assert_eq!(player.unanswered.len(), 1);
}

#[test]
fn what_comes_from_outside_is_answered_from_the_record_or_not_at_all() {
    let found = ("crm.find-customer", json!(["+1"]), Some(json!({ "Ok": null })));
    let (mut player, _) = player(&[found], returned());
    type Customer = Result<Option<u8>, crate::bindings::jackfield::channel::message::Error>;
    assert!(answered(player.asked::<Customer>("crm.find-customer", &("+1",))).is_ok());
    assert!(answered(player.asked::<Customer>("crm.find-customer", &("+1",))).is_ok(), "the same again");
    let other = answered(player.asked::<Customer>("crm.find-customer", &("+2",)));
    assert_eq!(other.expect_err("nobody knows").code, "unavailable");
    assert_eq!(player.unanswered, [2]);
}

#[test]
fn made_up_randomness_is_the_same_in_every_replay() {
    let draw = || {
        let (mut player, _) = player(&[], returned());
        let mut draw = |length: u32| answered(player.asked::<Vec<u8>>("random.bytes", &(length,)));
        [draw(40), draw(40), draw(u32::MAX)]
    };
    let [first, second, most] = draw();
    assert_eq!((first.len(), most.len()), (40, RANDOM));
    assert_ne!(first, second);
    assert_eq!(draw(), [first, second, most]);
}

#[test]
fn a_call_that_was_ended_from_outside_ends_where_it_did() {
    let log = ("log.write", json!(["Info", "x", []]), Some(Value::Null));
    let send = ("http.send", json!(["request"]), None);
    let late = || Ending::Failed { kind: "wall-time".to_owned(), text: "late".to_owned() };
    let (mut waiting, _) = player(&[log.clone(), send], late());
    assert!(!waiting.is_unanswered("http.send", &("another",)));
    assert!(waiting.is_unanswered("http.send", &("request",)) && waiting.is_over());
    waiting.end(returned());
    assert_eq!(waiting.done().take().expect("ended").call.ending, late());

    let (mut looping, _) = player(std::slice::from_ref(&log), late());
    assert!(matches!(looping.asked::<()>("log.write", &("Info", "x", Vec::<u8>::new())), Before::Answered(())));
    assert!(!looping.is_over());
    assert!(matches!(looping.asked::<()>("log.write", &("Info", "x", Vec::<u8>::new())), Before::Go));
    assert!(looping.is_over(), "the record says nothing of what would have come");
    assert_eq!(looping.call.steps.len(), 1);
}
