//! PW018: an ALLOW rule that depends on a header that any client can send.
//!
//! Proxies set these headers for clients that they trust, and pass them on unchanged from everyone else.

use peerwarden_documents::diagnostic::Severity;
use peerwarden_engine::resource::Action;

use crate::context::Policy;
use crate::lint::{Finder, Finding, Lint};
use crate::values::{List, lists};

pub(crate) const LINT: Lint = Lint {
    code: "PW018",
    name: "forgeable-header",
    severity: Severity::Warning,
    summary: "a header that clients can forge lets requests in",
    page: include_str!("../../../../docs/lints/PW018.md"),
    find: Finder::Policy(find),
};

/// Headers in which proxies describe the client, the connection or the request.
const BY_PROXIES: [&str; 12] = [
    "forwarded",
    "x-real-ip",
    "x-client-ip",
    "x-cluster-client-ip",
    "true-client-ip",
    "cf-connecting-ip",
    "fastly-client-ip",
    "x-original-host",
    "x-original-uri",
    "x-original-url",
    "x-rewrite-url",
    "x-http-method-override",
];

/// Headers in which authenticating gateways describe the user.
const BY_GATEWAYS: [&str; 16] = [
    "remote-user",
    "x-remote-user",
    "x-user",
    "x-user-id",
    "x-user-email",
    "x-username",
    "x-role",
    "x-roles",
    "x-groups",
    "x-admin",
    "x-is-admin",
    "x-internal",
    "x-internal-request",
    "x-authenticated-user",
    "x-authenticated-userid",
    "x-consumer-username",
];

const PREFIXES: [&str; 6] = [
    "x-forwarded-",
    "x-envoy-",
    "x-auth-request-",
    "x-goog-authenticated-",
    "x-ms-client-principal",
    "x-amzn-oidc-",
];

fn find(policy: &Policy<'_>) -> Vec<Finding> {
    let lists = lists(&policy.written);
    let mut findings = Vec::new();
    for list in &lists {
        let Some(header) = list.header().filter(|name| is_forgeable(name)) else {
            continue;
        };
        // Under ALLOW the value that the header has, under DENY the value that it must lack to be allowed.
        let lets_in = match policy.written.action {
            Action::Allow => !list.negative,
            Action::Deny => list.negative,
            Action::Audit | Action::Custom => false,
        };
        if lets_in && !names_who(&lists, list.rule) {
            findings.push(Finding::new(
                list.path.clone(),
                format!("requests get in by the header `{header}`, which any client can send"),
                "name the trusted sender in `from`, such as the gateway's `principals`, and have it remove the \
                 header from clients' requests",
            ));
        }
    }
    findings
}

fn is_forgeable(header: &str) -> bool {
    BY_PROXIES.contains(&header)
        || BY_GATEWAYS.contains(&header)
        || PREFIXES.iter().any(|prefix| header.starts_with(prefix))
}

/// Whether a rule restricts who may send the header, by certificate or by the address of the connection.
pub(crate) fn names_who(lists: &[List<'_>], rule: usize) -> bool {
    let of_rule = lists.iter().filter(|list| list.rule == rule && !list.negative);
    let mut who = of_rule.filter(|list| list.is_identity() || matches!(list.field, "ipBlocks" | "source.ip"));
    who.any(|list| !list.values.iter().any(|value| value == "*"))
}
