//! Placeholders that a template or a person should have replaced.

use peerwarden_engine::document::Path;
use peerwarden_engine::resource::{Metadata, Selector};

use crate::lint::Finding;

const HELP: &str = "replace it before the policy is applied, and check the result";

/// Words that people write for missing values, in any case.
const WORDS: [&str; 4] = ["REPLACE_ME", "REPLACEME", "CHANGE_ME", "CHANGEME"];

/// More such words, in capitals only: `todo` is the name of many applications.
const CAPITALS: [&str; 3] = ["PLACEHOLDER", "FIXME", "TODO"];

/// Placeholders in a document's name, namespace and selector.
pub(super) fn of_document(metadata: &Metadata, selector: Option<&Selector>) -> Vec<Finding> {
    let of_metadata = [("namespace", &metadata.namespace), ("name", &metadata.name)];
    let of_metadata = of_metadata.map(|(name, value)| (Path::keys(["metadata", name]), value));
    let labels = selector.into_iter().flat_map(|selector| &selector.match_labels);
    let labels = labels.map(|(name, value)| (Path::keys(["spec", "selector", "matchLabels", name]), value));
    let all = of_metadata.into_iter().chain(labels);
    all.filter(|(_, value)| is_one(value))
        .map(|(path, value)| finding(path, value))
        .collect()
}

pub(super) fn finding(path: Path, value: &str) -> Finding {
    Finding::new(
        path,
        format!("`{value}` is a placeholder that nothing has filled in"),
        HELP,
    )
}

/// Whether a value is or contains a placeholder.
pub(super) fn is_one(value: &str) -> bool {
    let marked = ["${", "$(", "{{", "}}", "<%", "<<", "@@"]
        .iter()
        .any(|mark| value.contains(mark));
    let in_angles = value
        .split_once('<')
        .is_some_and(|(_, rest)| rest.split_once('>').is_some_and(|(name, _)| is_name(name)));
    let variable = value
        .match_indices('$')
        .any(|(dollar, _)| value[dollar + 1..].starts_with(|letter: char| letter.is_ascii_uppercase()));
    let capitals = value.to_ascii_uppercase().replace('-', "_");
    marked
        || in_angles
        || variable
        || WORDS.iter().any(|word| is_word_of(&capitals, word))
        || CAPITALS.iter().any(|word| is_word_of(value, word))
}

/// Whether the text contains `word` as a whole word: `todos` is a name.
fn is_word_of(text: &str, word: &str) -> bool {
    text.match_indices(word).any(|(start, _)| {
        let is_of_word = |letter: char| letter.is_ascii_alphanumeric();
        !text[..start].ends_with(is_of_word) && !text[start + word.len()..].starts_with(is_of_word)
    })
}

fn is_name(text: &str) -> bool {
    let is_of_name = |letter: char| letter.is_ascii_alphanumeric() || "-_. ".contains(letter);
    !text.is_empty() && text.chars().all(is_of_name)
}

#[cfg(test)]
mod tests {
    use super::is_one;

    #[test]
    fn placeholders_are_told_from_values() {
        for value in [
            "cluster.local/ns/${NS}/sa/a",
            "cluster.local/ns/$NS/sa/a",
            "cluster.local/ns/<namespace>/sa/a",
            "cluster.local/ns/$(NS)/sa/a",
            "<<__domain__>>",
            "TRUST_DOMAIN/ns/web/sa/CHANGE_ME",
            "{{ .Values.host }}",
            "TODO",
            "change-me",
        ] {
            assert!(is_one(value), "{value}");
        }
        for value in [
            "todo",
            "todos",
            "/pay/$metadata",
            "$5",
            "a<b",
            "a<b/c>",
            "CHANGE_MENU",
            "{*}",
        ] {
            assert!(!is_one(value), "{value}");
        }
    }
}
