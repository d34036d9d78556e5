//! PW041: a token of an issuer that no `RequestAuthentication` of the workload names.
//!
//! Such a token is answered with 401 before any policy is evaluated, so a value that needs one matches nothing.

use peerwarden_documents::diagnostic::{Diagnostic, Severity};
use peerwarden_engine::document::nearest;

use crate::context::{Context, Policy};
use crate::lint::{Finder, Finding, Lint};
use crate::tokens;
use crate::values::lists;

pub(crate) const LINT: Lint = Lint {
    code: "PW041",
    name: "unknown-issuer",
    severity: Severity::Warning,
    summary: "a token of an issuer that no RequestAuthentication names",
    page: include_str!("../../../../docs/lints/PW041.md"),
    find: Finder::All(find),
};

/// The issuers that a value matches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Issuer<'v> {
    Exactly(&'v str),
    BeginsWith(&'v str),
    EndsWith(&'v str),
}

impl Issuer<'_> {
    fn is(self, issuer: &str) -> bool {
        match self {
            Self::Exactly(text) => issuer == text,
            Self::BeginsWith(text) => issuer.starts_with(text),
            Self::EndsWith(text) => issuer.ends_with(text),
        }
    }
}

fn find(context: &Context<'_>) -> Vec<Diagnostic> {
    context
        .policies
        .iter()
        .flat_map(|policy| of_policy(context, policy))
        .collect()
}

fn of_policy(context: &Context<'_>, policy: &Policy<'_>) -> Vec<Diagnostic> {
    let rules = tokens::applying(context, policy)
        .into_iter()
        .flat_map(|tokens| &tokens.written.rules);
    let issuers: Vec<&str> = rules.map(|rule| rule.issuer.as_str()).collect();
    // A rule without an issuer accepts any.
    if issuers.is_empty() || issuers.contains(&"") {
        return Vec::new();
    }
    let mut findings = Vec::new();
    for list in lists(&policy.written) {
        let issuer: fn(&str) -> Option<Issuer<'_>> = match list.field {
            "requestPrincipals" | "request.auth.principal" => of_principal,
            "request.auth.claims[iss]" => of_text,
            _ => continue,
        };
        for (path, value) in list.each() {
            let Some(wanted) = issuer(value).filter(|wanted| !issuers.iter().any(|known| wanted.is(known)))
            else {
                continue;
            };
            let message = format!(
                "`{value}`: no RequestAuthentication of these workloads is for this issuer, so no token matches"
            );
            findings.push(Finding::new(path, message, help(wanted, &issuers)).in_policy(&LINT, policy));
        }
    }
    findings
}

/// `ISSUER/SUBJECT`, split at the last slash, as Istio does.
fn of_principal(value: &str) -> Option<Issuer<'_>> {
    match value.rsplit_once('/') {
        Some((issuer, _)) => match issuer.strip_prefix('*') {
            Some(rest) => (!rest.is_empty()).then_some(Issuer::EndsWith(rest)),
            None => Some(Issuer::Exactly(issuer)),
        },
        // The end of a subject.
        None if value.starts_with('*') => None,
        None => of_text(value),
    }
}

fn of_text(value: &str) -> Option<Issuer<'_>> {
    match (value.strip_prefix('*'), value.strip_suffix('*')) {
        (Some(rest), _) => (!rest.is_empty()).then_some(Issuer::EndsWith(rest)),
        (None, Some(rest)) => Some(Issuer::BeginsWith(rest)),
        (None, None) => Some(Issuer::Exactly(value)),
    }
}

fn help(wanted: Issuer<'_>, issuers: &[&str]) -> String {
    let (Issuer::Exactly(text) | Issuer::BeginsWith(text) | Issuer::EndsWith(text)) = wanted;
    // `https://issuer.example/` and a subject have two slashes between them.
    if let Some(known) = issuers.iter().find(|known| known.strip_suffix('/') == Some(text)) {
        return format!("the issuer is `{known}`, with a slash at its end: write `{known}/SUBJECT`");
    }
    match nearest(text, issuers.iter().copied()) {
        Some(known) => format!("did you mean the issuer `{known}`?"),
        None => {
            let mut known: Vec<String> = issuers.iter().map(|issuer| format!("`{issuer}`")).collect();
            known.dedup();
            known.truncate(5);
            format!(
                "these have rules: {}; the subject comes after the last slash",
                known.join(", ")
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Issuer, of_principal, of_text};

    #[test]
    fn issuers_of_values() {
        assert_eq!(of_principal("*"), None);
        assert_eq!(of_principal("*/ann"), None);
        assert_eq!(of_principal("*@example.com"), None);
        assert_eq!(
            of_principal("https://a.example/ann"),
            Some(Issuer::Exactly("https://a.example"))
        );
        assert_eq!(
            of_principal("https://a.example//ann"),
            Some(Issuer::Exactly("https://a.example/"))
        );
        assert_eq!(of_principal("*a.example/*"), Some(Issuer::EndsWith("a.example")));
        assert_eq!(of_principal("a.example*"), Some(Issuer::BeginsWith("a.example")));
        assert_eq!(of_text("*"), None);
    }
}
