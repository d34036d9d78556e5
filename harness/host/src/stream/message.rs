//! One of the two messages of an HTTP stream.

use crate::connection::Headers;

/// Which message of a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Direction {
    Request,
    Response,
}

/// A request or a response, as far as it has progressed.
#[derive(Debug, Default)]
pub(crate) struct Message {
    pub(crate) headers: Headers,
    /// Whether the headers have arrived.
    pub(crate) begun: bool,
    /// Whether the module holds the headers: from the callback that delivers them until it lets them continue.
    pub(crate) holds_headers: bool,
    /// What follows headers that the module holds.
    pub(crate) behind: Option<PendingBody>,
    /// The part of the body that the module holds.
    pub(crate) body: Vec<u8>,
    /// The part that it has let continue.
    pub(crate) body_passed: Vec<u8>,
    pub(crate) trailers: Option<Headers>,
}

/// Body data and trailers that Envoy keeps back, because stopped headers also stop what follows them.
#[derive(Debug, Default)]
pub(crate) struct PendingBody {
    pub(crate) body: Option<(Vec<u8>, bool)>,
    pub(crate) trailers: Option<Headers>,
}

impl Message {
    /// Lets the part of the body that the module holds continue.
    pub(crate) fn pass_body(&mut self) {
        self.body_passed.append(&mut self.body);
    }
}

impl PendingBody {
    pub(crate) fn add(&mut self, bytes: &[u8], end_of_stream: bool) {
        let (body, end) = self.body.get_or_insert_default();
        body.extend(bytes);
        *end |= end_of_stream;
    }
}
