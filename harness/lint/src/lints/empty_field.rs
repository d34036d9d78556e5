//! PW044: a field without a value.
//!
//! The API server drops a null
//! (<https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#defaulting-and-nullable>),
//! and an empty list of values is the same as none: either way the field restricts nothing.

use peerwarden_documents::diagnostic::{Diagnostic, Severity};
use peerwarden_documents::yaml::{Node, Tree};
use peerwarden_engine::document::Path;
use peerwarden_engine::resource::{Action, Rule};

use crate::context::{Context, Modes, Policy};
use crate::lint::{Finder, Finding, Lint};

pub(crate) const LINT: Lint = Lint {
    code: "PW044",
    name: "empty-field",
    severity: Severity::Warning,
    summary: "a field without a value, which restricts nothing",
    page: include_str!("../../../../docs/lints/PW044.md"),
    find: Finder::All(find),
};

const HELP: &str = "write its value; if nothing is to be restricted, remove the field";

fn find(context: &Context<'_>) -> Vec<Diagnostic> {
    let of_policy = |policy: &Policy<'_>| {
        let found = of_policy(policy).into_iter();
        found
            .map(|finding| finding.in_policy(&LINT, policy))
            .collect::<Vec<_>>()
    };
    let of_modes = |modes: &Modes<'_>| {
        let found = of_modes(&modes.document.node).into_iter();
        found
            .map(|finding| finding.in_document(&LINT, modes.document, &modes.title()))
            .collect::<Vec<_>>()
    };
    let policies = context.policies.iter().flat_map(of_policy);
    policies
        .chain(context.peer_authentications.iter().flat_map(of_modes))
        .collect()
}

fn finding(path: Path, name: &str, so: &str) -> Finding {
    Finding::new(path, format!("`{name}` has no value, so {so}"), HELP).on_key()
}

fn of_policy(policy: &Policy<'_>) -> Vec<Finding> {
    let Some(spec) = policy.document.node.get("spec") else {
        return Vec::new();
    };
    let mut found = of_selector(spec);
    let all = "the policy applies to all workloads of its namespace";
    for name in ["targetRef", "targetRefs"] {
        if spec.get(name).is_some_and(is_empty) {
            found.push(finding(Path::keys(["spec", name]), name, all));
        }
    }
    if spec.get("action").is_some_and(is_null) {
        found.push(finding(
            Path::keys(["spec", "action"]),
            "action",
            "the policy allows",
        ));
    }
    let rules = spec.get("rules").and_then(Node::as_list).unwrap_or(&[]);
    for (index, rule) in rules.iter().enumerate() {
        found.extend(of_rule(index, rule));
    }
    // An ALLOW rule allows what it does not restrict.
    let opens = policy.written.action == Action::Allow;
    found
        .into_iter()
        .map(|finding| {
            let of_rules = finding.path().get(1) == Path::keys(["spec", "rules"]).get(1);
            finding.grave_if(opens && of_rules)
        })
        .collect()
}

fn of_rule(index: usize, rule: &Node) -> Vec<Finding> {
    let mut found = Vec::new();
    for (name, anything) in [
        ("from", "any caller"),
        ("to", "any request"),
        ("when", "any condition"),
    ] {
        let Some(part) = rule.get(name) else { continue };
        let path = Rule::path(index).key(name);
        // An empty list of `from` and `to` is refused.
        if is_null(part) || name == "when" && is_empty(part) {
            let so = match name {
                "when" => format!("rule {index} applies under {anything}"),
                "from" => format!("rule {index} applies to {anything}"),
                _ => format!("rule {index} is about {anything}"),
            };
            found.push(finding(path, name, &so));
            continue;
        }
        for (entry, part) in part.as_list().unwrap_or(&[]).iter().enumerate() {
            let inner = match name {
                "from" => Some("source"),
                "to" => Some("operation"),
                _ => None,
            };
            let path = path.clone().index(entry);
            let (node, path) = match inner {
                Some(inner) => (part.get(inner), path.key(inner)),
                None => (Some(part), path),
            };
            let fields = node.map(Node::entries).unwrap_or_default();
            // One without any value is refused.
            let is_refused = fields
                .iter()
                .all(|field| is_empty(&field.value) || field.name == "key");
            for field in fields
                .iter()
                .filter(|field| is_empty(&field.value) && !is_refused)
            {
                let so = format!("it restricts nothing in rule {index}");
                found.push(finding(path.clone().key(&field.name), &field.name, &so));
            }
        }
    }
    found
}

fn of_modes(document: &Node) -> Vec<Finding> {
    let Some(spec) = document.get("spec") else {
        return Vec::new();
    };
    let mut found = of_selector(spec);
    let inherits = "the mode is inherited, and PERMISSIVE by default";
    for path in [&["mtls"][..], &["mtls", "mode"]] {
        if spec.at(path).is_some_and(is_null) {
            let name = path.last().copied().unwrap_or_default();
            found.push(finding(
                Path::keys(["spec"].into_iter().chain(path.iter().copied())),
                name,
                inherits,
            ));
        }
    }
    if spec.get("portLevelMtls").is_some_and(is_null) {
        let so = "no port has a mode of its own";
        found.push(finding(
            Path::keys(["spec", "portLevelMtls"]),
            "portLevelMtls",
            so,
        ));
    }
    for port in spec.get("portLevelMtls").map(Node::entries).unwrap_or_default() {
        if port.value.get("mode").is_some_and(is_null) {
            let path = Path::keys(["spec", "portLevelMtls", &port.name, "mode"]);
            found.push(finding(path, "mode", inherits));
        }
    }
    found
}

fn of_selector(spec: &Node) -> Vec<Finding> {
    let all = "all workloads of the namespace are selected";
    for path in [&["selector"][..], &["selector", "matchLabels"]] {
        if spec.at(path).is_some_and(is_null) {
            let name = path.last().copied().unwrap_or_default();
            let path = Path::keys(["spec"].into_iter().chain(path.iter().copied()));
            return vec![finding(path, name, all)];
        }
    }
    Vec::new()
}

fn is_null(node: &Node) -> bool {
    node.tree == Tree::Null
}

fn is_empty(node: &Node) -> bool {
    is_null(node) || node.as_list().is_some_and(<[Node]>::is_empty)
}
