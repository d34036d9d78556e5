//! HTTP streams.

mod response;
mod show;

use super::{HttpStreamId, PluginId, StreamError, Vm};
use crate::connection::{Connection, Headers, Request};
use crate::stream::http::{Http, HttpOutcome, PendingBody};
use crate::stream::{ContextKind, Presence};
use show::{FilterStatus, MessagePart};

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
        if std::mem::replace(&mut http.begun, true) {
            return Err(StreamError::OutOfOrder("the request's headers came before"));
        }
        http.holds_request_headers = true;
        let arguments = [
            count(&http.request.headers),
            u32::from(http.request.end_of_stream),
        ];
        self.create(stream.0);
        let status = self.show(
            "proxy_on_request_headers",
            stream.0,
            &arguments,
            MessagePart::Headers,
        )?;
        let http = self.http(stream)?;
        http.holds_request_headers &= status != FilterStatus::Continue;
        http.request_behind = (status == FilterStatus::Hold).then(PendingBody::default);
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
        let http = self.http(stream)?;
        if !http.is_over() {
            match &mut http.request_behind {
                Some(behind) => behind.add(bytes, end_of_stream),
                None => self.show_request_body(stream.0, bytes, end_of_stream)?,
            }
        }
        Ok(self.http(stream)?.outcome())
    }

    pub(super) fn show_request_body(
        &mut self,
        id: u32,
        bytes: &[u8],
        end_of_stream: bool,
    ) -> Result<(), StreamError> {
        let body = &mut self.http_mut(id).ok_or(StreamError::NoStream)?.request_body;
        body.extend(bytes);
        let arguments = [length(body.len()), u32::from(end_of_stream)];
        let status = self.show("proxy_on_request_body", id, &arguments, MessagePart::Body)?;
        if let Some(http) = self.http_mut(id) {
            match status {
                FilterStatus::Continue => http.pass_request_body(),
                FilterStatus::Hold => {}
                FilterStatus::Drop => http.request_body.clear(),
            }
        }
        Ok(())
    }

    /// Delivers the request's trailers to the module.
    ///
    /// # Errors
    /// [`StreamError::NoStream`].
    pub fn request_trailers(
        &mut self,
        stream: HttpStreamId,
        trailers: Headers,
    ) -> Result<HttpOutcome, StreamError> {
        let http = self.http(stream)?;
        if !http.is_over() {
            match &mut http.request_behind {
                Some(behind) => behind.trailers = Some(trailers),
                None => self.show_request_trailers(stream.0, trailers)?,
            }
        }
        Ok(self.http(stream)?.outcome())
    }

    /// When trailers continue, a held body continues with them.
    pub(super) fn show_request_trailers(&mut self, id: u32, trailers: Headers) -> Result<(), StreamError> {
        let arguments = [count(&trailers)];
        self.http_mut(id).ok_or(StreamError::NoStream)?.request_trailers = Some(trailers);
        let status = self.show("proxy_on_request_trailers", id, &arguments, MessagePart::Trailers)?;
        if let Some(http) = self.http_mut(id).filter(|_| status == FilterStatus::Continue) {
            http.pass_request_body();
        }
        Ok(())
    }

    /// The state of a request; a timer or an answered call may have changed it.
    ///
    /// # Errors
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
    /// [`StreamError::NoStream`].
    pub fn body_of(&mut self, stream: HttpStreamId) -> Result<&[u8], StreamError> {
        Ok(&self.http(stream)?.request_body_passed)
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

fn count(headers: &Headers) -> u32 {
    length(headers.len())
}

fn length(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}
