//! Where generated configuration is written: standard output, or files that a running Envoy reloads when they are
//! replaced.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use peerwarden_documents::output;
use peerwarden_render::File;
use peerwarden_render::template::TemplateError;

/// Where generated configuration is written.
#[derive(Debug, clap::Args)]
pub(super) struct Destination {
    /// A folder for files that a running Envoy reloads when they are replaced: start with `envoy -c FOLDER/bootstrap.yaml`, and run
    /// this command again after a change. By default, one file is printed to standard output.
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
}

impl Destination {
    /// Whether it is standard output.
    pub(super) fn is_one_file(&self) -> bool {
        self.out.is_none()
    }

    /// Prints the one file, or writes the several, which refer to each other by their folder.
    ///
    /// # Errors
    ///
    /// If something cannot be written.
    pub(super) fn write(
        &self,
        one: impl FnOnce() -> Result<File, TemplateError>,
        several: impl FnOnce(&str) -> Result<Vec<File>, TemplateError>,
    ) -> Result<()> {
        match &self.out {
            None => output::print(&one()?.text),
            Some(out) => write(&several(&folder(out)?)?, out),
        }
    }
}

/// Creates the folder, and returns an absolute path to it, so that Envoy can be started anywhere.
fn folder(folder: &Path) -> Result<String> {
    std::fs::create_dir_all(folder).with_context(|| format!("making the folder {}", folder.display()))?;
    let whole = std::fs::canonicalize(folder).with_context(|| format!("finding {}", folder.display()))?;
    let name = whole
        .to_str()
        .with_context(|| format!("{} is not UTF-8", whole.display()))?;
    Ok(name.to_owned())
}

/// Replaces the files that changed, in their order, and reports them; for a configuration of the module also its
/// number.
fn write(files: &[File], folder: &Path) -> Result<()> {
    for file in files {
        let said = if replace(folder, file)? {
            "written"
        } else {
            "unchanged"
        };
        let configuration = file
            .configuration
            .map(|number| format!(", configuration {number}"));
        output::print(&format!(
            "{}: {said}{}\n",
            folder.join(&file.name).display(),
            configuration.unwrap_or_default()
        ))?;
    }
    Ok(())
}

/// Moves the new file into place, so that Envoy never sees a half-written one, and only if it changed, so that Envoy
/// does not reload without need.
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
