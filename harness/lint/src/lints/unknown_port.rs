//! PW046: a port that no container declares, no service targets and no probe uses.

use peerwarden_documents::diagnostic::{Diagnostic, Severity};
use peerwarden_engine::document::Path;

use crate::context::{Context, Modes, Policy};
use crate::lint::{Finder, Finding, Lint};
use crate::values::lists;
use crate::workload::Workload;

pub(crate) const LINT: Lint = Lint {
    code: "PW046",
    name: "unknown-port",
    severity: Severity::Warning,
    summary: "a port that no container of the workload has",
    page: include_str!("../../../../docs/lints/PW046.md"),
    find: Finder::Each {
        policy: of_policy,
        modes: of_modes,
    },
};

/// Ports of Istio's proxy itself (<https://istio.io/latest/docs/ops/deployment/application-requirements/#ports-used-by-istio>).
const OF_ISTIO: [u16; 9] = [15000, 15001, 15004, 15006, 15008, 15009, 15020, 15021, 15090];

fn of_policy(context: &Context<'_>, policy: &Policy<'_>) -> Vec<Diagnostic> {
    let written = &policy.written;
    let lists = lists(written);
    let named = lists.iter().filter(|list| list.is_port());
    let mut named = named.filter(|list| !list.negative).peekable();
    if named.peek().is_none() {
        return Vec::new();
    }
    let targets = context.targets(policy);
    let manifests: Option<Vec<_>> = targets.iter().map(|target| target.manifest).collect();
    let Some(ports) = manifests.and_then(|manifests| KnownPorts::of(context, &manifests)) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    for list in named {
        for (path, value) in list.each() {
            let Some(message) = value.parse().ok().and_then(|port| ports.unknown(port)) else {
                continue;
            };
            let finding = Finding::new(path, message, ports.help());
            let finding = finding.grave_if(list.shuts_out(written.action));
            found.push(finding.in_policy(&LINT, policy));
        }
    }
    found
}

fn of_modes(context: &Context<'_>, modes: &Modes<'_>) -> Vec<Diagnostic> {
    let written = &modes.written;
    let manifests = context.governed(modes);
    let Some(ports) = KnownPorts::of(context, &manifests) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    for (port, _) in &written.port_level {
        let Some(message) = ports.unknown(*port) else {
            continue;
        };
        let path = Path::keys(["spec", "portLevelMtls", &port.to_string()]);
        let finding = Finding::new(path, message, ports.help()).on_key();
        found.push(finding.in_document(&LINT, modes.document, &modes.title()));
    }
    found
}

/// The ports of some workloads, all of which declare theirs.
struct KnownPorts {
    title: String,
    declared: Vec<u16>,
    /// Also the ports that something else mentions.
    all: Vec<u16>,
}

impl KnownPorts {
    fn of(context: &Context<'_>, manifests: &[&Workload<'_>]) -> Option<Self> {
        let mut known = Self {
            title: manifests.first()?.title.clone(),
            declared: Vec::new(),
            all: OF_ISTIO.to_vec(),
        };
        for manifest in manifests {
            let ports = manifest.ports();
            // One that declares no port may listen on any.
            if ports.is_empty() {
                return None;
            }
            known.declared.extend(ports.iter().map(|port| port.number));
            let services = manifest.services(context.others);
            // PW032 reports a service's port in place of the workload's.
            known.all.extend(
                services
                    .iter()
                    .flat_map(|service| [service.number, service.target]),
            );
            known.all.extend(manifest.asked_ports());
        }
        if manifests.len() > 1 {
            known.title = format!("{} and {} more", known.title, manifests.len() - 1);
        }
        known.declared.sort_unstable();
        known.declared.dedup();
        Some(known)
    }

    fn unknown(&self, port: u16) -> Option<String> {
        let is_known = self.declared.contains(&port) || self.all.contains(&port);
        (!is_known).then(|| format!("no container of {} has port {port}", self.title))
    }

    fn help(&self) -> String {
        let ports: Vec<String> = self
            .declared
            .iter()
            .take(8)
            .map(|port| format!("`{port}`"))
            .collect();
        format!(
            "write one of its ports ({}), or add the port to the container",
            ports.join(", ")
        )
    }
}
