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
        let line = old.zip(new).and_then(|(old, new)| {
            let changed = old.iter().zip(&new).find_map(|(old, new)| changed(old, new));
            let place = yaml::place(before, &changed.or(old.last())?.location);
            Some(before.position(place.span.start).0)
        });
        let line = line.map_or_else(String::new, |line| format!(" at line {line}"));
        return Some(format!("its content would change{line}"));
    }
    if comments(before) != comments(&after) {
        return Some("a comment would be lost".to_owned());
    }
    None
}

/// The first value that is another one.
fn changed<'n>(old: &'n yaml::Node, new: &yaml::Node) -> Option<&'n yaml::Node> {
    use yaml::Tree::{List, Object};
    if old == new {
        return None;
    }
    let inside = match (&old.tree, &new.tree) {
        (List(old), List(new)) => old.iter().zip(new).find_map(|(old, new)| changed(old, new)),
        (Object(old), Object(new)) => {
            let mut entries = old.iter().zip(new);
            entries.find_map(|(old, new)| changed(&old.value, &new.value))
        }
        _ => None,
    };
    Some(inside.unwrap_or(old))
}

/// The keys of the document itself in one order: that alone may change.
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
