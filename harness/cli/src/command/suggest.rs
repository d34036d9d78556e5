//! `peerwarden suggest`: a policy for the traffic in an access log.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Mutex;

use anyhow::{Context, anyhow};
use clap::ValueEnum;
use peerwarden_documents::count::counted;
use peerwarden_documents::diagnostic::{self, Diagnostic};
use peerwarden_documents::documents::{self, Document};
use peerwarden_documents::output;
use peerwarden_documents::setup::Setup;
use peerwarden_documents::source::Source;
use peerwarden_documents::workload;
use peerwarden_documents::yaml::{self, Entry, Node};
use peerwarden_lint::settings::Settings;
use peerwarden_lint::{self as lint, Scope, Surroundings};
use peerwarden_logs::access_log::LogFormat;
use peerwarden_logs::replay::Policies;
use peerwarden_logs::suggest::observations::Excess;
use peerwarden_logs::suggest::rules::rules;
use peerwarden_logs::suggest::suggestion::Suggestion;
use peerwarden_logs::suggest::{Admission, Observations};

use super::replay::LogArguments;
use super::repository::{self, NamespaceArgument};
use super::scan::scan;
use crate::error::Result;
use crate::exit::Exit;

/// Generate the tightest policy that allows what an access log shows.
///
/// The policy has the callers (`principals`), `ports`, `methods` and `paths` of the log, and comments list what else it allows.
/// Denied lines are left out. No policy is generated if a line lacks a value that a rule needs.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Access logs of one workload. They are read twice, so standard input is not supported.
    #[arg(value_name = "LOG", required = true)]
    logs: Vec<PathBuf>,
    /// The protected workload: a file with `namespace` and `labels`, or with a Deployment or another workload.
    #[arg(long, value_name = "FILE", required = true)]
    workload: PathBuf,
    /// The mesh: `trustDomain`, `rootNamespace`, …, a MeshConfig, the ConfigMap `istio`, an IstioOperator, or Helm values of istiod.
    #[arg(long, value_name = "FILE")]
    mesh: Option<PathBuf>,
    #[command(flatten)]
    namespace: NamespaceArgument,
    #[command(flatten)]
    log: LogArguments,
    /// The name of the policy.
    #[arg(long, value_name = "NAME", default_value = "suggested")]
    name: String,
    /// How many values of a path segment to list if they look like identifiers; if there are more, they become the template `{*}`.
    /// For values that look like names, the limit is ten times as high.
    #[arg(long, value_name = "COUNT", default_value_t = 5)]
    threshold: u16,
    /// Leave out lines for which no rule can be made; the policy then denies such traffic.
    #[arg(long)]
    skip_unsuitable: bool,
    /// Output format.
    #[arg(long, value_enum, default_value_t = PolicyFormat::Yaml)]
    format: PolicyFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum PolicyFormat {
    Yaml,
    Json,
}

/// Runs the command.
pub(crate) fn run(arguments: Arguments) -> Result<Exit> {
    let (format, setup) = read(&arguments)?;
    let threshold = usize::from(arguments.threshold);
    let parts = scan(
        &arguments.logs,
        Observations::default,
        |seen, line| match format.read(line.text) {
            Ok(entry) => seen.add(line, &entry, threshold),
            Err(why) => seen.malformed(line, why),
        },
    )?;
    let mut seen = Observations::default();
    parts.into_iter().for_each(|part| seen.merge(part, threshold));
    let refused = refused(&arguments, &seen);
    if !refused.is_empty() {
        return Err(refused.into());
    }
    let suggestion = Suggestion {
        name: arguments.name.clone(),
        namespace: workload_text(&setup, "namespace"),
        labels: labels(&setup),
        rules: rules(&seen),
        threshold: arguments.threshold,
    };
    let text = suggestion.yaml(&seen);
    let (setup, findings) = compiled(setup, &text)?;
    verify(&arguments, &format, &setup)?;
    output::print(&match arguments.format {
        PolicyFormat::Yaml => text,
        PolicyFormat::Json => {
            let document = suggestion.told(&seen);
            serde_json::to_string_pretty(&document).context("the suggestion cannot be written")? + "\n"
        }
    })?;
    diagnostic::print(&notes(&seen));
    diagnostic::print(&findings);
    Ok(if findings.is_empty() {
        Exit::Fine
    } else {
        Exit::Findings
    })
}

fn read(arguments: &Arguments) -> Result<(LogFormat, Setup)> {
    if arguments.logs.iter().any(|log| log.as_os_str() == "-") {
        let wrong = Diagnostic::error("standard input cannot be read twice");
        let help = "save the log to a file: it is read again to verify the policy";
        return Err(wrong.help(help).into());
    }
    let format = arguments.log.format()?;
    let setup = Setup {
        mesh: repository::mesh(arguments.mesh.as_deref())?.map(|mesh| mesh.mesh),
        workload: Some(workload::of_file(&arguments.workload, arguments.namespace.get())?),
        resources: Vec::new(),
        extension_providers: None,
        paths: None,
    };
    // Errors in the workload are reported before the log is read.
    Policies::new(&setup).map_err(|problems| setup.diagnostics(&problems))?;
    Ok((format, setup))
}

fn workload_text(setup: &Setup, name: &str) -> String {
    setup
        .workload
        .as_ref()
        .map(|workload| workload.text(name).to_owned())
        .unwrap_or_default()
}

fn labels(setup: &Setup) -> BTreeMap<String, String> {
    let workload = setup.workload.as_ref();
    let labels = workload.and_then(|workload| workload.node.get("labels"));
    let entries = labels.map_or(&[] as &[Entry], Node::entries).iter();
    // The engine has parsed it: its values are texts.
    let label = |entry: &Entry| Some((entry.name.clone(), entry.value.as_str()?.to_owned()));
    entries.filter_map(label).collect()
}

/// Why no policy is suggested; empty if one is.
fn refused(arguments: &Arguments, seen: &Observations) -> Vec<Diagnostic> {
    let place = |(log, line): &(usize, u64)| match arguments.logs.get(*log) {
        Some(log) => format!("{}:{line}", log.display()),
        None => format!("line {line}"),
    };
    let mut wrong = Vec::new();
    if seen.malformed.0 > 0 {
        let lines = seen.malformed.1.iter();
        let lines: Vec<String> = lines
            .map(|(log, line, why)| format!("{}: {why}", place(&(*log, *line))))
            .collect();
        let message = format!("{} could not be read", counted(seen.malformed.0, "line"));
        wrong.push(Diagnostic::error(message).help(lines.join("\n")));
    }
    for (unsuitable, (lines, named)) in seen.unsuitable.iter().filter(|_| !arguments.skip_unsuitable) {
        let named: Vec<String> = named.iter().map(place).collect();
        let message = format!(
            "no rule can be made for {}: {unsuitable}",
            counted(*lines, "line")
        );
        let help = format!(
            "{}{}\nconfigure Envoy to log the missing values, or leave these lines out with `--skip-unsuitable`",
            named.join(", "),
            if *lines > named.len() as u64 { ", …" } else { "" }
        );
        wrong.push(Diagnostic::error(message).help(help));
    }
    match seen.too_many() {
        Some(Excess::Callers) => wrong.push(
            Diagnostic::error("the log has more callers than a policy can list")
                .help("use the log of a single workload"),
        ),
        Some(Excess::Paths(caller)) => wrong.push(
            Diagnostic::error(format!("`{caller}` requests more paths than a policy can list"))
                .help("lower `--threshold`; the first segment of a path never becomes a template"),
        ),
        None => {}
    }
    if wrong.is_empty() && seen.callers.is_empty() {
        let message = "the log has no traffic to allow";
        wrong.push(Diagnostic::error(message).help(format!(
            "{} denied, {} left out",
            counted(seen.denied, "line"),
            seen.unsuitable.values().map(|(lines, _)| lines).sum::<u64>()
        )));
    }
    wrong
}

/// The suggestion in the engine's types, and the findings in it.
fn compiled(setup: Setup, text: &str) -> Result<(Setup, Vec<Diagnostic>)> {
    let source = Source::new("<suggestion>", text);
    let nodes = yaml::documents(&source)?;
    let document = |node| Document {
        source: std::sync::Arc::clone(&source),
        node,
    };
    let setup = Setup {
        resources: nodes.into_iter().map(document).collect(),
        ..setup
    };
    Policies::new(&setup).map_err(|problems| setup.diagnostics(&problems))?;
    let found = lint::run(
        &setup,
        &documents::OtherDocuments::default(),
        &Settings::default(),
        &Surroundings {
            scope: Scope::Cluster,
            skipped: peerwarden_lint::SkippedDocuments::default(),
        },
    );
    Ok((setup, found.findings))
}

/// Tries the suggestion on the whole log.
///
/// # Errors
///
/// If it denies a line: then nothing is suggested.
fn verify(arguments: &Arguments, format: &LogFormat, setup: &Setup) -> Result<()> {
    let policies = Policies::new(setup).map_err(|problems| anyhow!("{problems}"))?;
    let failed = Mutex::new(None);
    let scanned = scan(
        &arguments.logs,
        || (),
        |(), line| {
            let Ok(entry) = format.read(line.text) else { return };
            let admitted = match Admission::of(&entry) {
                Ok(Some(_)) => policies.judge(&entry).verdict == Some(true),
                // It should not be allowed.
                Ok(None) | Err(_) => true,
            };
            if !admitted && let Ok(mut failed) = failed.lock() {
                failed.get_or_insert((line.log, line.number));
            }
        },
    );
    scanned.map_err(|wrong| anyhow!(wrong.message))?;
    let failed = failed.into_inner().unwrap_or_default();
    match failed {
        None => Ok(()),
        Some((log, line)) => {
            let log = arguments
                .logs
                .get(log)
                .map(|log| log.display().to_string())
                .unwrap_or_default();
            Err(anyhow!("the suggested policy does not allow {log}:{line}, so it is not printed").into())
        }
    }
}

/// Notes about the log.
fn notes(seen: &Observations) -> Vec<Diagnostic> {
    let mut notes = Vec::new();
    let mut note = |lines: u64, message: &str| {
        if lines > 0 {
            notes.push(Diagnostic::notice(format!(
                "{}: {message}",
                counted(lines, "line")
            )));
        }
    };
    note(seen.denied, "denied in the log, and not allowed by the policy");
    note(
        seen.silent,
        "the log does not have the outcome; allowed by the policy",
    );
    let skipped = seen.unsuitable.values().map(|(lines, _)| lines).sum();
    note(skipped, "left out, so the policy denies such traffic");
    notes
}
