//! The tree of a document; each value knows its bytes.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use peerwarden_engine::document::{BorrowedValue, Value};
use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_saphyr::{Location, Spanned};

/// A value and its place; for a mapping or a sequence, its start.
#[derive(Debug, Clone)]
pub struct Node {
    /// Where it begins.
    pub location: Location,
    /// The value.
    pub tree: Tree,
}

/// A value.
#[derive(Debug, Clone, PartialEq)]
pub enum Tree {
    /// Nothing.
    Null,
    /// A boolean.
    Bool(bool),
    /// A number.
    Number(serde_json::Number),
    /// A text.
    String(String),
    /// A sequence.
    List(Vec<Node>),
    /// A mapping, in the order of the text.
    Object(Vec<Entry>),
}

/// A named value.
#[derive(Debug, Clone)]
pub struct Entry {
    /// The key.
    pub name: String,
    /// Where the key begins.
    pub name_location: Location,
    /// The value.
    pub value: Node,
}

/// Two values are equal wherever they are.
impl PartialEq for Node {
    fn eq(&self, other: &Self) -> bool {
        self.tree == other.tree
    }
}

/// Two entries are equal wherever they are; in a mapping the order counts.
impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        (&self.name, &self.value) == (&other.name, &other.value)
    }
}

impl Node {
    /// The entry `name`, if this is a mapping that has it.
    pub fn entry(&self, name: &str) -> Option<&Entry> {
        match &self.tree {
            Tree::Object(entries) => entries.iter().find(|entry| entry.name == name),
            Tree::Null | Tree::Bool(_) | Tree::Number(_) | Tree::String(_) | Tree::List(_) => None,
        }
    }

    /// The value of `name`, if this is a mapping that has it.
    pub fn get(&self, name: &str) -> Option<&Node> {
        self.entry(name).map(|entry| &entry.value)
    }

    /// The text, if this is one.
    pub fn as_str(&self) -> Option<&str> {
        match &self.tree {
            Tree::String(text) => Some(text),
            Tree::Null | Tree::Bool(_) | Tree::Number(_) | Tree::List(_) | Tree::Object(_) => None,
        }
    }

    /// The number of a port, if this is one.
    pub fn as_port(&self) -> Option<u16> {
        match &self.tree {
            Tree::Number(number) => number.as_u64().and_then(|number| u16::try_from(number).ok()),
            Tree::Null | Tree::Bool(_) | Tree::String(_) | Tree::List(_) | Tree::Object(_) => None,
        }
    }

    /// The entries, if this is a mapping.
    pub fn entries(&self) -> &[Entry] {
        match &self.tree {
            Tree::Object(entries) => entries,
            Tree::Null | Tree::Bool(_) | Tree::Number(_) | Tree::String(_) | Tree::List(_) => &[],
        }
    }

    /// The value below, found name by name.
    pub fn at(&self, path: &[&str]) -> Option<&Node> {
        path.iter().try_fold(self, |node, name| node.get(name))
    }

    /// The values, if this is a sequence.
    pub fn as_list(&self) -> Option<&[Node]> {
        match &self.tree {
            Tree::List(items) => Some(items),
            Tree::Null | Tree::Bool(_) | Tree::Number(_) | Tree::String(_) | Tree::Object(_) => None,
        }
    }

    /// The bytes of a string or number in one line, with its quotes.
    pub fn bytes(&self, text: &str) -> Option<Range<usize>> {
        match &self.tree {
            Tree::Bool(_) | Tree::Number(_) | Tree::String(_) => {
                let bytes = whole(&self.location, text)?;
                let written = text.get(bytes.clone())?;
                (!written.is_empty() && !written.contains('\n')).then_some(bytes)
            }
            Tree::Null | Tree::List(_) | Tree::Object(_) => None,
        }
    }

    /// Converts it to the engine's tree.
    pub fn to_value(&self) -> Value {
        self.with(&str::to_owned)
    }

    /// The same, borrowing the strings of this one.
    pub fn written(&self) -> BorrowedValue<'_> {
        self.with(&Cow::Borrowed)
    }

    fn with<'n, T>(&'n self, text: &impl Fn(&'n str) -> T) -> Value<T> {
        match &self.tree {
            Tree::Null => Value::Null,
            Tree::Bool(value) => Value::Bool(*value),
            // Numbers that JSON cannot express were refused when the text was read.
            Tree::Number(number) => number.as_f64().map_or(Value::Null, Value::Number),
            Tree::String(value) => Value::String(text(value)),
            Tree::List(items) => Value::List(items.iter().map(|item| item.with(text)).collect()),
            Tree::Object(entries) => {
                let entry = |entry: &'n Entry| (text(&entry.name), entry.value.with(text));
                Value::Object(entries.iter().map(entry).collect())
            }
        }
    }
}

/// All bytes of a string or number, on one line or several; `None` if they are unknown.
pub(super) fn whole(location: &Location, text: &str) -> Option<Range<usize>> {
    let span = location.span();
    let start = usize::try_from(span.byte_offset()?).ok()?;
    let end = start.checked_add(usize::try_from(span.byte_len()?).ok()?)?;
    text.get(start..end).map(|_| start..end)
}

/// The bytes of a location, at least one, within the text.
pub(super) fn span(location: &Location, text: &str) -> Range<usize> {
    let span = location.span();
    let to_usize = |number: Option<u64>| number.and_then(|number| usize::try_from(number).ok());
    let start = to_usize(span.byte_offset()).unwrap_or_else(|| offset(location, text));
    let length = to_usize(span.byte_len()).unwrap_or(0);
    on_first_line(start..start.saturating_add(length), text)
}

/// These bytes within the text, at least one, up to the end of their first line: the beginning of a mapping shows where it is.
pub(super) fn on_first_line(bytes: Range<usize>, text: &str) -> Range<usize> {
    let start = bytes.start.min(text.len());
    let first_line = text.get(start..bytes.end.min(text.len())).unwrap_or("");
    let first_line = first_line.split('\n').next().unwrap_or("").trim_end();
    let mut end = start + first_line.len();
    if end == start {
        end = text[start..]
            .chars()
            .next()
            .map_or(start, |ch| start + ch.len_utf8());
    }
    start..end
}

/// The byte at a line and a column, in characters: syntax errors have no byte offset.
fn offset(location: &Location, text: &str) -> usize {
    let index = |number: u64| usize::try_from(number).unwrap_or(0).saturating_sub(1);
    let mut start = 0;
    for line in text.split_inclusive('\n').take(index(location.line())) {
        start += line.len();
    }
    let line = text.get(start..).unwrap_or("").split('\n').next().unwrap_or("");
    let within = line.char_indices().nth(index(location.column()));
    start + within.map_or(line.len(), |(byte, _)| byte)
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let spanned = Spanned::<Tree>::deserialize(deserializer)?;
        Ok(Self {
            location: spanned.referenced,
            tree: spanned.value,
        })
    }
}

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TreeVisitor)
    }
}

struct TreeVisitor;

impl<'de> Visitor<'de> for TreeVisitor {
    type Value = Tree;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Tree, E> {
        Ok(Tree::Null)
    }

    fn visit_none<E>(self) -> Result<Tree, E> {
        Ok(Tree::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Tree, E> {
        Ok(Tree::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Tree, E> {
        Ok(Tree::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Tree, E> {
        Ok(Tree::Number(value.into()))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Tree, E> {
        serde_json::Number::from_f64(value)
            .map(Tree::Number)
            .ok_or_else(|| {
                E::custom(format_args!(
                    "expected a number that JSON has, or a string, found `{value}`"
                ))
            })
    }

    fn visit_str<E>(self, value: &str) -> Result<Tree, E> {
        Ok(Tree::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Tree, E> {
        Ok(Tree::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Tree, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Tree::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Tree, A::Error> {
        let mut entries = Vec::new();
        while let Some(name) = fields.next_key::<Spanned<String>>()? {
            entries.push(Entry {
                name: name.value,
                name_location: name.referenced,
                value: fields.next_value()?,
            });
        }
        Ok(Tree::Object(entries))
    }
}

impl Serialize for Node {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.tree {
            Tree::Null => serializer.serialize_unit(),
            Tree::Bool(value) => serializer.serialize_bool(*value),
            Tree::Number(value) => value.serialize(serializer),
            Tree::String(value) => serializer.serialize_str(value),
            Tree::List(items) => serializer.collect_seq(items),
            Tree::Object(entries) => {
                let mut map = serializer.serialize_map(Some(entries.len()))?;
                for entry in entries {
                    map.serialize_entry(&entry.name, &entry.value)?;
                }
                map.end()
            }
        }
    }
}
