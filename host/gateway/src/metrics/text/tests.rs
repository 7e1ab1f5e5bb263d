use super::*;

#[test]
fn values_are_written_as_prometheus_reads_them() {
    let mut text = Text::default();
    let mut family = text.family(Family::counter("things_total", "Things."));
    family.value(&[], 3);
    family.value(&[("a", "x\"y\\z\n"), ("b", "2")], 4);
    let expected = "# HELP jackfield_things_total Things.\n# TYPE jackfield_things_total counter\njackfield_things_total 3\n\
                    jackfield_things_total{a=\"x\\\"y\\\\z\\n\",b=\"2\"} 4\n";
    assert_eq!(text.finish(), expected);
}

#[test]
fn histograms_add_up() {
    let mut text = Text::default();
    text.family(Family::histogram("took_seconds", "Time.")).histogram(&[("k", "v")], &[0.1, 1.0], &[2, 3, 1], 4.5);
    let text = text.finish();
    let lines: Vec<_> = text.lines().skip(2).collect();
    let expected = [
        "jackfield_took_seconds_bucket{k=\"v\",le=\"0.1\"} 2",
        "jackfield_took_seconds_bucket{k=\"v\",le=\"1\"} 5",
        "jackfield_took_seconds_bucket{k=\"v\",le=\"+Inf\"} 6",
        "jackfield_took_seconds_sum{k=\"v\"} 4.5",
        "jackfield_took_seconds_count{k=\"v\"} 6",
    ];
    assert_eq!(lines, expected);
}
