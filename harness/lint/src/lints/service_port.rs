//! PW032: a port that clients call, and that the workload does not have.
//!
//! `ports` and `destination.port` are ports of the workload, the `targetPort` of a service.

use peerwarden_documents::diagnostic::{Diagnostic, Severity};

use crate::context::{Context, Policy};
use crate::lint::{Find, Finding, Lint};
use crate::values::lists;

pub(crate) const LINT: Lint = Lint {
    code: "PW032",
    name: "service-port",
    severity: Severity::Warning,
    summary: "the service's port instead of the workload's",
    page: include_str!("../../../../docs/lints/PW032.md"),
    find: Find::All(find),
};

fn find(context: &Context<'_>) -> Vec<Diagnostic> {
    context
        .policies
        .iter()
        .flat_map(|policy| of_policy(context, policy))
        .collect()
}

fn of_policy(context: &Context<'_>, policy: &Policy<'_>) -> Vec<Diagnostic> {
    let lists = lists(&policy.written);
    let mut of_ports = lists.iter().filter(|list| list.is_port()).peekable();
    if of_ports.peek().is_none() {
        return Vec::new();
    }
    let targets = context.targets(policy);
    let manifests: Vec<_> = targets.iter().filter_map(|target| target.manifest).collect();
    let services: Vec<_> = manifests
        .iter()
        .flat_map(|manifest| manifest.services(context.others))
        .collect();
    let ports: Vec<u16> = manifests
        .iter()
        .flat_map(|manifest| manifest.protocols(context.others).into_keys())
        .collect();
    let mut found = Vec::new();
    for (path, value) in of_ports.flat_map(|list| list.each().collect::<Vec<_>>()) {
        let Some(port) = value.parse::<u16>().ok().filter(|port| !ports.contains(port)) else {
            continue;
        };
        if let Some(service) = services.iter().find(|service| service.number == port) {
            let message = format!(
                "{port} is the port of service {}; policies are about the workload's port, {}",
                service.service, service.target
            );
            let finding = Finding::new(path, message, format!("write `\"{}\"`", service.target));
            found.push(finding.in_policy(&LINT, policy));
        }
    }
    found
}
