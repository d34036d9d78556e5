//! Finds and loads the Wasm module that ships.

mod cache;
mod error;

pub use cache::Cache;
pub use error::ModuleError;

use std::path::{Path, PathBuf};

use peerwarden_documents::diagnostic::{self, Diagnostic};
use peerwarden_host::Module;
use peerwarden_traffic::ModuleFile;
use sha2::{Digest, Sha256};

use cache::CacheError;

/// Its file name; the file is next to the command or in a folder above it.
const NAME: &str = "peerwarden.wasm";

/// The environment variable with its path.
const VARIABLE: &str = "PEERWARDEN_MODULE";

/// The compiled module, and its file for reports.
#[derive(Clone)]
pub struct ShippedModule {
    /// The compiled code.
    pub module: Module,
    /// The file.
    pub file: ModuleFile,
}

impl ShippedModule {
    /// The path of the module: `given`, else that of the environment variable, else the file next to this command, or
    /// in one of the two folders above (`target/peerwarden.wasm` for `target/release/peerwarden`).
    ///
    /// # Errors
    ///
    /// If there is none.
    pub fn find(given: Option<&Path>) -> Result<PathBuf, ModuleError> {
        let named = given
            .map(Path::to_owned)
            .or_else(|| std::env::var_os(VARIABLE).map(PathBuf::from));
        named.map_or_else(beside, Ok)
    }

    /// Loads the module that [`ShippedModule::find`] finds. Code compiled by an earlier run is read from the cache; a
    /// cache that cannot be used is reported on standard error, and only costs time.
    ///
    /// # Errors
    ///
    /// If there is none, or if it is not a module.
    pub fn load(given: Option<&Path>, cache: Option<&Cache>) -> Result<Self, ModuleError> {
        let path = Self::find(given)?;
        let bytes = match std::fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) => return Err(ModuleError::Unreadable { path, error }),
        };
        let sha256 = Sha256::digest(&bytes)
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect::<String>();
        let compiler = Module::compiler().map_err(ModuleError::Compiler)?;
        let name = format!("{sha256}-{compiler:016x}");
        let kept = cache.and_then(|cache| kept(cache, &name, bytes.len()));
        let from_cache = kept.is_some();
        let module = match kept {
            Some(module) => module,
            None => {
                let module = match Module::new(&bytes) {
                    Ok(module) => module,
                    Err(error) => return Err(ModuleError::Malformed { path, error }),
                };
                if let Some(cache) = cache {
                    keep(cache, &name, &module)?;
                }
                module
            }
        };
        let file = ModuleFile {
            path,
            sha256,
            from_cache,
        };
        Ok(Self { module, file })
    }
}

/// The code that an earlier run compiled for the module that `name` identifies.
#[expect(unsafe_code, reason = "machine code that an earlier run wrote, see `cache`")]
fn kept(cache: &Cache, name: &str, size: usize) -> Option<Module> {
    let code = match cache.get(name) {
        Ok(code) => code,
        Err(unusable) => {
            say(cache, &unusable);
            return None;
        }
    };
    // SAFETY: only this user can have written it, and it is complete: the entry of this name is what an earlier run
    // compiled. Code for another machine or another wasmtime gives an error here, and is compiled again.
    unsafe { Module::from_compiled(&code, size) }.ok()
}

fn keep(cache: &Cache, name: &str, module: &Module) -> Result<(), ModuleError> {
    let compiled = module.compiled().map_err(ModuleError::Compiler)?;
    if let Err(unusable) = cache.put(name, &compiled) {
        say(cache, &unusable);
    }
    Ok(())
}

fn say(cache: &Cache, unusable: &CacheError) {
    if cache.is_worth_saying(unusable) {
        let message = format!("the cache of the compiled module is not used: {unusable}");
        diagnostic::print(&[Diagnostic::notice(message)]);
    }
}

fn beside() -> Result<PathBuf, ModuleError> {
    let command = std::env::current_exe().map_err(ModuleError::Command)?;
    let folders = command.ancestors().skip(1).take(3);
    let mut candidates = folders.map(|folder| folder.join(NAME));
    candidates
        .find(|candidate| candidate.is_file())
        .ok_or(ModuleError::Absent)
}
