//! HTTP streams.

use super::{HttpStreamId, PluginId, StreamError, Vm};
use crate::connection::{Connection, Headers, Request};
use crate::stream::http::{Http, HttpOutcome};
use crate::stream::{Context, Kind};

/// `Action::Pause`, in headers `StopIteration`.
const PAUSE: u32 = 1;

impl Vm {
    /// A request on a connection whose handshake is over. The module hears of it with its headers.
    ///
    /// # Errors
    /// [`StreamError::NoPlugin`].
    pub fn http_stream(
        &mut self,
        plugin: PluginId,
        connection: &Connection,
        request: Request,
    ) -> Result<HttpStreamId, StreamError> {
        self.reload_if_due();
        self.root(plugin)?;
        let http = Http::new(connection, request);
        Ok(HttpStreamId(self.new_context(plugin.0, Kind::Http(Box::new(http)))))
    }

    /// Hands the request's headers to the module: its context is created within, as Envoy does.
    ///
    /// # Errors
    /// [`StreamError::NoStream`].
    pub fn request_headers(&mut self, stream: HttpStreamId) -> Result<HttpOutcome, StreamError> {
        let (http, root) = self.http(stream)?;
        http.began = true;
        let arguments = [count(&http.request.headers), u32::from(http.request.end_of_stream)];
        if self.failed.is_some() && self.fails_open() {
            self.http(stream)?.0.bypassed = true;
        }
        self.call("proxy_on_context_create", stream.0, &[root]);
        self.step("proxy_on_request_headers", stream, &arguments)
    }

    /// Hands a piece of the request's body to the module.
    ///
    /// # Errors
    /// [`StreamError::NoStream`].
    pub fn request_body(
        &mut self,
        stream: HttpStreamId,
        bytes: &[u8],
        end_of_stream: bool,
    ) -> Result<HttpOutcome, StreamError> {
        let body = &mut self.http(stream)?.0.request_body;
        body.extend(bytes);
        let arguments = [u32::try_from(body.len()).unwrap_or(u32::MAX), u32::from(end_of_stream)];
        self.step("proxy_on_request_body", stream, &arguments)
    }

    /// Hands the request's trailers to the module.
    ///
    /// # Errors
    /// [`StreamError::NoStream`].
    pub fn request_trailers(&mut self, stream: HttpStreamId, trailers: Headers) -> Result<HttpOutcome, StreamError> {
        let arguments = [count(&trailers)];
        self.http(stream)?.0.request_trailers = trailers;
        self.step("proxy_on_request_trailers", stream, &arguments)
    }

    /// Hands the response's headers to the module.
    ///
    /// # Errors
    /// [`StreamError::NoStream`].
    pub fn response_headers(
        &mut self,
        stream: HttpStreamId,
        headers: Headers,
        end_of_stream: bool,
    ) -> Result<HttpOutcome, StreamError> {
        let arguments = [count(&headers), u32::from(end_of_stream)];
        self.http(stream)?.0.response_headers = Some(headers);
        self.step("proxy_on_response_headers", stream, &arguments)
    }

    /// Hands a piece of the response's body to the module.
    ///
    /// # Errors
    /// [`StreamError::NoStream`].
    pub fn response_body(
        &mut self,
        stream: HttpStreamId,
        bytes: &[u8],
        end_of_stream: bool,
    ) -> Result<HttpOutcome, StreamError> {
        let body = &mut self.http(stream)?.0.response_body;
        body.extend(bytes);
        let arguments = [u32::try_from(body.len()).unwrap_or(u32::MAX), u32::from(end_of_stream)];
        self.step("proxy_on_response_body", stream, &arguments)
    }

    /// Hands the response's trailers to the module.
    ///
    /// # Errors
    /// [`StreamError::NoStream`].
    pub fn response_trailers(&mut self, stream: HttpStreamId, trailers: Headers) -> Result<HttpOutcome, StreamError> {
        let arguments = [count(&trailers)];
        self.http(stream)?.0.response_trailers = trailers;
        self.step("proxy_on_response_trailers", stream, &arguments)
    }

    /// Where a request stands; a timer or an answered call may have changed it.
    ///
    /// # Errors
    /// [`StreamError::NoStream`].
    pub fn outcome(&mut self, stream: HttpStreamId) -> Result<HttpOutcome, StreamError> {
        Ok(self.http(stream)?.0.outcome())
    }

    /// The request's headers as the module left them.
    ///
    /// # Errors
    /// [`StreamError::NoStream`].
    pub fn headers_of(&mut self, stream: HttpStreamId) -> Result<&Headers, StreamError> {
        Ok(&self.http(stream)?.0.request.headers)
    }

    fn http(&mut self, stream: HttpStreamId) -> Result<(&mut Http, u32), StreamError> {
        let context = self.state_mut().contexts.get_mut(&stream.0).ok_or(StreamError::NoStream)?;
        let root = context.root;
        context.http_mut().map(|http| (http, root)).ok_or(StreamError::NoStream)
    }

    /// One callback, then what the module asked for in it: a response or a reset goes before what it returned.
    fn step(
        &mut self,
        callback: &'static str,
        stream: HttpStreamId,
        arguments: &[u32],
    ) -> Result<HttpOutcome, StreamError> {
        let failed_before = self.failed.is_some();
        let bypassed = self.http(stream)?.0.bypassed;
        let action = if bypassed { None } else { self.call(callback, stream.0, arguments) };
        let (failed, fails_open) = (self.failed.is_some(), self.fails_open());
        let (http, _) = self.http(stream)?;
        if failed && !http.bypassed && http.local_response.is_none() {
            // The callback that trapped fails closed whatever the policy; streams that come later may pass.
            if fails_open && failed_before {
                http.bypassed = true;
            } else {
                http.fail_closed();
            }
        }
        http.paused = action == Some(PAUSE);
        Ok(http.outcome())
    }
}

fn count(headers: &Headers) -> u32 {
    u32::try_from(headers.len()).unwrap_or(u32::MAX)
}

impl Vm {
    pub(super) fn context(&self, id: u32) -> Option<&Context> {
        self.state().contexts.get(&id)
    }
}
