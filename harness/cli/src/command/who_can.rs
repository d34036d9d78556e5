//! `peerwarden who-can`: who may do this.

use peerwarden_documents::diagnostic::Diagnostic;
use peerwarden_documents::output;
use peerwarden_documents::setup::Protocol;

use super::analysis::AnalysisArguments;
use super::inputs::OutputFormat;
use crate::analysis::question::Question;
use crate::analysis::search::{self, Search};
use crate::error::Result;
use crate::exit::Exit;

/// List who may do something: each kind of caller, with an example.
///
/// For each caller, the answer includes what else must hold for the request. It is proved that nobody else may do it.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The request: `METHOD /path`, `METHOD`, `/path`, or a port with `--protocol tcp`. A path may be a template or end in `*`.
    #[arg(value_name = "REQUEST")]
    request: String,
    #[command(flatten)]
    question: Question,
    /// Maximum number of classes of callers to show.
    #[arg(long, value_name = "NUMBER", default_value_t = 100)]
    limit: usize,
    /// Output format.
    #[arg(long, value_enum, default_value_t = OutputFormat::Human)]
    format: OutputFormat,
    #[command(flatten)]
    analysis: AnalysisArguments,
}

/// Runs the command.
pub(crate) fn run(mut arguments: Arguments) -> Result<Exit> {
    let protocol = arguments.analysis.protocol();
    add(&arguments.request, protocol, &mut arguments.question)?;
    let (policies, workloads) = arguments.analysis.read()?;
    let query = arguments.question.read(&policies.config.mesh, protocol)?;
    let module = arguments.analysis.engines.module()?;
    let search = Search {
        policies: &policies,
        query: &query,
        protocol,
        allowed: true,
        choice: arguments.analysis.engines.engine,
        module: module.as_ref().map(|shipped| &shipped.module),
        limit: arguments.limit.max(1),
    };
    let matches = workloads.iter().map(|workload| search.run(workload));
    let matches = matches.collect::<Result<Vec<_>>>()?;
    output::print(&match arguments.format {
        OutputFormat::Human => search::callers(&arguments.request, &matches),
        OutputFormat::Json => search::json(&matches)?,
    })?;
    Ok(Exit::Fine)
}

/// Adds the request to the question.
fn add(request: &str, protocol: Protocol, question: &mut Question) -> Result<(), Diagnostic> {
    let refuse = |help: &str| {
        Err(
            Diagnostic::error(format!("`{request}` is not a request for {}", protocol.as_str()))
                .help(help.to_owned()),
        )
    };
    match protocol {
        Protocol::Tcp => match request.strip_prefix("tcp ").unwrap_or(request).parse::<u16>() {
            Ok(port) => question.port.push(port.to_string()),
            Err(_) => return refuse("write the workload's port, such as `5432`"),
        },
        Protocol::Http => match request.split_once(' ') {
            Some((method, path)) if path.starts_with('/') && !path.contains(' ') => {
                question.method.push(method.to_owned());
                question.path.push(path.to_owned());
            }
            None if request.starts_with('/') => question.path.push(request.to_owned()),
            None if request.parse::<u16>().is_ok() => {
                return refuse("write a request such as `GET /orders`, or a port with `--protocol tcp`");
            }
            None if !request.is_empty() => question.method.push(request.to_owned()),
            Some(_) | None => return refuse("write a request such as `GET /orders`"),
        },
    }
    Ok(())
}
