//! `peerwarden matrix`: who may do what, as a table.

use clap::ValueEnum;
use peerwarden_documents::output;

use super::asking::Asking;
use crate::analysis::matrix::{self, Making, html, json, svg, table};
use crate::error::Result;
use crate::exit::Exit;

/// Show who may do what: callers by operations, for each workload.
///
/// Without `--caller` and `--operation` they are what the policies tell apart: callers who may do exactly the same are one column.
/// Each cell holds for all its requests, which is proved; one of each kind has been put to the module.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// A caller: `plaintext`, `no-certificate`, or a principal such as `cluster.local/ns/web/sa/frontend`; may be repeated.
    #[arg(long, value_name = "PEER")]
    caller: Vec<String>,
    /// What is done: a method, a path and a port, all or some of them: `GET /orders :8080`; may be repeated.
    #[arg(long, value_name = "REQUEST")]
    operation: Vec<String>,
    /// How to report.
    #[arg(long, value_enum, default_value_t = MatrixFormat::Table)]
    format: MatrixFormat,
    #[command(flatten)]
    asking: Asking,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum MatrixFormat {
    /// For terminals.
    Table,
    /// A line for each cell.
    Csv,
    /// One JSON document, with an example for each cell.
    Json,
    /// A page.
    Html,
    /// A picture.
    Svg,
}

/// Runs the command.
pub(crate) fn run(arguments: Arguments) -> Result<Exit> {
    let protocol = arguments.asking.protocol();
    let (policies, workloads) = arguments.asking.read()?;
    let mesh = &policies.config.mesh;
    let callers = arguments.caller.iter();
    let callers = callers.map(|text| matrix::caller(text, mesh, protocol));
    let callers = callers.collect::<Result<Vec<_>>>()?;
    let operations = arguments.operation.iter();
    let operations = operations.map(|text| matrix::operation(text, mesh, protocol));
    let operations = operations.collect::<Result<Vec<_>>>()?;
    let module = arguments.asking.engines.module()?;
    let making = Making {
        policies: &policies,
        protocol,
        callers: &callers,
        operations: &operations,
        choice: arguments.asking.engines.engine,
        module: module.as_ref().map(|shipped| &shipped.module),
    };
    let matrices = workloads.iter().map(|workload| making.run(workload));
    let matrices = matrices.collect::<Result<Vec<_>>>()?;
    output::print(&match arguments.format {
        MatrixFormat::Table => table::text(&matrices),
        MatrixFormat::Csv => table::csv(&matrices),
        MatrixFormat::Json => json::text(&matrices)?,
        MatrixFormat::Html => html::text(&matrices),
        MatrixFormat::Svg => svg::text(&matrices),
    })?;
    Ok(Exit::Fine)
}
