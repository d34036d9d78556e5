//! The cost of each callback.

use std::collections::BTreeMap;

/// The cost of one callback.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CallbackRecord {
    /// Its export, such as `proxy_on_request_headers`.
    pub callback: &'static str,
    /// The context that it was called for.
    pub context: u32,
    /// How often it called each host function.
    pub host_calls: BTreeMap<&'static str, u32>,
    /// Bytes that host calls copied into the module's memory.
    pub bytes_in: usize,
    /// Bytes that host calls copied out of it.
    pub bytes_out: usize,
    /// Fuel burned, about one unit for each Wasm instruction; deterministic.
    pub fuel: u64,
}

impl CallbackRecord {
    /// All its host calls.
    pub fn calls(&self) -> u32 {
        self.host_calls.values().sum()
    }
}

/// A rule of the ABI that the module broke. Envoy answers with an error or not at all; tests check for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// The callback during which it happened.
    pub callback: &'static str,
    /// The host function.
    pub function: &'static str,
    /// What was wrong.
    pub message: String,
}

impl std::fmt::Display for Violation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} during {}: {}", self.function, self.callback, self.message)
    }
}
