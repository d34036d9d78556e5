//! The forms in which a mesh can be written.

use std::sync::Arc;

use peerwarden_engine::document::{Path, Step};

use super::config::{OWN, SEVERAL_PROVIDERS, is_field};
use crate::diagnostic::Diagnostic;
use crate::documents::{self, Document};
use crate::source::Source;
use crate::yaml::{Entry, Node, Tree};

/// The keys that a mesh file may have, for error messages.
pub(super) const EXPECTED: &str = "expected `trustDomain`, `rootNamespace`, …, a MeshConfig, the ConfigMap `istio` \
                                   (`kubectl get configmap istio -n istio-system -o yaml`), an IstioOperator, or Helm values of istiod";

/// The form of one document.
pub(super) enum Form {
    /// Only `rootNamespace`, `trustDomain`, `trustDomainAliases` and `caCertificates`.
    Own,
    /// A `MeshConfig`.
    Config(Document),
}

impl Form {
    /// Whether a document, one of several, contains a mesh.
    pub(super) fn is_a_mesh(document: &Document) -> bool {
        let has = |name: &&str| document.node.get(name).is_some();
        match document.text("kind") {
            "ConfigMap" => document.node.at(&["data", "mesh"]).is_some(),
            "IstioOperator" | "Istio" | "IstioRevision" => true,
            "" => {
                OWN.iter().any(has) || ["meshConfig", "global"].iter().any(has) || has_fields(&document.node)
            }
            _ => false,
        }
    }

    /// The form of a document.
    ///
    /// # Errors
    ///
    /// If it has no mesh, or if the mesh in it cannot be read.
    pub(super) fn of(document: &Document) -> Result<Self, Diagnostic> {
        let node = &document.node;
        let of_values = |values: Option<&Node>, config: Option<&Node>, several: Option<bool>| {
            Ok(Self::Config(Document {
                source: Arc::clone(&document.source),
                node: merged(node, values, config, several),
            }))
        };
        match document.text("kind") {
            "ConfigMap" => in_config_map(document).map(Self::Config),
            // <https://istio.io/latest/docs/reference/config/istio.operator.v1alpha1/>, and the same of the Sail operator.
            "IstioOperator" | "Istio" | "IstioRevision" => {
                let spec = |path: &[&str]| node.get("spec")?.at(path);
                let several = [
                    &["components", "pilot", "k8s", "env"][..],
                    &["values", "pilot", "env"],
                ];
                let several = several.into_iter().find_map(|path| flag(spec(path)?));
                of_values(spec(&["values"]), spec(&["meshConfig"]), several)
            }
            kind if !kind.is_empty() => {
                let place = document.place(&[Step::Key("kind".to_owned())], false);
                Err(Diagnostic::error(format!("`{kind}` has no mesh"))
                    .at(place)
                    .help(EXPECTED))
            }
            _ if is_values(node) => of_values(Some(node), None, node.get("env").and_then(flag)),
            // A chart of charts has the values below the name of the chart.
            _ if node.get("istiod").is_some_and(is_values) => {
                let several = node.at(&["istiod", "env"]).and_then(flag);
                of_values(node.get("istiod"), None, several)
            }
            _ if has_fields(node) => Ok(Self::Config(document.clone())),
            _ => Ok(Self::Own),
        }
    }
}

fn is_values(node: &Node) -> bool {
    node.get("meshConfig").is_some()
        || node
            .get("global")
            .is_some_and(|global| !global.entries().is_empty())
}

/// The setting for several providers in istiod's environment, a map or a list of names and values: as Go's `strconv.ParseBool` reads it. Istio
/// takes its default, false, for what that does not read.
fn flag(environment: &Node) -> Option<bool> {
    const NAME: &str = "PILOT_ENABLE_MULTIPLE_CUSTOM_AUTHZ_PROVIDERS";
    let named = |entry: &&Node| entry.get("name").and_then(Node::as_str) == Some(NAME);
    let value = match &environment.tree {
        Tree::List(entries) => entries.iter().find(named)?.get("value"),
        Tree::Null | Tree::Bool(_) | Tree::Number(_) | Tree::String(_) | Tree::Object(_) => {
            environment.get(NAME)
        }
    };
    Some(match &value?.tree {
        Tree::Bool(flag) => *flag,
        Tree::String(text) => matches!(text.as_str(), "1" | "t" | "T" | "TRUE" | "true" | "True"),
        Tree::Null | Tree::Number(_) | Tree::List(_) | Tree::Object(_) => false,
    })
}

/// Whether it has a field of a `MeshConfig` that is not read here.
fn has_fields(node: &Node) -> bool {
    node.entries()
        .iter()
        .any(|entry| is_field(&entry.name) && !OWN.contains(&entry.name.as_str()))
}

/// The values of istiod's chart as it writes them into the `MeshConfig`: `meshConfig` takes precedence over `global`
/// (<https://github.com/istio/istio/blob/master/manifests/charts/istio-control/istio-discovery/templates/configmap.yaml>).
fn merged(whole: &Node, values: Option<&Node>, config: Option<&Node>, several: Option<bool>) -> Node {
    let value = |path: &[&str]| values?.at(path);
    let mut entries: Vec<Entry> = Vec::new();
    let mut put = |name: &str, node: &Node| {
        entries.retain(|entry| entry.name != name);
        entries.push(Entry {
            name: name.to_owned(),
            name_location: node.location,
            value: node.clone(),
        });
    };
    for (name, path) in [
        ("rootNamespace", &["global", "istioNamespace"][..]),
        ("trustDomain", &["trustDomain"]),
        ("trustDomain", &["global", "trustDomain"]),
        ("trustDomainAliases", &["global", "trustDomainAliases"]),
    ] {
        if let Some(node) = value(path) {
            put(name, node);
        }
    }
    for config in [value(&["meshConfig"]), config].into_iter().flatten() {
        for entry in config.entries() {
            put(&entry.name, &entry.value);
        }
    }
    if let Some(several) = several {
        let node = Node {
            location: whole.location,
            tree: Tree::Bool(several),
        };
        put(SEVERAL_PROVIDERS, &node);
    }
    Node {
        location: whole.location,
        tree: Tree::Object(entries),
    }
}

/// The `MeshConfig` in `data.mesh`, which is a nested text.
fn in_config_map(document: &Document) -> Result<Document, Diagnostic> {
    let Some(mesh) = document.node.at(&["data", "mesh"]).and_then(Node::as_str) else {
        let message = "this ConfigMap has no `mesh` in its `data`";
        let place = document.place(&Path::keys(["kind"]), false);
        return Err(Diagnostic::error(message).at(place).help(EXPECTED));
    };
    let source = Source::new(format!("{}, data.mesh", document.source.name), mesh);
    let mut documents = documents::all(&source)?;
    match (documents.pop(), documents.is_empty()) {
        (Some(document), true) => Ok(document),
        _ => {
            let message = format!("`{}` is not one document", source.name);
            Err(Diagnostic::error(message).help(EXPECTED))
        }
    }
}
