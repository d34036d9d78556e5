//! An `AuthorizationPolicy` whose structure is known to be sound, where its texts are: in a document, or in an [`AuthorizationPolicy`].

use std::hash::{Hash, Hasher};
use std::slice;

use super::authorization_policy::{Action, AuthorizationPolicy, Condition, Operation, Rule, Source};
use super::{Metadata, Selector, TargetRef};
use crate::document::{Items, Node};

/// The fields of an [`AuthorizationPolicy`].
#[derive(Debug)]
pub(crate) struct WrittenPolicy<'w> {
    pub(crate) metadata: Metadata<&'w str>,
    pub(crate) selector: Option<Selector<&'w str>>,
    pub(crate) target_refs: Vec<TargetRef<&'w str>>,
    pub(crate) action: Action,
    pub(crate) provider: Option<&'w str>,
    pub(crate) rules: Option<WrittenRules<'w>>,
}

/// `spec.rules`.
#[derive(Debug, Clone)]
pub(crate) enum WrittenRules<'w> {
    Owned(slice::Iter<'w, Rule>),
    Read(Items<'w>),
}

/// One rule.
#[derive(Debug, Clone, Copy)]
pub(crate) enum WrittenRule<'w> {
    Owned(&'w Rule),
    Read(Node<'w>),
}

/// `from` or `to` of a rule.
#[derive(Debug, Clone)]
pub(crate) enum WrittenParts<'w> {
    Sources(slice::Iter<'w, Source>),
    Operations(slice::Iter<'w, Operation>),
    /// The entries, the name of what each has, and the names of the fields of that.
    Read(Items<'w>, &'static str, &'static [&'static str]),
}

/// A `source` or an `operation`.
#[derive(Debug, Clone, Copy)]
pub(crate) enum WrittenPart<'w> {
    Source(&'w Source),
    Operation(&'w Operation),
    Read(Node<'w>, &'static [&'static str]),
}

/// A field of one of these, with its `not…` twin.
#[derive(Debug, Clone, Copy)]
pub(crate) struct WrittenField<'w> {
    pub(crate) name: &'static str,
    pub(crate) values: Texts<'w>,
    pub(crate) not_name: &'static str,
    pub(crate) not_values: Texts<'w>,
}

/// `when` of a rule.
#[derive(Debug, Clone)]
pub(crate) enum WrittenConditions<'w> {
    Owned(slice::Iter<'w, Condition>),
    Read(Items<'w>),
}

/// One of its conditions.
#[derive(Debug, Clone, Copy)]
pub(crate) struct WrittenCondition<'w> {
    pub(crate) key: &'w str,
    pub(crate) values: Texts<'w>,
    pub(crate) not_values: Texts<'w>,
}

/// Values of a field.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Texts<'w> {
    Owned(&'w [String]),
    Read(Items<'w>),
}

impl AuthorizationPolicy {
    /// The same, with the texts of this one.
    pub(crate) fn written(&self) -> WrittenPolicy<'_> {
        WrittenPolicy {
            metadata: self.metadata.borrowed(),
            selector: self.selector.as_ref().map(Selector::borrowed),
            target_refs: self.target_refs.iter().map(TargetRef::borrowed).collect(),
            action: self.action,
            provider: self.provider.as_deref(),
            rules: self.rules.as_ref().map(|rules| WrittenRules::Owned(rules.iter())),
        }
    }
}

impl WrittenPolicy<'_> {
    /// The same with texts of its own.
    pub(crate) fn to_policy(&self) -> AuthorizationPolicy {
        let rules = self.rules.clone();
        AuthorizationPolicy {
            metadata: self.metadata.to_owned_texts(),
            selector: self.selector.as_ref().map(Selector::to_owned_texts),
            target_refs: self.target_refs.iter().map(TargetRef::to_owned_texts).collect(),
            action: self.action,
            provider: self.provider.map(str::to_owned),
            rules: rules.map(|rules| rules.map(WrittenRule::to_rule).collect()),
        }
    }

    /// Its rules; none where the field is absent.
    pub(crate) fn rules(&self) -> WrittenRules<'_> {
        self.rules.clone().unwrap_or(WrittenRules::Owned([].iter()))
    }
}

impl<'w> Iterator for WrittenRules<'w> {
    type Item = WrittenRule<'w>;

    fn next(&mut self) -> Option<WrittenRule<'w>> {
        match self {
            Self::Owned(rules) => rules.next().map(WrittenRule::Owned),
            Self::Read(rules) => rules.next().map(WrittenRule::Read),
        }
    }
}

impl<'w> WrittenRule<'w> {
    fn to_rule(self) -> Rule {
        match self {
            Self::Owned(rule) => rule.clone(),
            Self::Read(node) => Rule::of(node),
        }
    }

    /// `from`; `None` when it is absent.
    pub(crate) fn from(self) -> Option<WrittenParts<'w>> {
        match self {
            Self::Owned(rule) => rule.from.as_ref().map(|from| WrittenParts::Sources(from.iter())),
            Self::Read(node) => {
                list(node, "from").map(|entries| WrittenParts::Read(entries, "source", Source::NAMES))
            }
        }
    }

    /// `to`; `None` when it is absent.
    pub(crate) fn to(self) -> Option<WrittenParts<'w>> {
        match self {
            Self::Owned(rule) => rule.to.as_ref().map(|to| WrittenParts::Operations(to.iter())),
            Self::Read(node) => {
                list(node, "to").map(|entries| WrittenParts::Read(entries, "operation", Operation::NAMES))
            }
        }
    }

    /// `when`.
    pub(crate) fn when(self) -> WrittenConditions<'w> {
        match self {
            Self::Owned(rule) => WrittenConditions::Owned(rule.when.iter()),
            Self::Read(node) => WrittenConditions::Read(list(node, "when").unwrap_or(Items::NONE)),
        }
    }
}

fn list<'w>(node: Node<'w>, name: &str) -> Option<Items<'w>> {
    node.get(name).and_then(Node::items)
}

impl<'w> Iterator for WrittenParts<'w> {
    type Item = WrittenPart<'w>;

    fn next(&mut self) -> Option<WrittenPart<'w>> {
        match self {
            Self::Sources(sources) => sources.next().map(WrittenPart::Source),
            Self::Operations(operations) => operations.next().map(WrittenPart::Operation),
            Self::Read(entries, name, fields) => {
                let entry = entries.next()?;
                Some(WrittenPart::Read(entry.get(name).unwrap_or(entry), fields))
            }
        }
    }
}

/// The number of fields of a source with their twins; an operation has fewer.
const FIELDS: usize = 14;

impl<'w> WrittenPart<'w> {
    /// At least as many as it has fields with values.
    pub(crate) fn len(self) -> usize {
        let has_values = |field: &super::Field<'_>| !field.values.is_empty() || !field.not_values.is_empty();
        match self {
            Self::Source(source) => source.fields().filter(has_values).count(),
            Self::Operation(operation) => operation.fields().filter(has_values).count(),
            Self::Read(node, _) => node.entries().map_or(0, Iterator::count),
        }
    }

    /// Each field that has values.
    pub(crate) fn fields(self, each: &mut dyn FnMut(WrittenField<'w>)) {
        match self {
            Self::Source(source) => source.fields().map(WrittenField::from).for_each(each),
            Self::Operation(operation) => operation.fields().map(WrittenField::from).for_each(each),
            Self::Read(node, names) => {
                let mut found = [Items::NONE; FIELDS];
                for (name, value) in node.entries().into_iter().flatten() {
                    let place = names.iter().position(|known| known.as_bytes() == name);
                    if let (Some(place), Some(items)) =
                        (place.and_then(|place| found.get_mut(place)), value.items())
                    {
                        *place = items;
                    }
                }
                let pairs = names.as_chunks::<2>().0.iter().zip(found.as_chunks::<2>().0);
                for ([name, not_name], [values, not_values]) in pairs {
                    each(WrittenField {
                        name,
                        values: Texts::Read(*values),
                        not_name,
                        not_values: Texts::Read(*not_values),
                    });
                }
            }
        }
    }
}

impl<'w> From<super::Field<'w>> for WrittenField<'w> {
    fn from(field: super::Field<'w>) -> Self {
        Self {
            name: field.name,
            values: Texts::Owned(field.values),
            not_name: field.not_name,
            not_values: Texts::Owned(field.not_values),
        }
    }
}

impl<'w> Iterator for WrittenConditions<'w> {
    type Item = WrittenCondition<'w>;

    fn next(&mut self) -> Option<WrittenCondition<'w>> {
        match self {
            Self::Owned(conditions) => conditions.next().map(|condition| WrittenCondition {
                key: &condition.key,
                values: Texts::Owned(&condition.values),
                not_values: Texts::Owned(&condition.not_values),
            }),
            Self::Read(conditions) => conditions.next().map(|node| WrittenCondition {
                key: node.get("key").and_then(Node::as_str).unwrap_or_default(),
                values: Texts::Read(list(node, "values").unwrap_or(Items::NONE)),
                not_values: Texts::Read(list(node, "notValues").unwrap_or(Items::NONE)),
            }),
        }
    }
}

impl<'w> Texts<'w> {
    pub(crate) fn len(self) -> usize {
        match self {
            Self::Owned(texts) => texts.len(),
            Self::Read(items) => items.texts(),
        }
    }

    pub(crate) fn is_empty(self) -> bool {
        self.len() == 0
    }
}

impl<'w> Iterator for Texts<'w> {
    type Item = &'w str;

    fn next(&mut self) -> Option<&'w str> {
        match self {
            Self::Owned(texts) => {
                let (first, rest) = texts.split_first()?;
                *texts = rest;
                Some(first)
            }
            Self::Read(items) => items.next()?.as_str(),
        }
    }
}

/// What decides, from whichever it is read: fields without values are as if they were not there.
impl Hash for WrittenRules<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_usize(self.clone().count());
        for rule in self.clone() {
            parts(rule.from(), state);
            parts(rule.to(), state);
            state.write_usize(rule.when().count());
            for condition in rule.when() {
                condition.key.hash(state);
                condition.values.hash(state);
                condition.not_values.hash(state);
            }
        }
    }
}

fn parts<H: Hasher>(parts: Option<WrittenParts<'_>>, state: &mut H) {
    // As many as there are and one, so that none at all is another than an empty list.
    state.write_usize(parts.clone().map_or(0, |parts| parts.count().saturating_add(1)));
    for part in parts.into_iter().flatten() {
        part.fields(&mut |field| {
            for (name, values) in [(field.name, field.values), (field.not_name, field.not_values)] {
                if !values.is_empty() {
                    name.hash(state);
                    values.hash(state);
                }
            }
        });
        state.write_u8(0);
    }
}

impl Hash for Texts<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_usize(self.len());
        self.for_each(|text| text.hash(state));
    }
}
