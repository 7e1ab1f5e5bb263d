use super::*;
use crate::fixture::{Fixture, message};

fn facts(text: usize) -> Facts {
    Facts { first: Some(Arc::new(message("c", "e", &"x".repeat(text)))), external_ids: VecDeque::new() }
}

#[test]
fn external_ids_are_kept_once_and_the_oldest_go() {
    let mut facts = Facts::default();
    for n in 0..EXTERNAL_IDS + 5 {
        facts.note(Some(&n.to_string()));
        facts.note(Some(&n.to_string()));
    }
    facts.note(None);
    assert_eq!(facts.external_ids.len(), EXTERNAL_IDS);
    assert_eq!(facts.external_ids.front().map(|id| &**id), Some("5"));
}

#[test]
fn the_cache_is_bounded_and_keeps_what_is_used() {
    let mut cache = Cache::default();
    let used: Id = "used".into();
    cache.insert(&used, facts(0));
    for n in 0..40 {
        cache.insert(&format!("large {n}").into(), facts(HALF / 4));
        assert!(cache.get(&used).is_some());
        assert!(cache.weight <= HALF);
    }
    assert!(cache.young.len() + cache.old.len() <= 12, "{} {}", cache.young.len(), cache.old.len());
    assert!(cache.get(&"large 0".into()).is_none());
}

#[test]
fn what_is_there_is_newer_than_what_was_read() {
    let mut cache = Cache::default();
    let item: Id = "i".into();
    cache.insert(&item, Facts::default());
    cache.update(&item, |facts| facts.note(Some("new")));
    let kept = cache.insert(&item, Facts::default());
    assert_eq!(kept.external_ids.len(), 1);
}

#[tokio::test]
async fn facts_come_from_the_items_messages() {
    let fixture = Fixture::new().await;
    let item: Id = fixture.say("station 7", "one").await.into();
    fixture.say("station 7", "two").await;
    let facts = fixture.gateway.lookup().facts(&item).unwrap();
    let ids: Vec<_> = facts.external_ids.iter().map(|id| &**id).collect();
    assert_eq!(ids, ["event-0", "event-1"]);
    assert_eq!(facts.customer().unwrap().address, "station 7");
    let newest = fixture.gateway.lookup().newest(&item, 1, u64::MAX).unwrap();
    assert_eq!(newest[0].external_id.as_deref(), Some("event-1"));
    assert!(fixture.gateway.lookup().newest(&item, 1, 0).unwrap().is_empty());
}

#[tokio::test]
async fn an_unknown_item_has_no_facts() {
    let fixture = Fixture::new().await;
    let facts = fixture.gateway.lookup().facts(&"not an id".into()).unwrap();
    assert!(facts.first.is_none());
}

#[tokio::test]
async fn ids_of_what_was_sent_are_taken_in_once_they_are_known() {
    let fixture = Fixture::new().await;
    let item: Id = fixture.say("a", "one").await.into();
    let lookup = fixture.gateway.lookup();
    let first = lookup.facts(&item).unwrap().first.clone().unwrap();
    lookup.cache.lock().update(&item, |facts| facts.external_ids.clear());
    lookup.note_sent(&item, first.id.as_deref().unwrap()).unwrap();
    lookup.note_sent(&item, "no id").unwrap();
    lookup.note_sent(&"unknown".into(), first.id.as_deref().unwrap()).unwrap();
    assert_eq!(lookup.facts(&item).unwrap().external_ids, ["event-0".into()]);
}
