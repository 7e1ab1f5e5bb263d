//! JSON seen through CEL's eyes: an object stays where it is until a field of it is asked for.

use std::collections::HashMap;
use std::sync::OnceLock;

use cel::ExecutionError;
use cel::common::traits::{Container, Indexer, Iterable, Iterator, Sizer};
use cel::common::types::{
    CelBool, CelDouble, CelInt, CelList, CelMap, CelMapKey, CelNull, CelString, CelUInt, MAP_TYPE, Type,
};
use cel::common::value::{CowVal, Val};
use serde_json::{Map, Value};

/// The value for CEL. Text is borrowed, objects are not looked into, lists are walked one level.
pub(super) fn value<'v>(json: &'v Value) -> Box<dyn Val + 'v> {
    match json {
        Value::Null => Box::new(CelNull),
        Value::Bool(value) => Box::new(CelBool::from(*value)),
        Value::String(text) => Box::new(CelString::from(text.as_str())),
        Value::Number(number) => {
            if let Some(number) = number.as_i64() {
                Box::new(CelInt::from(number))
            } else if let Some(number) = number.as_u64() {
                Box::new(CelUInt::from(number))
            } else {
                Box::new(CelDouble::from(number.as_f64().unwrap_or(f64::NAN)))
            }
        }
        Value::Array(items) => Box::new(CelList::from(items.iter().map(value).collect::<Vec<_>>())),
        Value::Object(fields) => Box::new(Object { fields, whole: OnceLock::new() }),
    }
}

/// A JSON object as a CEL map. Equal to any map with the same entries that stands on its right.
#[derive(Debug)]
struct Object<'v> {
    fields: &'v Map<String, Value>,
    /// Made only for loops over the keys, which CEL wants as values that already exist.
    whole: OnceLock<CelMap<'v>>,
}

impl<'v> Object<'v> {
    fn whole(&self) -> &CelMap<'v> {
        self.whole.get_or_init(|| {
            let entries = self.fields.iter().map(|(key, field)| (CelMapKey::from(key.as_str()), value(field)));
            CelMap::from(entries.collect::<HashMap<_, _>>())
        })
    }
}

impl<'v> Val for Object<'v> {
    fn get_type(&self) -> &Type {
        &MAP_TYPE
    }

    fn cel_type() -> &'static Type {
        &MAP_TYPE
    }

    fn as_container(&self) -> Option<&dyn Container> {
        Some(self)
    }

    fn as_indexer<'b, 'w>(&'b self) -> Option<&'b (dyn Indexer + 'w)>
    where
        Self: 'w,
    {
        Some(self)
    }

    fn as_iterable<'b, 'w>(&'b self) -> Option<&'b (dyn Iterable + 'w)>
    where
        Self: 'w,
    {
        Some(self)
    }

    fn as_sizer(&self) -> Option<&dyn Sizer> {
        Some(self)
    }

    fn equals(&self, other: &dyn Val) -> bool {
        let (Some(size), Some(fields)) = (other.as_sizer(), other.as_indexer()) else {
            return false;
        };
        other.get_type() == self.get_type()
            && *size.size().inner() == self.fields.len() as i64
            && self.fields.iter().all(|(key, field)| {
                fields.get(&CelString::from(key.as_str())).is_ok_and(|theirs| value(field).equals(theirs.as_ref()))
            })
    }

    fn clone_as_boxed<'w>(&self) -> Box<dyn Val + 'w>
    where
        Self: 'w,
    {
        Box::new(Object { fields: self.fields, whole: OnceLock::new() })
    }
}

impl Container for Object<'_> {
    fn contains(&self, key: &dyn Val) -> Result<bool, ExecutionError> {
        Ok(key.downcast_ref::<CelString<'_>>().is_some_and(|key| self.fields.contains_key(key.inner())))
    }
}

impl<'v> Indexer for Object<'v> {
    fn get<'b, 'w>(&'b self, key: &dyn Val) -> Result<CowVal<'b, 'w>, ExecutionError>
    where
        Self: 'w,
    {
        let Some(key) = key.downcast_ref::<CelString<'_>>() else {
            return Err(ExecutionError::UnexpectedType {
                got: key.get_type().name().to_owned(),
                want: "string".to_owned(),
            });
        };
        self.fields
            .get(key.inner())
            .map(|field| CowVal::Owned(value(field)))
            .ok_or_else(|| ExecutionError::no_such_key(key.inner()))
    }

    fn steal<'w>(self: Box<Self>, key: &dyn Val) -> Result<Box<dyn Val + 'w>, ExecutionError>
    where
        Self: 'w,
    {
        self.get(key).map(CowVal::into_owned)
    }
}

impl Iterable for Object<'_> {
    fn iter<'b, 'w>(&'b self) -> Box<dyn Iterator<'b, 'w> + 'b>
    where
        Self: 'w,
    {
        self.whole().iter()
    }
}

impl Sizer for Object<'_> {
    fn size(&self) -> CelInt {
        CelInt::from(self.fields.len() as i64)
    }
}
