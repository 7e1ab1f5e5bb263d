//! Holds an interface of a component against the specification, type by type, as the engine will: records, variants,
//! enums and flags must be the same to the last field. Says where the first difference is and what it is.

use wit_parser::{Function, Handle, Interface, InterfaceId, Resolve, Type, TypeDefKind};

/// Whose functions they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    /// The server's: a driver imports those that it calls.
    Import,
    /// The driver's: it exports all of them.
    Export,
}

/// Two types side by side: the component's and the specification's.
#[derive(Clone, Copy)]
struct Pair<'a> {
    found: &'a Resolve,
    spec: &'a Resolve,
}

/// Compares the interface `id` of a component with `ours` of the specification.
pub(super) fn compare(
    found: &Resolve,
    id: InterfaceId,
    spec: &Resolve,
    ours: &Interface,
    side: Side,
) -> Result<(), String> {
    let pair = Pair { found, spec };
    let theirs = &found.interfaces[id];
    for (name, id) in &theirs.types {
        let at = format!("type `{name}`");
        let Some(ours) = ours.types.get(name) else {
            return Err(format!("{at} is not in the specification"));
        };
        pair.same(&at, Type::Id(*id), Type::Id(*ours))?;
    }
    for (name, function) in &theirs.functions {
        match (ours.functions.get(name), side) {
            (Some(ours), _) => pair.function(&format!("function `{name}`"), function, ours)?,
            (None, Side::Import) => return Err(format!("function `{name}` is not in the specification")),
            // Never called: it does no harm.
            (None, Side::Export) => {}
        }
    }
    match ours.functions.keys().find(|name| side == Side::Export && !theirs.functions.contains_key(*name)) {
        Some(missing) => Err(format!("function `{missing}` is missing")),
        None => Ok(()),
    }
}

impl Pair<'_> {
    fn function(self, at: &str, found: &Function, spec: &Function) -> Result<(), String> {
        if found.kind.is_async() != spec.kind.is_async() {
            return Err(format!("{at} is asynchronous in one of the two only"));
        }
        let name = |at: usize, function: &Function| function.params.get(at).map(|param| param.name.clone());
        for index in 0..found.params.len().max(spec.params.len()) {
            match (name(index, found), name(index, spec)) {
                (Some(theirs), Some(ours)) if theirs == ours => {}
                (Some(theirs), Some(ours)) => {
                    return Err(format!("{at} has the parameter `{theirs}` where the specification has `{ours}`"));
                }
                (Some(theirs), None) => return Err(format!("{at} has the parameter `{theirs}` too many")),
                (None, ours) => return Err(format!("{at} lacks the parameter `{}`", ours.unwrap_or_default())),
            }
        }
        for (theirs, ours) in found.params.iter().zip(&spec.params) {
            self.same(&format!("{at}, parameter `{}`", theirs.name), theirs.ty, ours.ty)?;
        }
        self.optional(&format!("{at}, result"), found.result, spec.result)
    }

    fn optional(self, at: &str, found: Option<Type>, spec: Option<Type>) -> Result<(), String> {
        match (found, spec) {
            (None, None) => Ok(()),
            (Some(found), Some(spec)) => self.same(at, found, spec),
            (Some(found), None) => Err(format!("{at} is {}, the specification has none", self.show_found(found))),
            (None, Some(spec)) => Err(format!("{at} is missing, the specification has {}", self.show_spec(spec))),
        }
    }

    fn same(self, at: &str, found: Type, spec: Type) -> Result<(), String> {
        let (found, spec) = (behind(self.found, found), behind(self.spec, spec));
        let (Type::Id(theirs), Type::Id(ours)) = (found, spec) else {
            return if found == spec { Ok(()) } else { Err(self.differs(at, found, spec)) };
        };
        let (theirs, ours) = (&self.found.types[theirs], &self.spec.types[ours]);
        match (&theirs.kind, &ours.kind) {
            (TypeDefKind::Record(theirs), TypeDefKind::Record(ours)) => {
                let fields =
                    |record: &wit_parser::Record| record.fields.iter().map(|f| (f.name.clone(), Some(f.ty))).collect();
                self.members(at, "field", fields(theirs), fields(ours))
            }
            (TypeDefKind::Variant(theirs), TypeDefKind::Variant(ours)) => {
                let cases =
                    |variant: &wit_parser::Variant| variant.cases.iter().map(|c| (c.name.clone(), c.ty)).collect();
                self.members(at, "case", cases(theirs), cases(ours))
            }
            (TypeDefKind::Enum(theirs), TypeDefKind::Enum(ours)) => {
                let cases = |of: &wit_parser::Enum| of.cases.iter().map(|c| (c.name.clone(), None)).collect();
                self.members(at, "case", cases(theirs), cases(ours))
            }
            (TypeDefKind::Flags(theirs), TypeDefKind::Flags(ours)) => {
                let flags = |of: &wit_parser::Flags| of.flags.iter().map(|f| (f.name.clone(), None)).collect();
                self.members(at, "flag", flags(theirs), flags(ours))
            }
            (TypeDefKind::Tuple(theirs), TypeDefKind::Tuple(ours)) if theirs.types.len() == ours.types.len() => {
                let mut elements = theirs.types.iter().zip(&ours.types).enumerate();
                elements.try_for_each(|(index, (a, b))| self.same(&format!("{at}, element {index}"), *a, *b))
            }
            (TypeDefKind::Option(theirs), TypeDefKind::Option(ours)) => self.same(at, *theirs, *ours),
            (TypeDefKind::List(theirs), TypeDefKind::List(ours)) => {
                self.same(&format!("{at}, element"), *theirs, *ours)
            }
            (TypeDefKind::Result(theirs), TypeDefKind::Result(ours)) => {
                self.optional(at, theirs.ok, ours.ok)?;
                self.optional(&format!("{at}, error"), theirs.err, ours.err)
            }
            (TypeDefKind::Handle(theirs), TypeDefKind::Handle(ours)) => {
                let (theirs, ours) = (handle(self.found, theirs), handle(self.spec, ours));
                if theirs == ours { Ok(()) } else { Err(format!("{at} is {theirs}, the specification has {ours}")) }
            }
            (TypeDefKind::Resource, TypeDefKind::Resource) if theirs.name == ours.name => Ok(()),
            _ => Err(self.differs(at, found, spec)),
        }
    }

    fn differs(self, at: &str, found: Type, spec: Type) -> String {
        format!("{at} is {}, the specification has {}", self.show_found(found), self.show_spec(spec))
    }

    fn show_found(self, found: Type) -> String {
        show(self.found, found)
    }

    fn show_spec(self, spec: Type) -> String {
        show(self.spec, spec)
    }

    /// Fields, cases or flags: the same names in the same order with the same types.
    fn members(self, at: &str, what: &str, found: Members, spec: Members) -> Result<(), String> {
        let has = |members: &Members, name: &str| members.iter().any(|(known, _)| known == name);
        if let Some((extra, _)) = found.iter().find(|(name, _)| !has(&spec, name)) {
            return Err(format!("{at} has the {what} `{extra}`, which the specification does not have"));
        }
        if let Some((missing, _)) = spec.iter().find(|(name, _)| !has(&found, name)) {
            return Err(format!("{at} lacks the {what} `{missing}`"));
        }
        for ((theirs, found), (ours, spec)) in found.iter().zip(&spec) {
            if theirs != ours {
                return Err(format!("{at} has the {what} `{theirs}` where the specification has `{ours}`"));
            }
            self.optional(&format!("{at}, {what} `{theirs}`"), *found, *spec)?;
        }
        Ok(())
    }
}

/// Names with types, where there are any.
type Members = Vec<(String, Option<Type>)>;

/// The type behind names that were given to it.
fn behind(resolve: &Resolve, mut ty: Type) -> Type {
    while let Type::Id(id) = ty
        && let TypeDefKind::Type(other) = &resolve.types[id].kind
    {
        ty = *other;
    }
    ty
}

fn handle(resolve: &Resolve, handle: &Handle) -> String {
    let (way, id) = match handle {
        Handle::Own(id) => ("own", id),
        Handle::Borrow(id) => ("borrow", id),
    };
    let name = match behind(resolve, Type::Id(*id)) {
        Type::Id(id) => resolve.types[id].name.as_deref(),
        _ => None,
    };
    format!("{way}<{}>", name.unwrap_or("?"))
}

/// A type as WIT writes it, one level of it.
fn show(resolve: &Resolve, ty: Type) -> String {
    let id = match behind(resolve, ty) {
        Type::Bool => return "bool".to_owned(),
        Type::Char => return "char".to_owned(),
        Type::String => return "string".to_owned(),
        Type::ErrorContext => return "error-context".to_owned(),
        Type::Id(id) => id,
        number => return format!("{number:?}").to_lowercase(),
    };
    let def = &resolve.types[id];
    let kind = match &def.kind {
        TypeDefKind::List(element) => return format!("list<{}>", show_name(resolve, *element)),
        TypeDefKind::Option(inner) => return format!("option<{}>", show_name(resolve, *inner)),
        TypeDefKind::Handle(of) => return handle(resolve, of),
        other => other.as_str(),
    };
    match &def.name {
        Some(name) => format!("the {kind} `{name}`"),
        None => format!("a {kind}"),
    }
}

/// The name of a type, not what is in it: types can be nested as deep as their author likes.
fn show_name(resolve: &Resolve, ty: Type) -> String {
    match ty {
        Type::Id(id) => resolve.types[id].name.clone().unwrap_or_else(|| resolve.types[id].kind.as_str().to_owned()),
        primitive => show(resolve, primitive),
    }
}
