//! Whether a text says the same as before: the same values, the same comments.

use std::sync::Arc;

use crate::source::Source;
use crate::yaml;

/// What is not the same, if anything.
pub(super) fn difference(before: &Arc<Source>, after: &str) -> Option<String> {
    let after = Source::new(before.name.clone(), after);
    let values = |source: &Arc<Source>| -> Option<Vec<String>> {
        let documents = yaml::documents(source).ok()?;
        Some(documents.iter().map(canonical).collect())
    };
    let (old, new) = (values(before), values(&after));
    if old.is_none() || old != new {
        return Some("its content would change".to_owned());
    }
    if comments(before) != comments(&after) {
        return Some("a comment would be lost".to_owned());
    }
    None
}

/// As JSON, the keys of the document itself in one order: that alone may change.
fn canonical(document: &yaml::Node) -> String {
    let mut entries: Vec<(&str, String)> = document
        .entries()
        .iter()
        .map(|entry| (entry.name.as_str(), entry.value.to_json()))
        .collect();
    if entries.is_empty() {
        return document.to_json();
    }
    entries.sort();
    format!("{entries:?}")
}

/// The comments, in any order.
fn comments(source: &Arc<Source>) -> Vec<&str> {
    let places = yaml::comments(source).into_iter();
    let mut comments: Vec<&str> = places.map(|place| source.text[place].trim()).collect();
    comments.sort_unstable();
    comments
}
