//! The meshes that documents describe: an IstioOperator, an `Istio` of the Sail operator, or the ConfigMap `istio`.

use std::sync::Arc;

use peerwarden_documents::documents::Document;
use peerwarden_documents::mesh;
use peerwarden_documents::setup::Setup;
use peerwarden_documents::source::Source;
use peerwarden_documents::yaml::Node;
use peerwarden_render::trust::Trust;

use crate::context::{Context, Policy};

/// A mesh that a document describes.
pub(super) struct KnownMesh {
    /// A title, such as ``IstioOperator `eu` in `istio.yaml` ``.
    pub(super) title: String,
    pub(super) trust: Trust,
    source: Arc<Source>,
}

/// All that name a trust domain.
pub(super) fn all(context: &Context<'_>) -> Vec<KnownMesh> {
    let others = context.others;
    let operators = others.of_kind("IstioOperator").chain(others.of_kind("Istio"));
    let is_mesh = |document: &&Document| {
        document.text("kind") == "ConfigMap" && document.node.at(&["data", "mesh"]).is_some()
    };
    let maps = others.all().filter(is_mesh);
    operators.chain(maps).filter_map(of_document).collect()
}

fn of_document(document: &Document) -> Option<KnownMesh> {
    let mesh = mesh::of(document).ok()?.mesh;
    mesh.node.get("trustDomain")?;
    let setup = Setup {
        mesh: Some(mesh),
        ..Setup::default()
    };
    let name = document.node.at(&["metadata", "name"]).and_then(Node::as_str);
    Some(KnownMesh {
        title: format!(
            "{} `{}` in `{}`",
            document.text("kind"),
            name.unwrap_or_default(),
            document.source.name
        ),
        trust: setup.trust().ok()?,
        source: Arc::clone(&document.source),
    })
}

/// The mesh of a policy: that in its own file, or else those in its folder, or in one above or below it.
pub(super) fn of<'m>(context: &Context<'_>, all: &'m [KnownMesh], policy: &Policy<'_>) -> Vec<&'m KnownMesh> {
    let own: Vec<&KnownMesh> = all
        .iter()
        .filter(|mesh| mesh.source.name == policy.document.source.name)
        .collect();
    if !own.is_empty() {
        return own;
    }
    let beside = |mesh: &&KnownMesh| context.is_beside(&mesh.source, &policy.document.source);
    all.iter().filter(beside).collect()
}
