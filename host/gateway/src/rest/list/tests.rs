use super::*;
use proptest::prelude::*;

fn page(limit: Option<&str>, cursor: Option<&str>) -> Result<Page, Problem> {
    Page::new("/v1/things", Asked { limit: limit.map(str::to_owned), cursor: cursor.map(str::to_owned) })
}

#[test]
fn limits_are_kept() {
    assert_eq!(page(None, None).unwrap().limit, 100);
    assert_eq!(page(Some("500"), None).unwrap().limit, 500);
    for wrong in ["0", "501", "-1", "many", "", "1.5"] {
        assert!(page(Some(wrong), None).is_err(), "{wrong}");
    }
}

#[test]
fn the_last_page_has_no_next() {
    let list = page(Some("2"), None).unwrap().of(vec!["a", "b"], |entry| entry);
    assert_eq!(list, List { items: vec!["a", "b"], next: None });
}

#[test]
fn next_is_a_whole_path_with_all_parameters() {
    let mut page = page(Some("1"), None).unwrap();
    page.keep("state", Some("a&b"));
    page.keep("absent", None);
    let list = page.of(vec!["x y", "z"], |entry| entry);
    assert_eq!(list.next.as_deref(), Some("/v1/things?cursor=x%20y&limit=1&state=a%26b"));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Following `next` shows every entry once, whatever is added or removed behind the reader.
    #[test]
    fn paging_is_stable(entries in proptest::collection::btree_set("[a-z%& ]{1,4}", 0..40), limit in 1usize..7, drop_first in any::<bool>()) {
        let all: Vec<String> = entries.into_iter().collect();
        let mut seen = Vec::new();
        let mut cursor: Option<String> = None;
        loop {
            let limit = limit.to_string();
            let page = page(Some(&limit), cursor.as_deref()).unwrap();
            // What was seen already may be gone meanwhile, the cursor's own entry included.
            let now: Vec<String> = all.iter().filter(|entry| !drop_first || !seen.contains(*entry)).cloned().collect();
            let list = page.of(now, |entry| entry);
            seen.extend(list.items);
            match list.next {
                None => break,
                Some(next) => {
                    let uri: http::Uri = next.parse().unwrap();
                    cursor = query::<Asked>(&uri).unwrap().0.cursor;
                }
            }
        }
        prop_assert_eq!(seen, all);
    }
}
