//! PW050: a request principal that is split in a different place than its author meant.
//!
//! It is split at its last slash into issuer and subject
//! (<https://istio.io/latest/docs/reference/config/security/authorization-policy/#Source>). The issuers of the
//! `RequestAuthentication`s among the documents show where it should be split.

use peerwarden_documents::diagnostic::{Diagnostic, Severity};

use crate::context::Context;
use crate::lint::{Finder, Finding, Lint};
use crate::values::lists;

pub(crate) const LINT: Lint = Lint {
    code: "PW050",
    name: "wrong-slash",
    severity: Severity::Warning,
    summary: "a request principal split at the wrong slash",
    page: include_str!("../../../../docs/lints/PW050.md"),
    find: Finder::All(find),
};

fn find(context: &Context<'_>) -> Vec<Diagnostic> {
    let rules = context
        .request_authentications
        .iter()
        .flat_map(|tokens| &tokens.written.rules);
    let issuers: Vec<&str> = rules
        .map(|rule| rule.issuer.as_str())
        .filter(|issuer| !issuer.is_empty())
        .collect();
    let mut found = Vec::new();
    for policy in &context.policies {
        for list in lists(&policy.written) {
            if !matches!(list.field, "requestPrincipals" | "request.auth.principal") {
                continue;
            }
            for (path, value) in list.each() {
                if let Some((message, help)) = wrong(value, &issuers) {
                    let grave = list.shuts_out(policy.written.action);
                    let finding = Finding::new(path, message, help).grave_if(grave);
                    found.push(finding.in_policy(&LINT, policy));
                }
            }
        }
    }
    found
}

/// The error in a value, and what to write instead.
fn wrong(value: &str, issuers: &[&str]) -> Option<(String, String)> {
    // `*.example` and `issuer*` are about the issuer alone.
    if value.starts_with('*') || !value.contains('/') && value.ends_with('*') {
        return None;
    }
    let (issuer, subject) = value.rsplit_once('/').unwrap_or((value, ""));
    if issuers.contains(&issuer) && !subject.is_empty() {
        return None;
    }
    let split = format!("`{value}` is split into the issuer `{issuer}` and the subject `{subject}`");
    of_known(value, issuers)
        .map(|(meant, help)| (format!("{split}, but the issuer is `{meant}`"), help))
        .or_else(|| Some((split, of_shape(value, issuer, subject)?)))
}

/// The matching known issuer, and what to write.
fn of_known<'i>(value: &str, issuers: &[&'i str]) -> Option<(&'i str, String)> {
    if let Some(meant) = issuers.iter().find(|known| **known == value) {
        let any = format!("{}/*", value);
        return Some((meant, format!("write `{any}` for any subject")));
    }
    // The known issuer that is its longest beginning.
    let known = issuers.iter().filter(|known| value.starts_with(**known));
    let meant = known.max_by_key(|known| known.len())?;
    let rest = &value[meant.len()..];
    match rest.strip_prefix('/') {
        // The slash that is the last one is inside the subject.
        Some(subject) if subject.contains('/') => Some((
            meant,
            format!(
                "a subject with a slash cannot be matched exactly: write `{meant}/*`, and a condition on `request.auth.claims[sub]`"
            ),
        )),
        Some(_) => None,
        None => meant
            .ends_with('/')
            .then(|| (*meant, format!("write two slashes: `{meant}/{rest}`"))),
    }
}

/// The help for a value that no issuer can have.
fn of_shape(value: &str, issuer: &str, subject: &str) -> Option<String> {
    let without_scheme = value.split_once("://").map_or(value, |(_, rest)| rest);
    if subject.is_empty() || !without_scheme.contains('/') {
        return Some(format!(
            "write `ISSUER/SUBJECT`, such as `{}/*` for any subject",
            value.trim_end_matches(['/', '*'])
        ));
    }
    // <https://auth0.com/docs/secure/tokens/access-tokens/validate-access-tokens>
    issuer
        .ends_with(".auth0.com")
        .then(|| format!("the issuers of Auth0 end with a slash, so write two: `{issuer}//{subject}`"))
}

#[cfg(test)]
mod tests {
    use super::wrong;

    const ISSUERS: [&str; 3] = [
        "https://issuer.example",
        "https://slash.example/",
        "https://realms.example/realms/shop",
    ];

    #[test]
    fn what_is_split_where_it_should_be_is_fine() {
        for value in [
            "*",
            "https://issuer.example/alice",
            "https://issuer.example/*",
            "https://slash.example//alice",
            "https://realms.example/realms/shop/*",
            "https://other.example/alice",
            "*/alice",
            "*.example",
            "issuer*",
            "https://issuer*/alice",
            "issuer@example.com/alice",
            "https://tenant.auth0.com//auth0|1",
        ] {
            assert_eq!(wrong(value, &ISSUERS), None, "{value}");
        }
    }

    #[test]
    fn what_is_split_elsewhere_is_found() {
        for (value, help) in [
            ("https://issuer.example", "`https://issuer.example/*`"),
            (
                "https://issuer.example/team/alice",
                "`https://issuer.example/*`, and a condition",
            ),
            ("https://slash.example/alice", "`https://slash.example//alice`"),
            ("https://slash.example/*", "`https://slash.example//*`"),
            (
                "https://realms.example/realms/shop",
                "`https://realms.example/realms/shop/*`",
            ),
            ("https://unknown.example", "`https://unknown.example/*`"),
            ("https://unknown.example*", "`https://unknown.example/*`"),
            ("https://unknown.example/", "`https://unknown.example/*`"),
            ("https://*", "ISSUER/SUBJECT"),
            ("unknown.example", "`unknown.example/*`"),
            (
                "https://tenant.auth0.com/alice",
                "`https://tenant.auth0.com//alice`",
            ),
        ] {
            let (message, said) = wrong(value, &ISSUERS).unwrap_or_default();
            assert!(said.contains(help), "{value}: {message}: {said}");
        }
    }
}
