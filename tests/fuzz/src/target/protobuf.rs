//! `google.protobuf.Struct` and `envoy.config.core.v3.Metadata`, compared with prost's decoder.

use std::collections::BTreeMap;

use peerwarden_engine::document::Value;
use peerwarden_engine::limits::METADATA_DEPTH;
use peerwarden_wire::{metadata, protobuf};
use prost::{Message, Oneof};

/// Deeper than any input here, and within prost's limit.
const DEPTH: usize = 40;

#[derive(Clone, PartialEq, Message)]
struct Struct {
    #[prost(btree_map = "string, message", tag = "1")]
    fields: BTreeMap<String, ProstValue>,
}

#[derive(Clone, PartialEq, Message)]
struct ProstValue {
    #[prost(oneof = "Kind", tags = "1, 2, 3, 4, 5, 6")]
    kind: Option<Kind>,
}

#[derive(Clone, PartialEq, Oneof)]
enum Kind {
    #[prost(int32, tag = "1")]
    Null(i32),
    #[prost(double, tag = "2")]
    Number(f64),
    #[prost(string, tag = "3")]
    Text(String),
    #[prost(bool, tag = "4")]
    Bool(bool),
    #[prost(message, tag = "5")]
    Object(Struct),
    #[prost(message, tag = "6")]
    List(ListValue),
}

#[derive(Clone, PartialEq, Message)]
struct ListValue {
    #[prost(message, repeated, tag = "1")]
    values: Vec<ProstValue>,
}

#[derive(Clone, PartialEq, Message)]
struct Metadata {
    #[prost(btree_map = "string, message", tag = "1")]
    filters: BTreeMap<String, Struct>,
}

/// The value in the engine's types.
fn value(read: &ProstValue) -> Value {
    match &read.kind {
        None | Some(Kind::Null(_)) => Value::Null,
        Some(Kind::Number(number)) => Value::Number(*number),
        Some(Kind::Text(text)) => Value::String(text.clone()),
        Some(Kind::Bool(bit)) => Value::Bool(*bit),
        Some(Kind::Object(object)) => fields(object),
        Some(Kind::List(list)) => Value::List(list.values.iter().map(value).collect()),
    }
}

fn fields(object: &Struct) -> Value {
    Value::Object(
        object
            .fields
            .iter()
            .map(|(name, field)| (name.clone(), value(field)))
            .collect(),
    )
}

pub(super) fn run(bytes: &[u8]) {
    let read = protobuf::object(bytes, DEPTH);
    // Without its list and with the list entry by entry, it is the same `Struct`.
    let beside = protobuf::object_beside(bytes, "resources", DEPTH);
    let mut documents = Vec::new();
    let entries = protobuf::entries(bytes, "resources", DEPTH, |entry| documents.push(entry.clone()));
    if let (Some(whole), Some(beside)) = (&read, beside) {
        entries.expect("what is read whole has readable entries");
        assert_eq!(total(whole, "resources"), documents.len(), "{whole:?}");
        assert_eq!(names(whole), names(&beside));
    }
    if let Ok(other) = Struct::decode(bytes) {
        // The output of a protobuf library, as from Envoy, is parsed by both to the same.
        let canonical = other.encode_to_vec();
        let ours = protobuf::object(&canonical, DEPTH).expect("a canonical `Struct` is refused");
        assert!(same(&ours, &fields(&other)), "{ours:?} is not {other:?}");
    }
}

pub(super) fn run_metadata(bytes: &[u8]) {
    drop(metadata::decode(bytes));
    let Ok(other) = Metadata::decode(bytes) else {
        return;
    };
    let deepest = other.filters.values().map(|filter| depth(&fields(filter))).max();
    let read = metadata::decode(&other.encode_to_vec());
    assert_eq!(
        read.is_some(),
        deepest.is_none_or(|deepest| deepest <= METADATA_DEPTH + 1)
    );
    for (name, filter) in read.into_iter().flatten() {
        let wanted = fields(other.filters.get(&name).expect("a filter that is not there"));
        assert!(same(&filter, &wanted), "{filter:?} is not {wanted:?}");
    }
}

/// The depth of nesting, including this value.
fn depth(value: &Value) -> usize {
    let below = match value {
        Value::List(items) => items.iter().map(depth).max(),
        Value::Object(fields) => fields.iter().map(|(_, value)| depth(value)).max(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
    };
    1 + below.unwrap_or(0)
}

/// Equality in which NaN equals itself.
fn same(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => left.to_bits() == right.to_bits(),
        (Value::List(left), Value::List(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(left, right)| same(left, right))
        }
        (Value::Object(left), Value::Object(right)) => {
            let pairs = left.iter().zip(right);
            left.len() == right.len()
                && pairs
                    .into_iter()
                    .all(|(left, right)| left.0 == right.0 && same(&left.1, &right.1))
        }
        (left, right) => left == right,
    }
}

/// The number of entries in the lists of this name.
fn total(object: &Value, name: &str) -> usize {
    let Value::Object(fields) = object else {
        return 0;
    };
    let lists = fields.iter().filter(|(known, _)| known == name);
    lists
        .map(|(_, value)| {
            if let Value::List(items) = value {
                items.len()
            } else {
                0
            }
        })
        .sum()
}

fn names(object: &Value) -> Vec<&str> {
    match object {
        Value::Object(fields) => fields.iter().map(|(name, _)| name.as_str()).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::List(_) => Vec::new(),
    }
}
