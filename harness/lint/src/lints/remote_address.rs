//! PW019: `remoteIpBlocks` or `remote.ip` at a workload that is not a gateway.
//!
//! Its Envoy reads the address from `X-Forwarded-For` as the caller wrote it
//! (<https://istio.io/latest/docs/ops/configuration/traffic-management/network-topologies/>).

use peerwarden_documents::diagnostic::{Diagnostic, Severity};
use peerwarden_documents::yaml::Node;

use crate::context::{Context, Policy};
use crate::lint::{Finder, Finding, Lint};
use crate::lints::forgeable_header::names_who;
use crate::values::lists;
use crate::workload::Workload;

pub(crate) const LINT: Lint = Lint {
    code: "PW019",
    name: "remote-address",
    severity: Severity::Warning,
    summary: "a client address that any caller can write",
    page: include_str!("../../../../docs/lints/PW019.md"),
    find: Finder::All(find),
};

/// Labels of Istio's gateways, and of the Gateway API's.
const GATEWAY_LABELS: [&str; 3] = ["istio", "app", "gateway.networking.k8s.io/gateway-name"];

/// The annotation of a pod with the number of trusted proxies.
const PROXY_CONFIG: &str = "proxy.istio.io/config";

fn find(context: &Context<'_>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for policy in context.policies.iter().filter(|policy| !at_the_edge(policy)) {
        let trusting = |workload: &Workload<'_>| {
            let config = workload.annotation(PROXY_CONFIG).and_then(Node::as_str);
            config.is_some_and(|config| config.contains("numTrustedProxies"))
        };
        let targets = context.targets(policy);
        if targets.iter().all(|target| target.manifest.is_some_and(trusting)) {
            continue;
        }
        let lists = lists(&policy.written);
        for list in &lists {
            if matches!(list.field, "remoteIpBlocks" | "remote.ip") && !names_who(&lists, list.rule) {
                let finding = Finding::new(
                    list.path.clone(),
                    "away from a gateway, the client address is whatever the caller writes into `X-Forwarded-For`",
                    "decide on the address at the gateway, or name the gateway's `principals` beside it, or set \
                     `numTrustedProxies`",
                );
                found.push(finding.in_policy(&LINT, policy));
            }
        }
    }
    found
}

/// Whether it is for a gateway, judging by its selector, target or namespace.
pub(crate) fn at_the_edge(policy: &Policy<'_>) -> bool {
    let says = |text: &str| {
        ["gateway", "ingress", "edge"]
            .iter()
            .any(|word| text.contains(word))
    };
    let labels = policy
        .written
        .selector
        .iter()
        .flat_map(|selector| &selector.match_labels);
    let mut labels = labels.filter(|(name, _)| GATEWAY_LABELS.contains(&name.as_str()));
    labels.any(|(name, value)| says(name) || says(value))
        || says(&policy.written.metadata.namespace)
        || policy
            .written
            .target_refs
            .iter()
            .any(|target| target.kind == "Gateway")
}
