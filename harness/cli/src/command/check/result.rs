//! The result of checking documents and suites.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use peerwarden_documents::charts::SkippedNames;
use peerwarden_documents::count::counted;
use peerwarden_documents::diagnostic::{Diagnostic, Severity};
use peerwarden_documents::document_set::{Chart, DocumentSet, PassedOverFiles};
use peerwarden_documents::documents::Document;
use peerwarden_documents::files;
use peerwarden_documents::kustomizations::Kustomizations;
use peerwarden_documents::load::Loader;
use peerwarden_documents::marks::Interest;
use peerwarden_documents::notes::{self, Missing};
use peerwarden_documents::role::FileRole;
use peerwarden_documents::setup::{Protocol, Setup};
use peerwarden_documents::synthetic;
use peerwarden_documents::walk::{self, Listing};
use peerwarden_engine::{Program, Workload};
use peerwarden_lint::settings::Settings;
use peerwarden_lint::{Findings, SkippedDocuments};
use peerwarden_suite as suite;
use peerwarden_suite::running;

use super::clusters;
use crate::exit::Exit;
use crate::progress::Progress;

/// Everything that was checked, and the findings.
pub(super) struct CheckResult {
    pub(super) documents: usize,
    pub(super) suites: usize,
    /// Files that `peerwarden.toml` excludes.
    pub(super) excluded: usize,
    /// Files and other things that were skipped.
    pub(super) passed_over: PassedOverFiles,
    /// Policies without a namespace.
    pub(super) of_default: usize,
    pub(super) findings: Vec<Diagnostic>,
    /// Suppressed findings, each with the reason.
    pub(super) suppressed: Vec<(Diagnostic, String)>,
    /// Policies that are too complex for the lints that prove something, each with the reason.
    pub(super) unproved: Vec<String>,
    /// What to know of the documents that is no finding.
    pub(super) notes: Vec<String>,
}

impl CheckResult {
    /// Reads and checks files.
    pub(super) fn of(
        paths: &[PathBuf],
        loader: &Loader,
        listing: &Listing,
        mesh: Option<&Document>,
        settings: &Settings,
    ) -> Self {
        // A named file can be excluded too: a hook names all changed files.
        let all = listing.files.iter();
        let files: Vec<&PathBuf> = all.filter(|file| !loader.repository.excludes(file)).collect();
        let excluded = listing.excluded + listing.files.len() - files.len();
        let progress = Progress::on_standard_error();
        let kustomizations = Kustomizations::of(&listing.files);
        let mut findings = Vec::new();
        let mut suites = 0;
        let mut read = DocumentSet {
            passed_over: listing.passed_over.clone(),
            ..DocumentSet::default()
        };
        // A hook names thousands.
        let named: BTreeSet<&PathBuf> = paths.iter().collect();
        for (index, file) in files.iter().enumerate() {
            loader.show(index, files.len());
            let is_named = named.contains(file);
            if let Some(chart) = is_named.then(|| walk::chart_of(file)).flatten() {
                if !read.passed_over.charts.iter().any(|known| known.folder == chart) {
                    read.passed_over.charts.push(Chart::of(chart));
                }
                continue;
            }
            match files::role(file) {
                FileRole::Suite => {
                    suites += 1;
                    findings.extend(of_suite(file, loader));
                }
                FileRole::Fixtures => findings.extend(peerwarden_suite::check_fixtures(file)),
                FileRole::Expectation if !is_named => read.passed_over.files.push((*file).clone()),
                FileRole::Manifests | FileRole::Expectation => {
                    let added = loader.add(&mut read, &kustomizations, file, is_named, Interest::Manifests);
                    findings.extend(added.err());
                }
            }
        }
        loader.show(files.len(), files.len());
        let passed_over = std::mem::take(&mut read.passed_over);
        let (documents, of_default) = (read.policies.len(), read.of_default);
        // What reads files shows how far it is; this takes as long again.
        progress.show(|| format!("checking {}", counted(documents as u64, "document")));
        let Findings {
            findings: found,
            suppressed,
            unproved,
            mut notes,
        } = {
            let is_part = paths == [Path::new("-")];
            let skipped = SkippedDocuments {
                names: SkippedNames::of(&passed_over),
                is_part,
            };
            of_documents(mesh, read, loader, settings, &skipped)
        };
        findings.extend(found);
        // In the order of the texts; findings without a place come first.
        let order = |finding: &Diagnostic| {
            let place = finding.place.as_ref();
            let place = place.map(|place| (place.source.name.clone(), place.span.start));
            (place, finding.code)
        };
        findings.sort_by_cached_key(order);
        // A suite has the errors of its policies too.
        findings.dedup();
        if documents == 0 && suites == 0 && excluded == 0 && findings.is_empty() {
            let missing = Missing::PoliciesAndSuites;
            notes.extend(notes::nothing(missing, paths, files.len(), &passed_over));
        }
        Self {
            documents,
            suites,
            excluded,
            passed_over,
            of_default,
            findings,
            suppressed,
            unproved,
            notes,
        }
    }

    /// The number of findings with this severity.
    pub(super) fn count(&self, severity: Severity) -> usize {
        let of_severity = |finding: &&Diagnostic| finding.severity == severity;
        self.findings.iter().filter(of_severity).count()
    }

    /// The result of a run that ended before anything was read.
    pub(super) fn failed(findings: Vec<Diagnostic>) -> Self {
        Self {
            documents: 0,
            suites: 0,
            excluded: 0,
            passed_over: PassedOverFiles::default(),
            of_default: 0,
            findings,
            suppressed: Vec::new(),
            unproved: Vec::new(),
            notes: Vec::new(),
        }
    }

    /// 2 for invalid input; 1 for findings, whatever their level, and for warnings.
    pub(super) fn exit(&self) -> Exit {
        let exit = |finding: &Diagnostic| match (finding.code, finding.severity) {
            (None, Severity::Error) => Exit::Invalid,
            (Some(_), _) | (None, Severity::Warning) => Exit::Findings,
        };
        self.findings.iter().map(exit).max().unwrap_or(Exit::Fine)
    }
}

/// What the engine would refuse, and the findings in what it accepts.
fn of_documents(
    mesh: Option<&Document>,
    read: DocumentSet,
    loader: &Loader,
    settings: &Settings,
    skipped: &SkippedDocuments,
) -> Findings {
    // Whether a document is accepted does not depend on the workload; yet there must be one.
    let any = Workload {
        namespace: "any".to_owned(),
        ..Workload::default()
    };
    let mut setup = Setup {
        mesh: mesh.cloned(),
        workload: Some(synthetic::workload(&any)),
        resources: read.policies.clone(),
        extension_providers: None,
        paths: None,
    };
    let mut findings = refused_of_all(&setup);
    if !findings.is_empty() {
        // One unreadable document prevents the engine from checking the others: each is also checked alone.
        let all = std::mem::take(&mut setup.resources);
        let mut known: BTreeSet<clusters::Key> = findings.iter().map(clusters::key).collect();
        for document in &all {
            setup.resources = vec![document.clone()];
            let new = refused(&setup).into_iter();
            findings.extend(new.filter(|finding| known.insert(clusters::key(finding))));
        }
        setup.resources = all;
    }
    findings.extend(setup.trust().err().into_iter().flatten());
    let (mut findings, notes) = peerwarden_lint::of_placeholders(findings);
    let mut found = clusters::findings(setup, read, loader, settings, skipped);
    // A value that is refused has its error, and needs no other finding.
    let place = |finding: &Diagnostic| {
        let place = finding.place.as_ref()?;
        Some((place.source.name.clone(), place.span.clone()))
    };
    let refused: BTreeSet<_> = findings
        .iter()
        .filter_map(place)
        .map(|(name, span)| (name, span.start, span.end))
        .collect();
    found.findings.retain(|finding| {
        let place = place(finding).map(|(name, span)| (name, span.start, span.end));
        place.is_none_or(|place| !refused.contains(&place))
    });
    found.notes.extend(notes);
    findings.append(&mut found.findings);
    Findings { findings, ..found }
}

/// What the engine would refuse in the policies of a whole repository.
fn refused_of_all(setup: &Setup) -> Vec<Diagnostic> {
    let config = setup.config_of_all(Protocol::Http);
    let refused = config.and_then(|config| Program::compile(&config)).err();
    refused.map_or_else(Vec::new, |problems| setup.diagnostics(&problems))
}

fn refused(setup: &Setup) -> Vec<Diagnostic> {
    let refused = setup.program(Protocol::Http).err();
    refused.map_or_else(Vec::new, |problems| setup.diagnostics(&problems))
}

/// What `test` would refuse. The policies that the suite names are checked as documents.
fn of_suite(file: &Path, loader: &Loader) -> Vec<Diagnostic> {
    let loaded = match suite::load(file, loader) {
        Ok(loaded) => loaded,
        Err(wrong) => return wrong,
    };
    let mut findings = refused(&loaded.setup);
    let own = |finding: &Diagnostic| {
        finding
            .place
            .as_ref()
            .is_none_or(|place| place.source == loaded.source)
    };
    findings.retain(own);
    findings.extend(running::vacuous(&loaded));
    findings
}
