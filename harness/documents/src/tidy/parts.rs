//! The documents of a stream as parts of its text. Only policies are formatted; every other byte stays as it is.

use std::ops::Range;
use std::sync::Arc;

use super::edges::Edges;
use super::{lay_out, left, same};
use crate::diagnostic::Diagnostic;
use crate::documents::GROUP;
use crate::kinds::is_beside_policies;
use crate::source::Source;
use crate::yaml::{self, Node};

/// The text with its policies formatted, if it has other documents too; `None` if all of it is policies.
///
/// # Errors
///
/// If a policy cannot be formatted without changing its meaning.
pub(super) fn tidy(source: &Arc<Source>) -> Result<Option<String>, Diagnostic> {
    let text = source.text.as_str();
    let parts = parts(text);
    let nodes: Vec<Vec<Node>> = parts.iter().map(|part| documents(source, part)).collect();
    if nodes.iter().flatten().all(is_policy) {
        return Ok(None);
    }
    // A directive is about what follows a marker: no part can be read alone.
    if text.lines().any(|line| line.starts_with('%')) {
        return Ok(Some(text.to_owned()));
    }
    let mut formatted = String::with_capacity(text.len());
    for (part, nodes) in parts.iter().zip(&nodes) {
        let own = &text[part.clone()];
        if nodes.is_empty() || !nodes.iter().all(is_policy) {
            formatted.push_str(own);
            continue;
        }
        // The comments at the end may be about what follows.
        let (own, rest) = own.split_at(content(own));
        let alone = Source::new(source.name.clone(), own);
        let edges = Edges::of(own);
        let bare = Source::new(source.name.clone(), edges.without(own));
        let text = lay_out(&bare).map(|text| edges.around(text));
        let text = text.map_err(|wrong| of_part(source, part, wrong))?;
        if let Some(difference) = same::difference(&alone, &text) {
            return Err(of_part(source, part, left(source, &difference)));
        }
        // A line break that the text had is not doubled, and one that it had not is not added.
        let ends = own.ends_with('\n') || own.len() == part.len();
        formatted.push_str(if ends {
            &text
        } else {
            text.trim_end_matches(['\n', '\r'])
        });
        formatted.push_str(rest);
    }
    Ok(Some(formatted))
}

/// Each document with the marker before it. A line that begins with three dashes is a marker wherever it is (YAML 1.2, 9.1.2).
fn parts(text: &str) -> Vec<Range<usize>> {
    let mut starts = vec![0];
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let is_marker = line
            .strip_prefix("---")
            .is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t', '\r', '\n']));
        if is_marker && at > 0 {
            starts.push(at);
        }
        at += line.len();
    }
    let ends = starts.iter().skip(1).copied().chain([text.len()]);
    starts
        .iter()
        .copied()
        .zip(ends)
        .map(|(start, end)| start..end)
        .collect()
}

/// The documents of a part. One that cannot be read alone is left to others.
fn documents(source: &Source, part: &Range<usize>) -> Vec<Node> {
    let alone = Source::new(source.name.clone(), &source.text[part.clone()]);
    yaml::documents(&alone).unwrap_or_default()
}

/// Whether a document is a policy, or a list of policies.
fn is_policy(node: &Node) -> bool {
    let is_of_group = |node: &Node| {
        let version = node.get("apiVersion").and_then(Node::as_str);
        let kind = node.get("kind").and_then(Node::as_str);
        version.is_some_and(|version| version.starts_with(GROUP)) && !kind.is_some_and(is_beside_policies)
    };
    let items = node.get("items").and_then(Node::as_list);
    is_of_group(node) || items.is_some_and(|items| !items.is_empty() && items.iter().all(is_of_group))
}

/// Where the blank lines and the comments at the end begin.
fn content(text: &str) -> usize {
    let mut end = text.len();
    for line in text.split_inclusive('\n').rev() {
        let is_aside = line.trim().is_empty() || line.starts_with('#');
        if !is_aside {
            break;
        }
        end -= line.len();
    }
    end
}

/// The message about a document: lines in it are counted from where the document begins.
fn of_part(source: &Source, part: &Range<usize>, mut wrong: Diagnostic) -> Diagnostic {
    let (line, _) = source.position(part.start);
    if line > 1 {
        wrong.message = format!("{}, in the document from line {line}", wrong.message);
    }
    wrong
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY: &str = "kind:   PeerAuthentication\napiVersion: security.istio.io/v1\n";
    const TIDY: &str = "apiVersion: security.istio.io/v1\nkind: PeerAuthentication\n";

    fn formatted(text: &str) -> Option<String> {
        tidy(&Source::new("a.yaml", text)).unwrap()
    }

    #[test]
    fn only_policies_change() {
        for other in [
            "kind:   Deployment   # a\nspec:\n    a:  [ 1,2 ]\n\n\n",
            "# above\nkind:   ConfigMap\r\ndata: {a: |\r\n  }\r\n",
            "kind: ConfigMap\ndata:\n  a: |\n    kind:   PeerAuthentication\n     ---\n",
            "# nothing\n\n",
            "--- # begins\nkind:    Deployment\n...\n",
        ] {
            if yaml::documents(&Source::new("a.yaml", other)).is_err() {
                continue;
            }
            let before = format!("kind:  Service\n---\n{POLICY}# of the next\n\n---\n{other}---\n{POLICY}");
            let after = format!("kind:  Service\n---\n{TIDY}# of the next\n\n---\n{other}---\n{TIDY}");
            assert_eq!(formatted(&before).as_deref(), Some(after.as_str()));
            assert_eq!(formatted(&after).as_deref(), Some(after.as_str()));
        }
    }

    #[test]
    fn what_is_all_policies_is_no_matter_of_parts() {
        assert_eq!(formatted(&format!("---\n{POLICY}---\n{POLICY}---\n")), None);
        assert_eq!(formatted(POLICY), None);
    }
}
