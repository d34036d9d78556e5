//! `peerwarden render ingress`: a gateway at the edge.

use std::path::PathBuf;

use peerwarden_documents::files;
use peerwarden_render::ingress::Ingress;

use super::descriptions;
use super::options::RenderOptions;
use crate::error::Result;
use crate::exit::Exit;

/// Generate an ingress that accepts only TLS: the servers of `Gateway`s, with the module in them.
///
/// Each port of the `Gateway`s that select the workload gets a listener, and the module is in front of each of their servers.
/// Plaintext is refused, or redirected if a server has `httpsRedirect: true`. `RequestAuthentication`s become Envoy's `jwt_authn` before
/// the module.
///
/// The description has `workload` and `routes`, and optionally `numTrustedProxies`, `certificates`, `mesh`, `module`, `address`,
/// `admin`, `accessLog`, `refusedPerSecond`, `lock`, `underscores`, `jwksCaCertificates`, `openConnections`, `paths`,
/// `report` and `extensionProviders`.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The description of the gateway, in YAML or JSON.
    description: PathBuf,
    /// `Gateway`s of `networking.istio.io`: files, or folders to search recursively.
    #[arg(long, value_name = "PATH", num_args = 1.., required = true)]
    gateways: Vec<PathBuf>,
    /// `AuthorizationPolicy` and `RequestAuthentication` documents: files, or folders to search recursively.
    #[arg(long, value_name = "PATH", num_args = 1..)]
    policies: Vec<PathBuf>,
    #[command(flatten)]
    options: RenderOptions,
}

/// Runs the command.
pub(crate) fn run(arguments: Arguments) -> Result<Exit> {
    let description = files::one(&arguments.description)?;
    let loader = arguments.options.loader()?;
    let gateways = loader.of_kind(&arguments.gateways, "networking.istio.io/", "Gateway")?;
    let policies = loader.policies(&arguments.policies)?;
    let ingress = descriptions::read(
        &description,
        [("gateways", &gateways), ("resources", &policies)],
        |description, [gateways, policies]| Ingress::new(description, &gateways, &policies),
    )?;
    let destination = &arguments.options.destination;
    destination.write(|| ingress.file(), |folder| ingress.files(folder))?;
    if destination.is_one_file() {
        descriptions::no_limit(ingress.limit_without_place());
    }
    Ok(Exit::Fine)
}
