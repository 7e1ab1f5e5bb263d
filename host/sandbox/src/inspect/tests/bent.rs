//! Components whose types are nearly those of the specification: each type and function that a driver can reach is
//! bent in every way there is, and each of them must be refused with a sentence that names what is bent.

use super::*;
use jackfield_spec::{wit_interface, wit_resolve};
use proptest::prelude::*;
use std::collections::BTreeSet;
use wit_component::{ComponentEncoder, StringEncoding, dummy_module, embed_component_metadata};
use wit_parser::{
    Case, EnumCase, Field, Flag, InterfaceId, LiftLowerAbi, ManglingAndAbi, Param, Type, TypeDefKind, TypeId,
};

/// A world with all imports and all exports that are served.
const WORLD: &str = "hybrid-driver";

/// A component of this world that does nothing.
fn component(resolve: &Resolve, world: &str) -> Vec<u8> {
    let (world, _) = resolve.worlds.iter().find(|(_, known)| known.name == world).expect("the world is there");
    let mut module = dummy_module(resolve, world, ManglingAndAbi::Legacy(LiftLowerAbi::Sync));
    embed_component_metadata(&mut module, resolve, world, StringEncoding::UTF8).expect("it can be described");
    let encoder = ComponentEncoder::default().module(&module).expect("the module is sound");
    encoder.validate(true).encode().expect("it can be encoded")
}

fn verdict(resolve: &Resolve) -> Result<(), Refusal> {
    inspect(&component(resolve, WORLD), &ComponentLimits::default(), SERVED)
}

/// Interfaces of the world, and whether the driver exports them.
fn interfaces(resolve: &Resolve) -> Vec<(InterfaceId, bool)> {
    let (_, world) = resolve.worlds.iter().find(|(_, known)| known.name == WORLD).expect("the world is there");
    let of = |items: &wit_parser::IndexMap<WorldKey, WorldItem>, exported: bool| {
        let ids = items.values().filter_map(move |item| match item {
            WorldItem::Interface { id, .. } => Some((*id, exported)),
            _ => None,
        });
        ids.collect::<Vec<_>>()
    };
    [of(&world.imports, false), of(&world.exports, true)].concat()
}

/// A bent specification, and what its refusal must name.
struct Bent {
    resolve: Resolve,
    what: String,
    named: Vec<String>,
}

fn quoted(name: &str) -> String {
    format!("`{name}`")
}

fn other(ty: Type) -> Type {
    if ty == Type::U32 { Type::Bool } else { Type::U32 }
}

/// Every way to bend one type.
fn bend_type(base: &Resolve, id: TypeId) -> Vec<Bent> {
    let name = base.types[id].name.clone().expect("a named type");
    let mut all = Vec::new();
    let mut bend = |what: &str, named: &str, change: &dyn Fn(&mut TypeDefKind)| {
        let mut resolve = base.clone();
        change(&mut resolve.types[id].kind);
        all.push(Bent { resolve, what: format!("{name}: {what}"), named: vec![quoted(named)] });
    };
    match &base.types[id].kind {
        TypeDefKind::Record(record) => {
            let (first, last) = (record.fields[0].clone(), record.fields[record.fields.len() - 1].clone());
            let with = |change: fn(&mut Vec<Field>)| {
                move |kind: &mut TypeDefKind| {
                    if let TypeDefKind::Record(record) = kind {
                        change(&mut record.fields);
                    }
                }
            };
            bend(
                "one field more",
                "extra",
                &with(|fields| {
                    let extra = Field {
                        name: "extra".to_owned(),
                        ty: Type::U8,
                        docs: Default::default(),
                        span: Default::default(),
                    };
                    fields.push(extra);
                }),
            );
            if record.fields.len() > 1 {
                bend("one field less", &last.name, &with(|fields| drop(fields.pop())));
                bend("fields in another order", &first.name, &with(|fields| fields.reverse()));
            }
            bend("a field by another name", "renamed", &with(|fields| fields[0].name = "renamed".to_owned()));
            bend("a field of another type", &first.name, &with(|fields| fields[0].ty = other(fields[0].ty)));
        }
        TypeDefKind::Variant(variant) => {
            let (first, last) = (variant.cases[0].clone(), variant.cases[variant.cases.len() - 1].clone());
            let with = |change: fn(&mut Vec<Case>)| {
                move |kind: &mut TypeDefKind| {
                    if let TypeDefKind::Variant(variant) = kind {
                        change(&mut variant.cases);
                    }
                }
            };
            bend(
                "one case more",
                "extra",
                &with(|cases| {
                    cases.push(Case { name: "extra".to_owned(), ..cases[0].clone() });
                }),
            );
            bend("one case less", &last.name, &with(|cases| drop(cases.pop())));
            bend(
                "a case with another load",
                &first.name,
                &with(|cases| {
                    cases[0].ty = match cases[0].ty {
                        Some(_) => None,
                        None => Some(Type::U8),
                    };
                }),
            );
        }
        TypeDefKind::Enum(of) => {
            let last = of.cases[of.cases.len() - 1].clone();
            let with = |change: fn(&mut Vec<EnumCase>)| {
                move |kind: &mut TypeDefKind| {
                    if let TypeDefKind::Enum(of) = kind {
                        change(&mut of.cases);
                    }
                }
            };
            bend(
                "one case more",
                "extra",
                &with(|cases| {
                    cases.push(EnumCase { name: "extra".to_owned(), ..cases[0].clone() });
                }),
            );
            bend("one case less", &last.name, &with(|cases| drop(cases.pop())));
        }
        TypeDefKind::Flags(of) => {
            let last = of.flags[of.flags.len() - 1].clone();
            let with = |change: fn(&mut Vec<Flag>)| {
                move |kind: &mut TypeDefKind| {
                    if let TypeDefKind::Flags(of) = kind {
                        change(&mut of.flags);
                    }
                }
            };
            bend(
                "one flag more",
                "extra",
                &with(|flags| flags.push(Flag { name: "extra".to_owned(), ..flags[0].clone() })),
            );
            bend("one flag less", &last.name, &with(|flags| drop(flags.pop())));
        }
        // An alias is bent where it leads to.
        _ => {}
    }
    all
}

/// Every way to bend one function.
fn bend_function(base: &Resolve, interface: InterfaceId, name: &str, exported: bool) -> Vec<Bent> {
    let mut all = Vec::new();
    let mut bend = |what: &str, named: &str, change: &dyn Fn(&mut wit_parser::Function)| {
        let mut resolve = base.clone();
        change(&mut resolve.interfaces[interface].functions[name]);
        all.push(Bent { resolve, what: format!("{name}: {what}"), named: vec![quoted(name), named.to_owned()] });
    };
    let function = &base.interfaces[interface].functions[name];
    bend("one parameter more", "`extra`", &|function| {
        function.params.push(Param { name: "extra".to_owned(), ty: Type::U8, span: Default::default() });
    });
    // The first of a method is the resource itself.
    if let Some(last) = function.params.last().filter(|last| last.name != "self") {
        bend("one parameter less", &quoted(&last.name), &|function| drop(function.params.pop()));
        bend("a parameter of another type", &quoted(&last.name), &|function| {
            if let Some(last) = function.params.last_mut() {
                last.ty = other(last.ty);
            }
        });
    }
    bend("another result", "result", &|function| {
        function.result = match function.result {
            Some(ty) => Some(other(ty)),
            None => Some(Type::Bool),
        };
    });
    if exported {
        let mut resolve = base.clone();
        resolve.interfaces[interface].functions.shift_remove(name);
        all.push(Bent { resolve, what: format!("{name} left out"), named: vec![quoted(name), "missing".to_owned()] });
    } else if !name.starts_with('[') {
        let mut resolve = base.clone();
        let functions = &mut resolve.interfaces[interface].functions;
        let mut function = functions.shift_remove(name).expect("it is there");
        function.name = "made-up".to_owned();
        functions.insert("made-up".to_owned(), function);
        all.push(Bent { resolve, what: format!("{name} by another name"), named: vec!["`made-up`".to_owned()] });
    }
    all
}

#[test]
fn the_specification_itself_fits() {
    verdict(wit_resolve()).expect("nothing is bent");
}

#[test]
fn every_bent_type_and_function_is_refused_and_named() {
    let base = wit_resolve();
    let interfaces = interfaces(base);
    // A type that no function reaches is not in the component.
    let Ok(DecodedWasm::Component(decoded, _)) = decode(&component(base, WORLD)) else { panic!("it is a component") };
    let of = |interface: &Interface| {
        let name = interface.name.clone();
        interface.types.keys().map(|known| (name.clone(), known.clone())).collect::<Vec<_>>()
    };
    let reached: BTreeSet<_> = decoded.interfaces.iter().flat_map(|(_, interface)| of(interface)).collect();
    let mut bent = Vec::new();
    for (id, exported) in interfaces {
        let interface = &base.interfaces[id];
        let there = |name: &&String| reached.contains(&(interface.name.clone(), (*name).clone()));
        let types = interface.types.iter().filter(|(name, _)| there(name));
        bent.extend(types.flat_map(|(_, id)| bend_type(base, *id)));
        bent.extend(interface.functions.keys().flat_map(|name| bend_function(base, id, name, exported)));
    }
    assert!(bent.len() >= 300, "{} ways", bent.len());
    for Bent { resolve, what, named } in bent {
        let refusal = verdict(&resolve).err().unwrap_or_else(|| panic!("{what}: it passed"));
        assert!(matches!(refusal, Refusal::Types { .. }), "{what}: {refusal:?}");
        let sentence = refusal.to_string();
        assert!(named.iter().all(|name| sentence.contains(name)), "{what}: {sentence}\n  must name {named:?}");
        assert!(sentence.contains("rebuild it against the WIT"), "{what}: {sentence}");
    }
}

#[test]
fn a_refusal_reads_as_a_sentence() {
    let mut resolve = wit_resolve().clone();
    let id = wit_interface("driver").expect("it is there").types["receipt"];
    if let TypeDefKind::Record(record) = &mut resolve.types[id].kind {
        record.fields[0].ty = Type::Bool;
    }
    let sentence = verdict(&resolve).expect_err("bent").to_string();
    assert_eq!(
        sentence,
        "the driver's `driver` does not fit jackfield:channel@0.9.0: type `receipt`, field `external-ids` is bool, the \
         specification has list<string>; rebuild it against the WIT that `jackfield spec wit` prints"
    );
}

#[test]
fn other_versions_are_refused_by_their_number() {
    for (version, fits) in
        [("0.8.0", false), ("0.10.0", false), ("1.0.0", false), ("0.0.9", false), ("0.9.1", true), ("0.9.77", true)]
    {
        let mut resolve = wit_resolve().clone();
        let package = resolve.packages.iter().map(|(id, _)| id).next().expect("one package");
        resolve.packages[package].name.version = Some(version.parse().expect("semver"));
        // Interfaces are found under the package's new name.
        let verdict = verdict(&resolve);
        assert_eq!(verdict.is_ok(), fits, "{version}: {verdict:?}");
        if let Err(refusal) = verdict {
            assert!(refusal.to_string().contains(&format!("jackfield:channel@{version}")), "{refusal}");
        }
    }
}

#[test]
fn other_worlds_are_refused() {
    for (world, expected) in [
        ("imports", "exports no jackfield:channel/driver"),
        ("chat-driver", "exports `socket`, which this server does not serve yet"),
        ("call-driver", "does not serve yet"),
    ] {
        let bytes = component(wit_resolve(), world);
        let refusal = inspect(&bytes, &ComponentLimits::default(), SERVED).expect_err(world).to_string();
        assert!(refusal.contains(expected), "{world}: {refusal}");
    }
}

/// Types as deep as their author likes are held against the specification only as far as that goes.
#[test]
fn a_tower_of_types_is_refused_at_its_foot() {
    let tower: String = (1..50).map(|n| format!("(type $t{n} (list $t{}))", n - 1)).collect();
    let text = format!(
        r#"(component (import "jackfield:channel/log@0.9.0" (instance (type $t0 (list u8)) {tower}
            (export "write" (func (param "level" $t49))))))"#
    );
    let bytes = wat::parse_str(text).expect("well formed");
    let refusal = inspect(&bytes, &ComponentLimits::default(), SERVED).expect_err("bent").to_string();
    assert!(refusal.contains("`log`") && refusal.contains("`write`"), "{refusal}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    /// A component with damaged bytes is refused or fits; nothing panics.
    #[test]
    fn damaged_bytes_are_never_more_than_refused(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
        cut in any::<Option<prop::sample::Index>>(),
    ) {
        static WHOLE: std::sync::LazyLock<Vec<u8>> = std::sync::LazyLock::new(|| component(wit_resolve(), WORLD));
        let mut bytes = WHOLE.clone();
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        if let Err(refusal) = inspect(&bytes, &ComponentLimits::default(), SERVED) {
            prop_assert!(refusal.to_string().contains(';'), "it says what to do: {refusal}");
        }
    }
}
