//! Arguments of the commands that ask about one set of policies.

use std::path::PathBuf;

use clap::Args;
use peerwarden_analysis::WorkloadClass;
use peerwarden_documents::diagnostic::Diagnostic;
use peerwarden_documents::setup::Protocol;

use super::diff::Only;
use super::inputs::Engines;
use super::mesh::MeshArguments;
use crate::analysis::policies::Policies;
use crate::error::Result;

/// What is asked about.
#[derive(Debug, Args)]
pub(super) struct Asking {
    /// Policies: files, or folders to search recursively.
    #[arg(long, value_name = "PATH", required = true)]
    policies: Vec<PathBuf>,
    /// A workload, in YAML or JSON; may be repeated. By default, each workload that the documents' namespaces and selectors
    /// distinguish.
    #[arg(long, value_name = "FILE")]
    workload: Vec<PathBuf>,
    /// The mesh: `rootNamespace`, `trustDomain`, `trustDomainAliases`, `caCertificates`, in YAML or JSON.
    #[arg(long, value_name = "FILE")]
    mesh: Option<PathBuf>,
    /// The external authorizers that CUSTOM policies name: a list, as `extensionProviders` in Istio's mesh config.
    #[arg(long, value_name = "FILE")]
    extension_providers: Option<PathBuf>,
    /// How to treat paths that an application may read differently, as `paths` in the module's configuration.
    #[arg(long, value_enum, value_name = "WORD")]
    paths: Option<Paths>,
    /// The protocol of the traffic.
    #[arg(long, value_enum, default_value_t = Only::Http)]
    protocol: Only,
    #[command(flatten)]
    pub(super) engines: Engines,
}

impl Asking {
    /// Reads the files.
    ///
    /// # Errors
    /// Everything that is wrong with them.
    pub(super) fn read(&self) -> Result<(Policies, Vec<WorkloadClass>)> {
        let policies = Policies::load(&self.policies, &self.mesh.setup()?)?;
        let workloads = self.mesh.workloads(&[&policies])?;
        if workloads.is_empty() {
            let message = "there are no policies, so everything is allowed";
            return Err(vec![
                Diagnostic::error(message).help("name files or folders with policies"),
            ]);
        }
        Ok((policies, workloads))
    }

    pub(super) fn protocol(&self) -> Protocol {
        self.protocol.into()
    }
}
