//! `peerwarden diff`: what a change of policies changes in meaning.

use std::path::PathBuf;

use clap::ValueEnum;
use peerwarden_documents::output;
use peerwarden_documents::setup::Protocol;

use super::inputs::Engines;
use super::mesh::MeshArguments;
use crate::analysis::diff::{Comparing, github, human, json};
use crate::analysis::policies::Policies;
use crate::error::Result;
use crate::exit::Exit;

/// Say what a change of policies changes in meaning: who may do what now, and may not before, and the other way round.
///
/// Each class of traffic that changes comes with a request that shows it, which has been put to the module with the old and with the
/// new policies. That nothing changes is proved, not sampled.
///
/// The exit code is 0 when nothing changes, else 1, unless `--fail-on` says otherwise.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The old policies: a file, or a folder with all that is below it.
    #[arg(value_name = "OLD")]
    old: PathBuf,
    /// The new policies.
    #[arg(value_name = "NEW")]
    new: PathBuf,
    #[command(flatten)]
    mesh: MeshArguments,
    /// Compare what the policies mean for this protocol only; each reads them its own way.
    #[arg(long, value_enum)]
    protocol: Option<Only>,
    /// What makes the exit code 1.
    #[arg(long, value_enum, default_value_t = FailOn::Any)]
    fail_on: FailOn,
    /// Classes of traffic that are shown, of each workload, protocol and side.
    #[arg(long, value_name = "NUMBER", default_value_t = 20)]
    limit: usize,
    /// How to report.
    #[arg(long, value_enum, default_value_t = ChangeFormat::Human)]
    format: ChangeFormat,
    #[command(flatten)]
    engines: Engines,
}

/// One protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Only {
    /// HTTP of any version.
    Http,
    /// Bytes.
    Tcp,
}

impl From<Only> for Protocol {
    fn from(only: Only) -> Self {
        match only {
            Only::Http => Protocol::Http,
            Only::Tcp => Protocol::Tcp,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum FailOn {
    /// Any change.
    Any,
    /// That something is newly allowed.
    NewlyAllowed,
    /// That something is newly denied.
    NewlyDenied,
    /// Nothing.
    None,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ChangeFormat {
    /// For people.
    Human,
    /// One JSON document.
    Json,
    /// Annotations of GitHub Actions.
    Github,
}

/// Runs the command.
pub(crate) fn run(arguments: Arguments) -> Result<Exit> {
    let setup = arguments.mesh.setup()?;
    let load = |path: &PathBuf| Policies::load(std::slice::from_ref(path), &setup);
    let (old, new) = (load(&arguments.old)?, load(&arguments.new)?);
    let workloads = arguments.mesh.workloads(&[&old, &new])?;
    let module = arguments.engines.module()?;
    let protocols = match arguments.protocol {
        Some(only) => vec![only.into()],
        None => vec![Protocol::Http, Protocol::Tcp],
    };
    let comparing = Comparing {
        old: &old,
        new: &new,
        choice: arguments.engines.engine,
        module: module.as_ref().map(|shipped| &shipped.module),
        limit: arguments.limit.max(1),
    };
    let diff = comparing.run(&workloads, &protocols)?;
    let failing = github::Failing {
        newly_allowed: matches!(arguments.fail_on, FailOn::Any | FailOn::NewlyAllowed),
        newly_denied: matches!(arguments.fail_on, FailOn::Any | FailOn::NewlyDenied),
    };
    output::print(&match arguments.format {
        ChangeFormat::Human => human::text(&diff),
        ChangeFormat::Json => json::text(&diff)?,
        ChangeFormat::Github => github::text(&diff, &new, failing),
    })?;
    let (allowed, denied, beyond) = diff.found();
    // What could not be compared may be anything that one wants to fail on.
    let unknown = beyond && arguments.fail_on != FailOn::None;
    let fails = (allowed && failing.newly_allowed) || (denied && failing.newly_denied) || unknown;
    Ok(if fails { Exit::Findings } else { Exit::Fine })
}
