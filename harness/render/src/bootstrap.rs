//! Combines listeners and clusters into the configuration of one Envoy: in one file, or in files that a running Envoy reloads when
//! they are replaced.

use serde_json::json;

use super::File;
use crate::description::Socket;
use crate::template::{self, TemplateError};

/// Whether the configuration is one file, or files that are replaced one by one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Layout<'d> {
    Static,
    /// The folder of the files, as Envoy sees it.
    Discovered(&'d str),
}

/// Listeners and clusters, rendered for one layout.
pub(super) struct XdsResources {
    pub(super) listeners: String,
    /// A description of the listeners, for people.
    pub(super) says: &'static str,
    pub(super) clusters: String,
    /// A description of the clusters, for people.
    pub(super) clusters_say: &'static str,
}

/// The parts of a bootstrap beside listeners and clusters.
#[derive(Debug)]
pub(super) struct Bootstrap {
    /// The `peerwarden render …` that wrote it.
    command: &'static str,
    /// The workload, for people.
    whom: String,
    /// The id of the node, for control planes.
    node: String,
}

impl Layout<'_> {
    pub(super) fn is_discovered(self) -> bool {
        self != Self::Static
    }
}

impl Bootstrap {
    /// For the Envoy of a workload; the service account is empty if unknown.
    pub(super) fn new(command: &'static str, namespace: &str, service_account: &str) -> Self {
        let account = Some(service_account).filter(|account| !account.is_empty());
        Self {
            command,
            whom: format!("{} of namespace {namespace}", account.unwrap_or("a workload")),
            node: format!("{namespace}/{service_account}"),
        }
    }

    /// The whole configuration in one file.
    pub(super) fn file(&self, admin: Option<&Socket>, sides: &XdsResources) -> Result<File, TemplateError> {
        let context = json!({
            "command": self.command,
            "whom": self.whom,
            "node": self.node,
            "admin": admin,
            "listeners": sides.listeners,
            "clusters": sides.clusters,
        });
        Ok(File {
            name: "envoy.yaml".to_owned(),
            text: template::fill("shared/static.yaml", context)?,
            configuration: None,
        })
    }

    /// The configuration in files that Envoy reloads while it runs, in the order in which they must be replaced, so that a listener
    /// finds the clusters that it names. `folder` is where Envoy finds them.
    pub(super) fn files(
        &self,
        folder: &str,
        admin: Option<&Socket>,
        sides: &XdsResources,
    ) -> Result<Vec<File>, TemplateError> {
        let context = json!({
            "command": self.command,
            "whom": self.whom,
            "node": self.node,
            "admin": admin,
            "listeners": format!("{folder}/listeners.yaml"),
            "clusters": format!("{folder}/clusters.yaml"),
        });
        Ok(vec![
            discovery("clusters.yaml", sides.clusters_say, &sides.clusters)?,
            discovery("listeners.yaml", sides.says, &sides.listeners)?,
            File {
                name: "bootstrap.yaml".to_owned(),
                text: template::fill("shared/bootstrap.yaml", context)?,
                configuration: None,
            },
        ])
    }
}

/// A file of resources that Envoy watches.
pub(super) fn discovery(name: &str, says: &str, resources: &str) -> Result<File, TemplateError> {
    Ok(File {
        name: name.to_owned(),
        text: template::fill(
            "shared/discovery.yaml",
            json!({"says": says, "resources": resources}),
        )?,
        configuration: None,
    })
}
