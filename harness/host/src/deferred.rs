//! Actions that a module requests during a callback and that Envoy carries out after it, in order.

use crate::stream::http::LocalResponse;
use crate::stream::message::Direction;

/// One such action, for the context that was effective.
#[derive(Debug, Clone)]
pub(crate) enum DeferredAction {
    /// Answer the request here.
    Respond(LocalResponse),
    /// Let a held request or response continue.
    Continue(Direction),
    /// Reset the HTTP stream.
    Reset,
    /// Resume reading from the client.
    ContinueReading,
    /// Close the connection with the client.
    Close,
    /// Tell a root context that a gRPC call failed.
    GrpcClose {
        token: u32,
        status: u32,
        message: &'static str,
    },
    /// Delete a root context that is done.
    Delete,
}
