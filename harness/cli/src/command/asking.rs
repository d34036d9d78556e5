//! Arguments of the commands that ask about one set of policies.

use std::path::PathBuf;

use clap::Args;
use peerwarden_analysis::WorkloadClass;
use peerwarden_documents::diagnostic::Diagnostic;
use peerwarden_documents::files;
use peerwarden_documents::setup::{Protocol, Setup};

use super::diff::Only;
use super::inputs::{Engines, Paths};
use crate::analysis::policies::{self, Policies};
use crate::error::Result;

/// What is asked about.
#[derive(Debug, Args)]
pub(super) struct Asking {
    /// Policies: files, or folders with all that is below them.
    #[arg(long, value_name = "PATH", required = true)]
    policies: Vec<PathBuf>,
    /// A workload, in YAML or JSON; may be repeated. Otherwise all that the documents' namespaces and selectors tell apart.
    #[arg(long, value_name = "FILE")]
    workload: Vec<PathBuf>,
    /// The mesh: `rootNamespace`, `trustDomain`, `trustDomainAliases`, `caCertificates`, in YAML or JSON.
    #[arg(long, value_name = "FILE")]
    mesh: Option<PathBuf>,
    /// The external authorizers that CUSTOM policies name, as the list `extensionProviders` of Istio's mesh config.
    #[arg(long, value_name = "FILE")]
    extension_providers: Option<PathBuf>,
    /// Which paths are established, as `paths` of the module's configuration has it.
    #[arg(long, value_enum, value_name = "WORD")]
    paths: Option<Paths>,
    /// What the policies are read for.
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
        let part = |path: &Option<PathBuf>| path.as_deref().map(files::one).transpose();
        let (mesh, providers) = (part(&self.mesh)?, part(&self.extension_providers)?);
        let around = Setup {
            mesh,
            extension_providers: providers,
            paths: self.paths.map(Into::into),
            ..Setup::default()
        };
        let policies = Policies::load(&self.policies, &around)?;
        let workloads = policies::chosen(&self.workload, &[&policies])?;
        if workloads.is_empty() {
            let message = "there are no policies, so that everybody may do anything";
            let wrong = Diagnostic::error(message);
            return Err(wrong.help("name files or folders that hold some").into());
        }
        Ok((policies, workloads))
    }

    pub(super) fn protocol(&self) -> Protocol {
        self.protocol.into()
    }
}
