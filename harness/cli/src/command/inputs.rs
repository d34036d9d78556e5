//! Arguments that several commands share.

use std::path::{Path, PathBuf};

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, ValueEnum};
use peerwarden_documents::diagnostic::Diagnostic;
use peerwarden_documents::documents::Document;
use peerwarden_documents::files;
use peerwarden_documents::load::Loader;
use peerwarden_documents::schema;
use peerwarden_documents::setup::Setup;
use peerwarden_documents::workload;
use peerwarden_engines::Choice;
use peerwarden_engines::{Cache, ModuleError, ShippedModule};
use peerwarden_suite::{self as suite, LoadedSuite};

use super::repository::{self, NamespaceArgument, RepositoryArguments};
use crate::analysis::policies;

/// How to treat paths that an application may read differently.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Paths {
    /// Match them unchanged.
    Lenient,
    /// Deny them in every rule on paths. Such a path has the escape of a visible ASCII character, such as `%3A`, an escape in lower
    /// case, such as `%c3`, a `%` that begins no escape, escapes that are not UTF-8, or a segment that is `.` or `..` before its
    /// `;parameters`.
    Strict,
}

impl From<Paths> for schema::Paths {
    fn from(paths: Paths) -> Self {
        match paths {
            Paths::Lenient => Self::Lenient,
            Paths::Strict => Self::Strict,
        }
    }
}

/// For people or for programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum OutputFormat {
    /// For people.
    Human,
    /// One JSON document.
    Json,
}

impl OutputFormat {
    /// A parser for options whose help describes both formats, so that they are not listed.
    pub(super) fn parser() -> impl TypedValueParser<Value = Self> {
        PossibleValuesParser::new(["human", "json"]).map(|name| match name.as_str() {
            "json" => Self::Json,
            _ => Self::Human,
        })
    }
}

/// The policies and their surroundings.
#[derive(Debug, Args)]
pub(super) struct PolicyArguments {
    /// Policies: files, or folders to search recursively.
    #[arg(long, value_name = "PATH")]
    policies: Vec<PathBuf>,
    /// The mesh: `trustDomain`, `rootNamespace`, …, a MeshConfig, the ConfigMap `istio`, an IstioOperator, or Helm values of istiod.
    #[arg(long, value_name = "FILE")]
    mesh: Option<PathBuf>,
    /// The protected workload: a file with `namespace`, `labels`, …, or with a Deployment or another workload; or the name of one among
    /// the documents of `--policies`, such as `deploy/orders`.
    #[arg(long, value_name = "WORKLOAD")]
    workload: Option<PathBuf>,
    #[command(flatten)]
    configuration: ConfigurationArguments,
    #[command(flatten)]
    repository: RepositoryArguments,
    #[command(flatten)]
    namespace: NamespaceArgument,
}

/// What the module's configuration has beside policies, mesh and workload.
#[derive(Debug, Args)]
pub(super) struct ConfigurationArguments {
    /// The external authorizers that CUSTOM policies name: a list, as `extensionProviders` in Istio's mesh config. By default, those of
    /// `--mesh`.
    #[arg(long, value_name = "FILE")]
    extension_providers: Option<PathBuf>,
    /// How to treat paths that an application may read differently, as `paths` in the module's configuration.
    #[arg(long, value_enum, value_name = "WORD")]
    paths: Option<Paths>,
}

/// Which engine decides.
#[derive(Debug, Args)]
pub(super) struct EngineArguments {
    /// Which engine decides.
    #[arg(long, value_enum, default_value_t = Choice::Both)]
    pub(super) engine: Choice,
    /// The Wasm module. By default, `PEERWARDEN_MODULE`, or `peerwarden.wasm` next to this command or up to two folders above.
    #[arg(long, value_name = "FILE")]
    module: Option<PathBuf>,
    /// Where to keep the compiled module between runs, or `off`. By default, `PEERWARDEN_CACHE`, or `peerwarden` in
    /// `$XDG_CACHE_HOME` or `~/.cache`.
    #[arg(long, value_name = "FOLDER")]
    cache: Option<PathBuf>,
}

impl ConfigurationArguments {
    /// Reads these settings and the mesh; `mesh` is its file.
    ///
    /// # Errors
    ///
    /// If files are invalid; all mistakes are reported.
    pub(super) fn setup(&self, mesh: Option<&Path>) -> Result<Setup, Vec<Diagnostic>> {
        let mesh = repository::mesh(mesh);
        let given = self.extension_providers.as_deref().map(files::one).transpose();
        let (mesh, given) = match (mesh, given) {
            (Ok(mesh), Ok(given)) => (mesh, given),
            (mesh, given) => return Err(mesh.err().into_iter().chain(given.err()).collect()),
        };
        let (mesh, of_mesh) = mesh.map_or((None, None), |mesh| (Some(mesh.mesh), mesh.extension_providers));
        Ok(Setup {
            mesh,
            extension_providers: given.or(of_mesh),
            paths: self.paths.map(Into::into),
            ..Setup::default()
        })
    }
}

impl PolicyArguments {
    /// Reads the files.
    ///
    /// # Errors
    ///
    /// If files cannot be read or are invalid.
    pub(super) fn read(&self) -> Result<Setup, Vec<Diagnostic>> {
        self.of(&self.policies)
    }

    /// The same; without `--policies`, the policies of the folder where the command runs.
    ///
    /// # Errors
    ///
    /// As of [`Self::read`].
    pub(super) fn read_or_here(&self) -> Result<Setup, Vec<Diagnostic>> {
        match self.policies.as_slice() {
            [] => self.of(&[PathBuf::from(".")]),
            named => self.of(named),
        }
    }

    fn of(&self, paths: &[PathBuf]) -> Result<Setup, Vec<Diagnostic>> {
        let mut wrong = Vec::new();
        let loader = self.loader().map_err(|wrong| vec![wrong])?;
        let around = self.configuration.setup(self.mesh.as_deref());
        let around = around.unwrap_or_else(|diagnostics| {
            wrong.extend(diagnostics);
            Setup::default()
        });
        let (resources, workload) = self.documents(&loader, paths).unwrap_or_else(|diagnostics| {
            wrong.extend(diagnostics);
            (Vec::new(), None)
        });
        let setup = Setup {
            workload,
            resources,
            ..around
        };
        wrong.extend(setup.trust().err().into_iter().flatten());
        if wrong.is_empty() {
            Ok(policies::for_workload(setup))
        } else {
            Err(wrong)
        }
    }

    /// The policies, and the workload.
    fn documents(
        &self,
        loader: &Loader,
        paths: &[PathBuf],
    ) -> Result<(Vec<Document>, Option<Document>), Vec<Diagnostic>> {
        let namespace = self.namespace.get();
        let Some(workload) = &self.workload else {
            return Ok((loader.policies(paths)?, None));
        };
        let one = |wrong| vec![wrong];
        if workload::is_file(workload) {
            let workload = workload::of_file(workload, namespace).map_err(one);
            let policies = loader.policies(paths);
            return match (policies, workload) {
                (Ok(policies), Ok(workload)) => Ok((policies, Some(workload))),
                (policies, workload) => {
                    let wrong = workload.err().into_iter().chain(policies.err());
                    Err(wrong.flatten().collect())
                }
            };
        }
        let set = loader.manifests(paths)?;
        let name = workload.display().to_string();
        let workload = workload::named(&name, namespace, &set.others).map_err(one)?;
        Ok((set.policies, Some(workload)))
    }

    /// The loader of files.
    ///
    /// # Errors
    ///
    /// If the settings are invalid.
    pub(super) fn loader(&self) -> Result<Loader, Diagnostic> {
        self.repository.loader(self.namespace.get())
    }

    /// Reads a suite.
    ///
    /// # Errors
    ///
    /// If it or the settings are invalid.
    pub(super) fn suite(&self, file: &Path) -> Result<LoadedSuite, Vec<Diagnostic>> {
        suite::load(file, &self.loader().map_err(|wrong| vec![wrong])?)
    }

    /// Whether policies were named, even if there are none in the files.
    pub(super) fn names_policies(&self) -> bool {
        !self.policies.is_empty()
    }
}

impl EngineArguments {
    /// The path of the module, if an engine is the module and the file exists.
    pub(super) fn path(&self) -> Option<PathBuf> {
        let needed = self.engine.runs_module();
        needed
            .then(|| ShippedModule::find(self.module.as_deref()).ok())
            .flatten()
    }

    /// The module, if one of the engines needs it.
    ///
    /// # Errors
    ///
    /// If it does not exist, or is not a module.
    pub(super) fn module(&self) -> Result<Option<ShippedModule>, ModuleError> {
        if self.engine.runs_module() {
            let cache = Cache::find(self.cache.as_deref());
            ShippedModule::load(self.module.as_deref(), cache.as_ref()).map(Some)
        } else {
            Ok(None)
        }
    }
}
