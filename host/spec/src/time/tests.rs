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
    for text in [
        "2026-11-22T16:04:05.12Z",
        "2026-11-22T17:04:05.120999+01:00",
        "2026-11-22t16:04:05.120z",
    ] {
        assert_eq!(
            text.parse().map(Timestamp::millis),
            Ok(1_795_363_445_120),
            "{text}"
        );
    }
}

#[test]
fn what_is_no_time_or_out_of_range_is_refused() {
    for text in [
        "",
        "now",
        "2026-11-22",
        "2026-13-22T16:04:05Z",
        "1969-12-31T23:59:59Z",
        "12345",
    ] {
        assert!(
            matches!(text.parse::<Timestamp>(), Err(TimestampError::Malformed(_))),
            "{text}"
        );
    }
    assert_eq!(
        Timestamp::from_millis(MAX)
            .map(|time| time.to_string())
            .as_deref(),
        Ok("9999-12-31T23:59:59.999Z")
    );
    assert_eq!(
        Timestamp::from_millis(MAX + 1),
        Err(TimestampError::OutOfRange(MAX + 1))
    );
    let error = Timestamp::from_millis(u64::MAX)
        .err()
        .map(|error| error.to_string())
        .unwrap_or_default();
    assert!(error.contains("9999"), "{error}");
}

proptest! {
    #![proptest_config(strategies::config())]

    #[test]
    fn every_time_that_is_written_can_be_read(millis in 0..=MAX) {
        let time = Timestamp::from_millis(millis)?;
        let text = time.to_string();
        prop_assert_eq!(text.len(), 24);
        prop_assert_eq!(text.parse::<Timestamp>()?, time);
    }
}
