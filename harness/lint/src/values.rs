//! The values of a policy, each with its path.

use std::fmt::Display;

use peerwarden_engine::document::{Path, Step};
use peerwarden_engine::resource::{Action, AuthorizationPolicy, Field, Rule};

use crate::lint::Finding;

/// One list of values: of a field, of its `not…` twin, or of a condition.
#[derive(Debug, Clone)]
pub(crate) struct List<'p> {
    /// The rule's index, from 0.
    pub(crate) rule: usize,
    /// The field, also for its `not…` twin; for a condition, its key.
    pub(crate) field: &'p str,
    /// Whether none of the values may match.
    pub(crate) negative: bool,
    pub(crate) values: &'p [String],
    /// The path of the list.
    pub(crate) path: Path,
}

impl<'p> List<'p> {
    /// Each value, with its path.
    pub(crate) fn each(&self) -> impl Iterator<Item = (Path, &'p str)> {
        let values = self.values.iter().enumerate();
        values.map(|(index, value)| (self.at(index), value.as_str()))
    }

    /// The path of a value.
    pub(crate) fn at(&self, index: usize) -> Path {
        self.path.clone().index(index)
    }

    /// The key in the document: the field, its `not…` twin, or for a condition `values` or `notValues`.
    pub(crate) fn key(&self) -> &str {
        match self.path.last() {
            Some(Step::Key(key)) => key,
            Some(Step::Index(_)) | None => self.field,
        }
    }

    /// The name for people: the key, or for a condition the condition's key.
    pub(crate) fn name(&self) -> &str {
        match self.key() {
            "values" | "notValues" => self.field,
            key => key,
        }
    }

    /// The part that contains it: a source, an operation or a condition.
    pub(crate) fn part(&self) -> &[Step] {
        self.path.split_last().map_or(&[], |(_, part)| part)
    }

    /// Whether a value that matches more allows less: in a field under DENY, or in a `not…` twin under ALLOW.
    pub(crate) fn shuts_out(&self, action: Action) -> bool {
        match action {
            Action::Deny => !self.negative,
            Action::Allow => self.negative,
            Action::Audit | Action::Custom => false,
        }
    }

    /// The name of the header that a condition is about, in lower case.
    pub(crate) fn header(&self) -> Option<String> {
        let name = self.field.strip_prefix("request.headers[")?.strip_suffix(']')?;
        Some(name.to_ascii_lowercase())
    }

    /// Whether only HTTP has the attribute.
    pub(crate) fn is_http_only(&self) -> bool {
        HTTP_ONLY.contains(&self.field) || self.field.starts_with("request.")
    }

    /// Whether it is about the port.
    pub(crate) fn is_port(&self) -> bool {
        matches!(self.field, "ports" | "destination.port")
    }

    /// Whether it is about a verified token.
    pub(crate) fn is_token(&self) -> bool {
        self.field == "requestPrincipals" || self.field.starts_with("request.auth.")
    }

    /// Whether it is about the identity of the peer.
    pub(crate) fn is_identity(&self) -> bool {
        IDENTITY.contains(&self.field)
    }
}

const HTTP_ONLY: [&str; 4] = ["hosts", "methods", "paths", "requestPrincipals"];

const IDENTITY: [&str; 8] = [
    "principals",
    "namespaces",
    "serviceAccounts",
    "trustDomains",
    "source.principal",
    "source.namespace",
    "source.serviceAccount",
    "source.trustDomain",
];

/// All non-empty lists of a policy.
pub(crate) fn lists(policy: &AuthorizationPolicy) -> Vec<List<'_>> {
    let mut found = Vec::new();
    for (rule_index, rule) in policy.rules.iter().flatten().enumerate() {
        let part = |name, index| Rule::path(rule_index).key(name).index(index);
        for (index, source) in rule.from.iter().flatten().enumerate() {
            let part = part("from", index).key("source");
            found.extend(source.fields().flat_map(|field| of(rule_index, field, &part)));
        }
        for (index, operation) in rule.to.iter().flatten().enumerate() {
            let part = part("to", index).key("operation");
            found.extend(operation.fields().flat_map(|field| of(rule_index, field, &part)));
        }
        for (index, condition) in rule.when.iter().enumerate() {
            let both = [
                ("values", &condition.values, false),
                ("notValues", &condition.not_values, true),
            ];
            found.extend(both.map(|(name, values, negative)| List {
                rule: rule_index,
                field: &condition.key,
                negative,
                values,
                path: part("when", index).key(name),
            }));
        }
    }
    found.retain(|list| !list.values.is_empty());
    found
}

fn of<'p>(rule: usize, field: Field<'p>, part: &Path) -> [List<'p>; 2] {
    let both = [
        (field.name, field.values, false),
        (field.not_name, field.not_values, true),
    ];
    both.map(|(name, values, negative)| List {
        rule,
        field: field.name,
        negative,
        values,
        path: part.clone().key(name),
    })
}

/// The values of a field of every operation; the field as written.
pub(crate) fn values<'p>(policy: &'p AuthorizationPolicy, name: &str) -> Vec<(Path, &'p str)> {
    let of_name = |list: &List<'_>| match &*list.path {
        [.., Step::Key(part), Step::Key(own)] => part == "operation" && own == name,
        _ => false,
    };
    lists(policy)
        .iter()
        .filter(|list| of_name(list))
        .flat_map(List::each)
        .collect()
}

/// A finding for each value of these fields that no request can have according to `never`, which also says what to
/// write instead.
pub(crate) fn unmatched<What: Display, Help: Into<String>>(
    policy: &AuthorizationPolicy,
    names: [&str; 2],
    never: impl Fn(&str) -> Option<(What, Help)>,
) -> Vec<Finding> {
    let found = names.into_iter().flat_map(|name| values(policy, name));
    let finding = |(path, value): (Path, &str)| {
        let (what, help) = never(value)?;
        Some(Finding::new(path, format!("`{value}` {what}"), help))
    };
    found.filter_map(finding).collect()
}

/// The values by which a policy shuts requests out: those of a field under DENY, of its `not…` twin under ALLOW. A request
/// that such a value misses gets in; not where an ALLOW operation lists exactly what it is about.
pub(crate) fn shut_out<'p>(
    policy: &'p AuthorizationPolicy,
    name: &str,
    not_name: &str,
) -> Vec<(Path, &'p str)> {
    match policy.action {
        Action::Deny => values(policy, name),
        Action::Allow => {
            let lists = lists(policy);
            let is_exact = |value: &String| !value.contains(['*', '{']);
            let exact: Vec<&[Step]> = lists
                .iter()
                .filter(|list| list.key() == name && list.values.iter().all(is_exact))
                .map(List::part)
                .collect();
            let mut values = values(policy, not_name);
            values.retain(|(path, _)| !exact.iter().any(|part| path.starts_with(part)));
            values
        }
        Action::Audit | Action::Custom => Vec::new(),
    }
}
