use std::fs::{self, File};
use std::time::{Duration, SystemTime};

use wit_component::{StringEncoding, metadata};
use wit_parser::Resolve;

use super::componentize;

/// An empty core module that says it is for an empty world.
fn module_of_an_empty_world() -> Vec<u8> {
    let mut resolve = Resolve::default();
    let package = resolve.push_str("empty.wit", "package test:empty; world nothing {}").expect("the WIT parses");
    let world = resolve.select_world(&[package], Some("nothing")).expect("the world is there");
    let section = metadata::encode(&resolve, world, StringEncoding::UTF8, None).expect("the world can be encoded");

    let name = b"component-type";
    let mut module = b"\0asm\x01\0\0\0".to_vec();
    module.push(0);
    write_leb128(&mut module, 1 + name.len() + section.len());
    write_leb128(&mut module, name.len());
    module.extend_from_slice(name);
    module.extend_from_slice(&section);
    module
}

fn write_leb128(bytes: &mut Vec<u8>, mut value: usize) {
    while value >= 0x80 {
        bytes.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
}

#[test]
fn a_module_becomes_a_component_in_place_of_the_old_one() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let core = folder.path().join("core.wasm");
    let component = folder.path().join("driver.wasm");
    fs::write(&core, module_of_an_empty_world()).expect("written");
    fs::write(&component, "old").expect("written");

    componentize(&core, &component).expect("it becomes a component");

    let bytes = fs::read(&component).expect("the component is there");
    assert_eq!(&bytes[..8], b"\0asm\x0d\0\x01\0", "the preamble is a component's");
    assert_eq!(fs::read_dir(folder.path()).expect("listed").count(), 2, "nothing else is left");
}

#[test]
fn a_component_that_would_stay_the_same_is_not_touched() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let core = folder.path().join("core.wasm");
    let component = folder.path().join("driver.wasm");
    fs::write(&core, module_of_an_empty_world()).expect("written");
    componentize(&core, &component).expect("it becomes a component");
    let long_ago = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
    let file = File::options().append(true).open(&component);
    file.and_then(|file| file.set_modified(long_ago)).expect("made old");

    componentize(&core, &component).expect("it becomes a component again");

    let modified = fs::metadata(&component).and_then(|facts| facts.modified());
    assert_eq!(modified.expect("it has a time"), long_ago);
}

#[test]
fn what_is_no_module_is_refused_with_a_sentence_and_leaves_the_old_component() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let core = folder.path().join("core.wasm");
    let component = folder.path().join("driver.wasm");
    fs::write(&core, "not Wasm").expect("written");
    fs::write(&component, "old").expect("written");

    let error = componentize(&core, &component).expect_err("it is refused");

    let text = error.to_string();
    assert!(text.contains("core.wasm cannot become a component"), "{text}");
    assert_eq!(fs::read(&component).expect("still there"), b"old");
}

#[test]
fn a_missing_module_is_named() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let core = folder.path().join("gone.wasm");

    let error = componentize(&core, &folder.path().join("out.wasm")).expect_err("it is refused");

    assert!(error.to_string().contains("gone.wasm"), "{error}");
}
