//! Writes Prometheus' text format.

use std::fmt::{Display, Write};

/// What comes before every name.
const PREFIX: &str = "jackfield_";

/// A metric of one name.
#[derive(Debug, Clone, Copy)]
pub(super) struct Family {
    name: &'static str,
    kind: &'static str,
    help: &'static str,
}

impl Family {
    /// Only goes up; the name ends in `_total`.
    pub(super) const fn counter(name: &'static str, help: &'static str) -> Self {
        Self { name, kind: "counter", help }
    }

    /// Goes up and down.
    pub(super) const fn gauge(name: &'static str, help: &'static str) -> Self {
        Self { name, kind: "gauge", help }
    }

    /// Counts by size.
    pub(super) const fn histogram(name: &'static str, help: &'static str) -> Self {
        Self { name, kind: "histogram", help }
    }
}

/// The text so far.
#[derive(Debug, Default)]
pub(super) struct Text(String);

impl Text {
    /// Begins a metric.
    pub(super) fn family(&mut self, family: Family) -> Values<'_> {
        let Family { name, kind, help } = family;
        self.write(format_args!("# HELP {PREFIX}{name} {help}\n# TYPE {PREFIX}{name} {kind}\n"));
        Values { text: self, name }
    }

    pub(super) fn finish(self) -> String {
        self.0
    }

    fn write(&mut self, what: impl Display) {
        // Writing to a string can't fail.
        let _ = write!(self.0, "{what}");
    }
}

/// Takes the values of one metric.
pub(super) struct Values<'a> {
    text: &'a mut Text,
    name: &'static str,
}

type Labels<'a> = [(&'a str, &'a str)];

impl Values<'_> {
    /// A value.
    pub(super) fn value(&mut self, labels: &Labels<'_>, value: u64) {
        self.line("", labels, None, value);
    }

    /// A histogram. `buckets` are counts that aren't summed up, one for each bound and one for what lies above.
    pub(super) fn histogram(&mut self, labels: &Labels<'_>, bounds: &[f64], buckets: &[u64], sum: f64) {
        let mut total = 0;
        let bounds = bounds.iter().map(f64::to_string).chain(["+Inf".to_owned()]);
        for (bound, count) in bounds.zip(buckets) {
            total += count;
            self.line("_bucket", labels, Some(&bound), total);
        }
        self.line("_sum", labels, None, sum);
        self.line("_count", labels, None, total);
    }

    fn line(&mut self, suffix: &str, labels: &Labels<'_>, bound: Option<&str>, value: impl Display) {
        self.text.write(format_args!("{PREFIX}{}{suffix}", self.name));
        let labels = labels.iter().copied().chain(bound.map(|bound| ("le", bound)));
        let mut before = '{';
        for (name, value) in labels {
            self.text.write(format_args!("{before}{name}=\"{}\"", escape(value)));
            before = ',';
        }
        if before == ',' {
            self.text.write('}');
        }
        self.text.write(format_args!(" {value}\n"));
    }
}

fn escape(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests;
