//! The Wasm module that ships: where it is, and which it is.

use std::fmt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use peerwarden_host::Module;
use sha2::{Digest, Sha256};

/// Its file name, next to the command or in a folder above it.
const NAME: &str = "peerwarden.wasm";

/// Where to look when it is not given.
const VARIABLE: &str = "PEERWARDEN_MODULE";

/// The module, compiled, with what a report says of it.
#[derive(Clone)]
pub(crate) struct Shipped {
    pub(crate) module: Module,
    pub(crate) path: PathBuf,
    /// Hexadecimal.
    pub(crate) sha256: String,
}

impl Shipped {
    /// `given`, else what the environment names, else the one that lies beside this command, or in one of the two folders above
    /// (`target/peerwarden.wasm` for `target/release/peerwarden`).
    ///
    /// # Errors
    /// That there is none, or that it is no module.
    pub(crate) fn load(given: Option<&Path>) -> Result<Self> {
        let path = match given
            .map(Path::to_owned)
            .or_else(|| std::env::var_os(VARIABLE).map(PathBuf::from))
        {
            Some(path) => path,
            None => beside()?,
        };
        let bytes = std::fs::read(&path)
            .with_context(|| format!("the module `{}` cannot be read", path.display()))?;
        let module = Module::new(&bytes)
            .with_context(|| format!("`{}` is not a module that Envoy would load", path.display()))?;
        Ok(Self {
            module,
            path,
            sha256: Sha256::digest(&bytes)
                .iter()
                .map(|byte| format!("{byte:02x}"))
                .collect(),
        })
    }
}

fn beside() -> Result<PathBuf> {
    let command = std::env::current_exe().context("where this command is cannot be found out")?;
    let folders = command.ancestors().skip(1).take(3);
    let candidates: Vec<PathBuf> = folders.map(|folder| folder.join(NAME)).collect();
    if let Some(found) = candidates.iter().find(|candidate| candidate.is_file()) {
        return Ok(found.clone());
    }
    bail!(
        "there is no module: looked for `{NAME}` next to this command and in the two folders above it\n  \
         help: build it with `make wasm`, name it with `--module FILE` or {VARIABLE}, or use `--engine native`"
    );
}

impl fmt::Display for Shipped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (sha256 {})", self.path.display(), self.sha256)
    }
}
