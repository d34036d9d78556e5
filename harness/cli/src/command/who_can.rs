//! `peerwarden who-can`: who may do this.

use peerwarden_documents::output;

use super::analysis::AnalysisArguments;
use super::inputs::OutputFormat;
use super::repository::DefaultNamespaceArgument;
use super::request::RequestArguments;
use crate::analysis::search;
use crate::error::Result;
use crate::exit::Exit;
use crate::failure_report;

/// List who may do something: each kind of caller, with an example.
///
/// For each caller, the answer includes what else must hold for the request. It is proved that nobody else may do it.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    request: RequestArguments,
    /// Maximum number of classes of callers to show.
    #[arg(long, value_name = "NUMBER", default_value_t = 100)]
    limit: usize,
    /// Output format.
    #[arg(long, value_enum, default_value_t = OutputFormat::Human)]
    format: OutputFormat,
    #[command(flatten)]
    analysis: AnalysisArguments,
    #[command(flatten)]
    namespace: DefaultNamespaceArgument,
}

/// Runs the command.
pub(crate) fn run(arguments: Arguments) -> Result<Exit> {
    match (answer(&arguments), arguments.format) {
        (Err(error), OutputFormat::Json) => failure_report::print(error, failure_report::json),
        (exit, _) => exit,
    }
}

fn answer(arguments: &Arguments) -> Result<Exit> {
    let (namespace, limit) = (arguments.namespace.get(), arguments.limit.max(1));
    let matches = arguments
        .analysis
        .search(&arguments.request, namespace, true, limit)?;
    output::print(&match arguments.format {
        OutputFormat::Human => search::callers(&arguments.request.text(), &matches),
        OutputFormat::Json => search::json(&matches)?,
    })?;
    Ok(Exit::Fine)
}
