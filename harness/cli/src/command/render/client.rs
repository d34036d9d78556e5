//! `peerwarden render client`: the client side.

use std::path::PathBuf;

use anyhow::Result;

use super::said;
use crate::command::inputs;
use crate::documents;
use crate::exit::Exit;
use crate::output;

/// Write the client side: who is called how, by `DestinationRule` and auto mutual TLS.
///
/// Each port of each service has a listener on loopback, and a cluster with the TLS that it wants.
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
        &said::value(&description)?,
        &said::values(&rules)?,
        &said::values(&policies)?,
    );
    match rendered {
        Ok(text) => output::print(&text).map(|()| Exit::Fine),
        Err(problems) => {
            let lists = [("rules", rules.as_slice()), ("resources", policies.as_slice())];
            Ok(inputs::invalid(&said::diagnostics(
                &problems,
                &description,
                &lists,
            )))
        }
    }
}
