//! The exported callbacks of the ABI (<https://github.com/proxy-wasm/spec/tree/main/abi-versions/v0.2.1>). Envoy calls
//! only exported callbacks, and treats missing ones as "continue", so no others are exported.
//!
//! Omitted on purpose: `proxy_on_upstream_connection_close`, which Envoy also calls for contexts that it has deleted.
#![expect(
    unsafe_code,
    reason = "the ABI knows callbacks by their names, which may be another's; all but the one that allocates are here"
)]

use crate::abi::Action;
use crate::contexts;

#[unsafe(no_mangle)]
extern "C" fn proxy_abi_version_0_2_1() {}

#[unsafe(no_mangle)]
extern "C" fn proxy_on_context_create(context: u32, root: u32) {
    contexts::create(context, root);
}

#[unsafe(no_mangle)]
extern "C" fn proxy_on_configure(root: u32, size: usize) -> u32 {
    contexts::configure(root, size).into()
}

#[unsafe(no_mangle)]
extern "C" fn proxy_on_tick(root: u32) {
    contexts::tick(root);
}

#[unsafe(no_mangle)]
extern "C" fn proxy_on_delete(context: u32) {
    contexts::delete(context);
}

#[unsafe(no_mangle)]
extern "C" fn proxy_on_http_call_response(
    _root: u32,
    token: u32,
    headers: u32,
    _body_size: u32,
    _trailers: u32,
) {
    contexts::http_call_answered(token, headers);
}

#[unsafe(no_mangle)]
extern "C" fn proxy_on_grpc_receive(_root: u32, token: u32, _size: u32) {
    contexts::grpc_call_answered(token, 0);
}

#[unsafe(no_mangle)]
extern "C" fn proxy_on_grpc_close(_root: u32, token: u32, status: u32) {
    contexts::grpc_call_answered(token, status);
}

#[unsafe(no_mangle)]
extern "C" fn proxy_on_new_connection(context: u32) -> u32 {
    result(contexts::of_connection(context, |tcp| tcp.on_new_connection()))
}

#[unsafe(no_mangle)]
extern "C" fn proxy_on_downstream_data(context: u32, _size: u32, _end: u32) -> u32 {
    result(contexts::of_connection(context, |tcp| tcp.on_downstream_data()))
}

#[unsafe(no_mangle)]
extern "C" fn proxy_on_upstream_data(context: u32, _size: u32, _end: u32) -> u32 {
    result(contexts::of_connection(context, |tcp| tcp.on_upstream_data()))
}

#[unsafe(no_mangle)]
extern "C" fn proxy_on_request_headers(context: u32, _count: u32, _end: u32) -> u32 {
    result(contexts::of_request(context, |http| http.on_request_headers()))
}

#[unsafe(no_mangle)]
extern "C" fn proxy_on_request_body(context: u32, _size: u32, _end: u32) -> u32 {
    result(contexts::of_request(context, |http| http.on_request_body()))
}

#[unsafe(no_mangle)]
extern "C" fn proxy_on_request_trailers(context: u32, _count: u32) -> u32 {
    result(contexts::of_request(context, |http| http.on_request_trailers()))
}

#[unsafe(no_mangle)]
extern "C" fn proxy_on_response_headers(context: u32, _count: u32, _end: u32) -> u32 {
    result(contexts::of_response(context))
}

fn result(action: Action) -> u32 {
    match action {
        Action::Continue => 0,
        Action::Pause => 1,
    }
}
