use super::*;

fn advise(feed: &Feed, item: &str, text: &'static str) {
    feed.advise(&item.into(), |_| Some(Utf8Bytes::from_static(text)));
}

#[test]
fn of_advice_the_latest_wins_and_nothing_queues_up() {
    let feed = Arc::new(Feed::default());
    advise(&feed, "w1", "nobody is there");
    assert_eq!(feed.advised(), 0);
    let seat = feed.seat(&Arc::default()).unwrap();
    advise(&feed, "w1", "on");
    advise(&feed, "w2", "on");
    advise(&feed, "w1", "off");
    let (newest, seen) = feed.advice(0);
    assert_eq!(newest, ["on", "off"].map(Utf8Bytes::from_static));
    assert_eq!(feed.advice(seen), (Vec::new(), 3));
    for item in 0..10 * ADVICE {
        advise(&feed, &item.to_string(), "on");
    }
    assert_eq!(feed.advice(0).0.len(), ADVICE);
    drop(seat);
}

#[test]
fn connections_are_woken_by_advice() {
    let feed = Arc::new(Feed::default());
    let seat = feed.seat(&Arc::default()).unwrap();
    let changes = seat.feed.changes();
    advise(&feed, "w1", "on");
    assert!(changes.has_changed().unwrap());
}
