//! `peerwarden render client`: the client side.

use std::path::PathBuf;

use anyhow::{Context, Result};
use peerwarden_engine::document::Value;
use peerwarden_engine::{Problem, Problems};

use crate::command::inputs;
use crate::diagnostic::Diagnostic;
use crate::documents::{self, Document};
use crate::exit::Exit;
use crate::output;

/// Write the client side: a listener on loopback for each port of each service, and a cluster with the TLS that it wants.
///
/// The description names `workload`, `mesh`, `certificates` and `services`.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The description of the client, in YAML or JSON.
    description: PathBuf,
    /// `DestinationRule`s: files, or folders with all that is below them.
    #[arg(long, value_name = "PATH", num_args = 1..)]
    rules: Vec<PathBuf>,
    /// The servers' `PeerAuthentication`s: an endpoint with DISABLE gets plaintext.
    #[arg(long, value_name = "PATH", num_args = 1..)]
    policies: Vec<PathBuf>,
}

/// Runs the command.
pub(crate) fn run(arguments: Arguments) -> Result<Exit> {
    let description = match inputs::one(&arguments.description) {
        Ok(description) => description,
        Err(wrong) => return Ok(inputs::invalid(&[wrong])),
    };
    let rules = match documents::load_kind(&arguments.rules, "networking.istio.io/", "DestinationRule") {
        Ok(rules) => rules,
        Err(wrong) => return Ok(inputs::invalid(&wrong)),
    };
    let policies = match documents::load(&arguments.policies) {
        Ok(policies) => policies,
        Err(wrong) => return Ok(inputs::invalid(&wrong)),
    };
    let rendered = peerwarden_envoy::render::client::client(
        &value(&description)?,
        &rules.iter().map(value).collect::<Result<Vec<_>>>()?,
        &policies.iter().map(value).collect::<Result<Vec<_>>>()?,
    );
    match rendered {
        Ok(text) => output::print(&text).map(|()| Exit::Fine),
        Err(problems) => Ok(inputs::invalid(&diagnostics(
            &problems,
            &description,
            &rules,
            &policies,
        ))),
    }
}

fn value(document: &Document) -> Result<Value> {
    serde_json::from_str(&document.node.to_json()).context("a document as JSON")
}

fn diagnostics(
    problems: &Problems,
    description: &Document,
    rules: &[Document],
    policies: &[Document],
) -> Vec<Diagnostic> {
    let diagnostic = |problem: &Problem| {
        let within = |name: &str, documents: &'_ [Document]| {
            let (index, rest) = problem
                .path
                .strip_prefix(name)?
                .strip_prefix('[')?
                .split_once(']')?;
            let document = documents.get(index.parse::<usize>().ok()?)?;
            Some(document.place(rest, problem.on_key))
        };
        let place = within("rules", rules)
            .or_else(|| within("resources", policies))
            .unwrap_or_else(|| description.place(&problem.path, problem.on_key));
        let diagnostic = Diagnostic::error(problem.message.clone()).at(place);
        match &problem.help {
            Some(help) => diagnostic.help(help),
            None => diagnostic,
        }
    };
    problems.iter().map(diagnostic).collect()
}
