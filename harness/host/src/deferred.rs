//! What a module asks for during a callback and Envoy does after it, in the order asked.

use crate::stream::http::LocalResponse;

/// One such thing, for the context that was effective.
#[derive(Debug, Clone)]
pub(crate) enum Deferred {
    /// Answer the request here.
    Respond(LocalResponse),
    ContinueRequest,
    ContinueResponse,
    /// Reset the HTTP stream.
    Reset,
    /// Go on with what the client sends.
    ContinueReading,
    /// Close the connection with the client.
    Close,
    /// Tell a root context that a gRPC call has failed.
    GrpcClose {
        token: u32,
        status: u32,
        message: &'static str,
    },
    /// Delete a root context that is done.
    Delete,
}
