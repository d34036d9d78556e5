//! The Wasm module that Envoy loads.
