//! Arguments of the commands that ask about all workloads at once: which, and in what mesh.

use std::path::PathBuf;

use clap::Args;
use peerwarden_analysis::WorkloadClass;
use peerwarden_documents::diagnostic::Diagnostic;
use peerwarden_documents::files;
use peerwarden_documents::setup::Setup;

use super::inputs::Paths;
use crate::analysis::policies::{self, Policies};
use crate::error::Result;

/// What policies are read with, and for which workloads.
#[derive(Debug, Args)]
pub(super) struct MeshArguments {
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
}

impl MeshArguments {
    /// Reads what policies are read with, without policies and workload.
    ///
    /// # Errors
    /// What is wrong with the files.
    pub(super) fn setup(&self) -> Result<Setup, Diagnostic> {
        let part = |path: &Option<PathBuf>| path.as_deref().map(files::one).transpose();
        Ok(Setup {
            mesh: part(&self.mesh)?,
            extension_providers: part(&self.extension_providers)?,
            paths: self.paths.map(Into::into),
            ..Setup::default()
        })
    }

    /// The workloads that are named, or else all that some policies tell apart.
    ///
    /// # Errors
    /// What is wrong with the files, or that there are too many.
    pub(super) fn workloads(&self, sets: &[&Policies]) -> Result<Vec<WorkloadClass>> {
        policies::chosen(&self.workload, sets)
    }
}
