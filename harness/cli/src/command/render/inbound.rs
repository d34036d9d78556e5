//! `peerwarden render inbound`: the workload's side.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use peerwarden_envoy::render::File;
use peerwarden_envoy::render::inbound::Inbound;

use super::said;
use crate::command::inputs;
use crate::exit::Exit;
use crate::{documents, output};

/// Write the workload's side: a listener for each of its ports, with the filter chains that its mutual TLS mode needs and the
/// module in each.
///
/// The description names `workload` and `ports`, and if need be `mesh`, `certificates`, `module`, `address`, `admin`, `accessLog` and
/// `extensionProviders`.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The description of the workload, in YAML or JSON.
    description: PathBuf,
    /// `AuthorizationPolicy` and `PeerAuthentication` documents: files, or folders with all that is below them.
    #[arg(long, value_name = "PATH", num_args = 1..)]
    policies: Vec<PathBuf>,
    /// A folder for files that a running Envoy takes in when they are replaced: begin with `envoy -c FOLDER/bootstrap.yaml`, and
    /// run this again after a change. Without it, all is one file on standard output.
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
}

/// Runs the command.
pub(crate) fn run(arguments: Arguments) -> Result<Exit> {
    let description = match inputs::one(&arguments.description) {
        Ok(description) => description,
        Err(wrong) => return Ok(inputs::invalid(&[wrong])),
    };
    let policies = match documents::load(&arguments.policies) {
        Ok(policies) => policies,
        Err(wrong) => return Ok(inputs::invalid(&wrong)),
    };
    let inbound = match Inbound::new(&said::value(&description)?, &said::values(&policies)?) {
        Ok(inbound) => inbound,
        Err(problems) => {
            let lists = [("resources", policies.as_slice())];
            return Ok(inputs::invalid(&said::diagnostics(
                &problems,
                &description,
                &lists,
            )));
        }
    };
    match &arguments.out {
        None => output::print(&inbound.file()?.text)?,
        Some(folder) => write(&inbound, folder)?,
    }
    Ok(Exit::Fine)
}

fn write(inbound: &Inbound, folder: &Path) -> Result<()> {
    std::fs::create_dir_all(folder).with_context(|| format!("making the folder {}", folder.display()))?;
    // As Envoy is to open it, from wherever it is started.
    let whole = std::fs::canonicalize(folder).with_context(|| format!("finding {}", folder.display()))?;
    let name = whole
        .to_str()
        .with_context(|| format!("{} is not UTF-8", whole.display()))?;
    for file in inbound.files(name)? {
        let said = if replace(&whole, &file)? {
            "written"
        } else {
            "as it was"
        };
        output::print(&format!("{}: {said}\n", folder.join(&file.name).display()))?;
    }
    Ok(())
}

/// Renamed into place, so that Envoy never sees half of it, and only if it changed, so that Envoy does nothing otherwise.
fn replace(folder: &Path, file: &File) -> Result<bool> {
    let path = folder.join(&file.name);
    if std::fs::read_to_string(&path).is_ok_and(|text| text == file.text) {
        return Ok(false);
    }
    let new = folder.join(format!(".{}.new", file.name));
    std::fs::write(&new, &file.text)
        .and_then(|()| std::fs::rename(&new, &path))
        .with_context(|| format!("writing {}", path.display()))?;
    Ok(true)
}
