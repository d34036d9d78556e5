//! PW059: a workload that a `VirtualService` leads to from a gateway, and whose policies let no gateway in.

use std::collections::BTreeSet;

use peerwarden_documents::diagnostic::{Diagnostic, Severity};
use peerwarden_documents::documents::Document;
use peerwarden_documents::kinds::DEFAULT;
use peerwarden_documents::yaml::Node;
use peerwarden_engine::document::Path;
use peerwarden_engine::resource::{Action, Rule};

use crate::context::{Context, Policy};
use crate::gateway;
use crate::lint::{Finder, Finding, Lint};
use crate::workload::Workload;

pub(crate) const LINT: Lint = Lint {
    code: "PW059",
    name: "gateway-left-out",
    severity: Severity::Warning,
    summary: "a workload behind a gateway that its policies do not let in",
    page: include_str!("../../../../docs/lints/PW059.md"),
    find: Finder::All(find),
};

fn find(context: &Context<'_>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    // One policy may close many workloads to the gateway.
    let mut said = BTreeSet::new();
    for route in context
        .others
        .of_kind("VirtualService")
        .filter(|route| is_of_gateway(route))
    {
        for (service, namespace) in destinations(route) {
            let leads_to = |workload: &&Workload<'_>| {
                let mut services = workload.services(context.others).into_iter();
                services.any(|port| port.service == service)
            };
            let workload = context.workloads_of(&namespace).find(leads_to);
            let who = workload.map_or_else(
                || format!("service {namespace}/{service}"),
                |workload| workload.title.clone(),
            );
            if let Some(policy) = closed_by(context, &namespace, workload)
                && said.insert(policy.title())
            {
                found.push(told(route, &who, policy));
            }
        }
    }
    found
}

fn told(route: &Document, who: &str, policy: &Policy<'_>) -> Diagnostic {
    let name = route.node.at(&["metadata", "name"]).and_then(Node::as_str);
    let message = format!(
        "VirtualService `{}` leads from a gateway to {who}, and no ALLOW for it lets a gateway in",
        name.unwrap_or_default(),
    );
    let help = "allow the gateway's service account too, such as `cluster.local/ns/istio-system/sa/istio-ingressgateway-service-account`";
    let place = route.place(&Path::keys(["spec", "gateways"]), true);
    let finding = Finding::new(Path::keys(["spec", "rules"]), message, help).on_key();
    finding.in_policy(&LINT, policy).also(place, "from here")
}

/// Whether a route is for a gateway, and not only for the mesh.
fn is_of_gateway(route: &Document) -> bool {
    let gateways = route.node.at(&["spec", "gateways"]).and_then(Node::as_list);
    let mut names = gateways.unwrap_or_default().iter().filter_map(Node::as_str);
    names.any(|name| name != "mesh")
}

/// The services that a route leads to, each with its namespace.
fn destinations(route: &Document) -> BTreeSet<(String, String)> {
    let own = route
        .node
        .at(&["metadata", "namespace"])
        .and_then(Node::as_str)
        .unwrap_or(DEFAULT);
    let list = |node: &'_ Node, name: &str| {
        node.get(name)
            .and_then(Node::as_list)
            .map(<[Node]>::to_vec)
            .unwrap_or_default()
    };
    let spec = route.node.get("spec");
    let routes = spec
        .into_iter()
        .flat_map(|spec| ["http", "tls", "tcp"].map(|kind| list(spec, kind)).concat());
    let targets = routes.flat_map(|route| list(&route, "route"));
    let hosts = targets.filter_map(|target| target.at(&["destination", "host"])?.as_str().map(str::to_owned));
    let of_host = |host: String| {
        let mut parts = host.split('.');
        let service = parts.next().unwrap_or_default().to_owned();
        (service, parts.next().unwrap_or(own).to_owned())
    };
    hosts.map(of_host).collect()
}

/// The policy to show if the policies of a workload let somebody in and no gateway. A workload that is not among the documents may be selected by
/// any policy of its namespace, and is by those without a selector.
fn closed_by<'c, 'd>(
    context: &'c Context<'d>,
    namespace: &str,
    workload: Option<&Workload<'_>>,
) -> Option<&'c Policy<'d>> {
    // A gateway may be a workload of the same namespace.
    let is_gateway = |other: &Workload<'_>| {
        let mut labels = other
            .labels()
            .iter()
            .map(|(name, value)| (name.clone(), value.clone()));
        let is_named = ["gateway", "ingress"]
            .iter()
            .any(|word| other.title.contains(word));
        is_named || labels.any(|label| gateway::is_label(&label))
    };
    if context.workloads_of(namespace).any(is_gateway) {
        return None;
    }
    let mut shown = None;
    for policy in &context.policies {
        let written = &policy.written;
        let own = written.metadata.namespace.as_str();
        let may_apply = match workload {
            Some(workload) => context.applies_to(policy, &workload.selected()),
            None => context.is_near(own, namespace),
        };
        let lets_in = matches!(written.action, Action::Allow | Action::Custom) && !policy.is_dry_run();
        if !may_apply || !lets_in {
            continue;
        }
        let is_for_all = written.selector.is_none() && written.target_refs.is_empty();
        for rule in written.rules.iter().flatten() {
            if !is_inside(rule, namespace) {
                return None;
            }
            if workload.is_some() || is_for_all {
                shown.get_or_insert(policy);
            }
        }
    }
    shown
}

/// Whether a rule is only about peers of the workload's own namespace. A policy of the root namespace may name any other, the gateway's among them.
fn is_inside(rule: &Rule, own: &str) -> bool {
    let Some(sources) = rule.from.as_deref() else {
        return false;
    };
    let of_own = |value: &String| {
        let parts: Vec<&str> = value.split('/').collect();
        let is_gateway = value.contains("gateway") || value.contains("ingress");
        matches!(parts.as_slice(), [_, "ns", namespace, "sa", _] if *namespace == own) && !is_gateway
    };
    !sources.is_empty()
        && sources.iter().all(|source| {
            let by_name = !source.principals.is_empty() && source.principals.iter().all(of_own);
            let by_namespace =
                !source.namespaces.is_empty() && source.namespaces.iter().all(|name| name == own);
            by_name || by_namespace
        })
}
