//! The configuration of one Envoy with the module in it, put together of its listeners, its clusters and what the module decides by.

use peerwarden_engine::document::Value;
use peerwarden_engine::{Config, Problems, Program};

use super::File;
use super::bootstrap::{Bootstrap, Layout, Sides, discovery};
use super::cluster::Authorizer;
use super::plugin::{self, Plugin};
use super::refused;
use crate::description::Proxy;
use crate::template::{self, Unfilled};

/// What every Envoy with the module in it has, whatever its listeners are for.
#[derive(Debug)]
pub(super) struct Assembly {
    bootstrap: Bootstrap,
    authorizers: Vec<Authorizer>,
    /// What the module decides by.
    pub(super) config: Config,
    /// The same, compiled.
    pub(super) program: Program,
}

impl Assembly {
    /// Reads what a description says for the module, and the documents of the mesh. `command` is the one of `peerwarden render …` that
    /// asks.
    ///
    /// # Errors
    /// All that the module would refuse.
    pub(super) fn new(
        command: &'static str,
        description: &Value,
        resources: &[Value],
    ) -> Result<Self, Problems> {
        let (config, program) = plugin::compile(description, resources)?;
        // Without a workload nothing was compiled.
        let workload = config.workload.clone().unwrap_or_default();
        Ok(Self {
            bootstrap: Bootstrap::new(command, &workload.namespace, &workload.service_account),
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
        self.bootstrap.file(Some(&proxy.admin), sides)
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
            files.push(File {
                configuration: plugin.fingerprint(),
                ..discovery(&plugin.file(), &says, &plugin.extension(&proxy.module)?)?
            });
        }
        files.extend(refused::file(proxy)?);
        files.extend(self.bootstrap.files(folder, Some(&proxy.admin), sides)?);
        Ok(files)
    }
}
