//! `peerwarden check`: validates and lints documents and suites, or an Envoy's configuration.

mod envoy;

use std::path::PathBuf;

use anyhow::Result;

use super::inputs;
use crate::diagnostic::{self, Diagnostic, Severity};
use crate::documents::{self, Document};
use crate::engine::{Choice, Engine, Refused};
use crate::exit::Exit;
use crate::setup::{Protocol, Setup};
use crate::source::Source;
use crate::{lint, output, suite};

/// Validate policies and suites, or an Envoy's configuration: where what is wrong, and what to write instead.
///
/// The exit code is 2 when something would be refused, 1 when something is probably not meant or a guarantee is not held, else 0.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Files, or folders with all that is below them.
    #[arg(value_name = "PATH", default_value = ".")]
    paths: Vec<PathBuf>,
    /// The mesh: its trust domain and root namespace count for some rules.
    #[arg(long, value_name = "FILE")]
    mesh: Option<PathBuf>,
    /// Say which of the module's guarantees an Envoy's configuration keeps, and why not: a bootstrap, with the files that it reads
    /// by LDS, RDS, ECDS and SDS, or the answer to `/config_dump` of its administration; `-` reads standard input.
    #[arg(long, value_name = "FILE", num_args = 1.., conflicts_with_all = ["paths", "mesh"])]
    envoy: Vec<PathBuf>,
    /// For people, or for programs.
    #[arg(long, value_enum, default_value_t = envoy::Format::Human, requires = "envoy")]
    format: envoy::Format,
}

/// Runs the command.
pub(crate) fn run(arguments: Arguments) -> Result<Exit> {
    if !arguments.envoy.is_empty() {
        return envoy::run(&arguments.envoy, arguments.format);
    }
    let mesh = match arguments.mesh.as_deref().map(inputs::one).transpose() {
        Ok(mesh) => mesh,
        Err(wrong) => return Ok(inputs::invalid(&[wrong])),
    };
    let files = match documents::files(&arguments.paths, |_| true) {
        Ok(files) => files,
        Err(wrong) => return Ok(inputs::invalid(&wrong)),
    };
    let mut findings = Vec::new();
    let (mut read, mut suites) = (documents::Read::default(), 0);
    for file in &files {
        if documents::is_suite(file) {
            suites += 1;
            findings.extend(of_suite(file));
        } else {
            let added = Source::read(file).and_then(|source| read.add(&source));
            findings.extend(added.err());
        }
    }
    let documents = read.policies.len();
    findings.extend(of_documents(mesh, read));
    if documents == 0 && suites == 0 && findings.is_empty() {
        let message = "there is nothing to check: no document of `security.istio.io` and no suite";
        findings.push(Diagnostic::error(message).help("name the files or folders that hold them"));
    }
    diagnostic::print(&findings);
    let count = |severity| {
        findings
            .iter()
            .filter(|finding| finding.severity == severity)
            .count()
    };
    let (errors, warnings) = (count(Severity::Error), count(Severity::Warning));
    output::print(&format!(
        "{} and {} checked: {}, {}\n",
        counted(documents, "document"),
        counted(suites, "suite"),
        counted(errors, "error"),
        counted(warnings, "warning"),
    ))?;
    Ok(match (errors, warnings) {
        (0, 0) => Exit::Fine,
        (0, _) => Exit::Findings,
        (_, _) => Exit::Invalid,
    })
}

/// What the engine would refuse, and what the lints find in what it takes.
fn of_documents(mesh: Option<Document>, read: documents::Read) -> Vec<Diagnostic> {
    // Whether a document is accepted does not depend on the workload; yet there must be one.
    let workload = Source::new("<any workload>", "namespace: any");
    let workload = crate::yaml::documents(&workload).ok().and_then(|nodes| {
        let node = nodes.into_iter().next()?;
        Some(Document {
            source: workload,
            node,
        })
    });
    let setup = Setup {
        mesh,
        workload,
        resources: read.policies,
        extension_providers: None,
    };
    let mut findings = refused(&setup);
    if !findings.is_empty() {
        // One document that cannot be read keeps the engine from judging the others: each is asked alone too.
        for document in &setup.resources {
            let alone = Setup {
                resources: vec![document.clone()],
                ..setup.clone()
            };
            let new = refused(&alone)
                .into_iter()
                .filter(|finding| !findings.contains(finding));
            let new: Vec<Diagnostic> = new.collect();
            findings.extend(new);
        }
        // In the order of the texts, where they have a place in one.
        let place = |finding: &Diagnostic| {
            finding
                .place
                .as_ref()
                .map(|place| (place.source.name.clone(), place.span.start))
        };
        findings.sort_by_key(place);
    }
    findings.extend(lint::run(&setup, &read.others));
    findings
}

fn refused(setup: &Setup) -> Vec<Diagnostic> {
    match Engine::new(Choice::Native, None, &setup.to_json(Protocol::Http)) {
        Ok(_) => Vec::new(),
        Err(Refused::Problems(problems)) => setup.diagnostics(&problems),
        Err(Refused::Module(message)) => vec![Diagnostic::error(message)],
    }
}

/// What `test` would refuse. The policies that the suite names are checked as documents of their own.
fn of_suite(file: &std::path::Path) -> Vec<Diagnostic> {
    let loaded = match suite::load(file) {
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
    findings
}

fn counted(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}
