//! `peerwarden render inbound`: the workload's side.

use std::path::PathBuf;
use std::sync::Arc;

use peerwarden_documents::diagnostic::{self, Diagnostic};
use peerwarden_documents::documents::Document;
use peerwarden_documents::files;
use peerwarden_documents::setup::Setup;
use peerwarden_lint as lint;
use peerwarden_render::inbound::Inbound;
use peerwarden_render::probes::PORT;

use super::options::RenderOptions;
use super::{descriptions, probes};
use crate::error::Result;
use crate::exit::Exit;

/// Generate the server side: a listener for each port of a workload, with the module in it.
///
/// Each listener has the filter chains that the port's mutual TLS mode needs, with the module in each chain.
/// `RequestAuthentication`s become Envoy's `jwt_authn` before the module.
///
/// The description has `workload` and `ports`, and optionally `mesh`, `certificates`, `module`, `address`, `admin`, `accessLog`,
/// `refusedPerSecond`, `lock`, `underscores`, `jwksCaCertificates`, `openConnections`, `paths`, `report` and `extensionProviders`.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The description of the workload, in YAML or JSON.
    description: PathBuf,
    /// `AuthorizationPolicy`, `PeerAuthentication` and `RequestAuthentication` documents: files, or folders to search recursively.
    #[arg(long, value_name = "PATH", num_args = 1..)]
    policies: Vec<PathBuf>,
    /// The Pod or Deployment of the workload, as it was before `render probes`. Adds a listener that answers its probes and nothing
    /// else.
    #[arg(long, value_name = "FILE")]
    probes: Option<PathBuf>,
    /// The port of that listener.
    #[arg(long, value_name = "PORT", default_value_t = PORT, requires = "probes", value_parser = clap::value_parser!(u16).range(1..))]
    probes_port: u16,
    #[command(flatten)]
    options: RenderOptions,
}

/// Warns about peers that policies allow and the generated handshake refuses.
fn refused(description: &Document, policies: Vec<Document>) -> Vec<Diagnostic> {
    let part = |name: &str| {
        Some(Document {
            source: Arc::clone(&description.source),
            node: description.node.at(&[name])?.clone(),
        })
    };
    lint::refused_at_handshake(&Setup {
        mesh: part("mesh"),
        workload: part("workload"),
        resources: policies,
        ..Setup::default()
    })
}

/// Runs the command.
pub(crate) fn run(arguments: Arguments) -> Result<Exit> {
    let description = files::one(&arguments.description)?;
    let loader = arguments.options.loader()?;
    let policies = loader.policies(&arguments.policies)?;
    let probes = match &arguments.probes {
        Some(file) => probes::one(file, arguments.probes_port)?,
        None => None,
    };
    let inbound = descriptions::read(
        &description,
        [("resources", &policies)],
        |description, [policies]| {
            let inbound = Inbound::new(description, &policies)?;
            match probes {
                Some(probes) => inbound.with_probes(probes),
                None => Ok(inbound),
            }
        },
    )?;
    let destination = &arguments.options.destination;
    destination.write(|| inbound.file(), |folder| inbound.files(folder))?;
    if destination.is_one_file() {
        descriptions::no_limit(inbound.limit_without_place());
    }
    diagnostic::print(&refused(&description, policies));
    Ok(Exit::Fine)
}
