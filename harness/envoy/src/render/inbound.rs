//! What stands before a workload: a listener for each of its ports, with the module in each chain of filters.
//!
//! The way of the data: [`Inbound::new`] reads the description and compiles the policies with the engine, so that what the module
//! would refuse is refused here; `chain` says which filter chains a port has, by its mutual TLS mode; `plugin` makes the module's
//! configuration; `listener` fills the templates; [`Inbound::file`] and [`Inbound::files`] put them together, in one file
//! or in files that a running Envoy takes in when they are replaced.

mod chain;
mod cluster;
mod listener;
mod plugin;

use peerwarden_engine::document::Value;
use peerwarden_engine::{Problems, Program};
use serde_json::json;

use super::File;
use crate::description::{Certificates, Description, Port};
use crate::template::{self, Unfilled};
use plugin::Plugin;

/// A workload's side of its connections, ready to be written.
#[derive(Debug)]
pub struct Inbound {
    description: Description,
    /// For whom, for people.
    whom: String,
    /// The name of the Envoy, for those who deliver to it.
    node: String,
    trusted: Vec<String>,
    plugins: Vec<Plugin>,
    program: Program,
    authorizers: Vec<cluster::Authorizer>,
}

/// Whether a text is for one file or for files that are replaced one by one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Layout<'d> {
    Static,
    /// The files' folder, as Envoy is to open it.
    Discovered(&'d str),
}

impl Inbound {
    /// Reads a description, and the documents of the mesh.
    ///
    /// # Errors
    /// All that is wrong with either: paths that begin with `resources[…]` are in the documents, all others in the description.
    pub fn new(description: &Value, resources: &[Value]) -> Result<Self, Problems> {
        let read = Description::read(description);
        let compiled = plugin::compile(description, resources);
        let (description_read, (config, program)) = match (read, compiled) {
            (Ok(read), Ok(compiled)) => (read, compiled),
            (read, compiled) => return Err(plugin::all_problems(read.err(), compiled.err())),
        };
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
        let domains = std::iter::once(&config.mesh.trust_domain).chain(&config.mesh.trust_domain_aliases);
        Ok(Self {
            plugins: Plugin::all(&description_read, description, resources),
            trusted: domains.map(|domain| format!("spiffe://{domain}/")).collect(),
            authorizers: cluster::Authorizer::all(description),
            description: description_read,
            whom,
            node,
            program,
        })
    }

    /// The whole configuration in one file.
    ///
    /// # Errors
    /// A template that is wrong: a mistake of this crate.
    pub fn file(&self) -> Result<File, Unfilled> {
        let context = json!({
            "whom": self.whom,
            "node": self.node,
            "admin": self.description.admin,
            "listeners": self.listeners(Layout::Static)?,
            "clusters": self.clusters(Layout::Static)?,
        });
        Ok(File {
            name: "envoy.yaml".to_owned(),
            text: template::fill("inbound/static.yaml", context)?,
        })
    }

    /// The configuration in files that Envoy takes in while it runs, in the order in which they are to be replaced: the policies
    /// first, as they decide whatever the listeners let in. `folder` is where Envoy finds them.
    ///
    /// # Errors
    /// As [`Inbound::file`].
    pub fn files(&self, folder: &str) -> Result<Vec<File>, Unfilled> {
        let layout = Layout::Discovered(folder);
        let mut files = Vec::new();
        for plugin in &self.plugins {
            let says = format!("What the module decides by, for {}.", plugin.says());
            files.push(discovery(
                &plugin.file(),
                &says,
                &plugin.extension(&self.description.module)?,
            )?);
        }
        files.push(discovery(
            "clusters.yaml",
            "Where the application listens.",
            &self.clusters(layout)?,
        )?);
        files.push(discovery(
            "listeners.yaml",
            "The workload's ports.",
            &self.listeners(layout)?,
        )?);
        let context = json!({
            "whom": self.whom,
            "node": self.node,
            "admin": self.description.admin,
            "listeners": format!("{folder}/listeners.yaml"),
            "clusters": format!("{folder}/clusters.yaml"),
        });
        files.push(File {
            name: "bootstrap.yaml".to_owned(),
            text: template::fill("inbound/bootstrap.yaml", context)?,
        });
        Ok(files)
    }

    fn listeners(&self, layout: Layout<'_>) -> Result<String, Unfilled> {
        let listeners = self.description.ports.iter();
        listeners.map(|port| self.listener(port, layout)).collect()
    }

    fn clusters(&self, layout: Layout<'_>) -> Result<String, Unfilled> {
        let discovered = layout != Layout::Static;
        let ports = self.description.ports.iter().map(cluster::of_port);
        let authorizers = self.authorizers.iter().map(cluster::Authorizer::context);
        ports
            .chain(authorizers)
            .map(|mut context| {
                context["discovered"] = discovered.into();
                template::fill("inbound/cluster.yaml", context)
            })
            .collect()
    }

    fn plugin(&self, port: &Port) -> Option<&Plugin> {
        self.plugins.iter().find(|plugin| plugin.serves(port))
    }

    fn certificates(&self) -> serde_json::Value {
        match &self.description.certificates {
            Certificates::Directory(directory) => json!({"directory": directory}),
            Certificates::Sds(sds) => json!({"sds": sds}),
        }
    }
}

/// The name of a port's listener, cluster and statistics.
fn name(port: &Port) -> String {
    format!("inbound-{}", port.port)
}

fn discovery(name: &str, says: &str, resources: &str) -> Result<File, Unfilled> {
    Ok(File {
        name: name.to_owned(),
        text: template::fill(
            "inbound/discovery.yaml",
            json!({"says": says, "resources": resources}),
        )?,
    })
}
