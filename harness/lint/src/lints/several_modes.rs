//! PW056: two `PeerAuthentication`s for the same workloads, with other modes.
//!
//! Of those of one namespace and selector the oldest counts
//! (<https://istio.io/latest/docs/concepts/security/#peer-authentication>), so the mode depends on the order in which they were created.

use std::collections::BTreeMap;

use peerwarden_documents::diagnostic::{Diagnostic, Severity};
use peerwarden_engine::document::Path;

use crate::context::{Context, Modes};
use crate::lint::{Finder, Lint};

pub(crate) const LINT: Lint = Lint {
    code: "PW056",
    name: "several-modes",
    severity: Severity::Warning,
    summary: "two PeerAuthentications for the same workloads",
    page: include_str!("../../../../docs/lints/PW056.md"),
    find: Finder::All(find),
};

/// A namespace, and the labels of a selector in order.
type Scope<'c> = (&'c str, Vec<&'c (String, String)>);

fn find(context: &Context<'_>) -> Vec<Diagnostic> {
    let mut first: BTreeMap<Scope<'_>, &Modes<'_>> = BTreeMap::new();
    let mut found = Vec::new();
    for modes in &context.peer_authentications {
        let written = &modes.written;
        if modes.is_replaced || modes.document.is_unplaced() {
            continue;
        }
        let mut labels: Vec<&(String, String)> = written.selector.match_labels.iter().collect();
        labels.sort();
        // In the root namespace a selector has no effect (PW031).
        if !labels.is_empty() && written.metadata.namespace == context.mesh.root_namespace {
            continue;
        }
        let other = *first
            .entry((&written.metadata.namespace, labels))
            .or_insert(modes);
        let is_same = (other.written.mode, &other.written.port_level) == (written.mode, &written.port_level);
        if is_same
            || other.written.metadata.name == written.metadata.name
            || !context.is_beside(&other.document.source, &modes.document.source)
        {
            continue;
        }
        let who = if written.selector.match_labels.is_empty() {
            "the whole namespace"
        } else {
            "the same workloads"
        };
        let message = format!(
            "{}: {} is for {who} too, with another mode: the one that was created first counts",
            modes.title(),
            other.title()
        );
        let place = |modes: &Modes<'_>| modes.document.place(&Path::keys(["metadata", "name"]), false);
        let finding = LINT.found(message).at(place(modes));
        found.push(
            finding
                .help("remove one of them")
                .also(place(other), "the other one"),
        );
    }
    found
}
