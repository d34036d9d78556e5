//! `peerwarden render ingress`: what stands at the edge.

use std::path::PathBuf;

use anyhow::Result;
use peerwarden_documents::files;
use peerwarden_documents::output;
use peerwarden_envoy::render::ingress::Ingress;

use super::{said, written};
use crate::command::inputs;
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
    let gateways = match files::load_kind(&arguments.gateways, "networking.istio.io/", "Gateway") {
        Ok(gateways) => gateways,
        Err(wrong) => return Ok(inputs::invalid(&wrong)),
    };
    let policies = match files::load(&arguments.policies) {
        Ok(policies) => policies,
        Err(wrong) => return Ok(inputs::invalid(&wrong)),
    };
    let rendered = Ingress::new(
        &said::value(&description)?,
        &said::values(&gateways)?,
        &said::values(&policies)?,
    );
    let ingress = match rendered {
        Ok(ingress) => ingress,
        Err(problems) => {
            let lists = [
                ("gateways", gateways.as_slice()),
                ("resources", policies.as_slice()),
            ];
            return Ok(inputs::invalid(&said::diagnostics(
                &problems,
                &description,
                &lists,
            )));
        }
    };
    match &arguments.out {
        None => {
            output::print(&ingress.file()?.text)?;
            said::no_limit(ingress.limit_without_place());
        }
        Some(folder) => written::write(&ingress.files(&written::folder(folder)?)?, folder)?,
    }
    Ok(Exit::Fine)
}
