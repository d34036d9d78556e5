//! PW042: a `RequestAuthentication` whose workloads have no policy that requires a token.
//!
//! It refuses bad tokens, and allows requests without one
//! (<https://istio.io/latest/docs/reference/config/security/request_authentication/>). It is reported only if the
//! documents cover its workloads: with a policy or a workload in its namespace. The application may require the token
//! itself if a header gives it the claims, and routes of a gateway may require claims.

use peerwarden_documents::diagnostic::{Diagnostic, Severity};
use peerwarden_engine::document::Path;

use crate::comments;
use crate::context::{Context, Policy, Tokens};
use crate::lint::{Finder, Lint};
use crate::tokens;
use crate::values::lists;

pub(crate) const LINT: Lint = Lint {
    code: "PW042",
    name: "token-not-required",
    severity: Severity::Warning,
    summary: "a RequestAuthentication that keeps nobody out",
    page: include_str!("../../../../docs/lints/PW042.md"),
    find: Finder::All(find),
};

/// The prefix of claims in routes: <https://istio.io/latest/docs/tasks/security/authentication/jwt-route/>.
const ROUTED: &str = "@request.auth.claims";

fn find(context: &Context<'_>) -> Vec<Diagnostic> {
    let routes = || context.others.of_kind("VirtualService");
    let are_routed = routes().any(|route| route.source.text.contains(ROUTED));
    let unasked = context.request_authentications.iter().filter(|tokens| {
        !are_routed
            && verifies(tokens)
            && is_here(context, tokens)
            && !is_asked(context, tokens)
            && !is_of_issuer(tokens)
            && !is_meant(tokens)
    });
    unasked.map(finding).collect()
}

/// Whether it has rules, and passes nothing that it verified to the application.
fn verifies(tokens: &Tokens<'_>) -> bool {
    let rules = &tokens.written.rules;
    let mut told = rules
        .iter()
        .map(|rule| rule.output_payload_to_header.is_some() || !rule.output_claim_to_headers.is_empty());
    !rules.is_empty() && !told.any(|told| told)
}

/// Whether its workload is the issuer itself, where people come to get a token.
fn is_of_issuer(tokens: &Tokens<'_>) -> bool {
    let labels = tokens
        .written
        .selector
        .iter()
        .flat_map(|selector| &selector.match_labels);
    let names: Vec<&str> = labels.map(|(_, value)| value.as_str()).collect();
    let host = |issuer: &str| {
        issuer
            .split("://")
            .nth(1)
            .and_then(|rest| rest.split(['.', '/', ':']).next().map(str::to_owned))
    };
    let mut hosts = tokens.written.rules.iter().filter_map(|rule| host(&rule.issuer));
    hosts.any(|host| names.contains(&host.as_str()))
}

/// What a comment says where a token is not meant to be required.
const OPTIONAL: [&str; 5] = [
    "optional",
    "unauthenticated",
    "anonymous",
    "without a token",
    "without token",
];

/// Whether the comment above it speaks of the policy that is not there, or says that requests without a token are meant to get in.
fn is_meant(tokens: &Tokens<'_>) -> bool {
    let place = tokens.document.place(&Path::keys(["apiVersion"]), true);
    let comment = comments::above(&place);
    let says_optional = |line: &str| {
        let line = line.to_ascii_lowercase();
        OPTIONAL.iter().any(|word| line.contains(word))
    };
    comment
        .iter()
        .any(|line| line.contains("AuthorizationPolicy") || says_optional(line))
}

fn is_here(context: &Context<'_>, tokens: &Tokens<'_>) -> bool {
    let namespace = &tokens.written.metadata.namespace;
    let mut policies = context.policies.iter();
    let mut workloads = context.workloads.iter();
    policies.any(|policy| policy.written.metadata.namespace == *namespace)
        || workloads.any(|workload| workload.namespace == *namespace)
}

fn is_asked(context: &Context<'_>, tokens: &Tokens<'_>) -> bool {
    let asks = |policy: &&Policy<'_>| {
        !policy.is_dry_run() && lists(&policy.written).iter().any(|list| list.is_token())
    };
    let mut asking = context.policies.iter().filter(asks);
    asking.any(|policy| tokens::applies(context, tokens, policy))
}

fn finding(tokens: &Tokens<'_>) -> Diagnostic {
    let message = format!(
        "{}: no policy of its workloads asks for a token, so requests without one get in",
        tokens.title()
    );
    LINT.found(message)
        .at(tokens.document.place(&Path::keys(["spec", "jwtRules"]), false))
        .help("write an AuthorizationPolicy that does: ALLOW `requestPrincipals: [\"*\"]`, or DENY `notRequestPrincipals: [\"*\"]`")
}
