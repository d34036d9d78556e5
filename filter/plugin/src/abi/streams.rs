//! What becomes of a stream, and which stream host calls are about.

use super::imports::{
    proxy_close_stream, proxy_continue_stream, proxy_send_local_response, proxy_set_effective_context,
};
use super::status::{HostError, status};

const REQUEST: u32 = 0;

const DOWNSTREAM: u32 = 2;

/// What a callback answers: what becomes of what it is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    /// It goes on.
    Continue,
    /// It is held, until it is let go on, answered or closed.
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

/// Lets the request that was held go on, after this callback.
pub(crate) fn continue_request() -> Result<(), HostError> {
    // SAFETY: no pointers.
    status(unsafe { proxy_continue_stream(REQUEST) })
}

/// Lets the client's data that was held go on, after this callback.
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

/// From now on host calls are about this context, until the callback ends.
pub(crate) fn act_for(context: u32) -> Result<(), HostError> {
    // SAFETY: no pointers.
    status(unsafe { proxy_set_effective_context(context) })
}

/// Host calls are about the callback's own context again.
pub(crate) fn own_context() {
    // SAFETY: no pointers. Envoy takes 0 always.
    let _ = unsafe { proxy_set_effective_context(0) };
}
