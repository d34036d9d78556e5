//! HTTP streams.

mod message;
mod show;

use super::{HttpStreamId, PluginId, StreamError, Vm};
use crate::connection::{Connection, Headers, Request};
use crate::stream::http::{Http, HttpOutcome};
use crate::stream::message::{Direction, PendingBody};
use crate::stream::{ContextKind, Presence};
use show::FilterStatus;

impl Vm {
    /// Opens a request on a connection whose handshake is over. The module is notified of it with its headers.
    ///
    /// # Errors
    ///
    /// [`StreamError::NoPlugin`].
    pub fn http_stream(
        &mut self,
        plugin: PluginId,
        connection: &Connection,
        request: Request,
    ) -> Result<HttpStreamId, StreamError> {
        self.reload_if_due(plugin);
        self.root(plugin)?;
        let http = Http::new(connection, request, self.state().nanoseconds());
        let id = self.new_context(plugin.0, ContextKind::Http(Box::new(http)));
        self.admit(plugin, id);
        Ok(HttpStreamId(id))
    }

    /// Delivers the request's headers to the module; its context is created first, as in Envoy.
    ///
    /// # Errors
    ///
    /// [`StreamError::NoStream`]; [`StreamError::OutOfOrder`] if they were already delivered.
    pub fn request_headers(&mut self, stream: HttpStreamId) -> Result<HttpOutcome, StreamError> {
        let http = self.http(stream)?;
        if http.request.begun {
            return Err(StreamError::OutOfOrder("the request's headers came before"));
        }
        let end_of_stream = http.end_of_stream;
        let status = self.show_headers(stream.0, Direction::Request, end_of_stream)?;
        let http = self.http(stream)?;
        http.request.behind = (status == FilterStatus::Hold).then(PendingBody::default);
        Ok(http.outcome())
    }

    /// Delivers a part of the request's body to the module, together with the part that it holds already. While the
    /// module holds the headers, Envoy keeps the body back, and once the request is answered or reset it is dropped.
    /// The same is true of everything that follows.
    ///
    /// # Errors
    ///
    /// [`StreamError::NoStream`].
    pub fn request_body(
        &mut self,
        stream: HttpStreamId,
        bytes: &[u8],
        end_of_stream: bool,
    ) -> Result<HttpOutcome, StreamError> {
        self.body(stream, Direction::Request, bytes, end_of_stream)
    }

    /// Delivers the request's trailers to the module.
    ///
    /// # Errors
    ///
    /// [`StreamError::NoStream`].
    pub fn request_trailers(
        &mut self,
        stream: HttpStreamId,
        trailers: Headers,
    ) -> Result<HttpOutcome, StreamError> {
        self.trailers(stream, Direction::Request, trailers)
    }

    /// Delivers the response's headers to the module.
    ///
    /// # Errors
    ///
    /// [`StreamError::NoStream`].
    pub fn response_headers(
        &mut self,
        stream: HttpStreamId,
        headers: Headers,
        end_of_stream: bool,
    ) -> Result<HttpOutcome, StreamError> {
        let http = self.http(stream)?;
        if !http.is_over() {
            http.response.headers = headers;
            let status = self.show_headers(stream.0, Direction::Response, end_of_stream)?;
            self.http(stream)?.response.behind = (status == FilterStatus::Hold).then(PendingBody::default);
        }
        self.outcome(stream)
    }

    /// Delivers a part of the response's body to the module, together with the part that it holds already.
    ///
    /// # Errors
    ///
    /// [`StreamError::NoStream`].
    pub fn response_body(
        &mut self,
        stream: HttpStreamId,
        bytes: &[u8],
        end_of_stream: bool,
    ) -> Result<HttpOutcome, StreamError> {
        self.body(stream, Direction::Response, bytes, end_of_stream)
    }

    /// Delivers the response's trailers to the module.
    ///
    /// # Errors
    ///
    /// [`StreamError::NoStream`].
    pub fn response_trailers(
        &mut self,
        stream: HttpStreamId,
        trailers: Headers,
    ) -> Result<HttpOutcome, StreamError> {
        self.trailers(stream, Direction::Response, trailers)
    }

    /// Envoy's own answer passes the module too, but the module's decision has no effect on it.
    pub(super) fn encode(&mut self, id: u32, headers: Headers, body: &[u8]) {
        let Some(http) = self.http_mut(id) else {
            return;
        };
        http.response.headers = headers;
        let sent = self.show_headers(id, Direction::Response, body.is_empty());
        if sent.is_ok() && !body.is_empty() {
            // The stream existed a line above.
            let _ = self.show_body(id, Direction::Response, body, true);
        }
    }

    /// The state of a request; a timer or an answered call may have changed it.
    ///
    /// # Errors
    ///
    /// [`StreamError::NoStream`].
    pub fn outcome(&mut self, stream: HttpStreamId) -> Result<HttpOutcome, StreamError> {
        Ok(self.http(stream)?.outcome())
    }

    /// The request's headers after the module's changes.
    ///
    /// # Errors
    ///
    /// [`StreamError::NoStream`].
    pub fn headers_of(&mut self, stream: HttpStreamId) -> Result<&Headers, StreamError> {
        Ok(&self.http(stream)?.request.headers)
    }

    /// The part of the request's body that the module has let continue.
    ///
    /// # Errors
    ///
    /// [`StreamError::NoStream`].
    pub fn body_of(&mut self, stream: HttpStreamId) -> Result<&[u8], StreamError> {
        Ok(&self.http(stream)?.request.body_passed)
    }

    /// The response's headers after the module's changes, also for a local response.
    ///
    /// # Errors
    ///
    /// [`StreamError::NoStream`].
    pub fn response_headers_of(&mut self, stream: HttpStreamId) -> Result<Option<&Headers>, StreamError> {
        let response = &self.http(stream)?.response;
        Ok(response.begun.then_some(&response.headers))
    }

    /// The part of the response's body that the module has let continue.
    ///
    /// # Errors
    ///
    /// [`StreamError::NoStream`].
    pub fn response_body_of(&mut self, stream: HttpStreamId) -> Result<&[u8], StreamError> {
        Ok(&self.http(stream)?.response.body_passed)
    }

    fn http(&mut self, stream: HttpStreamId) -> Result<&mut Http, StreamError> {
        self.http_mut(stream.0).ok_or(StreamError::NoStream)
    }

    pub(super) fn http_mut(&mut self, id: u32) -> Option<&mut Http> {
        self.state_mut().contexts.get_mut(&id)?.http_mut()
    }

    /// Creates the module's context of a stream, unless Envoy bypasses the module or it has failed.
    pub(super) fn create(&mut self, id: u32) {
        let root = self.state().contexts.get(&id).map_or(0, |context| context.root);
        if self.presence(id) == Presence::Unknown {
            self.mark(id, Presence::Created);
            self.call("proxy_on_context_create", id, &[root]);
        }
    }
}
