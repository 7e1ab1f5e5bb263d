//! Business hours, holidays and the change of clocks.

use jiff::Timestamp;

use super::{LEAST, read};
use crate::Hours;

fn berlin() -> Hours {
    let text = format!(
        r#"[[hours]]
id = "office"
zone = "Europe/Berlin"
monday = ["09:00-12:00", "13:00-24:00"]
tuesday = ["00:00-02:30"]
sunday = ["01:00-04:00"]
holidays = ["2026-11-30"]
exceptions = {{ "2026-12-07" = ["10:00-11:00"] }}
{LEAST}"#
    );
    read(&text).unwrap_or_else(|errors| panic!("{errors}")).config.hours.remove(0)
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
}

#[test]
fn open_by_the_week_the_zone_and_the_exceptions() {
    let hours = berlin();
    for (when, open) in [
        ("2026-11-23T07:59:59Z", false),
        ("2026-11-23T08:00:00Z", true),
        ("2026-11-23T10:59:59Z", true),
        ("2026-11-23T11:00:00Z", false),
        ("2026-11-23T22:59:59Z", true),
        // Over midnight, as written on both days.
        ("2026-11-23T23:00:00Z", true),
        ("2026-11-24T01:30:00Z", false),
        // A holiday, and a day with times of its own.
        ("2026-11-30T08:30:00Z", false),
        ("2026-12-07T08:30:00Z", false),
        ("2026-12-07T09:30:00Z", true),
        // In summer the same local time is an hour earlier.
        ("2026-07-06T07:00:00Z", true),
    ] {
        assert_eq!(hours.is_open(at(when)), open, "{when}");
    }
}

#[test]
fn the_next_change_is_told() {
    let hours = berlin();
    for (when, next) in [
        ("2026-11-23T00:00:00Z", "2026-11-23T08:00:00Z"),
        ("2026-11-23T08:00:00Z", "2026-11-23T11:00:00Z"),
        ("2026-11-23T12:30:00Z", "2026-11-24T01:30:00Z"),
        // The holiday of Monday the 30th is passed over: the night to Tuesday opens.
        ("2026-11-29T12:00:00Z", "2026-11-30T23:00:00Z"),
        // The night in which the clock goes forward: 02:00 to 03:00 isn't there.
        ("2026-03-28T12:00:00Z", "2026-03-29T00:00:00Z"),
        ("2026-03-29T00:00:00Z", "2026-03-29T02:00:00Z"),
    ] {
        assert_eq!(hours.next_change(at(when)), Some(at(next)), "{when}");
    }
    let never = read(&format!("[[hours]]\nid = \"n\"\nzone = \"UTC\"\n{LEAST}")).expect("is right").config;
    assert_eq!(never.hours[0].next_change(at("2026-01-01T00:00:00Z")), None);
    assert!(!never.hours[0].is_open(at("2026-01-01T00:00:00Z")));
}
