//! `peerwarden matrix`: who may do what, as a table.

use anyhow::Result;
use clap::ValueEnum;
use peerwarden_documents::output;

use super::asking::Asking;
use super::inputs;
use super::who_can::beyond;
use crate::analysis::matrix::{self, Making, Matrix, html, json, svg, table};
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
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
    #[command(flatten)]
    asking: Asking,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
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
    let read = arguments.asking.read().and_then(|(policies, workloads)| {
        let mesh = &policies.config.mesh;
        let callers: Result<Vec<_>, _> = arguments
            .caller
            .iter()
            .map(|text| matrix::caller(text, mesh, protocol))
            .collect();
        let operations: Result<Vec<_>, _> = arguments
            .operation
            .iter()
            .map(|text| matrix::operation(text, mesh, protocol))
            .collect();
        let (callers, operations) = (callers?, operations?);
        Ok((policies, workloads, callers, operations))
    });
    let (policies, workloads, callers, operations) = match read {
        Ok(read) => read,
        Err(wrong) => return Ok(inputs::invalid(&wrong)),
    };
    let module = match arguments.asking.engines.module() {
        Ok(module) => module,
        Err(error) => return Ok(inputs::no_module(&error)),
    };
    let making = Making {
        policies: &policies,
        protocol,
        callers: &callers,
        operations: &operations,
        choice: arguments.asking.engines.engine,
        module: module.as_ref().map(|shipped| &shipped.module),
    };
    let mut matrices: Vec<Matrix> = Vec::new();
    for workload in &workloads {
        match making.run(workload) {
            Ok(one) => matrices.push(one),
            Err(error) => return beyond(error),
        }
    }
    output::print(&match arguments.format {
        Format::Table => table::text(&matrices),
        Format::Csv => table::csv(&matrices),
        Format::Json => json::text(&matrices)?,
        Format::Html => html::text(&matrices),
        Format::Svg => svg::text(&matrices),
    })?;
    Ok(Exit::Fine)
}
