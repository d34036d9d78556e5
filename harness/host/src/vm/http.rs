//! HTTP streams.

use super::callback::Returned;
use super::{HttpStreamId, PluginId, StreamError, Vm};
use crate::connection::{Connection, Headers, Request};
use crate::stream::http::{Behind, Http, HttpOutcome};
use crate::stream::{Kind, Presence};

/// What a filter makes of what it was shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Continue,
    /// It stays where it is, and what follows is added to it.
    Hold,
    /// It stays where it is, and what follows is lost.
    Drop,
}

/// What was shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Headers,
    Body,
    Trailers,
}

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
        self.reload_if_due(plugin);
        self.root(plugin)?;
        let http = Http::new(connection, request, self.state().nanoseconds());
        let id = self.new_context(plugin.0, Kind::Http(Box::new(http)));
        self.admit(plugin, id);
        Ok(HttpStreamId(id))
    }

    /// Hands the request's headers to the module: its context is created within, as Envoy does.
    ///
    /// # Errors
    /// [`StreamError::NoStream`]; [`StreamError::OutOfOrder`] when they came before.
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
        let verdict = self.show("proxy_on_request_headers", stream.0, &arguments, Part::Headers)?;
        let http = self.http(stream)?;
        http.holds_request_headers &= verdict != Verdict::Continue;
        http.request_behind = (verdict == Verdict::Hold).then(Behind::default);
        Ok(http.outcome())
    }

    /// Hands a piece of the request's body to the module, with what it holds already; while it holds the headers, Envoy
    /// keeps this back, and nothing comes of it once the request is answered or reset. So it is with all that follows.
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
        let verdict = self.show("proxy_on_request_body", id, &arguments, Part::Body)?;
        if let Some(http) = self.http_mut(id) {
            match verdict {
                Verdict::Continue => http.pass_request_body(),
                Verdict::Hold => {}
                Verdict::Drop => http.request_body.clear(),
            }
        }
        Ok(())
    }

    /// Hands the request's trailers to the module.
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

    /// With the trailers that go on, a body that was held goes on.
    pub(super) fn show_request_trailers(&mut self, id: u32, trailers: Headers) -> Result<(), StreamError> {
        let arguments = [count(&trailers)];
        self.http_mut(id).ok_or(StreamError::NoStream)?.request_trailers = Some(trailers);
        let verdict = self.show("proxy_on_request_trailers", id, &arguments, Part::Trailers)?;
        if let Some(http) = self.http_mut(id).filter(|_| verdict == Verdict::Continue) {
            http.pass_request_body();
        }
        Ok(())
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
        if !self.http(stream)?.is_over() {
            let verdict = self.show_response_headers(stream.0, headers, end_of_stream)?;
            self.http(stream)?.response_behind = (verdict == Verdict::Hold).then(Behind::default);
        }
        Ok(self.http(stream)?.outcome())
    }

    fn show_response_headers(
        &mut self,
        id: u32,
        headers: Headers,
        end_of_stream: bool,
    ) -> Result<Verdict, StreamError> {
        let arguments = [count(&headers), u32::from(end_of_stream)];
        let http = self.http_mut(id).ok_or(StreamError::NoStream)?;
        http.response_headers = Some(headers);
        http.holds_response_headers = true;
        let verdict = self.show("proxy_on_response_headers", id, &arguments, Part::Headers)?;
        if let Some(http) = self.http_mut(id) {
            http.holds_response_headers &= verdict != Verdict::Continue;
        }
        Ok(verdict)
    }

    /// Hands a piece of the response's body to the module, with what it holds already.
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
        let verdict = self.show("proxy_on_response_body", id, &arguments, Part::Body)?;
        if let Some(http) = self.http_mut(id) {
            match verdict {
                Verdict::Continue => http.pass_response_body(),
                Verdict::Hold => {}
                Verdict::Drop => http.response_body.clear(),
            }
        }
        Ok(())
    }

    /// Hands the response's trailers to the module.
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
        let verdict = self.show("proxy_on_response_trailers", id, &arguments, Part::Trailers)?;
        if let Some(http) = self.http_mut(id).filter(|_| verdict == Verdict::Continue) {
            http.pass_response_body();
        }
        Ok(())
    }

    /// An answer that Envoy gives here goes past the module too; what it makes of it is of no matter any more.
    pub(super) fn encode(&mut self, id: u32, headers: Headers, body: &[u8]) {
        let sent = self.show_response_headers(id, headers, body.is_empty());
        if sent.is_ok() && !body.is_empty() {
            // The stream was there a line above.
            let _ = self.show_response_body(id, body, true);
        }
    }

    /// Where a request stands; a timer or an answered call may have changed it.
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

    /// The response's headers as the module left them; those of an answer by the module itself too.
    ///
    /// # Errors
    /// [`StreamError::NoStream`].
    pub fn response_headers_of(&mut self, stream: HttpStreamId) -> Result<Option<&Headers>, StreamError> {
        Ok(self.http(stream)?.response_headers.as_ref())
    }

    /// The request's body as far as the module has let it go on.
    ///
    /// # Errors
    /// [`StreamError::NoStream`].
    pub fn body_of(&mut self, stream: HttpStreamId) -> Result<&[u8], StreamError> {
        Ok(&self.http(stream)?.request_body_passed)
    }

    /// The response's body as far as the module has let it go on.
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

    /// Creates the module's context of a stream, unless Envoy passes the module by or it failed before.
    pub(super) fn create(&mut self, id: u32) {
        let root = self.state().contexts.get(&id).map_or(0, |context| context.root);
        if self.presence(id) == Presence::Unknown {
            self.mark(id, Presence::Created);
            self.call("proxy_on_context_create", id, &[root]);
        }
    }

    /// One callback, and what becomes of its stream.
    fn show(
        &mut self,
        callback: &'static str,
        id: u32,
        arguments: &[u32],
        part: Part,
    ) -> Result<Verdict, StreamError> {
        let http = self.http_mut(id).ok_or(StreamError::NoStream)?;
        http.resumed = false;
        if http.failed {
            return Ok(Verdict::Continue);
        }
        let returned = match http.stream.module {
            Presence::Unknown | Presence::Deleted | Presence::Bypassed => Returned::Skipped,
            Presence::Orphaned => Returned::Failed,
            Presence::Created => self.call(callback, id, arguments),
        };
        let fails_open = self.fails_open();
        let http = self.http_mut(id).ok_or(StreamError::NoStream)?;
        let verdict = match returned {
            Returned::Skipped => Verdict::Continue,
            Returned::Failed if fails_open => Verdict::Continue,
            Returned::Failed => {
                http.fail_closed();
                Verdict::Drop
            }
            Returned::With { stopped: true, .. } => Verdict::Drop,
            Returned::With { result, .. } => part.verdict(result),
        };
        http.paused = verdict != Verdict::Continue && !http.resumed;
        Ok(if http.paused { verdict } else { Verdict::Continue })
    }
}

impl Part {
    /// The numbers are those of Envoy's `FilterHeadersStatus`, `FilterDataStatus`, `FilterTrailersStatus`; numbers that it
    /// does not know stop. Headers that stop also stop what follows (`allow_on_headers_stop_iteration` is off).
    fn verdict(self, result: u32) -> Verdict {
        match (self, result) {
            (_, 0) | (Part::Headers, 2) => Verdict::Continue,
            (Part::Body, 1 | 2) | (Part::Headers | Part::Trailers, _) => Verdict::Hold,
            (Part::Body, _) => Verdict::Drop,
        }
    }
}

fn count(headers: &Headers) -> u32 {
    length(headers.len())
}

fn length(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}
