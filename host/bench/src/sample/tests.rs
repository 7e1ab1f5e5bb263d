use super::*;
use serde_json::Value;

#[test]
fn a_sample_is_what_the_targets_ask_for() {
    let sample = Sample::new(7, 3);
    assert_eq!((sample.body.len(), sample.headers().count()), (1024, 18));
    let length = sample.headers().find(|(name, _)| *name == "content-length").map(|(_, value)| value.to_owned());
    assert_eq!(length, Some(sample.body.len().to_string()));
    let json: Value = serde_json::from_slice(&sample.body).unwrap();
    assert_eq!(json["conversation"], "+14155550003");
}
