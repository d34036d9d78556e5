//! PW039: a value that nothing can have.
//!
//! Policies accept any text. A value that no identity, path, method or token can have is a mistake, and in a DENY rule
//! it denies nothing.

mod identity;
mod placeholder;
mod request;
mod token;

use std::collections::{BTreeMap, BTreeSet};

use peerwarden_documents::count::counted;
use peerwarden_documents::diagnostic::{Diagnostic, Severity};
use peerwarden_engine::document::Path;

use crate::context::{Context, Policy};
use crate::lint::{Finder, Finding, Lint};
use crate::values::{List, lists};
pub(crate) use placeholder::FILL_IN;

pub(crate) const LINT: Lint = Lint {
    code: "PW039",
    name: "impossible-value",
    severity: Severity::Warning,
    summary: "a value that nothing can have",
    page: include_str!("../../../../docs/lints/PW039.md"),
    find: Finder::All(find),
};

/// What of a value nothing has, and what to write instead.
struct Impossibility {
    what: String,
    help: String,
}

impl Impossibility {
    fn new(what: impl Into<String>, help: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            help: help.into(),
        }
    }
}

fn find(context: &Context<'_>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for policy in &context.policies {
        let own = of_values(policy).into_iter();
        found.extend(own.map(|finding| finding.in_policy(&LINT, policy)));
    }
    let placeholders = placeholders(context);
    let templates = templates(&placeholders);
    let single = placeholders
        .into_iter()
        .filter(|(_, _, value)| !is_of(&templates, value));
    found.extend(single.map(|(_, diagnostic, _)| diagnostic));
    found
}

/// Documents in which the same kind of placeholder makes their files templates.
const TEMPLATES: usize = 2;

/// A file, what is found in it, and the value.
type FoundPlaceholder<'c> = (&'c str, Diagnostic, String);

/// The first placeholder of each document.
fn placeholders<'c>(context: &'c Context<'_>) -> Vec<FoundPlaceholder<'c>> {
    let of_policies = context.policies.iter().filter_map(|policy| {
        let (path, value) = placeholder_of(policy)?;
        let found = placeholder::finding(path, &value).in_policy(&LINT, policy);
        Some((policy.document.source.name.as_str(), found, value))
    });
    let of_modes = context.peer_authentications.iter().filter_map(|modes| {
        let written = &modes.written;
        let all = placeholder::of_document(&written.metadata, Some(&written.selector));
        let (path, value) = all.into_iter().next()?;
        let found = placeholder::finding(path, &value).in_document(&LINT, modes.document, &modes.title());
        Some((modes.document.source.name.as_str(), found, value))
    });
    of_policies.chain(of_modes).collect()
}

/// The kinds of placeholders that several documents have: something fills them in before they are applied. Each with the number of files, and one
/// of them.
fn templates(all: &[FoundPlaceholder<'_>]) -> Vec<(&'static str, usize, String)> {
    let mut found: BTreeMap<&'static str, Vec<&FoundPlaceholder<'_>>> = BTreeMap::new();
    for one in all {
        if let Some(syntax) = placeholder::syntax(&one.2) {
            found.entry(syntax).or_default().push(one);
        }
    }
    let many = found
        .into_iter()
        .filter(|(_, documents)| documents.len() >= TEMPLATES);
    many.filter_map(|(syntax, documents)| {
        let files: BTreeSet<&str> = documents.iter().map(|(file, ..)| *file).collect();
        let (_, _, value) = documents.first()?;
        Some((syntax, files.len(), value.clone()))
    })
    .collect()
}

fn is_of(templates: &[(&'static str, usize, String)], value: &str) -> bool {
    placeholder::syntax(value).is_some_and(|own| templates.iter().any(|(syntax, ..)| *syntax == own))
}

/// That files are templates.
pub(crate) fn notes(context: &Context<'_>) -> Vec<String> {
    let templates = templates(&placeholders(context));
    let note = |(_, files, value): &(&str, usize, String)| {
        format!(
            "{} with placeholders such as `{value}`: what is decided depends on what fills them in; check the result, too",
            counted(*files as u64, "file")
        )
    };
    templates.iter().map(note).collect()
}

/// All of one policy.
pub(crate) fn of_policy(policy: &Policy<'_>) -> Vec<Finding> {
    let mut found = of_values(policy);
    // Where there is one, there are many, and the document is a template.
    found.extend(placeholder_of(policy).map(|(path, value)| placeholder::finding(path, &value)));
    found
}

fn placeholder_of(policy: &Policy<'_>) -> Option<(Path, String)> {
    let written = &policy.written;
    let mut found = placeholder::of_document(&written.metadata, written.selector.as_ref());
    for (index, target) in written.target_refs.iter().enumerate() {
        if placeholder::is_one(&target.name) {
            let path = match target.deprecated {
                true => Path::keys(["spec", "targetRef", "name"]),
                false => Path::keys(["spec", "targetRefs"]).index(index).key("name"),
            };
            found.push((path, target.name.clone()));
        }
    }
    let lists = lists(written);
    let values = lists.iter().flat_map(List::each);
    found.extend(
        values
            .filter(|(_, value)| placeholder::is_one(value))
            .map(|(path, value)| (path, value.to_owned())),
    );
    found.into_iter().next()
}

/// Values of a policy that nothing has.
fn of_values(policy: &Policy<'_>) -> Vec<Finding> {
    let written = &policy.written;
    let mut found: Vec<Finding> = Vec::new();
    for list in lists(written) {
        found.extend(of_key(&list).filter(|new| !found.iter().any(|other| other.path() == new.path())));
        for (path, value) in list.each().filter(|(_, value)| !placeholder::is_one(value)) {
            let Some(Impossibility { what, help }) = wrong(list.field, value) else {
                continue;
            };
            // Vault's API has the method LIST; the verbs of Kubernetes come together.
            if value == "LIST" && !list.values.iter().any(|other| request::is_verb(other)) {
                continue;
            }
            let keeps_nobody_out = list.shuts_out(written.action);
            let so = if keeps_nobody_out {
                ", so it keeps nobody out"
            } else {
                ""
            };
            let finding = Finding::new(path, format!("`{value}` {what}{so}"), help);
            found.push(finding.grave_if(keeps_nobody_out));
        }
    }
    found
}

/// The finding for a value that was to be filled in.
pub(crate) fn of_placeholder(value: &str) -> String {
    placeholder::message(value)
}

/// Whether a value was to be filled in.
pub(crate) fn is_placeholder(value: &str) -> bool {
    placeholder::is_one(value)
}

/// The error in the key of a condition.
fn of_key(list: &List<'_>) -> Option<Finding> {
    let help = token::dotted(list.field)?;
    let path = Path::from(list.part()).key("key");
    let message = format!(
        "`{}` asks for a claim with a dot in its name, not for one inside another",
        list.field
    );
    Some(Finding::new(path, message, help))
}

fn wrong(field: &str, value: &str) -> Option<Impossibility> {
    if value.contains(['\u{201c}', '\u{201d}', '\u{2018}', '\u{2019}']) {
        return Some(Impossibility::new(
            "has curly quotes, which are part of the value",
            "write straight quotes around it",
        ));
    }
    match field {
        "principals" | "source.principal" => identity::principal(value),
        "namespaces" | "source.namespace" => identity::namespace(value),
        "serviceAccounts" | "source.serviceAccount" => identity::account(value),
        "paths" => request::path(value),
        "methods" => request::method(value),
        field if field.starts_with("request.auth.claims[") => token::claim(field, value),
        _ => None,
    }
}

/// Whether a value is the name of a variable, as `JWKS_URI`: where it is refused, something was to replace it.
pub(crate) fn is_variable(value: &str) -> bool {
    placeholder::is_variable(value)
}

#[cfg(test)]
mod tests {
    use super::wrong;

    #[test]
    fn what_is_possible_is_fine() {
        for (field, value) in [
            ("principals", "cluster.local/ns/web/sa/frontend"),
            ("principals", "cluster.local/ns/web/sa/front.end-1"),
            ("principals", "*"),
            ("principals", "cluster.local/ns/web/*"),
            ("principals", "cluster.local/ns/web/sa/front*"),
            ("principals", "*/sa/frontend"),
            ("principals", "partner.example/batch/nightly"),
            ("source.principal", "cluster.local/ns/web/sa/frontend"),
            ("namespaces", "web-1"),
            ("namespaces", "web*"),
            ("namespaces", "*"),
            ("serviceAccounts", "frontend"),
            ("serviceAccounts", "web/front.end"),
            ("paths", "/orders*"),
            ("paths", "*.png"),
            ("paths", "*"),
            ("paths", "/orders/{*}"),
            ("paths", "{**}"),
            ("paths", "/v1/projects:search"),
            ("paths", "/pay/$metadata"),
            ("paths", "/a+b/(c)"),
            ("paths", "/shop.Orders/List"),
            ("methods", "GET"),
            ("methods", "VERSION-CONTROL"),
            ("methods", "PURGE"),
            ("methods", "UPDATE"),
            ("methods", "P*"),
            ("methods", "*"),
            // PW017 reports letter case.
            ("methods", "get"),
            ("request.headers[x]", "a, b | c"),
            ("request.headers[x]", "$5"),
            ("hosts", "shop.example"),
            ("request.auth.claims[groups]", "admin"),
            ("request.auth.claims[level]", "3"),
            ("request.auth.claims[https://shop.example/roles]", "admin"),
        ] {
            let found = wrong(field, value);
            assert!(
                found.is_none(),
                "{field}: {value}: {}",
                found.map(|wrong| wrong.what).unwrap_or_default()
            );
        }
    }

    #[test]
    fn what_nothing_has_is_found() {
        for (field, value, said) in [
            ("principals", "web/frontend", "SPIFFE ID"),
            ("principals", "frontend", "no path"),
            ("principals", "ns/web/sa/frontend", "no trust domain"),
            ("principals", "system:serviceaccount:web:frontend", "Kubernetes"),
            ("principals", "cluster.local/ns/web/sa/frontend/", "slash"),
            ("principals", "/cluster.local/ns/web/sa/frontend", "slash"),
            ("principals", "cluster.local/ns/web", "whole"),
            ("principals", "cluster.local/ns/web/sa", "whole"),
            ("principals", "cluster.local/sa/frontend", "whole"),
            ("principals", "cluster.local/web/frontend", "whole"),
            ("principals", "cluster.local/ns/web/sa/frontend/v1", "whole"),
            ("principals", "cluster.local/ns//sa/frontend", "whole"),
            ("principals", "cluster.local/ns/Web/sa/frontend", "`W`"),
            ("principals", "cluster.local/ns/web/sa/front_end", "`_`"),
            ("principals", "cluster.local/ns/web/sa/.*", "regular expression"),
            (
                "principals",
                "cluster.local/ns/web/sa/[a-z]+",
                "regular expression",
            ),
            ("principals", "^cluster.local/ns/web/sa/a$", "regular expression"),
            (
                "principals",
                "cluster.local/ns/web/sa/a, cluster.local/ns/web/sa/b",
                "not one",
            ),
            ("principals", "cluster.local/ns/web/sa/a|b", "not one"),
            ("namespaces", "web.shop", "`.`"),
            ("namespaces", "Web", "`W`"),
            ("namespaces", "ns/web", "`/`"),
            ("namespaces", "web,shop", "not one"),
            ("serviceAccounts", "system:serviceaccount:web:frontend", "`:`"),
            ("serviceAccounts", "Web/frontend", "`W`"),
            ("serviceAccounts", "web/a, web/b", "not one"),
            ("paths", "orders", "slash"),
            ("paths", "https://shop.example/orders", "scheme"),
            ("paths", "^/orders/[^/]+$", "regular expression"),
            ("paths", "/orders/.*", "regular expression"),
            ("paths", "/orders/[0-9]+", "regular expression"),
            ("paths", "/orders/\\d+", "regular expression"),
            ("paths", "/orders/.+", "regular expression"),
            ("paths", "/(orders|carts)/*", "regular expression"),
            ("paths", "/orders/:id", "`:id`"),
            ("paths", "/orders, /carts", "not one"),
            ("methods", "GET,POST", "not one"),
            ("methods", "GET POST", "not one"),
            ("methods", "GTE", "not an HTTP method"),
            ("methods", "POTS", "not an HTTP method"),
            ("methods", "DELETED", "not an HTTP method"),
            ("methods", "ALL", "not an HTTP method"),
            ("methods", "/shop.Orders/List", "a path"),
            ("hosts", "\u{201c}shop.example\u{201d}", "quotes"),
            ("request.auth.claims[email_verified]", "true", "boolean"),
            ("request.auth.claims[admin]", "false", "boolean"),
            ("request.auth.claims[exp]", "1700000000", "number"),
        ] {
            let found = wrong(field, value).map(|wrong| wrong.what).unwrap_or_default();
            assert!(found.contains(said), "{field}: {value}: {found}");
        }
    }
}
