//! Arguments of the commands that ask about all workloads: the workloads and the mesh.

use std::path::PathBuf;

use clap::Args;
use peerwarden_analysis::WorkloadClass;
use peerwarden_documents::diagnostic::Diagnostic;
use peerwarden_documents::load::Loader;
use peerwarden_documents::setup::Setup;
use peerwarden_documents::workload;

use super::inputs::ConfigurationArguments;
use super::repository::RepositoryArguments;
use crate::analysis::policies::{self, Policies, Unknown};
use crate::error::Result;

/// The settings for reading policies, and the workloads.
#[derive(Debug, Args)]
pub(super) struct MeshArguments {
    /// A workload: a file with `namespace`, `labels`, …, or with a Deployment or another workload; or the name of one among the
    /// documents, such as `deploy/orders`. May be repeated. By default, each workload that the documents' namespaces and selectors
    /// distinguish.
    #[arg(long, value_name = "WORKLOAD")]
    workload: Vec<PathBuf>,
    /// The mesh: `trustDomain`, `rootNamespace`, …, a MeshConfig, the ConfigMap `istio`, an IstioOperator, or Helm values of istiod.
    #[arg(long, value_name = "FILE")]
    mesh: Option<PathBuf>,
    #[command(flatten)]
    configuration: ConfigurationArguments,
    #[command(flatten)]
    repository: RepositoryArguments,
}

impl MeshArguments {
    /// Reads the settings, without policies and workload.
    ///
    /// # Errors
    ///
    /// If files are invalid; all mistakes are reported.
    pub(super) fn setup(&self) -> Result<Setup, Vec<Diagnostic>> {
        self.configuration.setup(self.mesh.as_deref())
    }

    /// The loader of files.
    ///
    /// # Errors
    ///
    /// If the settings are invalid.
    pub(super) fn loader(&self, namespace: Option<&str>) -> Result<Loader, Diagnostic> {
        self.repository.loader(namespace)
    }

    /// The policies in `paths`, with these settings. If a workload is named, also the documents to find it in.
    ///
    /// # Errors
    ///
    /// If files are invalid; all mistakes are reported.
    pub(super) fn policies(&self, loader: &Loader, paths: &[PathBuf], around: &Setup) -> Result<Policies> {
        let named = self.workload.iter().any(|workload| !workload::is_file(workload));
        Policies::load(loader, paths, around, named)
    }

    /// The named workloads, or else all that the policies distinguish.
    ///
    /// # Errors
    ///
    /// If a file is invalid, or if there are too many workloads.
    pub(super) fn workloads(
        &self,
        namespace: Option<&str>,
        sets: &[&Policies],
        unknown: Unknown,
    ) -> Result<Vec<WorkloadClass>> {
        policies::chosen(&self.workload, namespace, sets, unknown)
    }
}
