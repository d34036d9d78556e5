//! A Proxy-Wasm host that behaves as Envoy does.
