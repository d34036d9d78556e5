//! `peerwarden can-ever`: is there any request that may pass?

use clap::ValueEnum;
use peerwarden_documents::output;

use super::analysis::AnalysisArguments;
use super::inputs::OutputFormat;
use super::repository::DefaultNamespaceArgument;
use super::request::RequestArguments;
use crate::analysis::search;
use crate::error::Result;
use crate::exit::Exit;
use crate::failure_report;

/// Find out whether any request of a kind can ever be allowed.
///
/// The answer is yes, with an example, or no, with proof; if it depends on an external authorizer that is not described, it is
/// unknown. The exit code is 1 if the answer for any workload differs from `--expect`.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    request: RequestArguments,
    /// Find out whether any such request can ever be denied instead.
    #[arg(long)]
    denied: bool,
    /// Exit with 1 unless this is the answer for every workload.
    #[arg(long, value_enum)]
    expect: Option<ExpectedAnswer>,
    /// Output format.
    #[arg(long, value_enum, default_value_t = OutputFormat::Human)]
    format: OutputFormat,
    #[command(flatten)]
    analysis: AnalysisArguments,
    #[command(flatten)]
    namespace: DefaultNamespaceArgument,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ExpectedAnswer {
    Yes,
    No,
}

/// Runs the command.
pub(crate) fn run(arguments: Arguments) -> Result<Exit> {
    match (answer(&arguments), arguments.format) {
        (Err(error), OutputFormat::Json) => failure_report::print(error, failure_report::json),
        (exit, _) => exit,
    }
}

fn answer(arguments: &Arguments) -> Result<Exit> {
    let (allowed, namespace) = (!arguments.denied, arguments.namespace.get());
    let matches = arguments
        .analysis
        .search(&arguments.request, namespace, allowed, 1)?;
    output::print(&match arguments.format {
        OutputFormat::Human => search::answers(&matches, allowed),
        OutputFormat::Json => search::json(&matches)?,
    })?;
    let as_expected = matches.iter().all(|one| match arguments.expect {
        None => true,
        Some(ExpectedAnswer::Yes) => !one.classes.is_empty(),
        // An answer that depends on an authorizer without a description is unknown.
        Some(ExpectedAnswer::No) => one.classes.is_empty() && one.undescribed.is_empty(),
    });
    Ok(if as_expected { Exit::Fine } else { Exit::Findings })
}
