//! `[[hours]]`: business hours of a week in a time zone, with holidays.

use std::collections::BTreeMap;

use jiff::civil::{Date, DateTime, Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};

use crate::people::Ids;
use crate::problem::quote;
use crate::reader::{Node, Table};

/// A calendar that queues refer to.
#[derive(Clone, Debug)]
pub struct Hours {
    /// The calendar's id.
    pub id: String,
    /// Where its times are meant.
    zone: TimeZone,
    /// Monday first: the times in which it is open.
    week: [Vec<Period>; 7],
    /// Days that are otherwise than the week says; without a period: closed.
    exceptions: BTreeMap<Date, Vec<Period>>,
}

/// A time of a day in which a calendar is open: from the first to before the second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Period {
    from: Time,
    /// None: until the day ends.
    to: Option<Time>,
}

/// How far ahead a change is looked for: longer than any row of holidays.
const HORIZON_DAYS: i32 = 400;

impl Hours {
    /// Whether it is open at a moment.
    pub fn is_open(&self, at: Timestamp) -> bool {
        let local = at.to_zoned(self.zone.clone()).datetime();
        let time = local.time();
        self.periods(local.date()).iter().any(|period| period.from <= time && period.to.is_none_or(|to| time < to))
    }

    /// When it next opens or closes after a moment; none if not within 400 days.
    pub fn next_change(&self, at: Timestamp) -> Option<Timestamp> {
        let open = self.is_open(at);
        let today = at.to_zoned(self.zone.clone()).date();
        for ahead in 0..HORIZON_DAYS {
            let date = today.checked_add(Span::new().days(ahead)).ok()?;
            let mut edges: Vec<DateTime> = vec![date.to_datetime(Time::midnight())];
            for period in self.periods(date) {
                edges.push(date.to_datetime(period.from));
                edges.extend(period.to.map(|to| date.to_datetime(to)));
            }
            edges.sort_unstable();
            // A time that a clock change skips is the moment after the gap; one that comes twice, the first.
            let moments = edges.into_iter().filter_map(|edge| self.zone.to_timestamp(edge).ok());
            if let Some(change) = moments.into_iter().find(|moment| *moment > at && self.is_open(*moment) != open) {
                return Some(change);
            }
        }
        None
    }

    fn periods(&self, date: Date) -> &[Period] {
        let of_week = || &self.week[usize::from(date.weekday().to_monday_zero_offset().unsigned_abs())];
        self.exceptions.get(&date).unwrap_or_else(of_week)
    }
}

const DAYS: [(&str, Weekday); 7] = [
    ("monday", Weekday::Monday),
    ("tuesday", Weekday::Tuesday),
    ("wednesday", Weekday::Wednesday),
    ("thursday", Weekday::Thursday),
    ("friday", Weekday::Friday),
    ("saturday", Weekday::Saturday),
    ("sunday", Weekday::Sunday),
];

pub(crate) fn read(root: &Table<'_>) -> Vec<Hours> {
    let mut ids = Ids::new("calendar");
    root.tables("hours")
        .into_iter()
        .map(|table| {
            let mut week: [Vec<Period>; 7] = Default::default();
            for (day, periods) in DAYS.iter().zip(&mut week) {
                *periods = table.get(day.0).map(|node| read_periods(&node)).unwrap_or_default();
            }
            let hours = Hours {
                id: table.required("id", "id = \"office\"").and_then(|node| ids.take(&node)).unwrap_or_default(),
                zone: table
                    .required("zone", "zone = \"Europe/Berlin\"")
                    .and_then(|node| zone(&node))
                    .unwrap_or(TimeZone::UTC),
                week,
                exceptions: exceptions(&table),
            };
            table.finish();
            hours
        })
        .collect()
}

fn zone(node: &Node<'_>) -> Option<TimeZone> {
    let text = node.string("\"Europe/Berlin\"")?;
    match TimeZone::get(text) {
        Ok(zone) => Some(zone),
        Err(_) => {
            let remedy = "write a name of the time zone database, such as \"Europe/Berlin\" or \"UTC\"";
            node.error(format!("{} is not a time zone", quote(text)), remedy);
            None
        }
    }
}

/// `holidays` are closed, `exceptions` have times of their own.
fn exceptions(table: &Table<'_>) -> BTreeMap<Date, Vec<Period>> {
    let mut exceptions = BTreeMap::new();
    for node in table.get("holidays").map(|node| node.items("[\"2026-12-25\"]")).unwrap_or_default() {
        if let Some(date) = node.string("\"2026-12-25\"").and_then(|text| date(&node, text)) {
            exceptions.insert(date, Vec::new());
        }
    }
    let example = "{ \"2026-12-24\" = [\"09:00-12:00\"] }";
    for (day, node) in table.get("exceptions").map(|node| node.entries(example)).unwrap_or_default() {
        if let Some(date) = date(&node, &day) {
            exceptions.insert(date, read_periods(&node));
        }
    }
    exceptions
}

fn date(node: &Node<'_>, text: &str) -> Option<Date> {
    let date = text.parse::<Date>().ok();
    if date.is_none() {
        node.error(format!("{} is not a day", quote(text)), "write year, month and day, such as \"2026-12-25\"");
    }
    date
}

const PERIOD: &str = "write from and to, such as \"09:00-17:30\"; a day ends at 24:00";

/// The periods of a day. One that goes over midnight must be written on both days.
fn read_periods(node: &Node<'_>) -> Vec<Period> {
    let mut periods = Vec::new();
    for item in node.items("[\"09:00-17:30\"]") {
        let Some(text) = item.string("\"09:00-17:30\"") else { continue };
        match period(text) {
            Some(period) => periods.push(period),
            None => item.error(format!("{} is not a time of the day", quote(text)), PERIOD),
        }
    }
    periods
}

fn period(text: &str) -> Option<Period> {
    let (from, to) = text.split_once('-')?;
    let time = |text: &str| Time::strptime("%H:%M", text.trim()).ok();
    let from = time(from)?;
    let to = match to.trim() {
        "24:00" => None,
        to => Some(time(to)?),
    };
    to.is_none_or(|to| from < to).then_some(Period { from, to })
}
