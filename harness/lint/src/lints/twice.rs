//! PW004: two documents of the same kind, namespace and name.
//!
//! In a cluster the later one replaces the earlier; here both are enforced, so the check does not match the cluster.
//! Within one folder each is reported. Folders with documents of the same names are probably for different clusters:
//! they are reported once.

use std::collections::BTreeMap;
use std::path::Path;

use peerwarden_documents::count::counted;
use peerwarden_documents::diagnostic::{Diagnostic, Severity};
use peerwarden_documents::documents::Document;
use peerwarden_documents::identity::TwinFolders;
use peerwarden_engine::document;
use peerwarden_engine::resource::Metadata;

use crate::context::Context;
use crate::lint::{Finder, Lint};

pub(crate) const LINT: Lint = Lint {
    code: "PW004",
    name: "same-name",
    severity: Severity::Warning,
    summary: "two documents of the same kind, namespace and name",
    page: include_str!("../../../../docs/lints/PW004.md"),
    find: Finder::All(find),
};

/// The folder of a document, and its identity in a cluster.
type Identity<'d> = (&'d Path, &'static str, &'d str, &'d str);

fn find(context: &Context<'_>) -> Vec<Diagnostic> {
    let mut first: BTreeMap<Identity<'_>, String> = BTreeMap::new();
    let mut found = Vec::new();
    for (kind, metadata, document) in documents(context) {
        let identity = (
            document.source.folder(),
            kind,
            metadata.namespace.as_str(),
            metadata.name.as_str(),
        );
        let place = document.place(&document::Path::keys(["metadata", "name"]), false);
        let Some(first) = first.get(&identity) else {
            first.insert(identity, place.label());
            continue;
        };
        let message = format!(
            "duplicate {kind} {}/{}: in a cluster, this one replaces {first}",
            metadata.namespace, metadata.name
        );
        let diagnostic = LINT.found(message).at(place);
        found.push(diagnostic.help("rename or remove one of them"));
    }
    found.extend(
        TwinFolders::all(documents(context).map(|(_, _, document)| document))
            .iter()
            .map(folders),
    );
    found
}

/// Folders that share names: reported at the second document with one of the names.
fn folders(twins: &TwinFolders<'_>) -> Diagnostic {
    let name = |document: &Document| document.place(&document::Path::keys(["metadata", "name"]), false);
    let (first, second) = (name(twins.example.0), name(twins.example.1));
    let example = twins
        .identities
        .first()
        .map(ToString::to_string)
        .unwrap_or_default();
    let more = match twins.identities.len().saturating_sub(1) {
        0 => String::new(),
        more => format!(
            ", and {} of the same names",
            counted(more as u64, "other document")
        ),
    };
    let message = format!("{} have {example}{more}", twins.names());
    let help = format!(
        "if the folders are for different clusters, write `{}` into `peerwarden.toml`; otherwise rename or remove one",
        twins.setting()
    );
    LINT.found(message)
        .at(second)
        .also(first, "the same name")
        .help(help)
}

fn documents<'c>(
    context: &'c Context<'_>,
) -> impl Iterator<Item = (&'static str, &'c Metadata, &'c Document)> {
    let policies = context.policies.iter();
    let policies = policies.map(|policy| ("AuthorizationPolicy", &policy.written.metadata, policy.document));
    let modes = context.peer_authentications.iter();
    let modes = modes.map(|modes| ("PeerAuthentication", &modes.written.metadata, modes.document));
    let tokens = context.request_authentications.iter();
    let tokens = tokens.map(|tokens| ("RequestAuthentication", &tokens.written.metadata, tokens.document));
    policies.chain(modes).chain(tokens)
}
