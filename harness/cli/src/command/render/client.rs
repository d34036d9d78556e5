//! `peerwarden render client`: the client side.

use std::path::PathBuf;

use anyhow::Result;
use peerwarden_documents::files;
use peerwarden_documents::output;
use peerwarden_envoy::render::client::Client;

use super::{said, written};
use crate::command::inputs;
use crate::exit::Exit;

/// Write the client side: who is called how, by `DestinationRule` and auto mutual TLS.
///
/// Each port of each service has a listener on loopback, and a cluster with the TLS that it wants.
///
/// The description names `workload` and `services`, and if need be `mesh`, `certificates` and `admin`.
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
    /// A folder for files that a running Envoy takes in when they are replaced: begin with `envoy -c FOLDER/bootstrap.yaml`, and
    /// run this again after a change. Without it, all is one file on standard output.
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
}

/// Runs the command.
pub(crate) fn run(arguments: Arguments) -> Result<Exit> {
    let description = match files::one(&arguments.description) {
        Ok(description) => description,
        Err(wrong) => return Ok(inputs::invalid(&[wrong])),
    };
    let rules = match files::load_kind(&arguments.rules, "networking.istio.io/", "DestinationRule") {
        Ok(rules) => rules,
        Err(wrong) => return Ok(inputs::invalid(&wrong)),
    };
    let policies = match files::load(&arguments.policies) {
        Ok(policies) => policies,
        Err(wrong) => return Ok(inputs::invalid(&wrong)),
    };
    let rendered = Client::new(
        &said::value(&description)?,
        &said::values(&rules)?,
        &said::values(&policies)?,
    );
    let client = match rendered {
        Ok(client) => client,
        Err(problems) => {
            let lists = [("rules", rules.as_slice()), ("resources", policies.as_slice())];
            return Ok(inputs::invalid(&said::diagnostics(
                &problems,
                &description,
                &lists,
            )));
        }
    };
    match &arguments.out {
        None => output::print(&client.file()?.text)?,
        Some(folder) => written::write(&client.files(&written::folder(folder)?)?, folder)?,
    }
    Ok(Exit::Fine)
}
