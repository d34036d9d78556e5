//! One Envoy's configuration, put together of its listeners and clusters: in one file, or in files that a running Envoy takes
//! in when they are replaced.

use peerwarden_engine::document::Value;
use peerwarden_engine::{Config, Problems, Program};
use serde_json::json;

use super::File;
use super::cluster::Authorizer;
use super::plugin::{self, Plugin};
use crate::description::Proxy;
use crate::template::{self, Unfilled};

/// What every Envoy with the module in it has, whatever its listeners are for.
#[derive(Debug)]
pub(super) struct Assembly {
    /// `peerwarden render …`, which wrote it.
    command: &'static str,
    /// For whom, for people.
    whom: String,
    /// The name of the Envoy, for those who deliver to it.
    node: String,
    authorizers: Vec<Authorizer>,
    /// What the module decides by.
    pub(super) config: Config,
    /// The same, compiled.
    pub(super) program: Program,
}

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
}

impl Layout<'_> {
    pub(super) fn is_discovered(self) -> bool {
        self != Self::Static
    }
}

impl Assembly {
    /// Reads what a description says for the module, and the documents of the mesh.
    ///
    /// # Errors
    /// All that the module would refuse.
    pub(super) fn new(
        command: &'static str,
        description: &Value,
        resources: &[Value],
    ) -> Result<Self, Problems> {
        let (config, program) = plugin::compile(description, resources)?;
        let workload = config.workload.as_ref();
        let node = workload.map_or_else(String::new, |workload| {
            format!("{}/{}", workload.namespace, workload.service_account)
        });
        let whom = workload.map_or_else(String::new, |workload| {
            let account = Some(workload.service_account.as_str()).filter(|account| !account.is_empty());
            format!(
                "{} of namespace {}",
                account.unwrap_or("a workload"),
                workload.namespace
            )
        });
        Ok(Self {
            command,
            whom,
            node,
            authorizers: Authorizer::all(description),
            config,
            program,
        })
    }

    /// Clusters as text: those given, and the external authorizers.
    pub(super) fn clusters(
        &self,
        own: impl Iterator<Item = serde_json::Value>,
        layout: Layout<'_>,
    ) -> Result<String, Unfilled> {
        own.chain(self.authorizers.iter().map(Authorizer::context))
            .map(|mut context| {
                context["discovered"] = layout.is_discovered().into();
                template::fill("shared/cluster.yaml", context)
            })
            .collect()
    }

    /// The whole configuration in one file.
    pub(super) fn file(&self, proxy: &Proxy, sides: &Sides) -> Result<File, Unfilled> {
        let context = json!({
            "command": self.command,
            "whom": self.whom,
            "node": self.node,
            "admin": proxy.admin,
            "listeners": sides.listeners,
            "clusters": sides.clusters,
        });
        Ok(File {
            name: "envoy.yaml".to_owned(),
            text: template::fill("shared/static.yaml", context)?,
        })
    }

    /// The configuration in files that Envoy takes in while it runs, in the order in which they are to be replaced: the policies
    /// first, as they decide whatever the listeners let in. `folder` is where Envoy finds them.
    pub(super) fn files(
        &self,
        folder: &str,
        proxy: &Proxy,
        plugins: &[Plugin],
        sides: &Sides,
    ) -> Result<Vec<File>, Unfilled> {
        let mut files = Vec::new();
        for plugin in plugins {
            let says = format!("What the module decides by, for {}.", plugin.says());
            files.push(discovery(
                &plugin.file(),
                &says,
                &plugin.extension(&proxy.module)?,
            )?);
        }
        files.push(discovery(
            "clusters.yaml",
            "Where the application listens.",
            &sides.clusters,
        )?);
        files.push(discovery("listeners.yaml", sides.says, &sides.listeners)?);
        let context = json!({
            "command": self.command,
            "whom": self.whom,
            "node": self.node,
            "admin": proxy.admin,
            "listeners": format!("{folder}/listeners.yaml"),
            "clusters": format!("{folder}/clusters.yaml"),
        });
        files.push(File {
            name: "bootstrap.yaml".to_owned(),
            text: template::fill("shared/bootstrap.yaml", context)?,
        });
        Ok(files)
    }
}

fn discovery(name: &str, says: &str, resources: &str) -> Result<File, Unfilled> {
    Ok(File {
        name: name.to_owned(),
        text: template::fill(
            "shared/discovery.yaml",
            json!({"says": says, "resources": resources}),
        )?,
    })
}
