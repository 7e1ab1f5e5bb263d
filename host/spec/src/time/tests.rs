use super::*;
use crate::strategies;
use proptest::prelude::*;

#[test]
fn a_time_is_written_in_utc_with_three_decimals() {
    let time = Timestamp::from_millis(1_795_363_445_120).map(|time| time.to_string());
    assert_eq!(time.as_deref(), Ok("2026-11-22T16:04:05.120Z"));
    assert_eq!(Timestamp::default().to_string(), "1970-01-01T00:00:00.000Z");
}

#[test]
fn other_spellings_of_rfc_3339_are_read() {
    for text in ["2026-11-22T16:04:05.12Z", "2026-11-22T17:04:05.120999+01:00", "2026-11-22t16:04:05.120z"] {
        assert_eq!(text.parse().map(Timestamp::millis), Ok(1_795_363_445_120), "{text}");
    }
}

#[test]
fn what_is_no_time_or_out_of_range_is_refused() {
    for text in ["", "now", "2026-11-22", "2026-13-22T16:04:05Z", "1969-12-31T23:59:59Z", "12345"] {
        assert!(matches!(text.parse::<Timestamp>(), Err(TimestampError::Malformed(_))), "{text}");
    }
    assert_eq!(Timestamp::from_millis(MAX).map(|time| time.to_string()).as_deref(), Ok("9999-12-31T23:59:59.999Z"));
    assert_eq!(Timestamp::from_millis(MAX + 1), Err(TimestampError::OutOfRange(MAX + 1)));
    let error = Timestamp::from_millis(u64::MAX).err().map(|error| error.to_string()).unwrap_or_default();
    assert!(error.contains("9999"), "{error}");
}

#[test]
fn the_calendar_is_the_gregorian_one() {
    for day in 0..=MAX / DAY {
        let (year, month, date) = date(day);
        assert_eq!(days(year, month, date), Some(day));
        assert!((1..=12).contains(&month) && (1..=31).contains(&date), "{year}-{month}-{date}");
    }
    for text in
        ["2026-02-29T00:00:00.000Z", "2100-02-29T00:00:00.000Z", "2026-11-31T00:00:00.000Z", "2026-00-01T00:00:00.000Z"]
    {
        assert!(text.parse::<Timestamp>().is_err(), "{text}");
    }
    assert!("2000-02-29T23:59:59.999Z".parse::<Timestamp>().is_ok());
    assert!("9999-12-31T23:59:59.999Z".parse::<Timestamp>().is_ok_and(|time| time.millis() == MAX));
    assert!("2026-11-22T24:00:00.000Z".parse::<Timestamp>().is_err());
}

proptest! {
    #![proptest_config(strategies::config())]

    #[test]
    fn every_time_that_is_written_can_be_read(millis in 0..=MAX) {
        let time = Timestamp::from_millis(millis)?;
        let text = time.to_string();
        prop_assert_eq!(text.len(), 24);
        if let Ok(other) = jiff::Timestamp::from_millisecond(i64::try_from(millis)?) {
            prop_assert_eq!(format!("{other:.3}"), text.clone(), "as another implementation");
        }
        prop_assert_eq!(text.parse::<Timestamp>()?, time);
    }
}
