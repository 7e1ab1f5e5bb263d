//! Timers that are set anew while their driver has them.

use super::{Due, Firing};

fn due(at: u64) -> Due {
    Due { channel: "mail".into(), name: "look".into(), due: at, payload: String::new(), attempt: 1 }
}

#[test]
fn what_is_set_anew_and_due_during_its_own_call_is_fired_after_it() {
    let firing = Firing::default();
    let turn = firing.begin(&due(1)).expect("nothing is handled");
    assert!(firing.begin(&due(2)).is_none(), "one call at a time");
    assert!(firing.begin(&due(3)).is_none(), "set once more");
    let other = Due { name: "other".into(), ..due(1) };
    assert_eq!(firing.begin(&other).expect("another name isn't held up").end(), None);
    let next = turn.end().expect("it waited");
    assert_eq!(next, due(3));
    let turn = firing.begin(&next).expect("the name is free");
    assert_eq!(turn.end(), None, "fired once");
    // A call that is given up frees its name as well.
    drop(firing.begin(&due(4)).expect("free"));
    assert!(firing.begin(&due(5)).is_some());
}
