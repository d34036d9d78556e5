//! Listeners and clusters put together to what one Envoy starts with: in one file, or in files that a running Envoy takes in
//! when they are replaced.

use serde_json::json;

use super::File;
use crate::description::Socket;
use crate::template::{self, Unfilled};

/// Whether a text is for one file or for files that are replaced one by one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Layout<'d> {
    Static,
    /// The files' folder, as Envoy is to open it.
    Discovered(&'d str),
}

/// Listeners and clusters, written for one layout.
pub(super) struct Sides {
    pub(super) listeners: String,
    /// What the listeners are, for people.
    pub(super) says: &'static str,
    pub(super) clusters: String,
    /// What the clusters are, for people.
    pub(super) clusters_say: &'static str,
}

/// What an Envoy has beside its listeners and clusters.
#[derive(Debug)]
pub(super) struct Bootstrap {
    /// `peerwarden render …`, which wrote it.
    command: &'static str,
    /// For whom, for people.
    whom: String,
    /// The name of the Envoy, for those who deliver to it.
    node: String,
}

impl Layout<'_> {
    pub(super) fn is_discovered(self) -> bool {
        self != Self::Static
    }
}

impl Bootstrap {
    /// Of the Envoy of a workload; the service account is empty when unknown.
    pub(super) fn new(command: &'static str, namespace: &str, service_account: &str) -> Self {
        let account = Some(service_account).filter(|account| !account.is_empty());
        Self {
            command,
            whom: format!("{} of namespace {namespace}", account.unwrap_or("a workload")),
            node: format!("{namespace}/{service_account}"),
        }
    }

    /// The whole configuration in one file.
    pub(super) fn file(&self, admin: Option<&Socket>, sides: &Sides) -> Result<File, Unfilled> {
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

    /// The configuration in files that Envoy takes in while it runs, in the order in which they are to be replaced: a listener
    /// finds the clusters that it names. `folder` is where Envoy finds them.
    pub(super) fn files(
        &self,
        folder: &str,
        admin: Option<&Socket>,
        sides: &Sides,
    ) -> Result<Vec<File>, Unfilled> {
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
pub(super) fn discovery(name: &str, says: &str, resources: &str) -> Result<File, Unfilled> {
    Ok(File {
        name: name.to_owned(),
        text: template::fill(
            "shared/discovery.yaml",
            json!({"says": says, "resources": resources}),
        )?,
        configuration: None,
    })
}
