//! `peerwarden render`: writes Envoy's configuration.

mod client;
mod inbound;
mod ingress;
mod probes;
mod said;
mod written;

use anyhow::Result;
use clap::Subcommand;

use crate::exit::Exit;

/// Write Envoy's configuration for a workload.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// The client side: who is called how, by `DestinationRule` and auto mutual TLS.
    Client(client::Arguments),
    /// The workload's side: a listener for each of its ports, with the module in it.
    Inbound(inbound::Arguments),
    /// An ingress that takes only TLS: the servers of `Gateway`s, with the module in them.
    Ingress(ingress::Arguments),
    /// A Deployment whose probes ask a port without mutual TLS, for `render inbound --probes`.
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
