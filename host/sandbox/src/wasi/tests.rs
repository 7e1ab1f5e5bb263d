use super::http::fields::Fields;
use super::nothing::interfaces;
use super::{HELD, Wasi, offered, resolve};
use crate::error::Refusal;
use crate::inspect::{ComponentLimits, inspect};
use crate::tests::drivers::SOUND;
use crate::tests::limits::{hits, serving};
use crate::tests::zoo::short;
use crate::versions::SERVED;
use crate::{Limit, Limits};

/// What a component with this one import is refused with; one that may import it lacks only `driver`.
fn refusal(import: &str, instance: &str) -> String {
    let text = format!("(component (import \"{import}\" (instance {instance})))");
    let component = wat::parse_str(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    inspect(&component, &ComponentLimits::default(), SERVED).expect_err("it is no driver").to_string()
}

#[test]
fn what_guests_of_other_languages_import_is_offered_in_every_patch() {
    for name in ["cli/stdout", "io/poll", "filesystem/types", "sockets/tcp", "http/outgoing-handler", "random/random"] {
        for patch in [0, 3, 10, 99] {
            let interface = offered(&format!("wasi:{name}@0.2.{patch}")).expect("it is offered");
            assert_eq!(interface.name.as_deref(), name.split('/').nth(1));
        }
    }
    let worlds =
        interfaces("served").into_iter().chain(interfaces("nothing")).collect::<std::collections::HashSet<_>>();
    assert_eq!(worlds.len(), resolve().interfaces.len(), "each is served, or there is nothing behind it");
}

#[test]
fn another_wasi_is_refused_with_what_is_offered() {
    for import in ["wasi:cli/stdout@0.3.0", "wasi:cli/stdout@0.1.0", "wasi:cli/stdout@1.0.0", "wasi:cli/stdout"] {
        let refused = offered(import).expect_err("it is refused");
        assert!(matches!(refused, Refusal::WasiVersion { .. }), "{import}: {refused}");
        let text = refused.to_string();
        assert!(text.contains(import) && text.contains("this server offers WASI 0.2;"), "{text}");
    }
    for import in ["wasi:keyvalue/store@0.2.0", "wasi:http/incoming-handler@0.2.0", "wasi:cli/run@0.2.0"] {
        assert!(matches!(offered(import), Err(Refusal::UnknownImport { .. })), "{import}");
    }
    assert!(refusal("wasi:cli/stdout@0.3.0", "").contains("this server offers WASI 0.2;"));
    assert!(refusal("wasi:keyvalue/store@0.2.0", "").contains("which this server does not offer"));
}

#[test]
fn other_types_than_wasis_are_refused_before_anything_is_compiled() {
    let exit =
        |parameter: &str| refusal("wasi:cli/exit@0.2.4", &format!("(export \"exit\" (func (param {parameter})))"));
    let bent = exit("\"status\" u32");
    assert!(
        bent.contains("wasi:cli/exit@0.2.4") && bent.contains("function `exit`, parameter `status` is u32"),
        "{bent}"
    );
    assert!(refusal("wasi:random/random@0.2.0", "(export \"dice\" (func (result u8)))").contains("function `dice`"));
    let missing = refusal("wasi:random/random@0.2.0", "(export \"get-random-u64\" (func (result u64)))");
    assert!(missing.contains("exports no jackfield:channel/driver"), "{missing}");
}

#[test]
fn what_the_host_holds_for_a_guest_is_bounded_and_given_back() {
    let wasi = Wasi::new(None);
    let (mut one, mut two) = (wasi.hold(), wasi.hold());
    assert!(one.add(HELD - 10));
    assert!(!two.add(11));
    assert_eq!(two.up_to(100), 10);
    one.keep(5);
    assert!(two.add(HELD - 15) && !two.add(1));
    drop(two);
    drop(one);
    assert!(wasi.hold().add(HELD));
}

#[test]
fn headers_are_checked_and_bounded() {
    let wasi = Wasi::new(None);
    let mut fields = Fields::new(wasi.hold());
    for (name, value) in [("", "x"), ("a b", "x"), ("a:", "x"), ("a\r\nb", "x"), ("a", "x\r\ny"), ("a", "x\0")] {
        assert!(fields.add(name.to_owned(), value.into()).is_err(), "{name:?}: {value:?}");
    }
    fields.add("X-One".to_owned(), "1".into()).expect("a header");
    assert!(fields.add("large".to_owned(), vec![b'x'; 64 << 10]).is_err());
    fields.remove("x-one").expect("it can be removed");
    assert!(fields.lines().is_empty());
    let mut frozen = fields.freeze();
    assert!(frozen.add("a".to_owned(), "b".into()).is_err() && frozen.remove("a").is_err());
}

#[tokio::test]
async fn what_is_held_beyond_the_channels_limit_is_counted() {
    let limits = Limits { wasi_bytes: 100, ..short() };
    let (_folder, generation) = serving(SOUND, limits).await;
    let wasi = Wasi::new(Some(&generation.inner.channel));
    let mut fields = Fields::new(wasi.hold());
    fields.add("a".to_owned(), vec![b'x'; 98]).expect("it fits");
    assert_eq!(hits(&generation, Limit::WasiBytes), 0);
    assert!(fields.add("b".to_owned(), vec![b'x'; 98]).is_err());
    assert_eq!(hits(&generation, Limit::WasiBytes), 1);
    drop(fields);
    let mut rest = wasi.hold();
    assert_eq!(rest.up_to(1_000), 100);
    assert_eq!(hits(&generation, Limit::WasiBytes), 1, "nothing has failed for it yet");
    assert!(rest.is_short().contains("raise limits.wasi-bytes"));
    assert_eq!(hits(&generation, Limit::WasiBytes), 2);
}
