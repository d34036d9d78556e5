//! PW009: a port that accepts plaintext and mutual TLS, and on which the server speaks first.
//!
//! Envoy distinguishes the two by the client's first bytes, and a plaintext client of such a protocol waits for the server's. So both
//! wait (<https://istio.io/latest/docs/ops/deployment/application-requirements/#server-first-protocols>). That page lists MongoDB too,
//! whose clients speak first: <https://www.mongodb.com/docs/manual/reference/mongodb-wire-protocol/>.

use std::collections::BTreeSet;

use peerwarden_documents::diagnostic::{Diagnostic, Severity};
use peerwarden_documents::kinds::DEFAULT;
use peerwarden_engine::RuleId;
use peerwarden_engine::document::Path;
use peerwarden_engine::resource::MtlsMode;

use crate::context::Context;
use crate::lint::{Finder, Lint};
use crate::workload::{Workload, sets, title};

pub(crate) const LINT: Lint = Lint {
    code: "PW009",
    name: "server-first",
    severity: Severity::Warning,
    summary: "a server-first port under PERMISSIVE",
    page: include_str!("../../../../docs/lints/PW009.md"),
    find: Finder::All(find),
};

/// The ports of such protocols that Istio knows, and FTP, POP3 and IMAP.
const PORTS: [(u16, &str); 6] = [
    (21, "FTP"),
    (25, "SMTP"),
    (53, "DNS"),
    (110, "POP3"),
    (143, "IMAP"),
    (3306, "MySQL"),
];

/// What a port is called by whose name, or `appProtocol`, says what it speaks: the first part, as Istio reads it.
const NAMES: [(&str, &str); 6] = [
    ("mysql", "MySQL"),
    ("mariadb", "MySQL"),
    ("smtp", "SMTP"),
    ("ftp", "FTP"),
    ("pop3", "POP3"),
    ("imap", "IMAP"),
];

const HELP: &str = "set the port to STRICT or DISABLE in `portLevelMtls`";

fn find(context: &Context<'_>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let mut said = BTreeSet::new();
    for workload in &context.workloads {
        let Some(modes) = context.modes(&workload.selected()) else {
            continue;
        };
        let services = workload.services(context.others);
        for port in workload.ports() {
            let to_it = services.iter().filter(|service| service.target == port.number);
            let by_services = to_it.filter_map(|service| {
                named(service.app_protocol)
                    .or_else(|| named(service.name))
                    .or_else(|| numbered(service.number))
            });
            let protocol = named(port.name)
                .or_else(|| numbered(port.number))
                .or_else(|| by_services.into_iter().next());
            let (Some(protocol), Some(by)) = (protocol, sets(&modes, port.number, MtlsMode::Permissive))
            else {
                continue;
            };
            // Samples in `default` are not applied together with those of other folders.
            if workload.namespace == DEFAULT && !is_together(context, workload, by) {
                continue;
            }
            said.insert((by.namespace.to_string(), by.name.to_string(), port.number));
            let message = format!(
                "on port {} the server speaks first ({protocol}), and {} makes the port PERMISSIVE: a plaintext \
                 client and Envoy wait for each other",
                port.number,
                title(by)
            );
            found.push(LINT.of_workload(workload, &message, port.node).help(HELP));
        }
    }
    found.extend(by_number(context, &said));
    found
}

/// Whether a workload and the document that sets its mode are of one folder, or of one below the other.
fn is_together(context: &Context<'_>, workload: &Workload<'_>, by: &RuleId) -> bool {
    let mut modes = context.peer_authentications.iter();
    modes.any(|modes| {
        let metadata = &modes.written.metadata;
        *metadata.namespace == *by.namespace
            && *metadata.name == *by.name
            && context.is_beside(&workload.source, &modes.document.source)
    })
}

/// Findings by the port numbers in `portLevelMtls` alone.
fn by_number(context: &Context<'_>, said: &BTreeSet<(String, String, u16)>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for of in &context.peer_authentications {
        let (namespace, name) = (&of.written.metadata.namespace, &of.written.metadata.name);
        for (port, mode) in &of.written.port_level {
            let known = said.contains(&(namespace.clone(), name.clone(), *port));
            let Some(protocol) = numbered(*port).filter(|_| *mode == MtlsMode::Permissive && !known) else {
                continue;
            };
            let message = format!(
                "PeerAuthentication {namespace}/{name}: port {port} is for {protocol}, where the server speaks \
                 first; under PERMISSIVE, a plaintext client and Envoy wait for each other"
            );
            let at = Path::keys(["spec", "portLevelMtls"]);
            let place = of.document.place(&at.key(&port.to_string()), true);
            found.push(LINT.found(message).at(place).help(HELP));
        }
    }
    found
}

fn numbered(port: u16) -> Option<&'static str> {
    PORTS
        .iter()
        .find(|(known, _)| *known == port)
        .map(|(_, protocol)| *protocol)
}

fn named(name: &str) -> Option<&'static str> {
    let first = name.split('-').next().unwrap_or_default();
    let known = NAMES.iter().find(|(known, _)| known.eq_ignore_ascii_case(first));
    known.map(|(_, protocol)| *protocol)
}
