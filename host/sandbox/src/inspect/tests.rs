mod bent;

use super::*;
use crate::versions::SERVED;

fn refusal(text: &str) -> String {
    let bytes = wat::parse_str(text).expect("the test's component is well formed");
    inspect(&bytes, &ComponentLimits::default(), SERVED).expect_err("it must be refused").to_string()
}

/// Each component that can't fit is refused before it is compiled, with a sentence that says what to do.
#[test]
fn what_does_not_fit_is_refused_with_a_remedy() {
    let cases = [
        ("(module)", "not a WebAssembly component"),
        ("(component)", "export `driver`"),
        (
            r#"(component (import "jackfield:channel/log@0.8.0" (instance)))"#,
            "rebuild it against the WIT that `jackfield spec wit` prints",
        ),
        (r#"(component (import "jackfield:channel/log@1.0.0" (instance)))"#, "this server speaks 0.9.0"),
        (
            r#"(component (import "wasi:keyvalue/store@0.2.0" (instance)))"#,
            "only the interfaces of jackfield:channel@0.9.0",
        ),
        (
            r#"(component (instance $i) (export "jackfield:channel/socket@0.9.0" (instance $i)))"#,
            "exports `socket`, which this server does not serve yet",
        ),
        (
            r#"(component (import "jackfield:channel/log@0.9.0" (func)))"#,
            "`jackfield:channel/log@0.9.0` is named as an interface and is none; generate its bindings",
        ),
        (r#"(component (import "wasi:clocks/wall-clock@0.2.0" (func)))"#, "is named as an interface and is none"),
        (
            r#"(component (import "f" (func $f)) (export "jackfield:channel/driver@0.9.0" (func $f)))"#,
            "`jackfield:channel/driver@0.9.0` is named as an interface and is none",
        ),
        (r#"(component (instance $i) (export "other:package/thing@0.9.0" (instance $i)))"#, "does not serve yet"),
    ];
    for (component, expected) in cases {
        let found = refusal(component);
        assert!(found.contains(expected), "{component}\n  said:     {found}\n  expected: {expected}");
    }
}

/// A component file in which anything may stand: it fits, or it is refused with a sentence.
#[test]
fn fuzz_component_files() {
    let words =
        ["jackfield:channel/driver@0.9.0", "jackfield:channel/log@0.9.0", "\0asm\r\0\u{1}\0", "describe", "webhook"];
    let mut inputs: Vec<Vec<u8>> = ["(component)", r#"(component (import "jackfield:channel/log@0.9.0" (instance)))"#]
        .iter()
        .map(|text| wat::parse_str(text).expect("the test's component is well formed"))
        .collect();
    inputs.push(std::fs::read(jackfield_tests::driver("webhook")).expect("the driver"));
    let count = jackfield_tests::fuzz("component", inputs, &words, |bytes| {
        match inspect(bytes, &ComponentLimits::default(), SERVED) {
            Ok(()) => "fits".to_owned(),
            Err(error) => jackfield_tests::kind_of(&error.to_string()),
        }
    });
    println!("component: {count} inputs");
    assert!(count > 20);
}

#[test]
fn what_is_too_large_is_not_even_read() {
    let limits = ComponentLimits { bytes: 99, ..ComponentLimits::default() };
    let error = inspect(&[0; 100], &limits, SERVED).expect_err("too large").to_string();
    assert!(error.contains("100 bytes, at most 99"), "{error}");
}

#[test]
fn what_another_file_is_is_said() {
    for (bytes, expected) in [
        (&b"\0asm\x01\0\0\0"[..], "it is a core module"),
        (b"\0asm\x0e\0\x01\0", "it is a component in version 14 of the binary format"),
        (b"\0asm\x0d\0\x02\0", "it does not begin as one"),
        (b"\0asm\x02\0\0\0", "it does not begin as one"),
        (b"\0asm", "it does not begin as one"),
    ] {
        let refusal = inspect(bytes, &ComponentLimits::default(), SERVED).expect_err("it is no component").to_string();
        assert!(refusal.contains(expected), "{bytes:?}\n  said:     {refusal}\n  expected: {expected}");
    }
}

#[test]
fn bytes_that_are_nothing_are_refused() {
    for bytes in [&b""[..], b"\0asm", b"\0asm\x0d\0\x01\0garbage", b"#!/bin/sh"] {
        let refusal = inspect(bytes, &ComponentLimits::default(), SERVED);
        assert!(matches!(refusal, Err(Refusal::NotAComponent(_))), "{bytes:?}");
    }
}

/// Each of these is counted before anything is built from it.
#[test]
fn of_what_there_is_too_much_is_said_with_its_key() {
    let limits = ComponentLimits { functions: 3, types: 3, imports: 2, exports: 2, ..ComponentLimits::default() };
    let many = |text: &str| (0..4).map(|number| text.replace('#', &number.to_string())).collect::<String>();
    let cases = [
        (
            format!("(component (core module {}))", many("(func)")),
            "more than 3 functions",
            "functions under [server.limits]",
        ),
        (format!("(component {})", many("(type (list u8))")), "more than 3 types", "types under [server.limits]"),
        (
            format!("(component (core module {}))", many("(type (func (param i32 i64)))")),
            "more than 3 types",
            "types under [server.limits]",
        ),
        (format!("(component {})", many(r##"(import "f#" (func))"##)), "more than 2 imports", "imports under"),
        (
            format!(r#"(component (instance $i) {})"#, many(r##"(export "e#" (instance $i))"##)),
            "more than 2 exports",
            "exports under",
        ),
        (format!("{}{}", "(component ".repeat(20), ")".repeat(20)), "more than 16 deep", "not a WebAssembly component"),
    ];
    for (text, expected, key) in cases {
        let bytes = wat::parse_str(&text).expect("well formed");
        let found = inspect(&bytes, &limits, SERVED).expect_err("it must be refused").to_string();
        assert!(found.contains(expected) && found.contains(key), "{text}\n  said:     {found}\n  expected: {expected}");
    }
}
