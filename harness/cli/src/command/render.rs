//! `peerwarden render`: writes Envoy's configuration.

mod client;
mod inbound;
mod ingress;
mod probes;
mod said;
mod written;

use clap::Subcommand;

use crate::error::Result;
use crate::exit::Exit;

/// Generate Envoy's configuration for a workload.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    Client(client::Arguments),
    Inbound(inbound::Arguments),
    Ingress(ingress::Arguments),
    Probes(probes::Arguments),
}

/// Runs the command.
pub(crate) fn run(arguments: Arguments) -> Result<Exit> {
    match arguments.what {
        What::Client(arguments) => client::run(arguments),
        What::Inbound(arguments) => inbound::run(arguments),
        What::Ingress(arguments) => ingress::run(arguments),
        What::Probes(arguments) => probes::run(arguments),
    }
}
