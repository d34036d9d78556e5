//! Reads an object field by field, and reports what nobody asked for.

use super::{At, Value, nearest};
use crate::problem::{Problem, Problems};

/// The fields of one object that are still to be read.
///
/// Every reader names the field, so the names asked for are the known ones: [`Fields::finish`] refuses the rest.
/// A `null` is the same as an absent field, as Kubernetes reads it.
pub struct Fields<'v, 'a> {
    at: &'a At<'a>,
    unread: Vec<(&'v str, &'v Value)>,
    known: Vec<&'static str>,
}

impl<'v, 'a> Fields<'v, 'a> {
    /// The fields of `value`, which must be an object.
    pub fn of(value: &'v Value, at: &'a At<'a>, problems: &mut Problems) -> Option<Self> {
        match value {
            Value::Object(fields) => {
                let unread = fields
                    .iter()
                    .map(|(name, value)| (name.as_str(), value))
                    .collect();
                Some(Self {
                    at,
                    unread,
                    known: Vec::with_capacity(16),
                })
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::List(_) => {
                problems.push(wrong_type(at, "an object", value));
                None
            }
        }
    }

    /// The field as it was written, or `None` when it is absent or null.
    pub fn take(&mut self, name: &'static str) -> Option<&'v Value> {
        self.known.push(name);
        let place = self.unread.iter().position(|(key, _)| *key == name)?;
        let value = self.unread.remove(place).1;
        (*value != Value::Null).then_some(value)
    }

    /// Accepts these fields without reading them.
    pub fn ignore(&mut self, names: &[&'static str]) {
        for name in names {
            self.take(name);
        }
    }

    /// A field that holds text.
    pub fn text(&mut self, name: &'static str, problems: &mut Problems) -> Option<&'v str> {
        let at = self.at.name(name);
        text(self.take(name)?, &at, problems)
    }

    /// A field that holds a list; an absent one is `None`.
    pub fn list(&mut self, name: &'static str, problems: &mut Problems) -> Option<&'v [Value]> {
        let at = self.at.name(name);
        list(self.take(name)?, &at, problems)
    }

    /// A field that holds a list of texts; an absent one is the same as an empty one.
    pub fn texts(&mut self, name: &'static str, problems: &mut Problems) -> Vec<String> {
        let at = self.at.name(name);
        match self.take(name) {
            Some(value) => texts(value, &at, problems),
            None => Vec::new(),
        }
    }

    /// A field that holds an object whose values are texts, such as labels; `None` when it is absent.
    pub fn text_map(&mut self, name: &'static str, problems: &mut Problems) -> Option<Vec<(String, String)>> {
        let at = self.at.name(name);
        text_map(self.take(name)?, &at, problems)
    }

    /// Refuses each field that was not read, with the nearest name that is known here.
    pub fn finish(self, problems: &mut Problems) {
        for (name, _) in &self.unread {
            let at = self.at.name(name);
            let shown: String = name.chars().take(64).collect();
            let problem = Problem::new(&at, format!("unknown field `{shown}`")).on_key();
            problems.push(match nearest(name, self.known.iter().copied()) {
                Some(known) => problem.help(format!("did you mean `{known}`?")),
                None => problem.help(format!("known here: {}", quoted(&self.known))),
            });
        }
    }
}

/// The text in `value`.
pub fn text<'v>(value: &'v Value, at: &At<'_>, problems: &mut Problems) -> Option<&'v str> {
    let text = value.as_str();
    if text.is_none() {
        let problem = wrong_type(at, "a string", value);
        problems.push(match value {
            Value::Number(_) | Value::Bool(_) => problem.help("put it in quotes"),
            Value::Null | Value::String(_) | Value::List(_) | Value::Object(_) => problem,
        });
    }
    text
}

fn list<'v>(value: &'v Value, at: &At<'_>, problems: &mut Problems) -> Option<&'v [Value]> {
    match value {
        Value::List(items) => Some(items),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => {
            problems.push(wrong_type(at, "a list", value).help("write it as `[ … ]`"));
            None
        }
    }
}

fn texts(value: &Value, at: &At<'_>, problems: &mut Problems) -> Vec<String> {
    let items = list(value, at, problems).unwrap_or(&[]);
    items
        .iter()
        .enumerate()
        .filter_map(|(index, item)| text(item, &at.index(index), problems).map(str::to_owned))
        .collect()
}

fn text_map(value: &Value, at: &At<'_>, problems: &mut Problems) -> Option<Vec<(String, String)>> {
    let Value::Object(entries) = value else {
        problems.push(wrong_type(at, "an object", value));
        return None;
    };
    let read = |(name, value): &(String, Value)| {
        let at = at.name(name);
        text(value, &at, problems).map(|text| (name.clone(), text.to_owned()))
    };
    Some(entries.iter().filter_map(read).collect())
}

/// That something of another type was expected.
pub fn wrong_type(at: &At<'_>, expected: &str, found: &Value) -> Problem {
    Problem::new(at, format!("expected {expected}, found {}", found.type_name()))
}

/// Names in backticks, with commas.
pub fn quoted(names: &[&str]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    quoted.join(", ")
}
