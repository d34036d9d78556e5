//! PW011: a port that `excludeInboundPorts` excludes from the server's Envoy, and that clients still call with mutual
//! TLS: they decide by the label of the endpoint, not by its ports.
//!
//! It is reported only where something says that the pods have an Envoy: some charts write the annotation always.

use peerwarden_documents::diagnostic::{Diagnostic, Severity};
use peerwarden_documents::documents::OtherDocuments;
use peerwarden_documents::yaml::Node;
use peerwarden_engine::resource::MtlsMode;

use crate::comments;
use crate::context::Context;
use crate::destination_rule;
use crate::lint::{Finder, Lint};
use crate::workload::{ServicePort, Workload};

pub(crate) const LINT: Lint = Lint {
    code: "PW011",
    name: "excluded-port",
    severity: Severity::Warning,
    summary: "an excluded port that clients call with mutual TLS",
    page: include_str!("../../../../docs/lints/PW011.md"),
    find: Finder::All(find),
};

const EXCLUDED: &str = "traffic.sidecar.istio.io/excludeInboundPorts";

const EXCLUDED_BY_CLIENTS: &str = "traffic.sidecar.istio.io/excludeOutboundPorts";

const HELP: &str =
    "write a `DestinationRule` for the service, with `mode: DISABLE` for this port in `portLevelSettings`";

fn find(context: &Context<'_>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for workload in context
        .workloads
        .iter()
        .filter(|workload| context.is_injected(workload))
    {
        let Some(modes) = context.modes(&workload.selected()) else {
            continue;
        };
        let services = workload.services(context.others);
        for (port, node) in excluded(workload) {
            // The comment above it says why.
            if !comments::above(&workload.place(node)).is_empty() {
                continue;
            }
            // Automatic mutual TLS does not call such a port by it.
            if modes.mtls_mode(port).0 == MtlsMode::Disable {
                continue;
            }
            let called = services.iter().filter(|service| service.target == port);
            // The API server calls a webhook, without mutual TLS.
            let called: Vec<&ServicePort<'_>> = called
                .filter(|service| !is_of_webhook(context.others, service.service, &workload.namespace))
                .collect();
            let called: Vec<&ServicePort<'_>> = called
                .into_iter()
                .filter(|service| !is_left_to_clients(context, workload, service.number))
                .collect();
            let mut message = None;
            for service in called {
                let rules: Vec<&str> = context
                    .others
                    .of_kind("DestinationRule")
                    .filter(|rule| destination_rule::is_for(rule, service.service, &workload.namespace))
                    .filter_map(|rule| destination_rule::mode(rule, service.number)?.as_str())
                    .collect();
                let why = match rules.as_slice() {
                    [] => "no `DestinationRule` turns it off",
                    // The workload's own TLS, which Envoy would pass on, or none.
                    modes
                        if modes
                            .iter()
                            .any(|mode| ["DISABLE", "SIMPLE", "MUTUAL"].contains(mode)) =>
                    {
                        continue;
                    }
                    _ => "a `DestinationRule` sets ISTIO_MUTUAL",
                };
                message.get_or_insert_with(|| format!(
                    "port {port} bypasses Envoy, but clients use mutual TLS on it, as port {} of service {}: {why}",
                    service.number, service.service
                ));
            }
            found.extend(message.map(|message| LINT.of_workload(workload, &message, node).help(HELP)));
        }
    }
    found
}

/// Whether a webhook's configuration names a service.
fn is_of_webhook(others: &OtherDocuments, name: &str, namespace: &str) -> bool {
    let is_it = |webhook: &Node| {
        let service = |field| {
            webhook
                .at(&["clientConfig", "service", field])
                .and_then(Node::as_str)
        };
        service("name") == Some(name) && service("namespace") == Some(namespace)
    };
    let configurations = others
        .all()
        .filter(|document| document.text("kind").ends_with("WebhookConfiguration"));
    let mut webhooks = configurations.flat_map(|document| {
        let webhooks = document.node.get("webhooks").and_then(Node::as_list);
        webhooks.unwrap_or_default()
    });
    webhooks.any(is_it)
}

/// The ports that a workload takes from its Envoy, and where it says so.
pub(crate) fn excluded<'d>(workload: &Workload<'d>) -> Vec<(u16, &'d Node)> {
    numbers(workload, EXCLUDED)
}

/// Whether other workloads of its namespace exclude a port from what they send by Envoy: then they do not call it by mutual TLS.
fn is_left_to_clients(context: &Context<'_>, server: &Workload<'_>, port: u16) -> bool {
    let mut clients = context
        .workloads_of(&server.namespace)
        .filter(|client| client.title != server.title);
    clients.any(|client| {
        numbers(client, EXCLUDED_BY_CLIENTS)
            .iter()
            .any(|(number, _)| *number == port)
    })
}

fn numbers<'d>(workload: &Workload<'d>, annotation: &str) -> Vec<(u16, &'d Node)> {
    let Some(node) = workload.annotation(annotation) else {
        return Vec::new();
    };
    let written = node.as_str().unwrap_or_default().split(',');
    let ports = written.filter_map(|port| port.trim().parse().ok());
    ports.chain(node.as_port()).map(|port| (port, node)).collect()
}
