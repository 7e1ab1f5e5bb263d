//! What has nothing behind it: files, sockets, terminals. Every function is there, since guests want it to be, and
//! refuses or answers that there is none; no guest ever gets hold of a file or socket to call the others with.

use super::resolve;
use crate::call::State;
use wasmtime::component::types::{ComponentFunc, Type};
use wasmtime::component::{Linker, Resource, ResourceType, Val};
use wasmtime::{AsContextMut, StoreContextMut};
use wit_parser::{InterfaceId, TypeDefKind, WorldItem};

/// Stands for a network on which nothing can be reached: the one thing of these that is handed out.
struct Nothing;

/// Said where not even a refusal can be said; no guest gets so far.
#[derive(Debug, thiserror::Error)]
#[error("there is nothing behind this function of WASI")]
struct NothingThere;

/// How a refusal is called, in the order of preference: by sockets, by files.
const REFUSALS: [&str; 2] = ["access-denied", "access"];

/// The interfaces of a world, with those that they use.
pub(super) fn interfaces(world: &str) -> Vec<InterfaceId> {
    let worlds = resolve().worlds.iter().filter(|(_, known)| known.name == world);
    let items = worlds.flat_map(|(_, world)| world.imports.values());
    let interface = |item: &WorldItem| match item {
        WorldItem::Interface { id, .. } => Some(*id),
        _ => None,
    };
    items.filter_map(interface).collect()
}

/// Links the world `nothing`.
pub(super) fn link(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    let resolve = resolve();
    let served = interfaces("served");
    for id in interfaces("nothing").into_iter().filter(|id| !served.contains(id)) {
        let interface = &resolve.interfaces[id];
        let mut instance = linker.instance(&resolve.id_of(id).unwrap_or_default())?;
        for (name, id) in &interface.types {
            if resolve.types[*id].kind == TypeDefKind::Resource {
                instance.resource(name, ResourceType::host::<Nothing>(), |_, _| Ok(()))?;
            }
        }
        for name in interface.functions.keys() {
            instance.func_new(name, refuse)?;
        }
    }
    Ok(())
}

fn refuse(
    mut store: StoreContextMut<'_, State>,
    function: ComponentFunc,
    _: &[Val],
    results: &mut [Val],
) -> wasmtime::Result<()> {
    store.data_mut().counted()?;
    for (result, ty) in results.iter_mut().zip(function.results()) {
        *result = none_of(&mut store, &ty)?;
    }
    Ok(())
}

/// The value of a type that says no.
fn none_of(store: &mut StoreContextMut<'_, State>, ty: &Type) -> wasmtime::Result<Val> {
    Ok(match ty {
        Type::Result(result) => Val::Result(Err(result.err().and_then(|error| refusal(&error)).map(Box::new))),
        Type::List(_) => Val::List(Vec::new()),
        Type::Option(_) => Val::Option(None),
        Type::Bool => Val::Bool(false),
        Type::Own(_) => Val::Resource(Resource::<Nothing>::new_own(0).try_into_resource_any(store.as_context_mut())?),
        _ => return Err(NothingThere.into()),
    })
}

fn refusal(error: &Type) -> Option<Val> {
    let Type::Enum(cases) = error else { return None };
    let known = |wanted: &&str| cases.names().any(|name| name == *wanted);
    REFUSALS.into_iter().find(known).map(|name| Val::Enum(name.to_owned()))
}
