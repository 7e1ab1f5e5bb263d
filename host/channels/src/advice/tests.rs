use super::*;

#[test]
fn what_still_lasts_is_not_told_again() {
    let recent = Recent::default();
    assert!(recent.is_new("a", true, 1_000));
    assert!(!recent.is_new("a", true, 10_999));
    assert!(recent.is_new("b", true, 1_000), "another conversation");
    assert!(recent.is_new("a", true, 11_000));
    assert!(recent.is_new("a", false, 11_001), "that it stopped is news");
    assert!(!recent.is_new("a", false, 11_002));
}

#[test]
fn what_is_remembered_is_bounded() {
    let recent = Recent::default();
    let told = (0..REMEMBERED + 100).filter(|n| recent.is_new(&n.to_string(), true, 1)).count();
    assert_eq!(told, REMEMBERED);
    assert!(recent.is_new("later", true, 1 + LASTS), "what is over makes room");
    assert_eq!(recent.0.lock().len(), 1);
}
