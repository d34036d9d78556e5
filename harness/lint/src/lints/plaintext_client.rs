//! PW047: a `DestinationRule` that makes clients call a STRICT port without the mesh's mutual TLS.
//!
//! Every such connection is reset
//! (<https://istio.io/latest/docs/ops/common-problems/network-issues/#service-unavailable-errors-after-setting-destination-rule>).

use peerwarden_documents::diagnostic::{Diagnostic, Severity};
use peerwarden_documents::documents::Document;
use peerwarden_documents::yaml::{self, Node};
use peerwarden_engine::document::Path;
use peerwarden_engine::resource::MtlsMode;

use crate::context::Context;
use crate::destination_rule::{is_for, mode, namespace, subset_modes};
use crate::lint::{Finder, Lint};
use crate::lints::excluded_port::excluded;
use crate::workload::{Workload, sets, title};

pub(crate) const LINT: Lint = Lint {
    code: "PW047",
    name: "plaintext-client",
    severity: Severity::Warning,
    summary: "clients without mutual TLS for a STRICT port",
    page: include_str!("../../../../docs/lints/PW047.md"),
    find: Finder::All(find),
};

/// Modes that are not the mesh's own.
const OTHERS: [&str; 3] = ["DISABLE", "SIMPLE", "MUTUAL"];

fn find(context: &Context<'_>) -> Vec<Diagnostic> {
    let rules = context.others.of_kind("DestinationRule");
    rules.filter_map(|rule| of_rule(context, rule)).collect()
}

/// One finding for a rule, at the first wrong mode.
fn of_rule(context: &Context<'_>, rule: &Document) -> Option<Diagnostic> {
    let find = |workload| of_workload(context, rule, workload);
    match namespace(rule) {
        Some(namespace) => context.workloads_of(namespace).find_map(find),
        None => context.workloads.iter().find_map(find),
    }
}

fn of_workload(context: &Context<'_>, rule: &Document, workload: &Workload<'_>) -> Option<Diagnostic> {
    let services = workload.services(context.others);
    let mut named = services
        .iter()
        .filter(|service| is_for(rule, service.service, &workload.namespace))
        .peekable();
    named.peek()?;
    let modes = context.modes(&workload.selected())?;
    let excluded = excluded(workload);
    named.find_map(|service| {
        let port = service.target;
        let by = sets(&modes, port, MtlsMode::Strict)?;
        if excluded.iter().any(|(other, _)| *other == port) {
            return None;
        }
        let written = mode(rule, service.number)
            .into_iter()
            .chain(subset_modes(rule, service.number));
        let (node, mode) = written
            .filter_map(|node| Some((node, node.as_str()?)))
            .find(|(_, mode)| OTHERS.contains(mode))?;
        let metadata = |name| {
            rule.node
                .at(&["metadata", name])
                .and_then(Node::as_str)
                .unwrap_or("default")
        };
        let message = format!(
            "DestinationRule {}/{}: clients call port {} of service {} with {mode}, but {} makes port {port} of {} STRICT",
            metadata("namespace"),
            metadata("name"),
            service.number,
            service.service,
            title(by),
            workload.title,
        );
        let mut found = LINT
            .found(message)
            .at(yaml::place(&rule.source, &node.location))
            .help("write `mode: ISTIO_MUTUAL`, or remove `tls`: the mesh then uses mutual TLS by itself");
        let strict = context.peer_authentications.iter().find(|modes| {
            let metadata = &modes.written.metadata;
            *metadata.namespace == *by.namespace && *metadata.name == *by.name
        });
        if let Some(strict) = strict {
            let place = strict.document.place(&Path::keys(["spec"]), false);
            found = found.also(place, "STRICT here");
        }
        Some(found)
    })
}
