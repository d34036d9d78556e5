//! The host calls that the filter makes.
//!
//! They do not use an SDK: its wrappers panic on unexpected statuses, do not distinguish an empty value from a missing
//! one, and cannot set response-code details. Here a status is a number
//! (<https://github.com/proxy-wasm/spec/tree/main/abi-versions/v0.2.1>), and the caller handles every failure.
#![expect(
    unsafe_code,
    reason = "host calls take raw pointers; only this module makes them"
)]

mod buffers;
mod callouts;
mod headers;
mod imports;
mod log;
mod metrics;
mod plugin;
mod properties;
mod shared_data;
mod status;
mod streams;

pub(crate) use buffers::Bytes;
pub(crate) use callouts::{call_response_body, call_response_headers, grpc_call, grpc_response, http_call};
pub(crate) use headers::{Headers, request_header, request_headers};
pub(crate) use log::{Level, log};
pub(crate) use metrics::{add, define_counter, define_gauge, metric, record};
pub(crate) use plugin::{now, plugin_configuration, set_tick_period};
pub(crate) use properties::{property, set_envoy_filter_state, set_property};
pub(crate) use shared_data::{set_shared_data, shared_data};
pub(crate) use status::HostError;
pub(crate) use streams::{
    Action, act_for, close_downstream, continue_downstream, continue_request, own_context, reset_request,
    respond,
};
