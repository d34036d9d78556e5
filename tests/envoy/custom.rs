//! CUSTOM: external authorizers that Envoy really asks, and what becomes of the request.

mod concurrent;
mod failures;
mod fixture;
mod grpc;
mod hang_up;
mod http;
mod native;
mod order;
mod provider;
mod tcp;
mod unaskable;
