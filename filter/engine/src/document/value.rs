//! The tree of values in a JSON or YAML text.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

/// A value of a document, or of dynamic metadata: what `google.protobuf.Struct` can hold.
///
/// `S` is how its texts are held: by itself, or by what it was read from ([`BorrowedValue`]).
#[derive(Debug, Clone, PartialEq)]
pub enum Value<S = String> {
    /// Nothing: the same as an absent field, as Kubernetes reads it.
    Null,
    /// True or false.
    Bool(bool),
    /// Any number.
    Number(f64),
    /// Text.
    String(S),
    /// Values in order.
    List(Vec<Value<S>>),
    /// Named values, in the order of the text; a duplicate name is refused when the text is read.
    Object(Vec<(S, Value<S>)>),
}

/// A value whose texts are still where it was read from, as far as they stand there as they are.
pub type BorrowedValue<'d> = Value<Cow<'d, str>>;

impl<S: AsRef<str>> Value<S> {
    /// The value of `name`, if this is an object that has it.
    pub fn get(&self, name: &str) -> Option<&Self> {
        match self {
            Value::Object(fields) => {
                let found = fields.iter().find(|(key, _)| key.as_ref() == name);
                found.map(|(_, value)| value)
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::List(_) => None,
        }
    }

    /// The text, if this is one.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Value::String(text) => Some(text.as_ref()),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::List(_) | Value::Object(_) => None,
        }
    }

    /// What it is, for messages.
    pub(crate) fn type_name(&self) -> &'static str {
        match self {
            Value::Null => "nothing",
            Value::Bool(_) => "a boolean",
            Value::Number(_) => "a number",
            Value::String(_) => "a string",
            Value::List(_) => "a list",
            Value::Object(_) => "an object",
        }
    }

    /// Whether it is the same as an absent field.
    pub(crate) fn is_null(&self) -> bool {
        matches!(self, Value::Null)
    }

    /// The same with the texts held otherwise.
    fn with<'v, T>(&'v self, text: &impl Fn(&'v str) -> T) -> Value<T> {
        match self {
            Value::Null => Value::Null,
            Value::Bool(value) => Value::Bool(*value),
            Value::Number(value) => Value::Number(*value),
            Value::String(value) => Value::String(text(value.as_ref())),
            Value::List(items) => Value::List(items.iter().map(|item| item.with(text)).collect()),
            Value::Object(fields) => {
                let fields = fields.iter();
                let fields = fields.map(|(name, value)| (text(name.as_ref()), value.with(text)));
                Value::Object(fields.collect())
            }
        }
    }
}

impl Value {
    /// The same, with the texts of this one.
    pub(crate) fn written(&self) -> BorrowedValue<'_> {
        self.with(&Cow::Borrowed)
    }
}

impl BorrowedValue<'_> {
    /// The same, with texts of its own.
    pub(crate) fn to_owned_value(&self) -> Value {
        self.with(&str::to_owned)
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(BorrowedValue::deserialize(deserializer)?.to_owned_value())
    }
}

impl<'de> Deserialize<'de> for BorrowedValue<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ValueVisitor)
    }
}

struct ValueVisitor;

impl<'de> Visitor<'de> for ValueVisitor {
    type Value = BorrowedValue<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Self::Value, E> {
        Ok(Value::Bool(value))
    }

    #[expect(
        clippy::as_conversions,
        reason = "JSON numbers are doubles in `google.protobuf.Struct`"
    )]
    fn visit_i64<E>(self, value: i64) -> Result<Self::Value, E> {
        Ok(Value::Number(value as f64))
    }

    #[expect(
        clippy::as_conversions,
        reason = "JSON numbers are doubles in `google.protobuf.Struct`"
    )]
    fn visit_u64<E>(self, value: u64) -> Result<Self::Value, E> {
        Ok(Value::Number(value as f64))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Self::Value, E> {
        Ok(Value::Number(value))
    }

    fn visit_borrowed_str<E>(self, value: &'de str) -> Result<Self::Value, E> {
        Ok(Value::String(Cow::Borrowed(value)))
    }

    fn visit_str<E>(self, value: &str) -> Result<Self::Value, E> {
        Ok(Value::String(Cow::Owned(value.to_owned())))
    }

    fn visit_string<E>(self, value: String) -> Result<Self::Value, E> {
        Ok(Value::String(Cow::Owned(value)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Value::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Self::Value, A::Error> {
        /// Up to this many names are compared one by one; for more there is a set.
        const FEW: usize = 16;
        let mut fields: Vec<(Cow<'de, str>, Self::Value)> = Vec::new();
        let mut names = std::collections::BTreeSet::new();
        while let Some((name, value)) =
            entries.next_entry_seed(Text, std::marker::PhantomData::<Self::Value>)?
        {
            let is_new = if fields.len() < FEW {
                fields.iter().all(|(known, _)| *known != name)
            } else {
                if names.is_empty() {
                    names.extend(fields.iter().map(|(known, _)| known.clone()));
                }
                names.insert(name.clone())
            };
            if !is_new {
                return Err(A::Error::custom(format_args!(
                    "duplicate key `{name}`; remove one"
                )));
            }
            fields.push((name, value));
        }
        Ok(Value::Object(fields))
    }
}

/// A name, as it stands there if it can.
struct Text;

impl<'de> DeserializeSeed<'de> for Text {
    type Value = Cow<'de, str>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for Text {
    type Value = Cow<'de, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_borrowed_str<E>(self, name: &'de str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(name))
    }

    fn visit_str<E>(self, name: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(name.to_owned()))
    }

    fn visit_string<E>(self, name: String) -> Result<Self::Value, E> {
        Ok(Cow::Owned(name))
    }
}
