//! Typed values of the specification as JSON that people can read and that loses nothing.
//!
//! Records are objects with names in camelCase, a case with a value is an object with the case's name as its only key,
//! one without is its name, and `none` is null. A list of bytes is `{"$text": ...}` where it is UTF-8, else
//! `{"$base64": ...}`: as an array of numbers it would have four times its size.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::ser::{self, Serialize};
use serde_json::{Map, Value, json};

/// A value as it stands in a record. What has no form in JSON (a number that is none) is null.
pub fn facts<T: Serialize + ?Sized>(value: &T) -> Value {
    value.serialize(Facts).map(Piece::value).unwrap_or(Value::Null)
}

/// Bytes as they stand in a record.
pub(crate) fn bytes(bytes: &[u8]) -> Value {
    match std::str::from_utf8(bytes) {
        Ok(text) => json!({ "$text": text }),
        Err(_) => json!({ "$base64": STANDARD.encode(bytes) }),
    }
}

/// `event_id` as `eventId`.
fn camel(name: &str) -> String {
    let mut camel = String::with_capacity(name.len());
    let mut upper = false;
    for letter in name.chars() {
        match letter {
            '_' => upper = true,
            letter if upper => {
                camel.extend(letter.to_uppercase());
                upper = false;
            }
            letter => camel.push(letter),
        }
    }
    camel
}

/// A byte may be one of a list of them.
enum Piece {
    Byte(u8),
    Value(Value),
}

impl Piece {
    fn value(self) -> Value {
        match self {
            Self::Byte(byte) => byte.into(),
            Self::Value(value) => value,
        }
    }
}

/// What a type's own `Serialize` says is wrong.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Unfit(String);

impl ser::Error for Unfit {
    fn custom<T: std::fmt::Display>(text: T) -> Self {
        Self(text.to_string())
    }
}

fn case(name: &str, value: Value) -> Piece {
    Piece::Value(Value::Object(Map::from_iter([(name.to_owned(), value)])))
}

struct Facts;

macro_rules! plain {
    ($($function:ident: $kind:ty),*) => {
        $(fn $function(self, value: $kind) -> Result<Piece, Unfit> {
            Ok(Piece::Value(value.into()))
        })*
    };
}

impl ser::Serializer for Facts {
    type Ok = Piece;
    type Error = Unfit;
    type SerializeSeq = List;
    type SerializeTuple = List;
    type SerializeTupleStruct = List;
    type SerializeTupleVariant = CaseOf<List>;
    type SerializeMap = Fields;
    type SerializeStruct = Fields;
    type SerializeStructVariant = CaseOf<Fields>;

    plain!(serialize_bool: bool, serialize_i8: i8, serialize_i16: i16, serialize_i32: i32, serialize_i64: i64,
        serialize_u16: u16, serialize_u32: u32, serialize_u64: u64, serialize_f32: f32, serialize_f64: f64,
        serialize_str: &str);

    fn serialize_u8(self, byte: u8) -> Result<Piece, Unfit> {
        Ok(Piece::Byte(byte))
    }

    fn serialize_char(self, letter: char) -> Result<Piece, Unfit> {
        Ok(Piece::Value(letter.to_string().into()))
    }

    fn serialize_bytes(self, value: &[u8]) -> Result<Piece, Unfit> {
        Ok(Piece::Value(bytes(value)))
    }

    fn serialize_none(self) -> Result<Piece, Unfit> {
        Ok(Piece::Value(Value::Null))
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<Piece, Unfit> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<Piece, Unfit> {
        Ok(Piece::Value(Value::Null))
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<Piece, Unfit> {
        Ok(Piece::Value(Value::Null))
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result<Piece, Unfit> {
        Ok(Piece::Value(variant.into()))
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Result<Piece, Unfit> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<Piece, Unfit> {
        Ok(case(variant, value.serialize(self)?.value()))
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<List, Unfit> {
        Ok(List::default())
    }

    fn serialize_tuple(self, _: usize) -> Result<List, Unfit> {
        Ok(List::default())
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<List, Unfit> {
        Ok(List::default())
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<CaseOf<List>, Unfit> {
        Ok(CaseOf(variant, List::default()))
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Fields, Unfit> {
        Ok(Fields::default())
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Fields, Unfit> {
        Ok(Fields::default())
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<CaseOf<Fields>, Unfit> {
        Ok(CaseOf(variant, Fields::default()))
    }
}

/// A list: of bytes as long as nothing else came.
#[derive(Default)]
struct List {
    bytes: Vec<u8>,
    values: Vec<Value>,
}

impl List {
    fn add<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Unfit> {
        match value.serialize(Facts)? {
            Piece::Byte(byte) if self.values.is_empty() => self.bytes.push(byte),
            piece => {
                let before = std::mem::take(&mut self.bytes);
                self.values.extend(before.into_iter().map(Value::from));
                self.values.push(piece.value());
            }
        }
        Ok(())
    }

    fn done(self) -> Piece {
        Piece::Value(if self.bytes.is_empty() { self.values.into() } else { bytes(&self.bytes) })
    }
}

/// A record or a map.
#[derive(Default)]
struct Fields {
    fields: Map<String, Value>,
    key: String,
}

impl Fields {
    fn add<T: Serialize + ?Sized>(&mut self, name: String, value: &T) -> Result<(), Unfit> {
        self.fields.insert(name, value.serialize(Facts)?.value());
        Ok(())
    }

    fn done(self) -> Piece {
        Piece::Value(self.fields.into())
    }
}

/// A case with several values.
struct CaseOf<T>(&'static str, T);

macro_rules! lists {
    ($($kind:ident: $function:ident),*) => {
        $(impl ser::$kind for List {
            type Ok = Piece;
            type Error = Unfit;

            fn $function<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Unfit> {
                self.add(value)
            }

            fn end(self) -> Result<Piece, Unfit> {
                Ok(self.done())
            }
        })*
    };
}

lists!(SerializeSeq: serialize_element, SerializeTuple: serialize_element, SerializeTupleStruct: serialize_field);

impl ser::SerializeTupleVariant for CaseOf<List> {
    type Ok = Piece;
    type Error = Unfit;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Unfit> {
        self.1.add(value)
    }

    fn end(self) -> Result<Piece, Unfit> {
        Ok(case(self.0, self.1.done().value()))
    }
}

impl ser::SerializeStruct for Fields {
    type Ok = Piece;
    type Error = Unfit;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result<(), Unfit> {
        self.add(camel(name), value)
    }

    fn end(self) -> Result<Piece, Unfit> {
        Ok(self.done())
    }
}

impl ser::SerializeStructVariant for CaseOf<Fields> {
    type Ok = Piece;
    type Error = Unfit;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result<(), Unfit> {
        self.1.add(camel(name), value)
    }

    fn end(self) -> Result<Piece, Unfit> {
        Ok(case(self.0, self.1.done().value()))
    }
}

impl ser::SerializeMap for Fields {
    type Ok = Piece;
    type Error = Unfit;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Unfit> {
        self.key = match key.serialize(Facts)?.value() {
            Value::String(key) => key,
            other => other.to_string(),
        };
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Unfit> {
        let key = std::mem::take(&mut self.key);
        self.add(key, value)
    }

    fn end(self) -> Result<Piece, Unfit> {
        Ok(self.done())
    }
}

#[cfg(test)]
mod tests;
