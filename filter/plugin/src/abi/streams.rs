//! Continues, answers and closes streams, and selects the stream for host calls.

use super::imports::{
    proxy_close_stream, proxy_continue_stream, proxy_send_local_response, proxy_set_effective_context,
};
use super::status::{HostError, status};

const REQUEST: u32 = 0;

const DOWNSTREAM: u32 = 2;

/// The result of a callback.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    /// The stream continues.
    Continue,
    /// The stream is held until it is continued, answered or closed.
    Pause,
}

/// Answers the request here, with headers in the ABI's encoding of pairs. Envoy derives a gRPC status from the code.
pub(crate) fn respond(code: u32, details: &str, body: &[u8], headers: &[u8]) -> Result<(), HostError> {
    const NO_GRPC_STATUS: i32 = -1;
    // SAFETY: pointers and lengths are those of live bytes.
    status(unsafe {
        proxy_send_local_response(
            code,
            details.as_ptr(),
            details.len(),
            body.as_ptr(),
            body.len(),
            headers.as_ptr(),
            headers.len(),
            NO_GRPC_STATUS,
        )
    })
}

/// Continues the held request, after this callback.
pub(crate) fn continue_request() -> Result<(), HostError> {
    // SAFETY: no pointers.
    status(unsafe { proxy_continue_stream(REQUEST) })
}

/// Continues the client's held data, after this callback.
pub(crate) fn continue_downstream() -> Result<(), HostError> {
    // SAFETY: no pointers.
    status(unsafe { proxy_continue_stream(DOWNSTREAM) })
}

/// Closes the connection with the client, after this callback.
pub(crate) fn close_downstream() -> Result<(), HostError> {
    // SAFETY: no pointers.
    status(unsafe { proxy_close_stream(DOWNSTREAM) })
}

/// Ends the request without an answer, after this callback.
pub(crate) fn reset_request() -> Result<(), HostError> {
    // SAFETY: no pointers.
    status(unsafe { proxy_close_stream(REQUEST) })
}

/// Makes host calls refer to this context, until the callback ends.
pub(crate) fn act_for(context: u32) -> Result<(), HostError> {
    // SAFETY: no pointers.
    status(unsafe { proxy_set_effective_context(context) })
}

/// Makes host calls refer to the callback's own context again.
pub(crate) fn own_context() {
    // SAFETY: no pointers. Envoy always accepts 0.
    let _ = unsafe { proxy_set_effective_context(0) };
}
