//! PW011: a port that `excludeInboundPorts` excludes from the server's Envoy, and that clients still call with mutual
//! TLS: they decide by the label of the endpoint, not by its ports.

use peerwarden_documents::diagnostic::{Diagnostic, Severity};
use peerwarden_documents::yaml::Node;
use peerwarden_engine::resource::MtlsMode;

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

const HELP: &str =
    "write a `DestinationRule` for the service, with `mode: DISABLE` for this port in `portLevelSettings`";

fn find(context: &Context<'_>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for workload in &context.workloads {
        let Some(modes) = context.modes(&workload.selected()) else {
            continue;
        };
        let services = workload.services(context.others);
        for (port, node) in excluded(workload) {
            // Automatic mutual TLS is not used for such a port.
            if modes.mtls_mode(port).0 == MtlsMode::Disable {
                continue;
            }
            let called: Vec<&ServicePort<'_>> =
                services.iter().filter(|service| service.target == port).collect();
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
                let message = format!(
                    "port {port} bypasses Envoy, but clients use mutual TLS on it, as port {} of service {}: {why}",
                    service.number, service.service
                );
                found.push(LINT.of_workload(workload, &message, node).help(HELP));
            }
        }
    }
    found
}

/// The ports that a workload excludes from its Envoy, and the place where it does.
pub(crate) fn excluded<'d>(workload: &Workload<'d>) -> Vec<(u16, &'d Node)> {
    let Some(node) = workload.annotation(EXCLUDED) else {
        return Vec::new();
    };
    let written = node.as_str().unwrap_or_default().split(',');
    let ports = written.filter_map(|port| port.trim().parse().ok());
    ports.chain(node.as_port()).map(|port| (port, node)).collect()
}
