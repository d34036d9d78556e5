//! `peerwarden render client`: the client side.

use std::path::PathBuf;

use peerwarden_documents::files;
use peerwarden_render::client::Client;

use super::descriptions;
use super::options::RenderOptions;
use crate::error::Result;
use crate::exit::Exit;

/// Generate the client side: listeners for the services that a workload calls.
///
/// Each port of each service gets a listener on loopback, and a cluster with the TLS settings that follow from `DestinationRule`s
/// and auto mutual TLS.
///
/// The description has `workload` and `services`, and optionally `mesh`, `certificates` and `admin`.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The description of the client, in YAML or JSON.
    description: PathBuf,
    /// `DestinationRule`s: files, or folders to search recursively.
    #[arg(long, value_name = "PATH", num_args = 1..)]
    rules: Vec<PathBuf>,
    /// The servers' `PeerAuthentication`s, so that endpoints with DISABLE get plaintext.
    #[arg(long, value_name = "PATH", num_args = 1..)]
    policies: Vec<PathBuf>,
    #[command(flatten)]
    options: RenderOptions,
}

/// Runs the command.
pub(crate) fn run(arguments: Arguments) -> Result<Exit> {
    let description = files::one(&arguments.description)?;
    let loader = arguments.options.loader()?;
    let rules = loader.of_kind(&arguments.rules, "networking.istio.io/", "DestinationRule")?;
    let policies = loader.policies(&arguments.policies)?;
    let client = descriptions::read(
        &description,
        [("rules", &rules), ("resources", &policies)],
        |description, [rules, policies]| Client::new(description, &rules, &policies),
    )?;
    let destination = &arguments.options.destination;
    destination.write(|| client.file(), |folder| client.files(folder))?;
    Ok(Exit::Fine)
}
