//! `peerwarden render`: writes Envoy's configuration.

mod client;
mod descriptions;
mod destination;
mod inbound;
mod ingress;
mod options;
mod probes;

use clap::Subcommand;

use crate::error::Result;
use crate::exit::Exit;

/// Generate Envoy's configuration for a workload.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    what: Target,
}

#[derive(Debug, Subcommand)]
enum Target {
    Client(client::Arguments),
    Inbound(inbound::Arguments),
    Ingress(ingress::Arguments),
    Probes(probes::Arguments),
}

/// Runs the command.
pub(crate) fn run(arguments: Arguments) -> Result<Exit> {
    match arguments.what {
        Target::Client(arguments) => client::run(arguments),
        Target::Inbound(arguments) => inbound::run(arguments),
        Target::Ingress(arguments) => ingress::run(arguments),
        Target::Probes(arguments) => probes::run(arguments),
    }
}
