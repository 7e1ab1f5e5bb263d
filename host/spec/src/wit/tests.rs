use super::{FILES, resolve, text};
use std::path::Path;
use wit_parser::{Docs, Resolve, TypeDefKind, WorldItem};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../wit");

#[test]
fn the_package_parses_as_a_folder_and_every_file_of_it_is_published() {
    let mut resolve = Resolve::default();
    let parsed = resolve.push_dir(FOLDER);
    assert!(parsed.is_ok(), "{:#}", parsed.unwrap_err());
    let mut found: Vec<String> = std::fs::read_dir(Path::new(FOLDER))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    let mut published: Vec<String> = FILES.iter().map(|(name, _)| (*name).to_owned()).collect();
    found.sort();
    published.sort();
    assert_eq!(found, published);
}

#[test]
fn the_package_parses_as_one_text_with_all_its_interfaces() {
    let mut one = Resolve::default();
    let parsed = one.push_str("jackfield.wit", &text());
    assert!(parsed.is_ok(), "{:#}", parsed.unwrap_err());
    let names = |resolve: &Resolve| {
        let mut names: Vec<String> = resolve
            .interfaces
            .iter()
            .filter_map(|(_, i)| i.name.clone())
            .chain(resolve.worlds.iter().map(|(_, w)| format!("world {}", w.name)))
            .collect();
        names.sort();
        names
    };
    assert_eq!(names(&one), names(resolve()));
    assert!(names(&one).contains(&"world everything".to_owned()));
}

#[test]
fn the_version_is_that_of_the_package() {
    let versions: Vec<String> = resolve().packages.iter().map(|(_, p)| p.name.to_string()).collect();
    assert_eq!(versions, [format!("jackfield:channel@{}", super::VERSION)]);
}

#[test]
fn every_item_of_the_specification_has_prose() {
    let mut bare = Vec::new();
    let mut note = |docs: &Docs, name: String| {
        if docs.contents.as_deref().unwrap_or_default().trim().is_empty() {
            bare.push(name);
        }
    };
    for (_, package) in &resolve().packages {
        note(&package.docs, format!("package {}", package.name));
    }
    for (_, world) in &resolve().worlds {
        note(&world.docs, format!("world {}", world.name));
        for item in world.imports.values().chain(world.exports.values()) {
            if let WorldItem::Function(function) = item {
                note(&function.docs, format!("{}.{}", world.name, function.name));
            }
        }
    }
    for (_, interface) in &resolve().interfaces {
        let place = interface.name.clone().unwrap_or_default();
        note(&interface.docs, place.clone());
        for function in interface.functions.values() {
            note(&function.docs, format!("{place}.{}", function.name));
        }
        for (name, id) in &interface.types {
            let def = &resolve().types[*id];
            let place = format!("{place}.{name}");
            match &def.kind {
                // `use` names a type that has its prose where it is written.
                TypeDefKind::Type(wit_parser::Type::Id(_)) => continue,
                TypeDefKind::Record(r) => {
                    r.fields.iter().for_each(|f| note(&f.docs, format!("{place}.{}", f.name)));
                }
                TypeDefKind::Variant(v) => v.cases.iter().for_each(|c| note(&c.docs, format!("{place}.{}", c.name))),
                TypeDefKind::Enum(e) => e.cases.iter().for_each(|c| note(&c.docs, format!("{place}.{}", c.name))),
                TypeDefKind::Flags(f) => f.flags.iter().for_each(|c| note(&c.docs, format!("{place}.{}", c.name))),
                _ => {}
            }
            note(&def.docs, place);
        }
    }
    assert!(bare.is_empty(), "without prose: {}", bare.join(", "));
}

/// A record that a function reaches grows by its attributes, or not at all without breaking compiled drivers.
#[test]
fn every_record_that_a_function_reaches_can_grow() {
    // An interaction grows by its arguments, an outgoing request by its options; the others are pairs.
    let closed = ["message.interaction", "http.outgoing", "http.field", "http-types.header"];
    let mut rigid = Vec::new();
    for (_, interface) in &resolve().interfaces {
        let place = interface.name.as_deref().unwrap_or_default();
        // No function reaches the arguments.
        let types = interface.types.iter().filter(|_| place != "interactions");
        for (name, id) in types {
            if let TypeDefKind::Record(record) = &resolve().types[*id].kind
                && !record.fields.iter().any(|field| field.name == "attributes")
            {
                rigid.push(format!("{place}.{name}"));
            }
        }
    }
    rigid.retain(|name| !closed.contains(&name.as_str()));
    assert!(rigid.is_empty(), "cannot grow: {}", rigid.join(", "));
}
