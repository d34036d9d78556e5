//! Errors of finding and loading the module.

use std::io;
use std::path::PathBuf;

use super::{NAME, VARIABLE};

/// Why there is no module.
#[derive(Debug, thiserror::Error)]
pub enum ModuleError {
    /// It is in none of the expected places.
    #[error("no module found: looked for `{NAME}` next to this command and in the two folders above it")]
    Absent,
    /// The folder of this command is unknown.
    #[error("the path of this command is unknown: {0}")]
    Command(io::Error),
    /// Its file cannot be read.
    #[error("cannot read the module `{}`: {error}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The cause.
        error: io::Error,
    },
    /// Its file is not a module that Envoy would load.
    #[error("`{}` is not a Wasm module that Envoy would load: {error}", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// The cause.
        error: peerwarden_host::ModuleError,
    },
    /// There is no compiler for this machine, or the compiled module cannot be written.
    #[error("{0}")]
    Compiler(peerwarden_host::ModuleError),
}

impl ModuleError {
    /// What to do about it.
    pub fn help(&self) -> Option<String> {
        match self {
            Self::Absent => Some(format!(
                "build it with `make wasm`, name it with `--module FILE` or {VARIABLE}, or use `--engine native`"
            )),
            Self::Command(_) | Self::Unreadable { .. } | Self::Malformed { .. } | Self::Compiler(_) => None,
        }
    }
}
