//! Going on, closing, answering; contexts. What is asked for here is carried out after the callback.

use super::{Host, Outcome};
use crate::status::Status;
use crate::stream::Kind;
use crate::stream::http::LocalResponse;

const REQUEST: u32 = 0;
const RESPONSE: u32 = 1;
const DOWNSTREAM: u32 = 2;
const UPSTREAM: u32 = 3;

impl Host<'_> {
    #[expect(clippy::too_many_arguments, reason = "the ABI says so")]
    pub(super) fn local_response(
        &mut self,
        code: u32,
        details: u32,
        details_size: u32,
        body: u32,
        body_size: u32,
        headers: u32,
        headers_size: u32,
        grpc_status: i32,
    ) -> Outcome {
        let details = self.text(details, details_size)?;
        let body = self.bytes(body, body_size)?;
        let headers = self.pairs(headers, headers_size)?;
        let response = LocalResponse {
            code,
            // Envoy keeps details as one word.
            details: details.replace(|ch: char| ch.is_whitespace(), "_"),
            body,
            headers,
            grpc_status,
        };
        match self.state().context_mut().and_then(|context| context.http_mut()) {
            Some(http) => {
                http.local_response = Some(response);
                Ok(())
            }
            // Envoy says Ok and does nothing.
            None => {
                self.violate("there is no request to respond to");
                Ok(())
            }
        }
    }

    pub(super) fn continue_stream(&mut self, stream: u32) -> Outcome {
        match (self.state().context_mut().map(|context| &mut context.kind), stream) {
            (_, UPSTREAM) => return self.refuse(Status::Unimplemented, "Envoy cannot resume upstream data"),
            (Some(Kind::Http(http)), REQUEST | RESPONSE) => http.paused = false,
            (Some(Kind::Tcp(tcp)), DOWNSTREAM) => tcp.resume_asked = true,
            (_, REQUEST | RESPONSE | DOWNSTREAM) => self.violate(format!("there is no stream of type {stream} here")),
            (_, _) => return self.refuse(Status::BadArgument, format!("there is no stream type {stream}")),
        }
        Ok(())
    }

    /// Upstream or downstream, Envoy closes the connection with the client.
    pub(super) fn close_stream(&mut self, stream: u32) -> Outcome {
        match (self.state().context_mut().map(|context| &mut context.kind), stream) {
            (Some(Kind::Http(http)), REQUEST | RESPONSE) => http.reset = true,
            (Some(Kind::Tcp(tcp)), DOWNSTREAM | UPSTREAM) => tcp.close_asked = true,
            (_, REQUEST | RESPONSE | DOWNSTREAM | UPSTREAM) => {
                self.violate(format!("there is no stream of type {stream} here"));
            }
            (_, _) => return self.refuse(Status::BadArgument, format!("there is no stream type {stream}")),
        }
        Ok(())
    }

    /// Contexts here never wait to be done.
    pub(super) fn done(&mut self) -> Outcome {
        Err(Status::NotFound.into())
    }

    pub(super) fn set_effective_context(&mut self, context: u32) -> Outcome {
        if !self.state().contexts.contains_key(&context) {
            return self.refuse(Status::BadArgument, format!("there is no context {context}"));
        }
        self.state().effective = context;
        Ok(())
    }
}
