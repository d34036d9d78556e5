//! Arguments of the commands that ask about all workloads at once: which, and in what mesh.

use std::path::PathBuf;

use clap::Args;
use peerwarden_analysis::WorkloadClass;
use peerwarden_documents::diagnostic::Diagnostic;
use peerwarden_documents::files;
use peerwarden_documents::load::Loader;
use peerwarden_documents::setup::Setup;
use peerwarden_documents::workload;

use super::inputs::Paths;
use super::repository::{self, RepositoryArguments};
use crate::analysis::policies::{self, Policies};
use crate::error::Result;

/// What policies are read with, and for which workloads.
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
    /// The external authorizers that CUSTOM policies name: a list, as `extensionProviders` in Istio's mesh config. By default, those of
    /// `--mesh`.
    #[arg(long, value_name = "FILE")]
    extension_providers: Option<PathBuf>,
    /// How to treat paths that an application may read differently, as `paths` in the module's configuration.
    #[arg(long, value_enum, value_name = "WORD")]
    paths: Option<Paths>,
    #[command(flatten)]
    repository: RepositoryArguments,
}

impl MeshArguments {
    /// Reads what policies are read with, without policies and workload.
    ///
    /// # Errors
    /// What is wrong with the files.
    pub(super) fn setup(&self) -> Result<Setup, Diagnostic> {
        let mesh = repository::mesh(self.mesh.as_deref())?;
        let (mesh, of_mesh) = mesh.map_or((None, None), |mesh| (Some(mesh.mesh), mesh.extension_providers));
        let given = self.extension_providers.as_deref().map(files::one).transpose()?;
        Ok(Setup {
            mesh,
            extension_providers: given.or(of_mesh),
            paths: self.paths.map(Into::into),
            ..Setup::default()
        })
    }

    /// What reads files.
    ///
    /// # Errors
    /// What is wrong with the settings.
    pub(super) fn loader(&self, namespace: Option<&str>) -> Result<Loader, Diagnostic> {
        self.repository.loader(namespace)
    }

    /// The policies in `paths`, with what they are read with. If a workload is named, also the documents that it is among.
    ///
    /// # Errors
    /// Everything that is wrong with them.
    pub(super) fn policies(&self, loader: &Loader, paths: &[PathBuf], around: &Setup) -> Result<Policies> {
        let named = self.workload.iter().any(|workload| !workload::is_file(workload));
        Policies::load(loader, paths, around, named)
    }

    /// The workloads that are named, or else all that some policies tell apart.
    ///
    /// # Errors
    /// What is wrong with the files, or that there are too many.
    pub(super) fn workloads(
        &self,
        namespace: Option<&str>,
        sets: &[&Policies],
    ) -> Result<Vec<WorkloadClass>> {
        policies::chosen(&self.workload, namespace, sets)
    }
}
