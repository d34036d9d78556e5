//! A document as it is read: all its values side by side, its texts where they were written.

mod build;
mod decode;
mod number;

use number::number;

use super::value::Value;

pub(crate) use decode::decode;

/// A document in one list of values, each followed by what is in it; its memory is used again for the next document.
#[derive(Debug, Default)]
pub(crate) struct Tree<'j> {
    json: &'j [u8],
    entries: Vec<Entry>,
    /// Texts that do not stand in the JSON as they are.
    decoded: String,
}

/// One value: its kind in the highest bits and where its text starts, and a number: how long the text is, or how many entries follow that are
/// in it. The name of a value is the text before it.
#[derive(Debug, Clone, Copy)]
struct Entry {
    what: u32,
    length: u32,
}

/// Below the kind.
const START_BITS: u32 = 29;

/// The kinds of values.
mod kind {
    pub(super) const NULL: u32 = 0;
    pub(super) const BOOL: u32 = 1;
    pub(super) const NUMBER: u32 = 2;
    /// A text in the JSON.
    pub(super) const TEXT: u32 = 3;
    /// One in `decoded`.
    pub(super) const DECODED: u32 = 4;
    pub(super) const LIST: u32 = 5;
    pub(super) const OBJECT: u32 = 6;
}

impl Entry {
    /// As a value that is not there is read.
    const NULL: Self = Self {
        what: kind::NULL,
        length: 0,
    };

    fn kind(self) -> u32 {
        self.what.wrapping_shr(START_BITS)
    }

    fn start(self) -> usize {
        let start = self.what & 1_u32.wrapping_shl(START_BITS).wrapping_sub(1);
        usize::try_from(start).unwrap_or(usize::MAX)
    }

    fn length(self) -> usize {
        usize::try_from(self.length).unwrap_or(usize::MAX)
    }

    fn bytes_in(self, text: &[u8]) -> Option<&[u8]> {
        text.get(self.start()..)?.get(..self.length())
    }

    /// How many entries follow that are in it.
    fn inner(self) -> usize {
        if self.kind() == kind::LIST || self.kind() == kind::OBJECT {
            self.length()
        } else {
            0
        }
    }
}

/// One value of a [`Tree`].
#[derive(Debug, Clone, Copy)]
pub(crate) struct Node<'t> {
    tree: &'t Tree<'t>,
    entry: Entry,
    /// What is in it.
    inner: &'t [Entry],
}

impl<'t> Tree<'t> {
    /// The whole document.
    pub(crate) fn root(&'t self) -> Node<'t> {
        let all = Inner {
            tree: self,
            rest: &self.entries,
        };
        let nothing = Node {
            tree: self,
            entry: Entry::NULL,
            inner: &[],
        };
        all.clone().next().unwrap_or(nothing)
    }

    /// The bytes of a text.
    fn bytes(&self, entry: Entry) -> Option<&[u8]> {
        let text = match entry.kind() {
            kind::TEXT => self.json,
            kind::DECODED => self.decoded.as_bytes(),
            _ => return None,
        };
        entry.bytes_in(text)
    }
}

impl<'t> Node<'t> {
    /// The text, if this is one.
    pub(crate) fn as_str(self) -> Option<&'t str> {
        std::str::from_utf8(self.bytes()?).ok()
    }

    /// The bytes of the text, if this is one.
    pub(crate) fn bytes(self) -> Option<&'t [u8]> {
        self.tree.bytes(self.entry)
    }

    /// Whether it is a text.
    pub(crate) fn is_text(self) -> bool {
        matches!(self.entry.kind(), kind::TEXT | kind::DECODED)
    }

    /// The values, if this is a list.
    pub(crate) fn items(self) -> Option<Items<'t>> {
        self.inner(kind::LIST).map(Items)
    }

    /// The values with their names, if this is an object.
    pub(crate) fn entries(self) -> Option<Entries<'t>> {
        self.inner(kind::OBJECT).map(Entries)
    }

    fn inner(self, kind: u32) -> Option<Inner<'t>> {
        (self.entry.kind() == kind).then_some(Inner {
            tree: self.tree,
            rest: self.inner,
        })
    }

    /// The value of `name`, if this is an object that has it.
    pub(crate) fn get(self, name: &str) -> Option<Self> {
        self.entries()?.get(name)
    }

    /// The truth, if it is one.
    pub(crate) fn as_bool(self) -> Option<bool> {
        (self.entry.kind() == kind::BOOL).then_some(self.entry.length != 0)
    }

    /// Whether it is the same as an absent field, as Kubernetes reads it.
    pub(crate) fn is_null(self) -> bool {
        self.entry.kind() == kind::NULL
    }

    /// Whether a text was expected and quotes are all it lacks.
    pub(crate) fn is_unquoted(self) -> bool {
        matches!(self.entry.kind(), kind::NUMBER | kind::BOOL)
    }

    /// The same as a tree of another kind; `None` if a number in it is out of range.
    pub(crate) fn to_value(self) -> Option<Value> {
        Some(match self.entry.kind() {
            kind::BOOL => Value::Bool(self.entry.length != 0),
            kind::NUMBER => Value::Number(number(self.entry.bytes_in(self.tree.json)?)?),
            kind::TEXT | kind::DECODED => Value::String(self.as_str()?.to_owned()),
            kind::LIST => {
                let items = self.items()?.map(Self::to_value);
                Value::List(items.collect::<Option<_>>()?)
            }
            kind::OBJECT => {
                let named = |(name, value): (&[u8], Self)| {
                    Some((std::str::from_utf8(name).ok()?.to_owned(), value.to_value()?))
                };
                Value::Object(self.entries()?.map(named).collect::<Option<_>>()?)
            }
            _ => Value::Null,
        })
    }

    /// What it is, for messages.
    pub(crate) fn type_name(self) -> &'static str {
        let of: Value = match self.entry.kind() {
            kind::BOOL => Value::Bool(false),
            kind::NUMBER => Value::Number(0.0),
            kind::TEXT | kind::DECODED => Value::String(String::new()),
            kind::LIST => Value::List(Vec::new()),
            kind::OBJECT => Value::Object(Vec::new()),
            _ => Value::Null,
        };
        of.type_name()
    }
}

/// What is in a value, from one to the next.
#[derive(Debug, Clone, Copy)]
struct Inner<'t> {
    tree: &'t Tree<'t>,
    rest: &'t [Entry],
}

impl<'t> Inner<'t> {
    const NONE: Self = Self {
        tree: &Tree {
            json: &[],
            entries: Vec::new(),
            decoded: String::new(),
        },
        rest: &[],
    };

    #[inline]
    fn next(&mut self) -> Option<Node<'t>> {
        let (entry, rest) = self.rest.split_first()?;
        let (inner, rest) = rest.split_at_checked(entry.inner())?;
        self.rest = rest;
        Some(Node {
            tree: self.tree,
            entry: *entry,
            inner,
        })
    }
}

/// The values of a list.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Items<'t>(Inner<'t>);

impl Items<'_> {
    /// Those of a list that has none.
    pub(crate) const NONE: Self = Self(Inner::NONE);

    /// How many there are, where all of them are texts.
    pub(crate) fn texts(self) -> usize {
        self.0.rest.len()
    }
}

impl<'t> Iterator for Items<'t> {
    type Item = Node<'t>;

    #[inline]
    fn next(&mut self) -> Option<Node<'t>> {
        self.0.next()
    }
}

/// The values of an object, each with the bytes of its name.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Entries<'t>(Inner<'t>);

impl<'t> Entries<'t> {
    /// Those of an object that has none.
    pub(crate) const NONE: Self = Self(Inner::NONE);

    /// The value of this name.
    pub(crate) fn get(self, name: &str) -> Option<Node<'t>> {
        let Inner { tree, mut rest } = self.0;
        while let [known, value, after @ ..] = rest {
            let (inner, after) = after.split_at_checked(value.inner())?;
            if known.length() == name.len() && tree.bytes(*known) == Some(name.as_bytes()) {
                return Some(Node {
                    tree,
                    entry: *value,
                    inner,
                });
            }
            rest = after;
        }
        None
    }
}

impl<'t> Iterator for Entries<'t> {
    type Item = (&'t [u8], Node<'t>);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        let name = self.0.next()?.bytes()?;
        Some((name, self.0.next()?))
    }
}
