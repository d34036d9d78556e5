//! Compares a text before and after: the same values, the same comments.

use std::sync::Arc;

use crate::source::Source;
use crate::yaml;

/// The first difference, if there is one.
pub(super) fn difference(before: &Arc<Source>, after: &str) -> Option<String> {
    let after = Source::new(before.name.clone(), after);
    let values = |source: &Arc<Source>| -> Option<Vec<yaml::Node>> {
        let documents = yaml::documents(source).ok()?;
        Some(documents.into_iter().map(canonical).collect())
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

/// The document with its top-level keys sorted: only their order may change.
fn canonical(mut document: yaml::Node) -> yaml::Node {
    if let yaml::Tree::Object(entries) = &mut document.tree {
        entries.sort_by(|one, other| one.name.cmp(&other.name));
    }
    document
}

/// The comments, in any order.
fn comments(source: &Arc<Source>) -> Vec<&str> {
    let places = yaml::comments(source).into_iter();
    let mut comments: Vec<&str> = places.map(|place| source.text[place].trim()).collect();
    comments.sort_unstable();
    comments
}
