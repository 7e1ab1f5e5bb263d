//! Every way in which a name's component is chosen.

use super::*;

fn digest(name: &str) -> Digest {
    Digest::of(name.as_bytes())
}

fn served(name: &str, source: &str) -> Served {
    Served {
        digest: digest(name),
        version: "1.0.0".to_owned(),
        signer: None,
        source: source.to_owned(),
        by: "operator ops".to_owned(),
        at: Timestamp::default(),
    }
}

fn of_folder(names: &[&str]) -> Slot {
    let mut slot = Slot::default();
    for name in names {
        assert!(slot.took(served(name, "folder")));
    }
    slot
}

fn kept(name: &str) -> Pick {
    Pick::Kept { digest: digest(name), why: None }
}

#[test]
fn the_folder_decides_until_an_operator_does() {
    let mut slot = Slot::default();
    assert_eq!(slot.pick(false, None), Pick::Nothing);
    assert_eq!(slot.pick(true, Some(digest("a"))), Pick::File);
    assert!(slot.took(served("a", "folder")));
    assert!(!slot.took(served("a", "folder")), "the same is no change");
    assert_eq!(slot.generation(), 1);

    slot.put(served("b", "put"), Some(digest("a")));
    assert_eq!(slot.pick(true, Some(digest("a"))), kept("b"), "it wins over the older file");
    assert_eq!(slot.pick(false, None), kept("b"));
    assert_eq!(slot.pick(true, Some(digest("c"))), Pick::File, "a newer file is taken");
    assert_eq!(slot.pick(true, None), Pick::File, "and one that is none has to be told");
    slot.took(served("c", "folder"));
    assert!(!slot.is_chosen());
}

#[test]
fn a_file_that_is_gone_unloads_nothing() {
    let slot = of_folder(&["a"]);
    assert!(matches!(slot.pick(false, None), Pick::Kept { digest: of, why: Some(_) } if of == digest("a")));
}

#[test]
fn what_was_rolled_back_is_not_taken_from_the_folder_again() {
    let mut slot = of_folder(&["a", "b", "c"]);
    slot.roll_back("operator ops", Timestamp::default(), Some(digest("c")));
    assert_eq!(slot.current().map(|current| (current.digest, &*current.source)), Some((digest("b"), "rollback")));
    assert_eq!(slot.pick(true, Some(digest("c"))), kept("b"));
    // A newer file is taken; the bad one after it still isn't.
    assert_eq!(slot.pick(true, Some(digest("d"))), Pick::File);
    slot.took(served("d", "folder"));
    assert!(matches!(slot.pick(true, Some(digest("c"))), Pick::Kept { digest: of, why: Some(_) } if of == digest("d")));
    // Unless an operator wants it.
    slot.put(served("c", "put"), Some(digest("c")));
    assert_eq!(slot.pick(true, Some(digest("c"))), kept("c"));
    slot.release();
    assert_eq!(slot.pick(true, Some(digest("c"))), Pick::File);
    // It is still all there after a restart.
    let json = serde_json::to_string(&slot).expect("plain data");
    assert_eq!(serde_json::from_str::<Slot>(&json).expect("the same"), slot);
}

#[test]
fn it_goes_back_step_by_step_and_no_further_than_the_first() {
    let mut slot = of_folder(&["a", "b", "c"]);
    let back = |slot: &mut Slot| {
        slot.roll_back("server", Timestamp::default(), None);
        slot.current().map(|current| current.digest)
    };
    assert_eq!(back(&mut slot), Some(digest("b")));
    assert_eq!(back(&mut slot), Some(digest("a")));
    assert_eq!(slot.previous(), None);
    assert_eq!(back(&mut slot), Some(digest("a")));
    assert_eq!(slot.generation(), 5);
}

#[test]
fn only_the_last_few_are_kept() {
    let slot = of_folder(&["a", "b", "c", "d", "e", "f", "g"]);
    assert_eq!(slot.components().len(), KEPT);
    assert_eq!(slot.before().map(|served| served.digest).next(), Some(digest("f")));
    let mut again = slot.clone();
    again.took(served("d", "put"));
    assert_eq!(again.components().len(), KEPT, "a component stands there once");
    assert_eq!(again.previous().map(|served| served.digest), Some(digest("g")));
}
