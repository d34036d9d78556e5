//! `peerwarden can-ever`: is there any request that may pass?

use clap::ValueEnum;
use peerwarden_documents::output;

use super::asking::Asking;
use super::inputs::OutputFormat;
use crate::analysis::found::{self, Seeking};
use crate::analysis::question::Question;
use crate::error::Result;
use crate::exit::Exit;

/// Find out whether any request of a kind can ever be allowed.
///
/// The answer is yes, with an example, or no, with proof. The exit code is 1 if the answer for any workload differs from
/// `--expect`.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    question: Question,
    /// Find out whether any such request can ever be denied instead.
    #[arg(long)]
    denied: bool,
    /// Exit with 1 unless this is the answer for every workload.
    #[arg(long, value_enum)]
    expect: Option<Expected>,
    /// Output format.
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
    #[command(flatten)]
    asking: Asking,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Expected {
    Yes,
    No,
}

/// Runs the command.
pub(crate) fn run(arguments: Arguments) -> Result<Exit> {
    let protocol = arguments.asking.protocol();
    let (policies, workloads) = arguments.asking.read()?;
    let asked = arguments.question.read(&policies.config.mesh, protocol)?;
    let module = arguments.asking.engines.module()?;
    let seeking = Seeking {
        policies: &policies,
        asked: &asked,
        protocol,
        allowed: !arguments.denied,
        choice: arguments.asking.engines.engine,
        module: module.as_ref().map(|shipped| &shipped.module),
        limit: 1,
    };
    let found = workloads.iter().map(|workload| seeking.run(workload));
    let found = found.collect::<Result<Vec<_>>>()?;
    output::print(&match arguments.format {
        OutputFormat::Human => found::answers(&found, seeking.allowed),
        OutputFormat::Json => found::json(&found)?,
    })?;
    let as_expected = found.iter().all(|one| match arguments.expect {
        None => true,
        Some(Expected::Yes) => !one.classes.is_empty(),
        Some(Expected::No) => one.classes.is_empty(),
    });
    Ok(if as_expected { Exit::Fine } else { Exit::Findings })
}
