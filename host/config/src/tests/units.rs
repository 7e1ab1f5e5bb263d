use std::time::Duration;

use crate::units::show_duration;
use crate::{ByteSize, UnitError, parse_duration};

#[test]
fn durations() {
    for (text, milliseconds) in
        [("0s", 0), ("500ms", 500), ("30s", 30_000), ("5m", 300_000), ("2h", 7_200_000), ("400d", 34_560_000_000)]
    {
        assert_eq!(parse_duration(text), Ok(Duration::from_millis(milliseconds)), "{text}");
    }
    for text in
        ["", "s", "30", "30 s", "-1s", "1.5s", "1w", "99999999999999999999s", "18446744073709551615d", "1S", "1s "]
    {
        assert_eq!(parse_duration(text), Err(UnitError::Duration), "{text}");
    }
}

#[test]
fn sizes() {
    for (text, bytes) in [("1024B", 1024), ("512KiB", 524_288), ("64MiB", 67_108_864), ("2GiB", 1 << 31)] {
        assert_eq!(text.parse(), Ok(ByteSize(bytes)), "{text}");
    }
    for text in ["", "MiB", "64", "64 MiB", "10MB", "-1B", "18446744073709551615KiB", "1kib"] {
        assert_eq!(text.parse::<ByteSize>(), Err(UnitError::Size), "{text}");
    }
}

#[test]
fn both_print_as_they_are_written() {
    for text in ["0B", "1023B", "1KiB", "64MiB", "4GiB"] {
        assert_eq!(text.parse::<ByteSize>().unwrap().to_string(), text);
    }
    for text in ["0s", "1500ms", "90s", "5m", "2h", "400d"] {
        assert_eq!(show_duration(parse_duration(text).unwrap()), text);
    }
}
