//! Assembles the configuration of an Envoy with the module: its listeners, its clusters and the module's configuration.

use peerwarden_engine::document::Value;
use peerwarden_engine::{Config, Problems, Program};

use super::File;
use super::bootstrap::{Bootstrap, Layout, XdsResources, discovery};
use super::cluster::Authorizer;
use super::plugin::{self, Plugin};
use super::refusal_log;
use crate::description::Proxy;
use crate::template::{self, TemplateError};

/// The parts of every Envoy with the module, whatever its listeners are for.
#[derive(Debug)]
pub(super) struct Assembly {
    bootstrap: Bootstrap,
    authorizers: Vec<Authorizer>,
    /// The module's configuration.
    pub(super) config: Config,
    /// The same, compiled.
    pub(super) program: Program,
}

impl Assembly {
    /// Reads the module's part of a description, and the documents of the mesh. `command` is the `peerwarden render …`
    /// that is running.
    ///
    /// # Errors
    ///
    /// If the module would refuse it; all mistakes are reported.
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

    /// The clusters as text: those given, and the external authorizers.
    pub(super) fn clusters(
        &self,
        own: impl Iterator<Item = serde_json::Value>,
        layout: Layout<'_>,
    ) -> Result<String, TemplateError> {
        own.chain(self.authorizers.iter().map(Authorizer::context))
            .map(|mut context| {
                context["discovered"] = layout.is_discovered().into();
                template::fill("shared/cluster.yaml", context)
            })
            .collect()
    }

    /// The whole configuration in one file.
    pub(super) fn file(&self, proxy: &Proxy, sides: &XdsResources) -> Result<File, TemplateError> {
        self.bootstrap.file(Some(&proxy.admin), sides)
    }

    /// The configuration in files that Envoy reloads while it runs, in the order in which they must be replaced:
    /// policies first, as they decide what the listeners allow. `folder` is where Envoy finds them.
    pub(super) fn files(
        &self,
        folder: &str,
        proxy: &Proxy,
        plugins: &[Plugin],
        sides: &XdsResources,
    ) -> Result<Vec<File>, TemplateError> {
        let mut files = Vec::new();
        for plugin in plugins {
            let says = format!("The module's configuration, for {}.", plugin.says());
            files.push(File {
                configuration: plugin.fingerprint(),
                ..discovery(&plugin.file(), &says, &plugin.extension(&proxy.module)?)?
            });
        }
        files.extend(refusal_log::file(proxy)?);
        files.extend(self.bootstrap.files(folder, Some(&proxy.admin), sides)?);
        Ok(files)
    }
}
