//! `peerwarden check`: validates and lints documents and suites, or an Envoy's configuration.

mod checked;
mod envoy;
mod mend;
mod pages;
mod report;

pub(crate) use report::JsonReport;

use std::path::PathBuf;

use peerwarden_documents::files;
use peerwarden_documents::output;
use peerwarden_lint::settings::Settings;

use crate::error::Result;
use crate::exit::Exit;
use checked::Checked;
use report::FindingFormat;

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
    /// For people or for programs; with `--envoy`, `human` or `json`.
    #[arg(long, value_enum, default_value_t = FindingFormat::Human)]
    format: FindingFormat,
    /// Where the levels of lints and the excluded paths are; otherwise the `peerwarden.toml` of the working folder, or of the nearest
    /// folder above it that has one.
    #[arg(long, value_name = "FILE", conflicts_with = "envoy")]
    config: Option<PathBuf>,
    /// Mend what can be mended without anybody's judgement: edits that keep comments and let nothing in that was kept out.
    #[arg(long, conflicts_with = "envoy")]
    fix: bool,
    /// Show what `--fix` would change, as a diff, and write nothing.
    #[arg(long, visible_alias = "dry-run", conflicts_with = "envoy")]
    diff: bool,
    /// Print the page of a lint: what it finds, why it matters, a bad example and a good one.
    #[arg(long, value_name = "CODE", exclusive = true)]
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
    let mesh = arguments.mesh.as_deref().map(files::one).transpose()?;
    let files = files::list(&arguments.paths, |_| true)?;
    let settings = Settings::load(arguments.config.as_deref())?;
    let check = || Checked::of(&files, mesh.as_ref(), &settings);
    let mut checked = check();
    if arguments.diff {
        // Alone, so that `patch` can read it.
        output::print(&mend::diff(&checked))?;
        return Ok(checked.exit());
    }
    if arguments.fix {
        let fixed = mend::write(&mut checked, check)?;
        report::print(&checked, arguments.format, Some(fixed))?;
        return Ok(checked.exit());
    }
    report::print(&checked, arguments.format, None)?;
    Ok(checked.exit())
}
