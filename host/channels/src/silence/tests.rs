//! Days pass in microseconds here.

use super::*;

/// Midnight.
const BEGIN: u64 = 20_000 * DAY;

/// A channel with `by_day` events an hour from 8 to 20 o'clock and `by_night` in the others, for some days.
fn after_days(days: u64, by_day: u64, by_night: u64) -> Silence {
    let mut silence = Silence::default();
    for hour in 0..days * 24 {
        let count = if (8..20).contains(&(hour % 24)) { by_day } else { by_night };
        for event in 0..count {
            silence.heard(BEGIN + hour * HOUR + event * HOUR / count);
        }
    }
    silence
}

fn at(day: u64, hour: u64, minute: u64) -> u64 {
    BEGIN + day * DAY + hour * HOUR + minute * 60_000
}

#[test]
fn a_busy_channel_that_goes_deaf_is_noticed_once() {
    let mut silence = after_days(3, 120, 6);
    silence.heard(at(3, 10, 0));
    assert_eq!(silence.look(at(3, 10, 9)), (None, false), "nine minutes happen");
    let (silent, new) = silence.look(at(3, 10, 16));
    assert!(new);
    let silent = silent.expect("120 an hour, and none in a quarter of one");
    assert_eq!(silent.since.millis(), at(3, 10, 0));
    assert!((30.0..33.0).contains(&silent.expected), "{silent:?}");
    assert!(matches!(silence.look(at(3, 10, 17)), (Some(_), false)), "told once");
    silence.heard(at(3, 10, 18));
    assert_eq!(silence.look(at(3, 10, 19)), (None, false));
}

#[test]
fn the_quiet_of_the_night_is_usual() {
    let mut silence = after_days(3, 120, 1);
    silence.heard(at(3, 20, 30));
    assert_eq!(silence.look(at(4, 7, 59)), (None, false), "eleven events in eleven hours may well not come");
    assert!(silence.look(at(4, 8, 30)).0.is_some(), "but by day it is silent");
}

#[test]
fn nothing_is_usual_before_a_day_has_been_seen() {
    let mut silence = Silence::default();
    for event in 0..5_000 {
        silence.heard(BEGIN + event * 4_000);
    }
    assert_eq!(silence.look(BEGIN + 5_000 * 4_000 + 3 * HOUR), (None, false));
}

#[test]
fn a_channel_that_is_seldom_used_is_never_silent() {
    let mut silence = after_days(10, 0, 1);
    silence.heard(at(10, 0, 0));
    assert_eq!(silence.look(at(11, 23, 0)), (None, false));
}

#[test]
fn deafness_does_not_become_usual() {
    let mut silence = after_days(3, 120, 120);
    silence.heard(at(3, 0, 0));
    for hour in 1..96 {
        assert!(silence.look(at(3, hour, 0)).0.is_some(), "after {hour} hours");
    }
}

#[test]
fn a_pause_is_not_silence() {
    let mut silence = after_days(3, 120, 120);
    silence.heard(at(3, 0, 0));
    silence.begin(at(3, 5, 0));
    assert_eq!(silence.look(at(3, 5, 5)), (None, false));
    assert!(silence.look(at(3, 5, 20)).0.is_some());
}

#[test]
fn a_clock_that_goes_back_is_no_silence() {
    let mut silence = after_days(2, 60, 60);
    silence.heard(at(2, 5, 0));
    assert_eq!(silence.look(at(1, 0, 0)), (None, false));
}
