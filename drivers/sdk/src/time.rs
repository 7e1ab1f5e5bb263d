//! Times as the specification has them (milliseconds since 1970, UTC) and as JSON has them (RFC 3339).

const DAY_MS: i64 = 86_400_000;

/// RFC 3339, UTC, with milliseconds: `2026-11-22T16:04:05.123Z`.
pub fn to_rfc3339(milliseconds: u64) -> String {
    // Beyond the year 9999 there is no RFC 3339.
    let milliseconds = milliseconds.min(253_402_300_799_999) as i64;
    let (days, within) = (milliseconds / DAY_MS, milliseconds % DAY_MS);
    let (year, month, day) = civil_from_days(days);
    let seconds = within / 1000;
    format!(
        "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}.{:03}Z",
        seconds / 3600,
        seconds / 60 % 60,
        seconds % 60,
        within % 1000
    )
}

/// The first millisecond after the year 9999, in UTC: the specification's times end before it.
const AFTER_9999: u64 = 253_402_300_800_000;

/// Milliseconds of an RFC 3339 time with any offset; none where it is malformed, before 1970 or, in UTC, after 9999.
pub fn from_rfc3339(text: &str) -> Option<u64> {
    let bytes = text.as_bytes();
    if bytes.len() < 20 || !bytes.is_ascii() {
        return None;
    }
    let punctuated = bytes[4] == b'-'
        && bytes[7] == b'-'
        && matches!(bytes[10], b'T' | b't' | b' ')
        && bytes[13] == b':'
        && bytes[16] == b':';
    if !punctuated {
        return None;
    }
    let (year, month, day) = (digits(&bytes[0..4])?, digits(&bytes[5..7])?, digits(&bytes[8..10])?);
    let (hour, minute, second) = (digits(&bytes[11..13])?, digits(&bytes[14..16])?, digits(&bytes[17..19])?);
    let in_range = (1..=12).contains(&month)
        && (1..=days_in_month(year, month)).contains(&day)
        && hour < 24
        && minute < 60
        && second <= 60;
    if !in_range {
        return None;
    }
    let (fraction_ms, zone) = fraction(&bytes[19..])?;
    let days = days_from_civil(year, month, day);
    // A leap second is the last one of its minute.
    let seconds = days * 86_400 + hour * 3600 + minute * 60 + second.min(59) - offset_seconds(zone)?;
    u64::try_from(seconds * 1000 + fraction_ms).ok().filter(|time| *time < AFTER_9999)
}

/// Milliseconds of a Unix time in seconds, or in milliseconds where it is too large for seconds (from the year
/// 5138 on); none where it is negative or not finite.
pub fn from_unix(time: f64) -> Option<u64> {
    const FIRST_MILLISECONDS: f64 = 1e11;
    let milliseconds = if time.abs() < FIRST_MILLISECONDS { time * 1000.0 } else { time };
    (0.0..AFTER_9999 as f64).contains(&milliseconds).then(|| milliseconds.round() as u64)
}

/// `.123` and the rest after it.
fn fraction(text: &[u8]) -> Option<(i64, &[u8])> {
    let Some(text) = text.strip_prefix(b".") else {
        return Some((0, text));
    };
    let length = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if length == 0 {
        return None;
    }
    // Finer than milliseconds is cut off, and what is missing is zero.
    let places = text[..length].iter().map(|digit| i64::from(digit - b'0')).chain([0, 0]);
    let milliseconds = places.take(3).fold(0, |value, digit| value * 10 + digit);
    Some((milliseconds, &text[length..]))
}

fn offset_seconds(zone: &[u8]) -> Option<i64> {
    let sign = match zone {
        b"Z" | b"z" => return Some(0),
        [b'+', _, _, b':', _, _] => 1,
        [b'-', _, _, b':', _, _] => -1,
        _ => return None,
    };
    let (hours, minutes) = (digits(&zone[1..3])?, digits(&zone[4..6])?);
    (hours < 24 && minutes < 60).then_some(sign * (hours * 3600 + minutes * 60))
}

fn digits(text: &[u8]) -> Option<i64> {
    text.iter().try_fold(0, |value, byte| byte.is_ascii_digit().then(|| value * 10 + i64::from(byte - b'0')))
}

fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => 31,
    }
}

// Days from 1970-01-01 in the proleptic Gregorian calendar: years are counted from March, so that the leap
// day is a year's last, and in eras of 400 years, after which the calendar repeats.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}
