//! `peerwarden check`: validates and lints documents and suites, or an Envoy's configuration.

mod clusters;
mod envoy;
mod fix;
mod lint_name;
mod pages;
mod report;
mod result;

pub(crate) use report::JsonReport;

use std::path::PathBuf;

use peerwarden_documents::output;

use super::repository::{self, NamespaceArgument, RepositoryArguments};
use crate::error::Result;
use crate::exit::Exit;
use lint_name::LintNameParser;
use report::FindingFormat;
use result::CheckResult;

/// Validate and lint policies and suites, or check an Envoy configuration.
///
/// Each finding says where it is and what to write instead. The exit code is 2 if a document or a suite is invalid, 1 if a lint
/// finds something or a guarantee is not held, and 0 otherwise.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Files, or folders to search recursively.
    #[arg(value_name = "PATH", default_value = ".")]
    paths: Vec<PathBuf>,
    /// The mesh: `trustDomain`, `rootNamespace`, …, a MeshConfig, the ConfigMap `istio`, an IstioOperator, or Helm values of istiod.
    /// Some lints depend on it.
    #[arg(long, value_name = "FILE")]
    mesh: Option<PathBuf>,
    /// Check which of the module's guarantees an Envoy configuration keeps: a bootstrap with the files that it reads by LDS, RDS,
    /// ECDS and SDS, or the answer to `/config_dump` of Envoy's admin interface. `-` reads standard input.
    #[arg(long, value_name = "FILE", num_args = 1.., conflicts_with_all = ["paths", "mesh", "config", "namespace", "cluster"])]
    envoy: Vec<PathBuf>,
    /// Output format; with `--envoy`, only `human` or `json`.
    #[arg(long, value_enum, default_value_t = FindingFormat::Human)]
    format: FindingFormat,
    #[command(flatten)]
    repository: RepositoryArguments,
    #[command(flatten)]
    namespace: NamespaceArgument,
    /// Apply safe fixes: edits that keep comments and let nothing in that was kept out.
    #[arg(long, conflicts_with = "envoy")]
    fix: bool,
    /// Show what `--fix` would change as a diff, and write nothing.
    #[arg(long, visible_alias = "dry-run", conflicts_with = "envoy")]
    diff: bool,
    /// Name each file that is skipped, because it is for another tool.
    #[arg(long, short, conflicts_with = "envoy")]
    verbose: bool,
    /// Print the page of a lint: what it finds, why it matters, a bad example and a good one.
    #[arg(long, value_name = "CODE", value_parser = LintNameParser, hide_possible_values = true, exclusive = true)]
    explain: Option<String>,
    /// List all lints.
    #[arg(long, exclusive = true)]
    list: bool,
}

/// Runs the command.
pub(crate) fn run(arguments: Arguments) -> Result<Exit> {
    if let Some(code) = &arguments.explain {
        return pages::explain(code);
    }
    if arguments.list {
        return pages::list();
    }
    if !arguments.envoy.is_empty() {
        return envoy::run(&arguments.envoy, arguments.format);
    }
    match (of_files(&arguments), arguments.format) {
        (exit, FindingFormat::Human) => exit,
        // In formats for programs, the error is part of the output.
        (Err(error), format) => {
            let exit = error.exit();
            report::print(&CheckResult::failed(error.diagnostics()), format, None, false)?;
            Ok(exit)
        }
        (exit, _) => exit,
    }
}

/// Checks documents and suites.
fn of_files(arguments: &Arguments) -> Result<Exit> {
    let mesh = repository::mesh(arguments.mesh.as_deref())?.map(|mesh| mesh.mesh);
    let settings = arguments.repository.settings()?;
    let mut loader = arguments
        .repository
        .loader_with(&settings, arguments.namespace.get());
    // The report contains the notes.
    loader.quiet = true;
    let listing = loader.list(&arguments.paths, |_| true)?;
    let check = || CheckResult::of(&arguments.paths, &loader, &listing, mesh.as_ref(), &settings);
    let mut checked = check();
    if arguments.diff {
        // Alone, so that `patch` can read it.
        output::print(&fix::diff(&checked))?;
        return Ok(checked.exit());
    }
    if arguments.fix {
        let fixed = fix::write(&mut checked, check)?;
        report::print(&checked, arguments.format, Some(fixed), arguments.verbose)?;
        return Ok(checked.exit());
    }
    report::print(&checked, arguments.format, None, arguments.verbose)?;
    Ok(checked.exit())
}
