//! PW031: a `PeerAuthentication` with a `selector` in the root namespace.
//!
//! Unlike an `AuthorizationPolicy` it has no effect there: without a selector it applies to the mesh, with one it is
//! ignored (<https://istio.io/latest/docs/reference/config/security/peer_authentication/>).

use peerwarden_documents::diagnostic::{Diagnostic, Severity};
use peerwarden_engine::document::Path;

use crate::context::Context;
use crate::lint::{Finder, Lint};

pub(crate) const LINT: Lint = Lint {
    code: "PW031",
    name: "ignored-selector",
    severity: Severity::Warning,
    summary: "a PeerAuthentication ignored for its selector",
    page: include_str!("../../../../docs/lints/PW031.md"),
    find: Finder::All(find),
};

fn find(context: &Context<'_>) -> Vec<Diagnostic> {
    let root = &context.mesh.root_namespace;
    let ignored = context.peer_authentications.iter().filter(|modes| {
        modes.written.metadata.namespace == *root && !modes.written.selector.match_labels.is_empty()
    });
    let finding = |modes: &crate::context::Modes<'_>| {
        let message = format!(
            "{}: with a `selector` in the root namespace `{root}`, it has no effect",
            modes.title()
        );
        LINT.found(message)
            .at(modes.document.place(&Path::keys(["spec", "selector"]), false))
            .help(
                "move it to the namespace of the workloads, or remove the `selector` to apply it to the whole mesh",
            )
    };
    ignored.map(finding).collect()
}
