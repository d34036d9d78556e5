//! PW018: an ALLOW rule that depends on a header that any client can send.
//!
//! Proxies set these headers for clients that they trust, and pass them on unchanged from everyone else.

use std::collections::BTreeSet;

use peerwarden_documents::diagnostic::{Diagnostic, Severity};
use peerwarden_documents::yaml::{Node, Tree};
use peerwarden_engine::resource::Action;

use crate::context::{Context, Policy};
use crate::lint::{Finder, Finding, Lint};
use crate::values::{List, lists};

pub(crate) const LINT: Lint = Lint {
    code: "PW018",
    name: "forgeable-header",
    severity: Severity::Warning,
    summary: "a header that clients can forge lets requests in",
    page: include_str!("../../../../docs/lints/PW018.md"),
    find: Finder::All(find),
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

/// Words in the names of headers that describe the user, such as `x-user-role`; and in names of headers that do not.
const OF_USERS: [&str; 11] = [
    "user",
    "userid",
    "username",
    "role",
    "roles",
    "admin",
    "group",
    "groups",
    "permission",
    "permissions",
    "internal",
];
const NOT_OF_USERS: [&str; 7] = ["agent", "token", "secret", "key", "signature", "password", "jwt"];

fn find(context: &Context<'_>) -> Vec<Diagnostic> {
    let replaced = by_routes(context);
    let of_policy = |policy| {
        let findings = of(context, policy, &replaced).into_iter();
        findings.map(|finding| finding.in_policy(&LINT, policy))
    };
    context.policies.iter().flat_map(of_policy).collect()
}

fn of(context: &Context<'_>, policy: &Policy<'_>, replaced: &BTreeSet<String>) -> Vec<Finding> {
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
        let survives = || !replaced.contains(&header) && !is_of_token(context, policy, &header);
        if lets_in && !names_who(&lists, list.rule) && survives() {
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
        || describes_user(header)
}

fn describes_user(header: &str) -> bool {
    let has = |words: &[&str]| header.split(['-', '_']).any(|word| words.contains(&word));
    has(&OF_USERS) && !has(&NOT_OF_USERS)
}

/// Whether the filter that verifies tokens writes the header, so that the client's own does not survive.
fn is_of_token(context: &Context<'_>, policy: &Policy<'_>, header: &str) -> bool {
    let near = context.request_authentications.iter().filter(|tokens| {
        let of = &tokens.written.metadata.namespace;
        context.is_near(of, &policy.written.metadata.namespace)
    });
    let mut rules = near.flat_map(|tokens| &tokens.written.rules);
    rules.any(|rule| {
        let claims = rule.output_claim_to_headers.iter().map(|claim| &claim.header);
        let mut headers = claims.chain(&rule.output_payload_to_header);
        headers.any(|written| written.eq_ignore_ascii_case(header))
    })
}

/// The headers that a `VirtualService` among the documents sets or removes in requests, in lower case.
fn by_routes(context: &Context<'_>) -> BTreeSet<String> {
    let mut headers = BTreeSet::new();
    for route in context.others.of_kind("VirtualService") {
        add_replaced(&route.node, &mut headers);
    }
    headers
}

fn add_replaced(node: &Node, headers: &mut BTreeSet<String>) {
    match &node.tree {
        Tree::Object(entries) => {
            if let Some(request) = node.at(&["headers", "request"]) {
                let set = request.get("set").map(Node::entries).unwrap_or_default().iter();
                headers.extend(set.map(|entry| entry.name.to_ascii_lowercase()));
                let removed = request
                    .get("remove")
                    .and_then(Node::as_list)
                    .unwrap_or_default()
                    .iter();
                headers.extend(removed.filter_map(Node::as_str).map(str::to_ascii_lowercase));
            }
            entries
                .iter()
                .for_each(|entry| add_replaced(&entry.value, headers));
        }
        Tree::List(items) => items.iter().for_each(|item| add_replaced(item, headers)),
        Tree::Null | Tree::Bool(_) | Tree::Number(_) | Tree::String(_) => {}
    }
}

/// Whether a rule restricts who may send the header, by certificate or by the address of the connection.
pub(crate) fn names_who(lists: &[List<'_>], rule: usize) -> bool {
    let of_rule = lists.iter().filter(|list| list.rule == rule && !list.negative);
    let mut who = of_rule.filter(|list| list.is_identity() || matches!(list.field, "ipBlocks" | "source.ip"));
    who.any(|list| !list.values.iter().any(|value| value == "*"))
}
