//! Responses, on their way back.

use super::show::{FilterStatus, MessagePart};
use super::{count, length};
use crate::connection::Headers;
use crate::stream::http::{HttpOutcome, PendingBody};
use crate::vm::{HttpStreamId, StreamError, Vm};

impl Vm {
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
        let http = self.http(stream)?;
        if !http.is_over() {
            match &mut http.response_behind {
                Some(behind) => behind.add(bytes, end_of_stream),
                None => self.show_response_body(stream.0, bytes, end_of_stream)?,
            }
        }
        Ok(self.http(stream)?.outcome())
    }

    pub(in crate::vm) fn show_response_body(
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

    pub(in crate::vm) fn show_response_trailers(
        &mut self,
        id: u32,
        trailers: Headers,
    ) -> Result<(), StreamError> {
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
    pub(in crate::vm) fn encode(&mut self, id: u32, headers: Headers, body: &[u8]) {
        let sent = self.show_response_headers(id, headers, body.is_empty());
        if sent.is_ok() && !body.is_empty() {
            // The stream existed a line above.
            let _ = self.show_response_body(id, body, true);
        }
    }

    /// The response's headers after the module's changes, also for a local response.
    ///
    /// # Errors
    ///
    /// [`StreamError::NoStream`].
    pub fn response_headers_of(&mut self, stream: HttpStreamId) -> Result<Option<&Headers>, StreamError> {
        Ok(self.http(stream)?.response_headers.as_ref())
    }

    /// The part of the response's body that the module has let continue.
    ///
    /// # Errors
    /// [`StreamError::NoStream`].
    pub fn response_body_of(&mut self, stream: HttpStreamId) -> Result<&[u8], StreamError> {
        Ok(&self.http(stream)?.response_body_passed)
    }
}
