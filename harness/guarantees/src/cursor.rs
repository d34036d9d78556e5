//! A value in one of the documents with its place, for reading further: an absent value is distinguished from one of
//! the wrong shape.

use peerwarden_engine::document::{Path, Value};

/// A broken guarantee: the place, the reason, and what to write instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The index of the document, from 0.
    pub document: usize,
    /// The path in it, such as `static_resources.listeners[0].filter_chains[0]`.
    pub path: Path,
    /// Why it is broken.
    pub why: String,
    /// What to write instead.
    pub help: String,
}

/// A value and its place.
#[derive(Debug, Clone)]
pub(super) struct Cursor<'v> {
    pub(super) document: usize,
    pub(super) path: Path,
    pub(super) value: &'v Value,
}

impl<'v> Cursor<'v> {
    /// A whole document.
    pub(super) fn root(document: usize, value: &'v Value) -> Self {
        Self {
            document,
            path: Path::default(),
            value,
        }
    }

    /// A failure at this place.
    pub(super) fn fails(&self, why: impl Into<String>, help: impl Into<String>) -> Failure {
        Failure {
            document: self.document,
            path: self.path.clone(),
            why: why.into(),
            help: help.into(),
        }
    }

    /// A field, by its name in the protobuf message or in that message's JSON; `null` counts as absent.
    pub(super) fn get(&self, name: &str) -> Result<Option<Self>, Failure> {
        let Value::Object(fields) = self.value else {
            return Err(self.mismatch("an object"));
        };
        let json = camel_case(name);
        let mut found = fields.iter().filter(|(key, _)| *key == name || *key == json);
        let first = found.next();
        if first.is_some() && found.next().is_some() {
            let why = format!("duplicate key `{name}`, also written as `{json}`");
            return Err(self.fails(why, "remove one of them"));
        }
        Ok(first
            .filter(|(_, value)| *value != Value::Null)
            .map(|(key, value)| self.below(key, value)))
    }

    /// Checks that this message has no other fields than these.
    ///
    /// # Errors
    ///
    /// If there is another field; the message says that it may do this.
    pub(super) fn only(&self, known: &[&str], may: &str) -> Result<(), Failure> {
        match self.unknown(known)? {
            None => Ok(()),
            Some((key, field)) => {
                let why = format!("cannot be verified: `{key}` may {may}");
                Err(field.fails(why, "leave it out"))
            }
        }
    }

    /// The first field of this message that is none of these, with its name.
    ///
    /// # Errors
    ///
    /// If this is no message.
    pub(super) fn unknown(&self, known: &[&str]) -> Result<Option<(&'v str, Self)>, Failure> {
        let is_known = |key: &str| key == "@type" || known.iter().any(|name| is_field(key, name));
        let mut fields = self.fields()?.into_iter();
        Ok(fields.find(|(key, _)| !is_known(key)))
    }

    /// Every value of this name, anywhere below.
    pub(super) fn each_below(&self, name: &str) -> Vec<Self> {
        let mut found = Vec::new();
        let mut rest = vec![self.clone()];
        while let Some(here) = rest.pop() {
            if let Value::Object(fields) = here.value {
                let named = fields.iter().filter(|(key, _)| is_field(key, name));
                found.extend(named.map(|(key, value)| here.below(key, value)));
            }
            rest.extend(here.parts());
        }
        found
    }

    /// The value below several names.
    pub(super) fn at(&self, names: &[&str]) -> Result<Option<Self>, Failure> {
        let mut here = self.clone();
        for name in names {
            match here.get(name)? {
                Some(next) => here = next,
                None => return Ok(None),
            }
        }
        Ok(Some(here))
    }

    /// The items of a field; none if it is absent.
    pub(super) fn items(&self, name: &str) -> Result<Vec<Self>, Failure> {
        let Some(list) = self.get(name)? else {
            return Ok(Vec::new());
        };
        let Value::List(items) = list.value else {
            return Err(list.mismatch("a list"));
        };
        let item = |(index, value)| Self {
            document: list.document,
            path: list.path.clone().index(index),
            value,
        };
        Ok(items.iter().enumerate().map(item).collect())
    }

    /// The entries of a map field; none if it is absent.
    pub(super) fn entries(&self, name: &str) -> Result<Vec<(&'v str, Self)>, Failure> {
        match self.get(name)? {
            Some(map) => map.fields(),
            None => Ok(Vec::new()),
        }
    }

    /// The entries of this map.
    pub(super) fn fields(&self) -> Result<Vec<(&'v str, Self)>, Failure> {
        let Value::Object(fields) = self.value else {
            return Err(self.mismatch("an object"));
        };
        let entry = |(key, value): &'v (String, Value)| (key.as_str(), self.below(key, value));
        Ok(fields.iter().map(entry).collect())
    }

    /// Everything directly below: the values of an object, the items of a list.
    pub(super) fn parts(&self) -> Vec<Self> {
        match self.value {
            Value::Object(fields) => fields.iter().map(|(key, value)| self.below(key, value)).collect(),
            Value::List(items) => {
                let item = |(index, value)| Self {
                    document: self.document,
                    path: self.path.clone().index(index),
                    value,
                };
                items.iter().enumerate().map(item).collect()
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Vec::new(),
        }
    }

    /// A boolean field; false if it is absent, as in protobuf.
    pub(super) fn flag(&self, name: &str) -> Result<bool, Failure> {
        match self.get(name)? {
            None => Ok(false),
            Some(here) => match here.value {
                Value::Bool(flag) => Ok(*flag),
                Value::Null | Value::Number(_) | Value::String(_) | Value::List(_) | Value::Object(_) => {
                    Err(here.mismatch("true or false"))
                }
            },
        }
    }

    /// A text field, or the name of an enum's value; empty if it is absent.
    pub(super) fn word(&self, name: &str) -> Result<&'v str, Failure> {
        match self.get(name)? {
            None => Ok(""),
            Some(here) => here.text(),
        }
    }

    /// A field with one of an enum's values, by name in any case or by number; the first of `names`, which are in the order of their
    /// numbers from 0, if it is absent. Any other value is not verified: in a file of discovery, Envoy ignores what it does not know,
    /// and uses the default.
    pub(super) fn one_of(&self, name: &str, names: &[&'static str]) -> Result<&'static str, Failure> {
        let Some(here) = self.get(name)? else {
            return Ok(names.first().copied().unwrap_or_default());
        };
        let mut numbered = (0..=u8::MAX).zip(names);
        let found = match here.value {
            Value::Number(number) => numbered.find(|(own, _)| f64::from(*own) == *number),
            Value::String(text) => match text.parse::<u8>() {
                Ok(number) => numbered.find(|(own, _)| *own == number),
                Err(_) => numbered.find(|(_, name)| text.eq_ignore_ascii_case(name)),
            },
            Value::Null | Value::Bool(_) | Value::List(_) | Value::Object(_) => None,
        };
        let found = found.map(|(_, name)| *name);
        found.ok_or_else(|| here.mismatch("the name of a value"))
    }

    /// This value as a text.
    pub(super) fn text(&self) -> Result<&'v str, Failure> {
        self.value.as_str().ok_or_else(|| self.mismatch("a text"))
    }

    /// The field, or this value if it is absent: the place to report for a missing field.
    pub(super) fn or_here(&self, name: &str) -> Self {
        self.get(name).ok().flatten().unwrap_or_else(|| self.clone())
    }

    /// The message in a `google.protobuf.Any` or a `TypedStruct`, with its type name.
    pub(super) fn message(&self) -> Result<(&'v str, Self), Failure> {
        let url = self.word("@type")?;
        let name = type_name(url);
        if name.ends_with(".TypedStruct") {
            let inner = self.word("type_url")?;
            let Some(value) = self.get("value")? else {
                return Err(self.fails(
                    "a `TypedStruct` without a `value`",
                    "write the message in `value`",
                ));
            };
            return Ok((type_name(inner), value));
        }
        Ok((name, self.clone()))
    }

    /// Whether a message is in a `TypedStruct`, whose type may differ from that of the message that Envoy makes from it.
    pub(super) fn is_typed_struct(&self) -> Result<bool, Failure> {
        Ok(type_name(self.word("@type")?).ends_with(".TypedStruct"))
    }

    /// The type name of its `typed_config`; empty without one.
    pub(super) fn typed_kind(&self) -> Result<&'v str, Failure> {
        match self.get("typed_config")? {
            Some(typed) => Ok(typed.message()?.0),
            None => Ok(""),
        }
    }

    fn below(&self, name: &str, value: &'v Value) -> Self {
        Self {
            document: self.document,
            path: self.path.clone().key(name),
            value,
        }
    }

    fn mismatch(&self, expected: &str) -> Failure {
        let why = format!("cannot be verified: expected {expected}");
        self.fails(why, format!("write {expected}, as in Envoy's documentation"))
    }
}

/// Whether a key is this field's name, in protobuf or in JSON.
pub(super) fn is_field(key: &str, name: &str) -> bool {
    key == name || key == camel_case(name)
}

/// The part of a type URL after its last slash.
fn type_name(url: &str) -> &str {
    url.rsplit_once('/').map_or(url, |(_, name)| name)
}

/// The JSON name of a field (<https://protobuf.dev/programming-guides/json/>).
fn camel_case(name: &str) -> String {
    let mut json = String::with_capacity(name.len());
    let mut upper = false;
    for letter in name.chars() {
        if letter == '_' {
            upper = true;
        } else {
            json.push(if upper {
                letter.to_ascii_uppercase()
            } else {
                letter
            });
            upper = false;
        }
    }
    json
}
