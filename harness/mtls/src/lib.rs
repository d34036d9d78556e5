//! Mutual TLS outside of Envoy: certificates of a mesh for local use, and what a port really accepts.
