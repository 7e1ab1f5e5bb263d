//! From WIT types to schemas.

use super::{forms, rules};
use crate::vocabulary;
use serde_json::{Map, Value, json};
use wit_parser::{Docs, Field, Record, Resolve, Type, TypeDef, TypeDefKind, TypeId, TypeOwner, Variant};

/// The interface whose records may grow, so that a member that is an `option` may be missing.
const GROWING: &str = "interactions";

/// Fields of type `json` that must be objects.
const OBJECTS: &[(&str, &str)] =
    &[("interaction", "arguments"), ("statistics-info", "values"), ("structured-part", "values")];

/// Collects the schemas of all types that are reached.
pub(super) struct Generator<'a> {
    resolve: &'a Resolve,
    definitions: Map<String, Value>,
}

/// Where the schema of a named type stands in the document. Names of the interface `message` are plain, others
/// have their interface before them.
pub(super) fn definition(interface: &str, name: &str) -> String {
    format!("#/$defs/{}", key(interface, name))
}

fn key(interface: &str, name: &str) -> String {
    if interface == "message" { camel(name) } else { format!("{interface}.{}", camel(name)) }
}

/// `expected-wait-ms` to `expectedWaitMs`.
pub(super) fn camel(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    let mut upper = false;
    for c in name.chars() {
        if c == '-' {
            upper = true;
        } else if std::mem::take(&mut upper) {
            out.extend(c.to_uppercase());
        } else {
            out.push(c);
        }
    }
    out
}

impl<'a> Generator<'a> {
    pub(super) fn new(resolve: &'a Resolve) -> Self {
        Self { resolve, definitions: Map::new() }
    }

    /// A definition that is no type of the WIT.
    pub(super) fn insert(&mut self, name: &str, schema: Value) {
        self.definitions.insert(name.to_owned(), schema);
    }

    pub(super) fn finish(self) -> Map<String, Value> {
        self.definitions
    }

    /// Makes the schema of a type and all that it reaches; gives the pointer to it.
    pub(super) fn named(&mut self, interface: &str, name: &str) -> Value {
        let found = self.resolve.interfaces.iter().map(|(_, i)| i).find(|i| i.name.as_deref() == Some(interface));
        if let Some(id) = found.and_then(|i| i.types.get(name)) {
            self.define(*id);
        }
        Value::String(definition(interface, name))
    }

    fn define(&mut self, id: TypeId) -> String {
        let (interface, name) = self.home(id);
        let key = key(interface, name);
        if !self.definitions.contains_key(&key) {
            // The place is taken first, so that a type is made once however often it is met.
            self.definitions.insert(key.clone(), Value::Null);
            let def = &self.resolve.types[id];
            let mut schema = special(interface, name).unwrap_or_else(|| self.kind(def, interface, name));
            describe(&mut schema, &def.docs);
            if interface == "message" {
                rules::add(&mut schema, name);
            }
            if (interface, name) == ("message", "message") {
                self.encoded_agent(&mut schema);
            }
            self.definitions.insert(key, schema);
        }
        definition(interface, name)
    }

    /// Interface and name of a type.
    fn home(&self, id: TypeId) -> (&'a str, &'a str) {
        let def = &self.resolve.types[id];
        let interface = match def.owner {
            TypeOwner::Interface(interface) => self.resolve.interfaces[interface].name.as_deref(),
            TypeOwner::World(_) | TypeOwner::None => None,
        };
        (interface.unwrap_or_default(), def.name.as_deref().unwrap_or_default())
    }

    fn kind(&mut self, def: &TypeDef, interface: &str, name: &str) -> Value {
        match &def.kind {
            TypeDefKind::Record(record) => self.record(record, interface, name),
            TypeDefKind::Variant(variant) => self.variant(variant),
            TypeDefKind::Enum(cases) => {
                json!({ "enum": cases.cases.iter().map(|case| case.name.as_str()).collect::<Vec<_>>() })
            }
            TypeDefKind::Option(inner) => {
                let inner = self.schema(inner);
                or_null(inner)
            }
            TypeDefKind::List(inner) => self.list(inner),
            TypeDefKind::Tuple(tuple) => {
                let items: Vec<Value> = tuple.types.iter().map(|ty| self.schema(ty)).collect();
                json!({ "type": "array", "minItems": items.len(), "maxItems": items.len(), "prefixItems": items })
            }
            TypeDefKind::Type(inner) => self.schema(inner),
            // Resources, results, flags, maps and the like: nothing that a message holds. A test sees to that.
            _ => Value::Bool(true),
        }
    }

    fn schema(&mut self, ty: &Type) -> Value {
        match ty {
            Type::Bool => json!({ "type": "boolean" }),
            Type::U8 => integer(0, u8::MAX.into()),
            Type::U16 => integer(0, u16::MAX.into()),
            Type::U32 => integer(0, u32::MAX.into()),
            Type::S8 => integer(i8::MIN.into(), i8::MAX.into()),
            Type::S16 => integer(i16::MIN.into(), i16::MAX.into()),
            Type::S32 => integer(i32::MIN.into(), i32::MAX.into()),
            Type::U64 => json!({ "type": "string", "pattern": "^(0|[1-9][0-9]{0,19})$" }),
            Type::S64 => json!({ "type": "string", "pattern": "^(0|-?[1-9][0-9]{0,18})$" }),
            Type::F32 | Type::F64 => json!({ "type": "number" }),
            Type::Char | Type::String | Type::ErrorContext => json!({ "type": "string" }),
            Type::Id(id) => {
                let id = self.original(*id);
                let def = &self.resolve.types[id];
                if def.name.is_some() { json!({ "$ref": self.define(id) }) } else { self.kind(def, "", "") }
            }
        }
    }

    /// Follows `use` to where a type was written.
    fn original(&self, mut id: TypeId) -> TypeId {
        while let TypeDefKind::Type(Type::Id(next)) = self.resolve.types[id].kind {
            id = next;
        }
        id
    }

    fn list(&mut self, inner: &Type) -> Value {
        if let Type::Id(id) = inner
            && let TypeDefKind::Tuple(tuple) = &self.resolve.types[*id].kind
            && let [Type::String, value] = tuple.types.as_slice()
        {
            return json!({ "type": "object", "additionalProperties": self.schema(value) });
        }
        json!({ "type": "array", "items": self.schema(inner) })
    }

    fn record(&mut self, record: &Record, interface: &str, name: &str) -> Value {
        let mut properties = Map::new();
        let mut required = Vec::new();
        for field in &record.fields {
            let member = camel(&field.name);
            if interface != GROWING || !self.is_option(&field.ty) {
                required.push(member.clone());
            }
            properties.insert(member, self.field(field, name));
        }
        json!({ "type": "object", "properties": properties, "required": required })
    }

    fn field(&mut self, field: &Field, record: &str) -> Value {
        let mut schema = self.schema(&field.ty);
        if let Some(words) = vocabulary::words(record, &field.name) {
            let mut words: Vec<Value> = words.iter().map(|word| json!(word)).collect();
            if self.is_option(&field.ty) {
                words.push(Value::Null);
            }
            schema = json!({ "enum": words });
        }
        if OBJECTS.contains(&(record, field.name.as_str())) {
            schema = rules::object();
        }
        forms::narrow(&mut schema, record, &field.name);
        describe(&mut schema, &field.docs);
        schema
    }

    fn is_option(&self, ty: &Type) -> bool {
        matches!(ty, Type::Id(id) if matches!(self.resolve.types[*id].kind, TypeDefKind::Option(_)))
    }

    fn variant(&mut self, variant: &Variant) -> Value {
        let cases: Vec<Value> = variant
            .cases
            .iter()
            .map(|case| {
                let constant = json!({ "const": case.name });
                let mut schema = match &case.ty {
                    None => json!({ "type": "object", "properties": { "type": constant }, "required": ["type"] }),
                    Some(ty) if self.is_record(ty) => {
                        let mut schema = self.schema(ty);
                        schema["type"] = json!("object");
                        schema["properties"] = json!({ "type": constant });
                        schema["required"] = json!(["type"]);
                        schema
                    }
                    Some(ty) => json!({
                        "type": "object",
                        "properties": { "type": constant, "value": self.schema(ty) },
                        "required": ["type", "value"],
                    }),
                };
                describe(&mut schema, &case.docs);
                schema
            })
            .collect();
        json!({ "oneOf": cases })
    }

    fn is_record(&self, ty: &Type) -> bool {
        matches!(ty, Type::Id(id) if matches!(self.resolve.types[self.original(*id)].kind, TypeDefKind::Record(_)))
    }

    /// The one member of the JSON that the WIT does not have: the server adds it on the way to an agent.
    fn encoded_agent(&mut self, schema: &mut Value) {
        schema["properties"]["encodedAgent"] = json!({
            "$ref": self.named("message", "agent-info"),
            "description": "On the way to an agent, who then stands in `agent`: what the driver gave as `agent`. Missing if it gave none.",
        });
    }
}

fn integer(least: i64, most: i64) -> Value {
    json!({ "type": "integer", "minimum": least, "maximum": most })
}

/// Types whose JSON is not what their WIT alone would make of them.
fn special(interface: &str, name: &str) -> Option<Value> {
    match (interface, name) {
        ("message", "timestamp") => Some(forms::timestamp()),
        ("message", "digest") => {
            Some(json!({ "type": "string", "minLength": 71, "maxLength": 71, "pattern": "^sha256-[0-9a-f]{64}$" }))
        }
        ("message", "json") => Some(rules::json()),
        ("message", "attributes") => Some(forms::attributes()),
        _ => None,
    }
}

fn or_null(schema: Value) -> Value {
    match schema.get("type") {
        Some(Value::String(name)) => {
            let both = json!([name, "null"]);
            let mut schema = schema;
            schema["type"] = both;
            schema
        }
        _ => json!({ "anyOf": [schema, { "type": "null" }] }),
    }
}

fn describe(schema: &mut Value, docs: &Docs) {
    if let (Some(schema), Some(text)) = (schema.as_object_mut(), &docs.contents) {
        schema.insert("description".to_owned(), json!(text.trim()));
    }
}
