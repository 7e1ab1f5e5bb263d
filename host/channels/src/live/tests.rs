use super::*;

fn live(number: u32) -> Arc<Live<u32>> {
    Arc::new(Live::new(number, None, 0))
}

/// It answered a call.
fn prove(live: &Live<u32>) {
    live.tally.call("ok", Duration::from_millis(1));
}

/// It takes another one's place; who is not needed any more.
fn takes_over(live: &Arc<Live<u32>>, replaced: &Arc<Live<u32>>, is_alike: bool) -> Vec<u32> {
    live.stand_beside(replaced, is_alike);
    live.took_over(replaced, is_alike).iter().map(|live| live.generation).collect()
}

fn number(live: Option<Arc<Live<u32>>>) -> Option<u32> {
    live.map(|live| live.generation)
}

#[test]
fn what_is_on_trial_has_another_one_beside_it_before_it_serves() {
    let (first, second, third) = (live(1), live(2), live(3));
    second.stand_beside(&first, false);
    assert_eq!(number(second.before()), Some(1));
    assert!(second.took_over(&first, false).is_empty(), "the first one is needed still");
    third.stand_beside(&second, false);
    assert_eq!(number(third.before()), Some(1), "the second one has not proved itself");
    assert_eq!(number(second.before()), Some(1), "and it serves until the third one does");
    assert_eq!(takes_over(&third, &second, false), [2]);
    assert_eq!(number(third.before()), Some(1));
}

#[test]
fn of_two_on_trial_the_one_that_has_proved_itself_stays() {
    let (first, second, third) = (live(1), live(2), live(3));
    assert!(takes_over(&second, &first, false).is_empty());
    prove(&second);
    assert_eq!(takes_over(&third, &second, false), [1]);
    assert_eq!(number(third.before()), Some(2));
}

#[test]
fn a_trial_that_ends_while_another_one_takes_over_leaves_nobody_who_is_on_the_way_out_beside_it() {
    let (first, second, third) = (live(1), live(2), live(3));
    assert!(takes_over(&second, &first, false).is_empty());
    third.stand_beside(&second, false);
    assert_eq!(number(second.pass()), Some(1), "the timer was faster");
    assert!(third.took_over(&second, false).is_empty());
    assert_eq!(number(third.before()), Some(2));
}

#[test]
fn one_that_is_the_same_goes_on_with_the_trial() {
    let (first, second, again, last) = (live(1), live(2), live(3), live(4));
    assert!(takes_over(&second, &first, false).is_empty());
    assert_eq!(takes_over(&again, &second, true), [2]);
    assert_eq!(number(again.pass()), Some(1), "it has proved itself");
    assert_eq!(takes_over(&last, &again, true), [3]);
    assert_eq!(number(last.before()), None, "there is no trial to go on with");
}
