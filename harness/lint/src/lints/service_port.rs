//! PW032: a port that clients call, and that the workload does not have.
//!
//! `ports` and `destination.port` are ports of the workload, the `targetPort` of a service.

use peerwarden_documents::diagnostic::{Diagnostic, Severity};
use peerwarden_engine::document::Path;
use peerwarden_engine::resource::MtlsMode;

use crate::context::{Context, Modes, Policy};
use crate::lint::{Finder, Finding, Lint};
use crate::values::lists;
use crate::workload::{ServicePort, Workload};

pub(crate) const LINT: Lint = Lint {
    code: "PW032",
    name: "service-port",
    severity: Severity::Warning,
    summary: "the service's port instead of the workload's",
    page: include_str!("../../../../docs/lints/PW032.md"),
    find: Finder::Each {
        policy: of_policy,
        modes: of_modes,
    },
};

/// The services' ports of some workloads, and their own.
struct Ports<'c> {
    services: Vec<ServicePort<'c>>,
    own: Vec<u16>,
}

impl<'c> Ports<'c> {
    fn of(context: &'c Context<'_>, manifests: &[&Workload<'_>]) -> Self {
        let services = manifests
            .iter()
            .flat_map(|manifest| manifest.services(context.others));
        let own = manifests
            .iter()
            .flat_map(|manifest| manifest.protocols(context.others).into_keys());
        Self {
            services: services.collect(),
            own: own.collect(),
        }
    }

    /// The service with this port, if no workload has it, and the workload's port.
    fn of_service(&self, port: u16) -> Option<&ServicePort<'c>> {
        let services = || self.services.iter();
        services()
            .find(|service| service.number == port)
            .filter(|_| !self.own.contains(&port))
    }
}

fn finding(path: Path, port: u16, service: &ServicePort<'_>, write: &str) -> Finding {
    let message = format!(
        "{port} is the port of service {}; policies are about the workload's port, {}",
        service.service, service.target
    );
    Finding::new(path, message, format!("write `{write}`"))
}

fn of_modes(context: &Context<'_>, modes: &Modes<'_>) -> Vec<Diagnostic> {
    let ports = Ports::of(context, &context.governed(modes));
    let named = modes.written.port_level.iter();
    let finding = |(port, _): &(u16, MtlsMode)| {
        let service = ports.of_service(*port)?;
        let path = Path::keys(["spec", "portLevelMtls", &port.to_string()]);
        let finding = finding(path, *port, service, &service.target.to_string()).on_key();
        Some(finding.in_document(&LINT, modes.document, &modes.title()))
    };
    named.filter_map(finding).collect()
}

fn of_policy(context: &Context<'_>, policy: &Policy<'_>) -> Vec<Diagnostic> {
    let lists = lists(&policy.written);
    let mut of_ports = lists.iter().filter(|list| list.is_port()).peekable();
    if of_ports.peek().is_none() {
        return Vec::new();
    }
    let targets = context.targets(policy);
    let manifests: Vec<_> = targets.iter().filter_map(|target| target.manifest).collect();
    let ports = Ports::of(context, &manifests);
    let mut found = Vec::new();
    for (path, value) in of_ports.flat_map(|list| list.each().collect::<Vec<_>>()) {
        let port = value.parse::<u16>().ok();
        if let Some((port, service)) = port.and_then(|port| Some((port, ports.of_service(port)?))) {
            let write = format!("\"{}\"", service.target);
            found.push(finding(path, port, service, &write).in_policy(&LINT, policy));
        }
    }
    found
}
