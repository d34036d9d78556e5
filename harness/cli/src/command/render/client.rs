//! `peerwarden render client`: the client side.

use std::path::PathBuf;

use peerwarden_documents::files;
use peerwarden_envoy::render::client::Client;

use super::said;
use super::written::Destination;
use crate::error::Result;
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
    #[command(flatten)]
    destination: Destination,
}

/// Runs the command.
pub(crate) fn run(arguments: Arguments) -> Result<Exit> {
    let description = files::one(&arguments.description)?;
    let rules = files::load_kind(&arguments.rules, "networking.istio.io/", "DestinationRule")?;
    let policies = files::load(&arguments.policies)?;
    let client = Client::new(
        &said::value(&description)?,
        &said::values(&rules)?,
        &said::values(&policies)?,
    );
    let client = client.map_err(|problems| {
        let lists = [("rules", rules.as_slice()), ("resources", policies.as_slice())];
        said::diagnostics(&problems, &description, &lists)
    })?;
    let destination = &arguments.destination;
    destination.write(|| client.file(), |folder| client.files(folder))?;
    Ok(Exit::Fine)
}
