//! HTTP and gRPC calls to other services, and their answers.

use std::ptr;
use std::time::Duration;

use super::buffers::Bytes;
use super::imports::{proxy_get_buffer_bytes, proxy_get_header_map_pairs, proxy_grpc_call, proxy_http_call};
use super::status::{HostError, buffer, status};

/// Sends a request without body or trailers to a cluster, with headers in the ABI's encoding of pairs; returns the
/// call's token.
pub(crate) fn http_call(cluster: &str, headers: &[u8], timeout: Duration) -> Result<u32, HostError> {
    let mut token = 0;
    // SAFETY: pointers and lengths are those of live bytes, null with 0 of nothing, and `token` is a valid place.
    status(unsafe {
        proxy_http_call(
            cluster.as_ptr(),
            cluster.len(),
            headers.as_ptr(),
            headers.len(),
            ptr::null(),
            0,
            ptr::null(),
            0,
            milliseconds(timeout),
            &raw mut token,
        )
    })
    .map(|()| token)
}

/// Makes a unary gRPC call without metadata to a serialised `GrpcService`; returns the call's token.
pub(crate) fn grpc_call(
    service: &[u8],
    name: &str,
    method: &str,
    message: &[u8],
    timeout: Duration,
) -> Result<u32, HostError> {
    let mut token = 0;
    // SAFETY: pointers and lengths are those of live bytes, null with 0 of nothing, and `token` is a valid place.
    status(unsafe {
        proxy_grpc_call(
            service.as_ptr(),
            service.len(),
            name.as_ptr(),
            name.len(),
            method.as_ptr(),
            method.len(),
            ptr::null(),
            0,
            message.as_ptr(),
            message.len(),
            milliseconds(timeout),
            &raw mut token,
        )
    })
    .map(|()| token)
}

/// A duration in the ABI's unit.
fn milliseconds(time: Duration) -> u32 {
    u32::try_from(time.as_millis()).unwrap_or(u32::MAX)
}

/// The headers of an answer to an HTTP call, in the ABI's encoding of pairs; `None` if the call failed.
pub(crate) fn call_response_headers() -> Result<Option<Bytes>, HostError> {
    const CALL_RESPONSE_HEADERS: u32 = 6;
    // SAFETY: `buffer` gives valid places for the results.
    buffer(|data, size| unsafe { proxy_get_header_map_pairs(CALL_RESPONSE_HEADERS, data, size) })
}

/// The body of an answer to an HTTP call.
pub(crate) fn call_response_body() -> Result<Option<Bytes>, HostError> {
    const CALL_RESPONSE_BODY: u32 = 4;
    // SAFETY: `buffer` gives valid places for the results.
    buffer(|data, size| unsafe { proxy_get_buffer_bytes(CALL_RESPONSE_BODY, 0, usize::MAX, data, size) })
}

/// The message of an answer to a gRPC call.
pub(crate) fn grpc_response() -> Result<Option<Bytes>, HostError> {
    const GRPC_RECEIVE_BUFFER: u32 = 5;
    // SAFETY: `buffer` gives valid places for the results.
    buffer(|data, size| unsafe { proxy_get_buffer_bytes(GRPC_RECEIVE_BUFFER, 0, usize::MAX, data, size) })
}
