//! `peerwarden render ingress`: what stands at the edge.

use std::path::PathBuf;

use peerwarden_documents::files;
use peerwarden_envoy::render::ingress::Ingress;

use super::said;
use super::written::Destination;
use crate::error::Result;
use crate::exit::Exit;

/// Write an ingress that takes only TLS: the servers of `Gateway`s, with the module in them.
///
/// There is a listener for each port of the `Gateway`s that select the workload, and the module before each of their servers.
/// Plaintext is refused, or redirected where a server says `httpsRedirect: true`.
///
/// The description names `workload` and `routes`, and if need be `numTrustedProxies`, `certificates`, `mesh`, `module`, `address`, `admin`,
/// `accessLog`, `refusedPerSecond`, `lock`, `underscores`, `openConnections`, `paths`, `report` and `extensionProviders`.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The description of the gateway, in YAML or JSON.
    description: PathBuf,
    /// `Gateway`s of `networking.istio.io`: files, or folders with all that is below them.
    #[arg(long, value_name = "PATH", num_args = 1.., required = true)]
    gateways: Vec<PathBuf>,
    /// `AuthorizationPolicy` documents: files, or folders with all that is below them.
    #[arg(long, value_name = "PATH", num_args = 1..)]
    policies: Vec<PathBuf>,
    #[command(flatten)]
    destination: Destination,
}

/// Runs the command.
pub(crate) fn run(arguments: Arguments) -> Result<Exit> {
    let description = files::one(&arguments.description)?;
    let gateways = files::load_kind(&arguments.gateways, "networking.istio.io/", "Gateway")?;
    let policies = files::load(&arguments.policies)?;
    let ingress = Ingress::new(
        &said::value(&description)?,
        &said::values(&gateways)?,
        &said::values(&policies)?,
    );
    let ingress = ingress.map_err(|problems| {
        let lists = [
            ("gateways", gateways.as_slice()),
            ("resources", policies.as_slice()),
        ];
        said::diagnostics(&problems, &description, &lists)
    })?;
    let destination = &arguments.destination;
    destination.write(|| ingress.file(), |folder| ingress.files(folder))?;
    if destination.is_one_file() {
        said::no_limit(ingress.limit_without_place());
    }
    Ok(Exit::Fine)
}
