//! External authorizers: asks them through Envoy's clusters, one after another, and reads what they say.
//!
//! The answer comes to the root context, with the call's token; [`crate::contexts`] knows which stream called.

mod answers;
mod grpc;
mod http;

pub(crate) use answers::{Answers, Progress};
use peerwarden_engine::{Authorizer, ExternalAnswer, Question, RuleId};
pub(crate) use peerwarden_wire::check_response::{Change, Denial};

use crate::attributes::{Attributes, Handshake, Layer};

/// A pending call.
pub(crate) struct PendingCall {
    token: u32,
    authorizer: Authorizer,
    provider: String,
    /// The CUSTOM rule because of which it is asked.
    by: RuleId,
}

/// The outcome of a call.
pub(crate) struct Outcome {
    pub(crate) answer: ExternalAnswer,
    /// Why there is no usable answer, for people.
    pub(crate) failure: Option<String>,
    /// The client's answer if it denies.
    pub(crate) denial: Denial,
    /// Changes to the request before it continues.
    pub(crate) request: Vec<Change>,
    /// Changes to the response to an allowed request.
    pub(crate) response: Vec<Change>,
}

impl Outcome {
    /// There is no usable answer.
    fn failed(answer: ExternalAnswer, authorizer: &Authorizer, failure: impl Into<String>) -> Self {
        let denial = Denial {
            status: authorizer.service().status_on_error,
            ..Denial::default()
        };
        Self {
            answer,
            failure: Some(failure.into()),
            denial,
            request: Vec::new(),
            response: Vec::new(),
        }
    }

    fn denied(denial: Denial) -> Self {
        Self {
            answer: ExternalAnswer::Deny,
            failure: None,
            denial: denial.framed(),
            request: Vec::new(),
            response: Vec::new(),
        }
    }

    fn allowed(request: Vec<Change>, response: Vec<Change>) -> Self {
        Self {
            answer: ExternalAnswer::Allow,
            failure: None,
            denial: Denial::default(),
            request,
            response,
        }
    }
}

/// Asks. The immediate outcome can only be that it could not be asked.
fn ask(question: &Question<'_>, attributes: &Attributes, layer: Layer) -> Result<PendingCall, Box<Outcome>> {
    let token = match (attributes.handshake(), question.authorizer) {
        // What the upstream says cannot be held and let go on later: Envoy has no call for that.
        (Handshake::MayBeUnderWay, _) => {
            let failure = "it cannot be called after the upstream has sent data";
            Err((ExternalAnswer::Unaskable, failure.to_owned()))
        }
        (Handshake::Over, Authorizer::Http(http)) => http::ask(http, attributes),
        (Handshake::Over, Authorizer::Grpc(service)) => grpc::ask(service, attributes, layer),
    };
    match token {
        Ok(token) => Ok(PendingCall {
            provider: question.provider.to_owned(),
            token,
            authorizer: question.authorizer.clone(),
            by: question.by.clone(),
        }),
        Err((answer, failure)) => Err(Box::new(Outcome::failed(answer, question.authorizer, failure))),
    }
}

impl PendingCall {
    /// The call's number in this VM.
    pub(crate) fn token(&self) -> u32 {
        self.token
    }

    /// Whether an answer belongs to this call.
    pub(crate) fn is_for(&self, token: u32) -> bool {
        self.token == token
    }

    /// Reads the answer to an HTTP call, which has this number of headers. Only possible while Envoy reports it.
    pub(crate) fn http_outcome(&self, headers: u32) -> Outcome {
        match &self.authorizer {
            Authorizer::Http(http) => http::outcome(headers, http, &self.authorizer),
            Authorizer::Grpc(_) => self.mismatched(),
        }
    }

    /// Reads the answer to a gRPC call that ended with `status`. Only possible while Envoy reports it.
    pub(crate) fn grpc_outcome(&self, status: u32) -> Outcome {
        match &self.authorizer {
            Authorizer::Grpc(_) => grpc::outcome(status, &self.authorizer),
            Authorizer::Http(_) => self.mismatched(),
        }
    }

    fn mismatched(&self) -> Outcome {
        let failure = "the answer is of another kind than the question";
        Outcome::failed(ExternalAnswer::Failed, &self.authorizer, failure)
    }
}
