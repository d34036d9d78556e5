//! `peerwarden init`: a first suite for each workload, with a snapshot of what the policies allow today.

mod callers;
mod places;
mod pods;
mod requests;
mod suite_file;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicUsize;

use anyhow::Context;
use peerwarden_documents::count::counted;
use peerwarden_documents::diagnostic::{self, Diagnostic};
use peerwarden_documents::document_set::DocumentSet;
use peerwarden_documents::documents::Document;
use peerwarden_documents::load::Loader;
use peerwarden_documents::mesh::MeshFile;
use peerwarden_documents::notes::{self, Missing};
use peerwarden_documents::output;
use peerwarden_documents::remark::remark;
use peerwarden_documents::setup::{Protocol, Setup};
use peerwarden_documents::synthetic;
use peerwarden_engine::Config;
use peerwarden_engines::EngineFactory;
use peerwarden_suite::report::CaseOutcome;
use peerwarden_suite::running::Run;
use peerwarden_suite::snapshot::{SnapshotResult, Update};
use peerwarden_suite::{self as suite, LoadedSuite};

use super::inputs::EngineArguments;
use super::repository::{self, NamespaceArgument, RepositoryArguments};
use crate::analysis::policies;
use crate::error::Result;
use crate::exit::Exit;
use crate::threads::on_all_cores;
use pods::PodWorkload;

/// Write a first suite for each workload among the documents, with today's verdicts as a snapshot.
///
/// Each Deployment, StatefulSet, DaemonSet, Job, CronJob or Pod gets a suite: callers are the service accounts among the documents
/// and in the policies, requests are made from the fields of the policies that apply. The snapshot records what the policies allow,
/// not what they should allow: review it before you commit it. A file that exists is left unchanged. Without workloads or policies,
/// nothing is written.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Files, or folders to search recursively.
    #[arg(value_name = "PATH", default_value = ".")]
    paths: Vec<PathBuf>,
    /// The folder for the suites; it is created.
    #[arg(long, value_name = "FOLDER", default_value = "suites")]
    out: PathBuf,
    /// The mesh: `trustDomain`, `rootNamespace`, …, a MeshConfig, the ConfigMap `istio`, an IstioOperator, or Helm values of istiod.
    /// The suites name the file.
    #[arg(long, value_name = "FILE")]
    mesh: Option<PathBuf>,
    #[command(flatten)]
    namespace: NamespaceArgument,
    #[command(flatten)]
    repository: RepositoryArguments,
    #[command(flatten)]
    engines: EngineArguments,
}

/// Runs the command.
pub(crate) fn run(arguments: &Arguments) -> Result<Exit> {
    let mesh = repository::mesh(arguments.mesh.as_deref())?;
    let loader = arguments.repository.loader(arguments.namespace.get())?;
    let mut read = loader.manifests(&arguments.paths)?;
    let mut workloads = placed(&read);
    workloads.sort_by_key(PodWorkload::name);
    workloads.dedup_by_key(|workload| workload.name());
    if workloads.is_empty() {
        let (missing, paths) = (Missing::Workloads, &arguments.paths);
        if !paths.iter().any(|path| path.is_dir()) {
            return Err(Diagnostic::error(missing.said(paths)).help(missing.help()).into());
        }
        notes::print(&notes::nothing(missing, paths, read.files, &read.passed_over));
    }
    // Without a policy, there is nothing to test.
    if workloads.is_empty() || read.policies.is_empty() {
        remark("0 suites written");
        return Ok(Exit::Fine);
    }
    let around = setup(&read, mesh.as_ref());
    let (sound, others) = policies::of_sound_files(&around);
    let names = |documents: &[Document]| -> BTreeSet<String> {
        documents
            .iter()
            .map(|document| document.source.name.clone())
            .collect()
    };
    let left_out: BTreeSet<String> = &names(&read.policies) - &names(&sound);
    read.policies = sound;
    workloads.retain(|workload| {
        let mut others = others.iter();
        !others.any(|scope| scope.applies_to(&around.own_mesh(), &workload.workload))
    });
    std::fs::create_dir_all(&arguments.out).map_err(|error| {
        Diagnostic::error(format!(
            "`{}` cannot be created: {error}",
            arguments.out.display()
        ))
    })?;
    let names = suite_file::policies(&read.policies, &left_out, &arguments.paths, &arguments.out)?;
    let mesh_file = arguments.mesh.as_deref();
    let mesh_file = mesh_file.map(|file| suite_file::from_suites(file, &arguments.out));
    let mesh_file = mesh_file.transpose()?;
    let mut written = Vec::new();
    for workload in &workloads {
        let file = arguments.out.join(format!("{}_test.yaml", workload.name()));
        let snapshot = arguments.out.join(format!("{}_access.md", workload.name()));
        if let Some(there) = [&file, &snapshot]
            .into_iter()
            .find(|path| path.symlink_metadata().is_ok())
        {
            remark(&format!(
                "note: `{}` exists, so no suite is written for {}",
                there.display(),
                workload.title()
            ));
            continue;
        }
        let config = config(&read, mesh.as_ref(), workload)?;
        let text = suite_file::text(
            workload,
            mesh_file.as_deref(),
            &names,
            &config,
            &callers::of(&config, &read.others, workload),
        );
        std::fs::write(&file, text).with_context(|| format!("writing `{}`", file.display()))?;
        written.push(file);
    }
    snapshots(arguments, &loader, &written)
}

/// The policies and the mesh.
fn setup(read: &DocumentSet, mesh: Option<&MeshFile>) -> Setup {
    Setup {
        mesh: mesh.map(|mesh| mesh.mesh.clone()),
        extension_providers: mesh.and_then(|mesh| mesh.extension_providers.clone()),
        resources: read.policies.clone(),
        ..Setup::default()
    }
}

/// The workloads. One that no document gives a namespace is taken to be where the policies are, as `check` does.
fn placed(read: &DocumentSet) -> Vec<PodWorkload> {
    let namespaces = places::of(&read.policies);
    let mut moved: BTreeMap<String, u64> = BTreeMap::new();
    let of = |document: &Document| {
        let mut workload = PodWorkload::of(document)?;
        if document.is_unplaced()
            && let Some(namespace) = places::one(&namespaces, &workload.workload.labels)
        {
            *moved.entry(namespace.to_owned()).or_default() += 1;
            namespace.clone_into(&mut workload.workload.namespace);
        }
        Some(workload)
    };
    let workloads = read.others.workloads().filter_map(of).collect();
    for (namespace, number) in moved {
        let workloads = counted(number, "workload");
        remark(&format!(
            "note: {workloads} without a namespace, taken to be in `{namespace}`, where the policies are"
        ));
    }
    workloads
}

/// The policies as the workload has them.
fn config(read: &DocumentSet, mesh: Option<&MeshFile>, workload: &PodWorkload) -> Result<Config> {
    let setup = Setup {
        workload: Some(synthetic::workload(&workload.workload)),
        ..setup(read, mesh)
    };
    Ok(setup
        .config_of_all(Protocol::Http)
        .map_err(|problems| setup.diagnostics(&problems))?)
}

/// Writes the snapshots of new suites, and reports what they contain.
fn snapshots(arguments: &Arguments, loader: &Loader, written: &[PathBuf]) -> Result<Exit> {
    let loaded = written
        .iter()
        .map(|file| suite::load(file, loader))
        .collect::<Result<Vec<LoadedSuite>, _>>()?;
    let module = arguments.engines.module()?;
    let engines = EngineFactory {
        choice: arguments.engines.engine,
        module: module.map(|shipped| shipped.module),
    };
    let run = Run {
        suites: &loaded,
        engines: &engines,
        coverage: false,
        update: Update::New,
        explained_failures: AtomicUsize::new(0),
        fail_fast: false,
    };
    let results = run.all(on_all_cores, |_| {});
    let wrong: Vec<&Diagnostic> = results.broken.iter().flat_map(|broken| &broken.wrong).collect();
    diagnostic::print(wrong.iter().copied());
    let mut text = String::new();
    let mut exit = if wrong.is_empty() {
        Exit::Fine
    } else {
        Exit::Invalid
    };
    for suite in &results.suites {
        for case in &suite.cases {
            if let CaseOutcome::Snapshot(SnapshotResult::Written { rows, .. }) = &case.outcome {
                let rows = counted(*rows as u64, "row");
                text.push_str(&format!("{}, with a snapshot of {rows}\n", suite.name));
                continue;
            }
            let why = case.outcome.failure().unwrap_or_default();
            diagnostic::print(&[Diagnostic::error(format!("{}: {why}", suite.name))]);
            exit = exit.max(Exit::Invalid);
        }
    }
    output::print(&text)?;
    let suites = counted(written.len() as u64, "suite");
    remark(&format!(
        "{suites} written; review the snapshots: they record what is allowed, not what should be"
    ));
    Ok(exit)
}

/// A path for YAML, with slashes.
fn slashed(path: &Path) -> String {
    let parts = path.components().map(|part| part.as_os_str().to_string_lossy());
    parts.collect::<Vec<_>>().join("/")
}
