//! `peerwarden diff`: the changes in meaning between two sets of policies.

use std::path::PathBuf;

use clap::ValueEnum;
use peerwarden_documents::output;
use peerwarden_documents::setup::Protocol;

use super::inputs::EngineArguments;
use super::mesh::MeshArguments;
use super::repository::NamespaceArgument;
use crate::analysis::diff::{FailureConditions, PolicyComparison, github, human, json, markdown, sarif};
use crate::analysis::policies::Unknown;
use crate::error::Result;
use crate::exit::Exit;
use crate::failure_report;

/// Show what a change of policies newly allows and newly denies.
///
/// Each class of traffic that changes comes with an example, which the engines have decided with the old and with the new policies.
/// If nothing changes, that is proved, not sampled.
///
/// The exit code is 0 if nothing changes and 1 otherwise, unless `--fail-on` is given.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The old policies: a file, or a folder to search recursively.
    #[arg(value_name = "OLD")]
    old: PathBuf,
    /// The new policies.
    #[arg(value_name = "NEW")]
    new: PathBuf,
    #[command(flatten)]
    mesh: MeshArguments,
    #[command(flatten)]
    namespace: NamespaceArgument,
    /// Compare for this protocol only. By default, both are compared.
    #[arg(long, value_enum)]
    protocol: Option<ProtocolChoice>,
    /// Which changes make the exit code 1.
    #[arg(long, value_enum, default_value_t = FailOn::Any)]
    fail_on: FailOn,
    /// Maximum number of classes to show, for each workload, protocol and direction of change.
    #[arg(long, value_name = "NUMBER", default_value_t = 20)]
    limit: usize,
    /// Output format.
    #[arg(long, value_enum, default_value_t = ChangeFormat::Human)]
    format: ChangeFormat,
    #[command(flatten)]
    engines: EngineArguments,
}

/// One protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum ProtocolChoice {
    /// HTTP, any version.
    Http,
    /// Plain TCP.
    Tcp,
}

impl From<ProtocolChoice> for Protocol {
    fn from(only: ProtocolChoice) -> Self {
        match only {
            ProtocolChoice::Http => Protocol::Http,
            ProtocolChoice::Tcp => Protocol::Tcp,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum FailOn {
    /// Any change.
    Any,
    /// Newly allowed traffic.
    NewlyAllowed,
    /// Newly denied traffic.
    NewlyDenied,
    /// No change.
    None,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ChangeFormat {
    /// For people.
    Human,
    /// One JSON document.
    Json,
    /// Annotations for GitHub Actions.
    Github,
    /// Markdown, for a pull request's summary.
    Markdown,
    /// SARIF 2.1.0, for code scanning.
    Sarif,
}

/// Runs the command.
pub(crate) fn run(arguments: Arguments) -> Result<Exit> {
    let error = match (answer(&arguments), arguments.format) {
        (exit, ChangeFormat::Human) | (exit @ Ok(_), _) => return exit,
        (Err(error), _) => error,
    };
    failure_report::print(error, |errors| match arguments.format {
        ChangeFormat::Json => failure_report::json(errors),
        ChangeFormat::Sarif => failure_report::sarif(errors),
        ChangeFormat::Markdown => Ok(markdown::failure(errors)),
        ChangeFormat::Human | ChangeFormat::Github => Ok(failure_report::annotations(errors)),
    })
}

fn answer(arguments: &Arguments) -> Result<Exit> {
    let setup = arguments.mesh.setup()?;
    let namespace = arguments.namespace.get();
    let mut loader = arguments.mesh.loader(namespace)?;
    loader.may_be_empty = true;
    loader.lenient = true;
    let load = |path: &PathBuf| {
        arguments
            .mesh
            .policies(&loader, std::slice::from_ref(path), &setup)
    };
    let (old, new) = (load(&arguments.old)?, load(&arguments.new)?);
    let workloads = arguments
        .mesh
        .workloads(namespace, &[&old, &new], Unknown::Kept)?;
    let module = arguments.engines.module()?;
    let protocols = match arguments.protocol {
        Some(only) => vec![only.into()],
        None => vec![Protocol::Http, Protocol::Tcp],
    };
    let comparison = PolicyComparison {
        old: &old,
        new: &new,
        choice: arguments.engines.engine,
        module: module.as_ref().map(|shipped| &shipped.module),
        limit: arguments.limit.max(1),
    };
    let diff = comparison.run(&workloads, &protocols)?;
    let failing = FailureConditions {
        newly_allowed: matches!(arguments.fail_on, FailOn::Any | FailOn::NewlyAllowed),
        newly_denied: matches!(arguments.fail_on, FailOn::Any | FailOn::NewlyDenied),
    };
    output::print(&match arguments.format {
        ChangeFormat::Human => human::text(&diff),
        ChangeFormat::Json => json::text(&diff)?,
        ChangeFormat::Github => github::text(&diff, &new, failing),
        ChangeFormat::Markdown => markdown::text(&diff),
        ChangeFormat::Sarif => sarif::text(&diff, &new, failing)?,
    })?;
    let (allowed, denied, beyond) = diff.found();
    // A comparison that failed may hide anything that the user wants to fail on.
    let unknown = beyond && arguments.fail_on != FailOn::None;
    let fails = (allowed && failing.newly_allowed) || (denied && failing.newly_denied) || unknown;
    Ok(if fails { Exit::Findings } else { Exit::Fine })
}
