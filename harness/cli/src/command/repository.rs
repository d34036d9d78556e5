//! Arguments of the commands that read the files of a repository.

use std::path::{Path, PathBuf};

use clap::Args;
use peerwarden_documents::count::grouped;
use peerwarden_documents::diagnostic::{self, Diagnostic};
use peerwarden_documents::load::Loader;
use peerwarden_documents::mesh::{self, MeshFile};
use peerwarden_documents::repository::is_namespace;
use peerwarden_lint::settings::Settings;

use crate::progress::Progress;

/// How the files of a repository are read.
#[derive(Debug, Default, Args)]
pub(super) struct RepositoryArguments {
    /// The settings file. By default, the `peerwarden.toml` of the working folder, or of the nearest folder above that has one.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// One of the clusters of `peerwarden.toml`: read only its documents, and those for all clusters.
    #[arg(long, value_name = "NAME")]
    cluster: Option<String>,
}

/// The namespace of documents that name none.
#[derive(Debug, Default, Args)]
pub(super) struct NamespaceArgument {
    /// The namespace of documents that name none, where no setting and no `kustomization.yaml` gives them one; `default` by default.
    #[arg(long, short, value_name = "NAME", value_parser = namespace)]
    namespace: Option<String>,
}

/// The same for commands whose `--namespace` is that of callers.
#[derive(Debug, Default, Args)]
pub(super) struct DefaultNamespaceArgument {
    /// The namespace of documents that name none, where no setting and no `kustomization.yaml` gives them one; `default` by default.
    #[arg(long, short = 'n', value_name = "NAME", value_parser = namespace)]
    default_namespace: Option<String>,
}

impl NamespaceArgument {
    pub(super) fn get(&self) -> Option<&str> {
        self.namespace.as_deref()
    }
}

impl DefaultNamespaceArgument {
    pub(super) fn get(&self) -> Option<&str> {
        self.default_namespace.as_deref()
    }
}

impl RepositoryArguments {
    /// The settings.
    ///
    /// # Errors
    ///
    /// If they are invalid.
    pub(super) fn settings(&self) -> Result<Settings, Diagnostic> {
        Settings::load(self.config.as_deref())
    }

    /// The loader of files.
    ///
    /// # Errors
    ///
    /// If the settings are invalid.
    pub(super) fn loader(&self, namespace: Option<&str>) -> Result<Loader, Diagnostic> {
        Ok(self.loader_with(&self.settings()?, namespace))
    }

    /// The same with settings that were read before.
    pub(super) fn loader_with(&self, settings: &Settings, namespace: Option<&str>) -> Loader {
        let mut loader = Loader::new(settings.repository().clone());
        loader.namespace = namespace.map(str::to_owned);
        loader.cluster.clone_from(&self.cluster);
        let progress = Progress::on_standard_error();
        loader.progress = Some(Box::new(move |done, all| {
            if done == all {
                progress.clear();
            } else {
                progress.show(|| format!("{} of {} files", grouped(done as u64), grouped(all as u64)));
            }
        }));
        loader
    }
}

/// The mesh of a file, if one is given; warns about settings that these tools treat differently.
///
/// # Errors
///
/// If it is invalid.
pub(super) fn mesh(file: Option<&Path>) -> Result<Option<MeshFile>, Diagnostic> {
    let Some(file) = file else { return Ok(None) };
    let mesh = mesh::read(file)?;
    diagnostic::print(&mesh.notices);
    Ok(Some(mesh))
}

/// A text that can be the name of a namespace.
fn namespace(text: &str) -> Result<String, String> {
    if is_namespace(text) {
        Ok(text.to_owned())
    } else {
        Err("a namespace is in lower case and has no dots".to_owned())
    }
}
