use super::*;

#[test]
fn an_event_is_known_by_its_id() {
    for event in [0, 1, 99, u32::MAX] {
        let body = String::from_utf8(to_http(&Sample::new(event, 0), "/")).unwrap();
        assert_eq!(event_of(&body, "id"), Some(event));
        assert_eq!(event_of(&body, "eventId"), None);
    }
}
