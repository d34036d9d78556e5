//! CUSTOM: external authorizers that Envoy really calls, and the effect of their answers.

mod concurrent;
mod failures;
mod fixture;
mod grpc;
mod hang_up;
mod http;
mod native;
mod order;
mod provider;
mod steered;
mod tcp;
mod unaskable;
