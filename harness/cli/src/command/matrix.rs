//! `peerwarden matrix`: who may do what, as a table.

use clap::ValueEnum;
use peerwarden_documents::output;

use super::analysis::AnalysisArguments;
use super::repository::NamespaceArgument;
use crate::analysis::matrix::{self, MatrixBuilder, csv, html, json, svg, terminal};
use crate::error::Result;
use crate::exit::Exit;
use crate::failure_report;

/// Show who may do what: a table of callers and operations for each workload.
///
/// By default, the callers and operations are those that the policies distinguish, and callers with the same permissions share a
/// column. Each cell is proved for all of its requests, and the engines have decided one request of each kind.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// A caller: `plaintext`, `no-certificate`, or a principal such as `cluster.local/ns/web/sa/frontend`; may be repeated.
    #[arg(long, value_name = "PEER")]
    caller: Vec<String>,
    /// An operation: a method, a path and a port, or some of these, such as `GET /orders :8080`; may be repeated.
    #[arg(long, value_name = "REQUEST")]
    operation: Vec<String>,
    /// Output format.
    #[arg(long, value_enum, default_value_t = MatrixFormat::Table)]
    format: MatrixFormat,
    #[command(flatten)]
    analysis: AnalysisArguments,
    #[command(flatten)]
    namespace: NamespaceArgument,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum MatrixFormat {
    /// A table for terminals.
    Table,
    /// CSV, with a line for each cell.
    Csv,
    /// One JSON document, with an example for each cell.
    Json,
    /// An HTML page.
    Html,
    /// An SVG image.
    Svg,
}

/// Runs the command.
pub(crate) fn run(arguments: Arguments) -> Result<Exit> {
    match (answer(&arguments), arguments.format) {
        (Err(error), MatrixFormat::Json) => failure_report::print(error, failure_report::json),
        (exit, _) => exit,
    }
}

fn answer(arguments: &Arguments) -> Result<Exit> {
    let protocol = arguments.analysis.protocol();
    let (policies, workloads) = arguments.analysis.read(arguments.namespace.get())?;
    let asked = arguments.caller.len().max(1) * workloads.len();
    matrix::within(asked, arguments.operation.len().max(1))?;
    let mesh = &policies.config.mesh;
    let callers = arguments.caller.iter();
    let callers = callers.map(|text| matrix::caller(text, mesh, protocol));
    let callers = callers.collect::<Result<Vec<_>>>()?;
    let operations = arguments.operation.iter();
    let operations = operations.map(|text| matrix::operation(text, mesh, protocol));
    let operations = operations.collect::<Result<Vec<_>>>()?;
    let module = arguments.analysis.engines.module()?;
    let builder = MatrixBuilder {
        policies: &policies,
        protocol,
        callers: &callers,
        operations: &operations,
        choice: arguments.analysis.engines.engine,
        module: module.as_ref().map(|shipped| &shipped.module),
    };
    let matrices = workloads.iter().map(|workload| builder.run(workload));
    let matrices = matrices.collect::<Result<Vec<_>>>()?;
    output::print(&match arguments.format {
        MatrixFormat::Table => terminal::text(&matrices),
        MatrixFormat::Csv => csv::text(&matrices),
        MatrixFormat::Json => json::text(&matrices)?,
        MatrixFormat::Html => html::text(&matrices),
        MatrixFormat::Svg => svg::text(&matrices),
    })?;
    Ok(Exit::Fine)
}
