//! The Wasm module that ships: where it is, and which it is.

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

/// Its file name, next to the command or in a folder above it.
const NAME: &str = "peerwarden.wasm";

/// Where to look when it is not given.
const VARIABLE: &str = "PEERWARDEN_MODULE";

/// The module, compiled, with what a report says of it.
#[derive(Clone)]
pub struct ShippedModule {
    /// Its code.
    pub module: Module,
    /// Which it is.
    pub file: ModuleFile,
}

impl ShippedModule {
    /// Where it is: `given`, else what the environment names, else the one that lies beside this command, or in one of the two folders
    /// above (`target/peerwarden.wasm` for `target/release/peerwarden`).
    ///
    /// # Errors
    /// That there is none.
    pub fn find(given: Option<&Path>) -> Result<PathBuf, ModuleError> {
        let named = given
            .map(Path::to_owned)
            .or_else(|| std::env::var_os(VARIABLE).map(PathBuf::from));
        named.map_or_else(beside, Ok)
    }

    /// Loads what [`ShippedModule::find`] finds. What an earlier run compiled is taken from the cache; a cache that
    /// cannot be used is said on standard error, and costs time alone.
    ///
    /// # Errors
    /// That there is none, or that it is not a module.
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

/// What an earlier run compiled of the module that `name` stands for.
#[expect(unsafe_code, reason = "machine code that an earlier run wrote, see `cache`")]
fn kept(cache: &Cache, name: &str, size: usize) -> Option<Module> {
    let code = match cache.get(name) {
        Ok(code) => code,
        Err(unusable) => {
            say(cache, &unusable);
            return None;
        }
    };
    // SAFETY: nobody but this user could have written it, and it is whole: what was kept under this name is what an earlier run
    // compiled. Code for another machine or by another wasmtime is an error here, and compiled again.
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
