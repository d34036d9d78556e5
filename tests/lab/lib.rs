//! The laboratory: a real Envoy.
