//! HTTP streams.

use super::callback::CallbackResult;
use super::{HttpStreamId, PluginId, StreamError, Vm};
use crate::connection::{Connection, Headers, Request};
use crate::stream::http::{Http, HttpOutcome, PendingBody};
use crate::stream::{ContextKind, Presence};

/// What a filter decides about the part that it was shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum FilterStatus {
    Continue,
    /// The part is held, and what follows is added to it.
    Hold,
    /// The part is held, and what follows is lost.
    Drop,
}

/// The part of a message that was shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum MessagePart {
    Headers,
    Body,
    Trailers,
}

impl Vm {
    /// Opens a request on a connection whose handshake is over. The module is told of it with its headers.
    ///
    /// # Errors
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

    /// Delivers the request's headers to the module; its context is created in the process, as in Envoy.
    ///
    /// # Errors
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

    /// Delivers a part of the request's body to the module, together with what it holds already. While the module holds the
    /// headers, Envoy keeps the body back, and once the request is answered or reset it is dropped. The same is true of everything
    /// that follows.
    ///
    /// # Errors
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

    /// Delivers the response's headers to the module.
    ///
    /// # Errors
    /// [`StreamError::NoStream`].
    pub fn response_headers(
        &mut self,
        stream: HttpStreamId,
        headers: Headers,
        end_of_stream: bool,
    ) -> Result<HttpOutcome, StreamError> {
        if !self.http(stream)?.is_over() {
            let status = self.show_response_headers(stream.0, headers, end_of_stream)?;
            self.http(stream)?.response_behind = (status == FilterStatus::Hold).then(PendingBody::default);
        }
        Ok(self.http(stream)?.outcome())
    }

    fn show_response_headers(
        &mut self,
        id: u32,
        headers: Headers,
        end_of_stream: bool,
    ) -> Result<FilterStatus, StreamError> {
        let arguments = [count(&headers), u32::from(end_of_stream)];
        let http = self.http_mut(id).ok_or(StreamError::NoStream)?;
        http.response_headers = Some(headers);
        http.holds_response_headers = true;
        let status = self.show("proxy_on_response_headers", id, &arguments, MessagePart::Headers)?;
        if let Some(http) = self.http_mut(id) {
            http.holds_response_headers &= status != FilterStatus::Continue;
        }
        Ok(status)
    }

    /// Delivers a part of the response's body to the module, together with what it holds already.
    ///
    /// # Errors
    /// [`StreamError::NoStream`].
    pub fn response_body(
        &mut self,
        stream: HttpStreamId,
        bytes: &[u8],
        end_of_stream: bool,
    ) -> Result<HttpOutcome, StreamError> {
        let http = self.http(stream)?;
        if !http.is_over() {
            match &mut http.response_behind {
                Some(behind) => behind.add(bytes, end_of_stream),
                None => self.show_response_body(stream.0, bytes, end_of_stream)?,
            }
        }
        Ok(self.http(stream)?.outcome())
    }

    pub(super) fn show_response_body(
        &mut self,
        id: u32,
        bytes: &[u8],
        end_of_stream: bool,
    ) -> Result<(), StreamError> {
        let body = &mut self.http_mut(id).ok_or(StreamError::NoStream)?.response_body;
        body.extend(bytes);
        let arguments = [length(body.len()), u32::from(end_of_stream)];
        let status = self.show("proxy_on_response_body", id, &arguments, MessagePart::Body)?;
        if let Some(http) = self.http_mut(id) {
            match status {
                FilterStatus::Continue => http.pass_response_body(),
                FilterStatus::Hold => {}
                FilterStatus::Drop => http.response_body.clear(),
            }
        }
        Ok(())
    }

    /// Delivers the response's trailers to the module.
    ///
    /// # Errors
    /// [`StreamError::NoStream`].
    pub fn response_trailers(
        &mut self,
        stream: HttpStreamId,
        trailers: Headers,
    ) -> Result<HttpOutcome, StreamError> {
        let http = self.http(stream)?;
        if !http.is_over() {
            match &mut http.response_behind {
                Some(behind) => behind.trailers = Some(trailers),
                None => self.show_response_trailers(stream.0, trailers)?,
            }
        }
        Ok(self.http(stream)?.outcome())
    }

    pub(super) fn show_response_trailers(&mut self, id: u32, trailers: Headers) -> Result<(), StreamError> {
        let arguments = [count(&trailers)];
        self.http_mut(id).ok_or(StreamError::NoStream)?.response_trailers = Some(trailers);
        let status = self.show(
            "proxy_on_response_trailers",
            id,
            &arguments,
            MessagePart::Trailers,
        )?;
        if let Some(http) = self.http_mut(id).filter(|_| status == FilterStatus::Continue) {
            http.pass_response_body();
        }
        Ok(())
    }

    /// Envoy's own answer passes the module too, but the module's decision has no effect on it.
    pub(super) fn encode(&mut self, id: u32, headers: Headers, body: &[u8]) {
        let sent = self.show_response_headers(id, headers, body.is_empty());
        if sent.is_ok() && !body.is_empty() {
            // The stream was there a line above.
            let _ = self.show_response_body(id, body, true);
        }
    }

    /// The state of a request; a timer or an answered call may have changed it.
    ///
    /// # Errors
    /// [`StreamError::NoStream`].
    pub fn outcome(&mut self, stream: HttpStreamId) -> Result<HttpOutcome, StreamError> {
        Ok(self.http(stream)?.outcome())
    }

    /// The request's headers as the module left them.
    ///
    /// # Errors
    /// [`StreamError::NoStream`].
    pub fn headers_of(&mut self, stream: HttpStreamId) -> Result<&Headers, StreamError> {
        Ok(&self.http(stream)?.request.headers)
    }

    /// The response's headers as the module left them, also for a local response.
    ///
    /// # Errors
    /// [`StreamError::NoStream`].
    pub fn response_headers_of(&mut self, stream: HttpStreamId) -> Result<Option<&Headers>, StreamError> {
        Ok(self.http(stream)?.response_headers.as_ref())
    }

    /// The part of the request's body that the module has let continue.
    ///
    /// # Errors
    /// [`StreamError::NoStream`].
    pub fn body_of(&mut self, stream: HttpStreamId) -> Result<&[u8], StreamError> {
        Ok(&self.http(stream)?.request_body_passed)
    }

    /// The part of the response's body that the module has let continue.
    ///
    /// # Errors
    /// [`StreamError::NoStream`].
    pub fn response_body_of(&mut self, stream: HttpStreamId) -> Result<&[u8], StreamError> {
        Ok(&self.http(stream)?.response_body_passed)
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

    /// Runs one callback, and updates the state of its stream.
    fn show(
        &mut self,
        callback: &'static str,
        id: u32,
        arguments: &[u32],
        part: MessagePart,
    ) -> Result<FilterStatus, StreamError> {
        let http = self.http_mut(id).ok_or(StreamError::NoStream)?;
        http.resumed = false;
        if http.failed {
            return Ok(FilterStatus::Continue);
        }
        let returned = match http.stream.module {
            Presence::Unknown | Presence::Deleted | Presence::Bypassed => CallbackResult::Skipped,
            Presence::Orphaned => CallbackResult::Failed,
            Presence::Created => self.call(callback, id, arguments),
        };
        let fails_open = self.fails_open();
        let http = self.http_mut(id).ok_or(StreamError::NoStream)?;
        let status = match returned {
            CallbackResult::Skipped => FilterStatus::Continue,
            CallbackResult::Failed if fails_open => FilterStatus::Continue,
            CallbackResult::Failed => {
                http.fail_closed();
                FilterStatus::Drop
            }
            CallbackResult::With { stopped: true, .. } => FilterStatus::Drop,
            CallbackResult::With { result, .. } => part.status(result),
        };
        http.paused = status != FilterStatus::Continue && !http.resumed;
        Ok(if http.paused {
            status
        } else {
            FilterStatus::Continue
        })
    }
}

impl MessagePart {
    /// The numbers are those of Envoy's `FilterHeadersStatus`, `FilterDataStatus`, `FilterTrailersStatus`; unknown numbers stop.
    /// Headers that stop also stop what follows (`allow_on_headers_stop_iteration` is off).
    fn status(self, result: u32) -> FilterStatus {
        match (self, result) {
            (_, 0) | (MessagePart::Headers, 2) => FilterStatus::Continue,
            (MessagePart::Body, 1 | 2) | (MessagePart::Headers | MessagePart::Trailers, _) => {
                FilterStatus::Hold
            }
            (MessagePart::Body, _) => FilterStatus::Drop,
        }
    }
}

fn count(headers: &Headers) -> u32 {
    length(headers.len())
}

fn length(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}
