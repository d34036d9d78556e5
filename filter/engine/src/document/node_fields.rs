//! Reads an object of a [`Tree`](super::Tree) field by field, as [`Fields`](super::Fields) does one of values.

use super::At;
use super::fields::{Known, Names, expected, unknown_field};
use super::tree::{Entries, Items, Node};
use crate::problem::{Problem, ProblemKind, Problems};

/// The fields of one object that are still to be read.
///
/// Every reader names the field, so the names asked for are the known ones: [`NodeFields::finish`] refuses the rest.
/// A `null` is the same as an absent field, as Kubernetes reads it.
pub(crate) struct NodeFields<'t, 'a> {
    at: &'a At<'a>,
    entries: Entries<'t>,
    known: Names,
}

/// The fields of `node`, which must be an object.
#[inline(never)]
pub(crate) fn entries<'t>(node: Node<'t>, at: &At<'_>, problems: &mut Problems) -> Option<Entries<'t>> {
    let entries = node.entries();
    if entries.is_none() {
        problems.push(wrong_type(at, "an object", node));
    }
    entries
}

impl<'t, 'a> NodeFields<'t, 'a> {
    /// The fields of `node`, which must be an object.
    #[inline(never)]
    pub(crate) fn of(node: Node<'t>, at: &'a At<'a>, problems: &mut Problems) -> Option<Self> {
        Some(Self {
            at,
            entries: entries(node, at, problems)?,
            known: Names::default(),
        })
    }

    /// The same of an object that need not be there.
    #[inline(never)]
    pub(crate) fn of_optional(
        node: Option<Node<'t>>,
        at: &'a At<'a>,
        problems: &mut Problems,
    ) -> Option<Self> {
        match node {
            Some(node) => Self::of(node, at, problems),
            None => Some(Self {
                at,
                entries: Entries::NONE,
                known: Names::default(),
            }),
        }
    }

    /// The field as it was written, or `None` when it is absent or null.
    #[inline(never)]
    pub(crate) fn take(&mut self, name: &'static str) -> Option<Node<'t>> {
        self.known.add(name);
        let value = self.entries.get(name)?;
        (!value.is_null()).then_some(value)
    }

    /// A field that holds text.
    #[inline(never)]
    pub(crate) fn text(&mut self, name: &'static str, problems: &mut Problems) -> Option<&'t str> {
        let at = self.at.name(name);
        text(self.take(name)?, &at, problems)
    }

    /// A field that holds a list; an absent one is `None`.
    #[inline(never)]
    pub(crate) fn list(&mut self, name: &'static str, problems: &mut Problems) -> Option<Items<'t>> {
        let at = self.at.name(name);
        list(self.take(name)?, &at, problems)
    }

    /// A field that holds a list of texts; an absent one is the same as an empty one.
    #[inline(never)]
    pub(crate) fn texts(&mut self, name: &'static str, problems: &mut Problems) -> Vec<String> {
        let at = self.at.name(name);
        match self.take(name) {
            Some(value) => texts(value, &at, problems),
            None => Vec::new(),
        }
    }

    /// Accepts these fields without reading them.
    pub(crate) fn ignore(&mut self, names: &[&'static str]) {
        names.iter().for_each(|name| self.known.add(name));
    }

    /// A field that holds true or false; an absent one is `None`.
    pub(crate) fn flag(&mut self, name: &'static str, problems: &mut Problems) -> Option<bool> {
        let node = self.take(name)?;
        let flag = node.as_bool();
        if flag.is_none() {
            let problem = Problem::new(&self.at.name(name), "it is neither true nor false");
            problems.push(problem.help("write `true` or `false`"));
        }
        flag
    }

    /// Refuses each field that was not read, with the nearest name that is known here.
    pub(crate) fn finish(self, problems: &mut Problems) {
        self.finish_with("", problems);
    }

    /// The same, and says this beside it.
    #[inline(never)]
    pub(crate) fn finish_with(self, beside: &str, problems: &mut Problems) {
        for (name, _) in self.entries {
            if !self.known.iter().any(|known| known.as_bytes() == name) {
                unknown_field(name, self.at, Known::Asked(&self.known), beside, problems);
            }
        }
    }
}

/// The text in `node`.
#[inline(never)]
pub(crate) fn text<'t>(node: Node<'t>, at: &At<'_>, problems: &mut Problems) -> Option<&'t str> {
    let text = node.as_str();
    if text.is_none() {
        let problem = wrong_type(at, "a string", node).kind(ProblemKind::NotText);
        problems.push(if node.is_unquoted() {
            problem.help("put it in quotes")
        } else {
            problem
        });
    }
    text
}

/// The values of a list.
#[inline(never)]
pub(crate) fn list<'t>(node: Node<'t>, at: &At<'_>, problems: &mut Problems) -> Option<Items<'t>> {
    let items = node.items();
    if items.is_none() {
        problems.push(wrong_type(at, "a list", node).help("write it as `[ … ]`"));
    }
    items
}

fn texts(node: Node<'_>, at: &At<'_>, problems: &mut Problems) -> Vec<String> {
    let items = list(node, at, problems).into_iter().flatten();
    items
        .enumerate()
        .filter_map(|(index, item)| text(item, &at.index(index), problems).map(str::to_owned))
        .collect()
}

/// The texts of an object whose values are texts, such as labels.
pub(crate) fn text_map<'t, S: From<&'t str>>(
    node: Node<'t>,
    at: &At<'_>,
    problems: &mut Problems,
) -> Vec<(S, S)> {
    let entries = entries(node, at, problems);
    let read = |(name, value): (&'t [u8], Node<'t>)| {
        let name = std::str::from_utf8(name).unwrap_or_default();
        let value = text(value, &at.name(name), problems)?;
        Some((S::from(name), S::from(value)))
    };
    entries.into_iter().flatten().filter_map(read).collect()
}

/// That something of another type was expected.
#[inline(never)]
pub(crate) fn wrong_type(at: &At<'_>, what: &str, found: Node<'_>) -> Problem {
    expected(at, what, found.type_name())
}

/// Refuses a field that is none of these.
pub(crate) fn unknown(name: &[u8], at: &At<'_>, known: &[&'static str], problems: &mut Problems) {
    unknown_field(name, at, Known::All(known), "", problems);
}
