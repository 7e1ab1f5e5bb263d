use super::*;
use jackfield_config::ByteSize;
use jackfield_spec::Timestamp;
use std::path::Path;

const CONFIG: &str = r#"
    [[queue]]
    id = "q"
    [[route]]
    queue = "q"
    [[channel]]
    id = "c"
    driver = "d"
    limits = { bodies = "100KiB" }
"#;

#[test]
fn bodies_of_a_channel_share_its_room_and_give_it_back() {
    let loaded = jackfield_config::parse(CONFIG, "test.toml", Path::new(""), &|_| None)
        .unwrap_or_else(|errors| panic!("{errors}"));
    let serving = Arc::new(Serving::new(&loaded.config.channels[0], "", None, Timestamp::default()));
    let room = || BodyRoom { serving: serving.clone(), bytes: 0, largest: 0 };
    let kib = |count: u64| ByteSize::kib(count).to_usize();
    let (mut one, mut two) = (room(), room());
    assert_eq!((one.take(kib(60)), two.take(kib(40))), (Ok(()), Ok(())));
    assert_eq!(two.take(1), Err(ReceiveError::Full));
    assert_eq!(serving.metrics().refused, 1);
    drop(one);
    assert_eq!(two.take(kib(60)), Ok(()));
    assert_eq!(two.take(usize::MAX), Err(ReceiveError::Full));
    drop(two);
    assert_eq!((serving.kept.bodies.load(Ordering::Relaxed), serving.metrics().refused), (0, 2));
    assert_eq!((ReceiveError::Full.status(), ReceiveError::Full.retry_after()), (503, Some(1)));
}
