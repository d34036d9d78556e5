//! Loads a suite file with the policies that it names.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use peerwarden_documents::diagnostic::Diagnostic;
use peerwarden_documents::documents::Document;
use peerwarden_documents::files;
use peerwarden_documents::load::Loader;
use peerwarden_documents::marks::Interest;
use peerwarden_documents::setup::Setup;
use peerwarden_documents::source::{Place, Source};
use peerwarden_documents::workload;
use peerwarden_documents::yaml;

use crate::case::Case;
use crate::cells::{self, Snapshot};
use crate::expand;
use crate::fixtures::{self, Definitions};
use crate::suite_file::Suite;
use crate::tidy::tidy;

/// A suite, ready to run.
#[derive(Debug)]
pub struct LoadedSuite {
    /// The text of the suite.
    pub source: Arc<Source>,
    /// The policies and their set-up.
    pub setup: Setup,
    /// All cases, including those of matrices.
    pub cases: Vec<Case>,
    /// The snapshot, if the suite names one.
    pub snapshot: Option<Snapshot>,
}

/// Reads a suite and its policies.
///
/// # Errors
///
/// If the files are invalid; all mistakes are reported. The engine checks the policies later.
pub fn load(path: &Path, loader: &Loader) -> Result<LoadedSuite, Vec<Diagnostic>> {
    let source = files::read(path).map_err(|wrong| vec![wrong])?;
    read(&source, path.parent().unwrap_or(Path::new("")), loader)
}

/// Reads a suite from its text, and its policies, whose paths are relative to the folder.
///
/// # Errors
/// As [`load()`].
pub fn read(source: &Arc<Source>, folder: &Path, loader: &Loader) -> Result<LoadedSuite, Vec<Diagnostic>> {
    let mut suite: Suite = yaml::read(source).map_err(|wrong| vec![wrong])?;
    // Names that are unknown because a file is missing would be reported wherever they are used.
    let mut known = fixtures::read(&mut suite, source, folder)?;
    let mut wrong = Vec::new();
    let mut paths = Vec::new();
    for policies in &suite.policies {
        let path = folder.join(&policies.value);
        if !path.exists() {
            let place = yaml::place(source, &policies.referenced);
            let message = format!("there is no `{}`", path.display());
            wrong.push(
                Diagnostic::error(message)
                    .at(place)
                    .help("paths start at the suite's folder"),
            );
            continue;
        }
        paths.push(tidy(&path));
    }
    // Together: a file that is named in two ways counts once.
    let mut resources = documents(loader, &paths, &mut known).unwrap_or_else(|diagnostics| {
        wrong.extend(diagnostics);
        Vec::new()
    });
    let document = |node: &yaml::Node| Document {
        source: Arc::clone(source),
        node: node.clone(),
    };
    resources.extend(suite.resources.iter().map(document));
    let cases = match expand::cases(&suite, &known, source) {
        Ok(cases) => cases,
        Err(diagnostics) => {
            wrong.extend(diagnostics);
            Vec::new()
        }
    };
    if suite.policies.is_empty() && suite.resources.is_empty() {
        let help = "add `policies: [policies.yaml]`; for no policy at all, write `policies: []` and a \
                    `PeerAuthentication` under `resources`";
        wrong.push(
            Diagnostic::error("the suite has no policies")
                .at(whole(source))
                .help(help),
        );
    }
    let snapshot = suite
        .snapshot
        .as_ref()
        .map(|named| cells::of(named, &known, source, folder));
    let snapshot = snapshot.transpose().unwrap_or_else(|diagnostic| {
        wrong.push(diagnostic);
        None
    });
    if known.workload.is_none() {
        let help = "write the protected workload, here or in a file of `fixtures`: `workload: {namespace: …, labels: \
                    {…}}`";
        wrong.push(
            Diagnostic::error("the suite has no workload")
                .at(whole(source))
                .help(help),
        );
    }
    if cases.is_empty() && snapshot.is_none() && wrong.is_empty() {
        let wrong_suite = Diagnostic::error("the suite has no case").at(whole(source));
        wrong.push(wrong_suite.help("add `cases`, a `matrix` or a `snapshot`"));
    }
    if !wrong.is_empty() {
        return Err(wrong);
    }
    let setup = Setup {
        mesh: known.mesh,
        workload: known.workload,
        resources,
        extension_providers: known.extension_providers,
        paths: known.paths,
    };
    setup.trust()?;
    Ok(LoadedSuite {
        source: Arc::clone(source),
        setup,
        cases,
        snapshot,
    })
}

/// The policies in `paths`. A workload that is a file, or a name among the documents, is replaced by its contents.
fn documents(
    loader: &Loader,
    paths: &[PathBuf],
    known: &mut Definitions,
) -> Result<Vec<Document>, Vec<Diagnostic>> {
    let namespace = loader.namespace.as_deref();
    let policies = || Ok(loader.of_suite(paths, Interest::Policies)?.policies);
    let Some(written) = &known.workload else {
        return policies();
    };
    let Some(text) = written.node.as_str() else {
        return policies();
    };
    let at = |wrong: Diagnostic| match wrong.place {
        Some(_) => vec![wrong],
        None => vec![wrong.at(written.place(&[], false))],
    };
    let file = tidy(&written.source.folder().join(text));
    let (policies, workload) = if workload::is_file(&file) {
        let workload = workload::of_file(&file, namespace).map_err(at)?;
        (policies()?, workload)
    } else {
        let set = loader.of_suite(paths, Interest::Manifests)?;
        let workload = workload::named(text, namespace, &set.others).map_err(at)?;
        (set.policies, workload)
    };
    known.workload = Some(workload);
    Ok(policies)
}

/// The files and folders that a suite consists of beside its own file, as far as it can be read.
pub fn inputs(path: &Path) -> Vec<PathBuf> {
    let Ok(suite) = files::read(path).and_then(|source| yaml::read::<Suite>(&source)) else {
        return Vec::new();
    };
    let folder = path.parent().unwrap_or(Path::new(""));
    let policies = suite
        .policies
        .iter()
        .map(|policies| tidy(&folder.join(&policies.value)));
    let snapshot = suite
        .snapshot
        .iter()
        .map(|snapshot| tidy(&folder.join(&snapshot.value)));
    policies
        .chain(fixtures::files(&suite, folder))
        .chain(fixtures::named(&suite, folder))
        .chain(snapshot)
        .collect()
}

/// The place for messages about the whole suite: its first line.
pub(crate) fn whole(source: &Arc<Source>) -> Place {
    Place {
        source: Arc::clone(source),
        span: 0..source.text.find('\n').unwrap_or(source.text.len()),
    }
}
