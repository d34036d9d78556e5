//! A module, compiled once for any number of VMs.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;

use wasmtime::{Config, Engine, ExternType, InstancePre, Linker};

use crate::host_functions;
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
    /// It is not WebAssembly.
    #[error("not a WebAssembly module: {0:#}")]
    Wasm(wasmtime::Error),
    /// It does not declare its ABI version, or declares one that this host does not support.
    #[error(
        "no export `proxy_abi_version_0_2_1` or `proxy_abi_version_0_2_0`: not a Proxy-Wasm module of ABI 0.2"
    )]
    Abi,
    /// An export that hosts need is missing.
    #[error("no export `{0}`")]
    Export(&'static str),
    /// It imports something that Envoy does not have, or has with another signature.
    #[error("cannot be linked: {0:#}")]
    Import(wasmtime::Error),
    /// The compiled code is for another machine, another wasmtime or other settings, or cannot be written.
    #[error("not compiled for this host: {0:#}")]
    Compiled(wasmtime::Error),
}

impl Module {
    /// Compiles a file.
    ///
    /// # Errors
    ///
    /// If the module cannot be loaded.
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self, ModuleError> {
        Self::new(&std::fs::read(path)?)
    }

    /// Compiles a module from its bytes, in the binary format. The crate `wat` assembles text.
    ///
    /// # Errors
    ///
    /// If the module cannot be loaded.
    pub fn new(bytes: &[u8]) -> Result<Self, ModuleError> {
        let engine = engine()?;
        let module = wasmtime::Module::new(&engine, bytes).map_err(ModuleError::Wasm)?;
        Self::link(engine, &module, bytes.len())
    }

    /// Restores a module from the output of [`Module::compiled`]; `size` is the size of the original Wasm file in
    /// bytes.
    ///
    /// # Safety
    ///
    /// `compiled` must be, byte for byte, the output of [`Module::compiled`] of any version: it is machine code, and is
    /// run unchecked.
    ///
    /// # Errors
    ///
    /// If the code is for another machine, another version of wasmtime or other settings, or if the module cannot be
    /// loaded.
    #[expect(
        unsafe_code,
        reason = "machine code from outside: wasmtime has no other way to take it in"
    )]
    pub unsafe fn from_compiled(compiled: &[u8], size: usize) -> Result<Self, ModuleError> {
        let engine = engine()?;
        // SAFETY: the caller's promise is the one that wasmtime requires.
        let module = unsafe { wasmtime::Module::deserialize(&engine, compiled) };
        Self::link(engine, &module.map_err(ModuleError::Compiled)?, size)
    }

    /// The machine code of the module, for [`Module::from_compiled`].
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn compiled(&self) -> Result<Vec<u8>, ModuleError> {
        self.instance.module().serialize().map_err(ModuleError::Compiled)
    }

    /// A hash of everything else that compilation depends on: the version of wasmtime, its settings, the processor.
    ///
    /// # Errors
    ///
    /// If there is no engine for this machine.
    pub fn compiler() -> Result<u64, ModuleError> {
        let mut hasher = DefaultHasher::new();
        engine()?.precompile_compatibility_hash().hash(&mut hasher);
        Ok(hasher.finish())
    }

    fn link(engine: Engine, module: &wasmtime::Module, size: usize) -> Result<Self, ModuleError> {
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
        host_functions::link(&mut linker).map_err(ModuleError::Import)?;
        let instance = linker.instantiate_pre(module).map_err(ModuleError::Import)?;
        Ok(Self {
            engine,
            instance,
            size,
        })
    }

    /// The size of the original module in bytes.
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

fn engine() -> Result<Engine, ModuleError> {
    let mut config = Config::new();
    config.consume_fuel(true);
    Engine::new(&config).map_err(ModuleError::Wasm)
}

impl std::fmt::Debug for Module {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Module")
            .field("size", &self.size)
            .finish_non_exhaustive()
    }
}
