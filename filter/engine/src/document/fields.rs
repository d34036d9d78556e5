//! Reads an object field by field, and reports unknown fields.

use super::{At, Value, nearest};
use crate::problem::{Problem, ProblemKind, Problems};

/// The fields of one object that are still to be read.
///
/// Every reader names the field, so the names asked for are the known ones: [`Fields::finish`] refuses the rest.
/// A `null` is the same as an absent field, as Kubernetes reads it.
pub struct Fields<'v, 'a, S = String> {
    at: &'a At<'a>,
    fields: &'v [(S, Value<S>)],
    read: Places,
    known: Names,
}

impl<'v, 'a, S: AsRef<str>> Fields<'v, 'a, S> {
    /// The fields of `value`, which must be an object.
    #[inline(never)]
    pub fn of(value: &'v Value<S>, at: &'a At<'a>, problems: &mut Problems) -> Option<Self> {
        match value {
            Value::Object(fields) => Some(Self {
                at,
                fields,
                read: Places::default(),
                known: Names::default(),
            }),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::List(_) => {
                problems.push(wrong_type(at, "an object", value));
                None
            }
        }
    }

    /// The field as it was written, or `None` when it is absent or null.
    #[inline(never)]
    pub fn take(&mut self, name: &'static str) -> Option<&'v Value<S>> {
        self.known.add(name);
        let (place, (_, value)) = self
            .fields
            .iter()
            .enumerate()
            .find(|(place, (key, _))| key.as_ref() == name && !self.read.has(*place))?;
        self.read.add(place);
        (!value.is_null()).then_some(value)
    }

    /// Accepts these fields without reading them.
    pub fn ignore(&mut self, names: &[&'static str]) {
        for name in names {
            self.take(name);
        }
    }

    /// A field that holds text.
    #[inline(never)]
    pub fn text(&mut self, name: &'static str, problems: &mut Problems) -> Option<&'v str> {
        let at = self.at.name(name);
        text(self.take(name)?, &at, problems)
    }

    /// A field that holds true or false; an absent one is `None`.
    pub fn flag(&mut self, name: &'static str, problems: &mut Problems) -> Option<bool> {
        match self.take(name)? {
            Value::Bool(flag) => Some(*flag),
            Value::Null | Value::Number(_) | Value::String(_) | Value::List(_) | Value::Object(_) => {
                let problem = Problem::new(&self.at.name(name), "it is neither true nor false");
                problems.push(problem.help("write `true` or `false`"));
                None
            }
        }
    }

    /// A field that holds a list; an absent one is `None`.
    #[inline(never)]
    pub fn list(&mut self, name: &'static str, problems: &mut Problems) -> Option<&'v [Value<S>]> {
        let at = self.at.name(name);
        list(self.take(name)?, &at, problems)
    }

    /// A field that holds a list of texts; an absent one is the same as an empty one.
    #[inline(never)]
    pub fn texts(&mut self, name: &'static str, problems: &mut Problems) -> Vec<String> {
        let at = self.at.name(name);
        match self.take(name) {
            Some(value) => texts(value, &at, problems),
            None => Vec::new(),
        }
    }

    /// A field that holds an object whose values are texts, such as labels; `None` when it is absent.
    #[inline(never)]
    pub fn text_map(&mut self, name: &'static str, problems: &mut Problems) -> Option<Vec<(String, String)>> {
        let at = self.at.name(name);
        text_map(self.take(name)?, &at, problems)
    }

    /// Refuses each field that was not read, with the nearest name that is known here.
    pub fn finish(self, problems: &mut Problems) {
        self.finish_with("", problems);
    }

    /// The same, and says this beside it.
    #[inline(never)]
    pub fn finish_with(self, beside: &str, problems: &mut Problems) {
        for (place, (name, _)) in self.fields.iter().enumerate() {
            if !self.read.has(place) {
                let name = name.as_ref().as_bytes();
                unknown_field(name, self.at, Known::Asked(&self.known), beside, problems);
            }
        }
    }
}

/// The names that an object may have.
#[derive(Clone, Copy)]
pub(super) enum Known<'n> {
    /// Those that were asked for.
    Asked(&'n Names),
    /// These.
    All(&'n [&'static str]),
}

/// Refuses a field, with the nearest name that is known, and says this beside it.
#[cold]
pub(super) fn unknown_field(
    name: &[u8],
    at: &At<'_>,
    known: Known<'_>,
    beside: &str,
    problems: &mut Problems,
) {
    let known: Vec<&str> = match known {
        Known::Asked(names) => names.iter().collect(),
        Known::All(names) => names.to_vec(),
    };
    let name = std::str::from_utf8(name).unwrap_or_default();
    let at = at.name(name);
    let shown: String = name.chars().take(64).collect();
    let problem = Problem::new(&at, format!("unknown field `{shown}`")).on_key();
    let mut help = match nearest(name, known.iter().copied()) {
        Some(known) => format!("did you mean `{known}`?"),
        None => format!("known fields: {}", quoted(&known)),
    };
    help.push_str(beside);
    problems.push(problem.help(help));
}

/// Places of fields. Nearly every object has few, for which nothing is allocated.
#[derive(Default)]
struct Places {
    first: u64,
    others: Vec<usize>,
}

impl Places {
    fn bit(place: usize) -> Option<u64> {
        1_u64.checked_shl(u32::try_from(place).ok()?)
    }

    fn has(&self, place: usize) -> bool {
        match Self::bit(place) {
            Some(bit) => self.first & bit != 0,
            None => self.others.contains(&place),
        }
    }

    fn add(&mut self, place: usize) {
        match Self::bit(place) {
            Some(bit) => self.first |= bit,
            None => self.others.push(place),
        }
    }
}

/// The number of names that are kept without allocating: as many as any object of a document has.
const FEW: usize = 16;

/// Names that were asked for.
#[derive(Default)]
pub(super) struct Names {
    first: [&'static str; FEW],
    count: usize,
    others: Vec<&'static str>,
}

impl Names {
    pub(super) fn add(&mut self, name: &'static str) {
        match self.first.get_mut(self.count) {
            Some(place) => {
                *place = name;
                self.count = self.count.saturating_add(1);
            }
            None => self.others.push(name),
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &'static str> {
        self.first.iter().take(self.count).chain(&self.others).copied()
    }
}

/// The text in `value`.
#[inline(never)]
pub fn text<'v, S: AsRef<str>>(value: &'v Value<S>, at: &At<'_>, problems: &mut Problems) -> Option<&'v str> {
    let text = value.as_str();
    if text.is_none() {
        let problem = wrong_type(at, "a string", value).kind(ProblemKind::NotText);
        problems.push(match value {
            Value::Number(_) | Value::Bool(_) => problem.help("put it in quotes"),
            Value::Null | Value::String(_) | Value::List(_) | Value::Object(_) => problem,
        });
    }
    text
}

fn list<'v, S: AsRef<str>>(
    value: &'v Value<S>,
    at: &At<'_>,
    problems: &mut Problems,
) -> Option<&'v [Value<S>]> {
    match value {
        Value::List(items) => Some(items),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => {
            problems.push(wrong_type(at, "a list", value).help("write it as `[ … ]`"));
            None
        }
    }
}

fn texts<S: AsRef<str>>(value: &Value<S>, at: &At<'_>, problems: &mut Problems) -> Vec<String> {
    let items = list(value, at, problems).unwrap_or(&[]);
    items
        .iter()
        .enumerate()
        .filter_map(|(index, item)| text(item, &at.index(index), problems).map(str::to_owned))
        .collect()
}

fn text_map<S: AsRef<str>>(
    value: &Value<S>,
    at: &At<'_>,
    problems: &mut Problems,
) -> Option<Vec<(String, String)>> {
    let Value::Object(entries) = value else {
        problems.push(wrong_type(at, "an object", value));
        return None;
    };
    let read = |(name, value): &(S, Value<S>)| {
        let name = name.as_ref();
        let at = at.name(name);
        text(value, &at, problems).map(|text| (name.to_owned(), text.to_owned()))
    };
    Some(entries.iter().filter_map(read).collect())
}

/// That something of another type was expected.
pub fn wrong_type<S: AsRef<str>>(at: &At<'_>, expected: &str, found: &Value<S>) -> Problem {
    self::expected(at, expected, found.type_name())
}

/// The same, of what is found by its name.
#[cold]
pub(super) fn expected(at: &At<'_>, expected: &str, found: &str) -> Problem {
    Problem::new(at, format!("expected {expected}, found {found}"))
}

/// Names in backticks, with commas.
pub fn quoted(names: &[&str]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    quoted.join(", ")
}
