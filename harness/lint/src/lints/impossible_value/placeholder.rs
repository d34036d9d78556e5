//! Placeholders that a template or a person should have replaced.

use peerwarden_engine::document::Path;
use peerwarden_engine::resource::{Metadata, Selector};

use crate::lint::Finding;

pub(crate) const FILL_IN: &str = "replace it before the policy is applied, and check the result";

/// What marks one, and what kind it is of.
const MARKS: [(&str, &str); 8] = [
    ("${", "$"),
    ("$(", "$"),
    ("{{", "{{"),
    ("}}", "{{"),
    ("<%", "<%"),
    ("%>", "<%"),
    ("<<", "<<"),
    ("@@", "@@"),
];

/// Words that people write for missing values, in any case.
const WORDS: [&str; 4] = ["REPLACE_ME", "REPLACEME", "CHANGE_ME", "CHANGEME"];

/// More such words, in capitals only: `todo` is the name of many applications.
const CAPITALS: [&str; 3] = ["PLACEHOLDER", "FIXME", "TODO"];

/// Placeholders in a document's name, namespace and selector.
pub(super) fn of_document(metadata: &Metadata, selector: Option<&Selector>) -> Vec<(Path, String)> {
    let of_metadata = [("namespace", &metadata.namespace), ("name", &metadata.name)];
    let of_metadata = of_metadata.map(|(name, value)| (Path::keys(["metadata", name]), value));
    let labels = selector.into_iter().flat_map(|selector| &selector.match_labels);
    let labels = labels.map(|(name, value)| (Path::keys(["spec", "selector", "matchLabels", name]), value));
    let all = of_metadata.into_iter().chain(labels);
    all.filter(|(_, value)| is_one(value))
        .map(|(path, value)| (path, value.clone()))
        .collect()
}

pub(super) fn finding(path: Path, value: &str) -> Finding {
    Finding::new(path, message(value), FILL_IN)
}

pub(super) fn message(value: &str) -> String {
    format!("`{value}` is a placeholder that nothing has filled in")
}

/// The kind of a placeholder that a template has; none of words such as `CHANGE_ME`, which a person fills in.
pub(super) fn syntax(value: &str) -> Option<&'static str> {
    let marked = MARKS.iter().find(|(mark, _)| value.contains(mark));
    let marked = marked.map(|(_, kind)| *kind);
    let framed = || in_underscores(value).then_some("__");
    marked
        .or_else(|| in_percents(value).then_some("%"))
        .or_else(framed)
}

/// `%NAME%`.
fn in_percents(value: &str) -> bool {
    let mut parts = value.split('%').skip(1);
    let is_name = |part: &str| {
        part.len() > 1
            && part.starts_with(|letter: char| letter.is_ascii_uppercase() && !letter.is_ascii_hexdigit())
            && part
                .chars()
                .all(|letter| letter.is_ascii_uppercase() || letter.is_ascii_digit() || letter == '_')
    };
    value.matches('%').count() > 1 && parts.any(is_name)
}

/// `__NAME__`.
fn in_underscores(value: &str) -> bool {
    let is_of_name = |letter: char| letter.is_ascii_uppercase() || letter.is_ascii_digit() || letter == '_';
    let is_name = |rest: &str| {
        let end = rest.find(|letter| !is_of_name(letter)).unwrap_or(rest.len());
        let name = rest[..end].strip_suffix("__");
        name.is_some_and(|name| name.starts_with(|letter: char| letter.is_ascii_uppercase()))
    };
    value
        .match_indices("__")
        .any(|(start, mark)| is_name(&value[start + mark.len()..]))
}

/// Whether a value is or contains a placeholder.
pub(super) fn is_one(value: &str) -> bool {
    let marked = syntax(value).is_some();
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

/// Whether a value is the name of a variable.
pub(super) fn is_variable(value: &str) -> bool {
    let is_of_name = |letter: char| letter.is_ascii_uppercase() || letter.is_ascii_digit() || letter == '_';
    let has_words = value.split('_').filter(|word| !word.is_empty()).count() > 1;
    has_words
        && value.starts_with(|letter: char| letter.is_ascii_uppercase())
        && value.chars().all(is_of_name)
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
            "https://%SSO_SVC%/keys",
            "cluster.local/ns/__NAMESPACE__/sa/a",
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
            "/a%20b%20c",
            "/__webpack_hmr",
            "/__init__",
            "/a%C3%BC%",
        ] {
            assert!(!is_one(value), "{value}");
        }
    }
}
