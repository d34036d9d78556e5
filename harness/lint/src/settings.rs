//! `peerwarden.toml`: the settings of a repository for all runs. It is looked up in the working folder and in those
//! above it.

mod file;

pub use file::{Level, SettingsFile};

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use peerwarden_documents::diagnostic::Diagnostic;
use peerwarden_documents::files;
use peerwarden_documents::repository::{Pattern, Repository, is_namespace};
use peerwarden_documents::source::{Place, Source};
use peerwarden_documents::wording::Wording;
use toml::Spanned;

use crate::lints;

/// The name of the file.
const NAME: &str = "peerwarden.toml";

/// The settings, with defaults for whatever is missing.
#[derive(Debug, Default)]
pub struct Settings {
    /// The settings for files.
    repository: Repository,
    /// The value in the file.
    rewrites_probes: Option<bool>,
    levels: BTreeMap<&'static str, Level>,
}

impl Settings {
    /// Reads `given`, or else the nearest file of that name; there may be none.
    ///
    /// # Errors
    ///
    /// If it is invalid.
    pub fn load(given: Option<&Path>) -> Result<Self, Diagnostic> {
        match given.map(Path::to_owned).or_else(nearest) {
            Some(file) => Self::read(&file),
            None => Ok(Self::default()),
        }
    }

    fn read(file: &Path) -> Result<Self, Diagnostic> {
        Self::of(&files::read(file)?, file)
    }

    /// Parses such a file.
    ///
    /// # Errors
    ///
    /// If it is invalid.
    pub fn of(source: &Arc<Source>, file: &Path) -> Result<Self, Diagnostic> {
        let written: SettingsFile = toml::from_str(&source.text).map_err(|error| wrong(source, &error))?;
        let mut levels = BTreeMap::new();
        for (code, level) in &written.check.lints {
            let Some(lint) = lints::by_code(code.get_ref()) else {
                let message = format!("there is no lint `{}`", code.get_ref());
                let diagnostic = Diagnostic::error(message).at(place(source, code));
                return Err(diagnostic.help(lints::no_such(code.get_ref())));
            };
            levels.insert(lint.code, *level);
        }
        Ok(Self {
            repository: repository(source, &written, file.parent().unwrap_or(Path::new("")))?,
            rewrites_probes: written.rewrites_probes,
            levels,
        })
    }

    /// The settings for the files of the repository.
    pub fn repository(&self) -> &Repository {
        &self.repository
    }

    /// Whether the injector rewrites the probes of pods that do not set it themselves.
    pub fn rewrites_probes(&self) -> bool {
        self.rewrites_probes.unwrap_or(true)
    }

    /// The level of a lint, if the file sets one.
    pub fn level(&self, code: &str) -> Option<Level> {
        self.levels.get(code).copied()
    }
}

/// The settings in a folder for the files below it.
///
/// # Errors
///
/// If a pattern or a namespace is invalid.
fn repository(source: &Arc<Source>, written: &SettingsFile, folder: &Path) -> Result<Repository, Diagnostic> {
    let mut repository = Repository::new(folder);
    let pattern = |text: &Spanned<String>| {
        Pattern::parse(text.get_ref()).map_err(|why| {
            let message = format!("`{}` is not a path pattern: {why}", text.get_ref());
            let diagnostic = Diagnostic::error(message).at(place(source, text));
            diagnostic.help("write a pattern such as `vendor/**` or `**/generated-*.yaml`")
        })
    };
    for text in written.exclude.iter().chain(&written.check.exclude) {
        repository.exclude(pattern(text)?);
    }
    for (text, namespace) in &written.namespace {
        if !is_namespace(namespace.get_ref()) {
            let message = format!("`{}` is not a namespace", namespace.get_ref());
            let diagnostic = Diagnostic::error(message).at(place(source, namespace));
            return Err(diagnostic.help("write its name, in lower case and without dots"));
        }
        repository.give_namespace(pattern(text)?, namespace.get_ref());
    }
    for (name, text) in written.clusters.iter().flat_map(|clusters| &clusters.0) {
        repository.add_cluster(pattern(text)?, name.as_deref());
    }
    Ok(repository)
}

fn nearest() -> Option<PathBuf> {
    let working = std::env::current_dir().ok()?;
    let above = working.ancestors().map(|folder| folder.join(NAME));
    let file = above.into_iter().find(|file| file.is_file())?;
    // The way a person would name it.
    Some(match file.strip_prefix(&working) {
        Ok(here) => here.to_owned(),
        Err(_) => file,
    })
}

fn place<T>(source: &Arc<Source>, spanned: &Spanned<T>) -> Place {
    Place {
        source: Arc::clone(source),
        span: spanned.span(),
    }
}

fn wrong(source: &Arc<Source>, error: &toml::de::Error) -> Diagnostic {
    let Wording { message, help } = Wording::of_serde(error.message());
    let diagnostic = match error.span() {
        Some(span) => Diagnostic::error(message).at(Place {
            source: Arc::clone(source),
            span,
        }),
        None => Diagnostic::error(format!("{}: {message}", source.name)),
    };
    match help {
        Some(help) => diagnostic.help(help),
        None => diagnostic,
    }
}
