//! A module, compiled once for any number of VMs.

use std::path::Path;

use wasmtime::{Config, Engine, ExternType, InstancePre, Linker};

use crate::abi;
use crate::state::State;

/// A compiled module; clones share it, across threads too.
#[derive(Clone)]
pub struct Module {
    pub(crate) engine: Engine,
    pub(crate) instance: InstancePre<State>,
    size: usize,
}

/// Why Envoy would not load a module.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ModuleError {
    /// The file cannot be read.
    #[error("cannot be read: {0}")]
    Read(#[from] std::io::Error),
    /// It is no WebAssembly.
    #[error("not a WebAssembly module: {0:#}")]
    Wasm(wasmtime::Error),
    /// It does not say which ABI it speaks, or one that this host does not.
    #[error(
        "no export `proxy_abi_version_0_2_1` or `proxy_abi_version_0_2_0`: not a Proxy-Wasm module of ABI 0.2"
    )]
    Abi,
    /// Something that hosts need of it is missing.
    #[error("no export `{0}`")]
    Export(&'static str),
    /// It needs what Envoy does not have, or has otherwise.
    #[error("cannot be linked: {0:#}")]
    Import(wasmtime::Error),
}

impl Module {
    /// Compiles a file.
    ///
    /// # Errors
    /// Why it cannot be loaded.
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self, ModuleError> {
        Self::new(&std::fs::read(path)?)
    }

    /// Compiles a module from its bytes; WebAssembly text is taken too.
    ///
    /// # Errors
    /// Why it cannot be loaded.
    pub fn new(bytes: &[u8]) -> Result<Self, ModuleError> {
        let mut config = Config::new();
        config.consume_fuel(true);
        let engine = Engine::new(&config).map_err(ModuleError::Wasm)?;
        let module = wasmtime::Module::new(&engine, bytes).map_err(ModuleError::Wasm)?;
        let exports = |names: &[&str]| names.iter().any(|name| module.get_export(name).is_some());
        if !exports(&["proxy_abi_version_0_2_1", "proxy_abi_version_0_2_0"]) {
            return Err(ModuleError::Abi);
        }
        if !matches!(module.get_export("memory"), Some(ExternType::Memory(_))) {
            return Err(ModuleError::Export("memory"));
        }
        if !exports(&["proxy_on_memory_allocate", "malloc"]) {
            return Err(ModuleError::Export("proxy_on_memory_allocate"));
        }
        let mut linker = Linker::new(&engine);
        abi::link(&mut linker).map_err(ModuleError::Import)?;
        let instance = linker.instantiate_pre(&module).map_err(ModuleError::Import)?;
        Ok(Self {
            engine,
            instance,
            size: bytes.len(),
        })
    }

    /// Bytes of the module as it was given.
    pub fn size(&self) -> usize {
        self.size
    }

    /// The names that it imports, as `MODULE.NAME`.
    pub fn imports(&self) -> Vec<String> {
        let imports = self.instance.module().imports();
        imports
            .map(|import| format!("{}.{}", import.module(), import.name()))
            .collect()
    }

    /// The names that it exports.
    pub fn exports(&self) -> Vec<String> {
        self.instance
            .module()
            .exports()
            .map(|export| export.name().to_owned())
            .collect()
    }
}

impl std::fmt::Debug for Module {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Module")
            .field("size", &self.size)
            .finish_non_exhaustive()
    }
}
