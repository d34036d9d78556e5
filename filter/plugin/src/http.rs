//! HTTP: one decision for each request, in its headers.

use std::rc::Rc;

use peerwarden_engine::Verdict;
use proxy_wasm::traits::{Context, HttpContext};
use proxy_wasm::types::Action;

use crate::abi;
use crate::attributes::Attributes;
use crate::report::{self, Asked};
use crate::root::Loaded;

/// What Envoy's own RBAC filter answers: <https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/rbac_filter>.
const DENIED: (u32, &str) = (403, "RBAC: access denied");

/// One request.
pub(crate) struct Http {
    loaded: Option<Rc<Loaded>>,
}

impl Http {
    pub(crate) fn new(loaded: Option<Rc<Loaded>>) -> Self {
        Self { loaded }
    }
}

impl Context for Http {}

impl HttpContext for Http {
    fn on_http_request_headers(&mut self, _count: usize, _end_of_stream: bool) -> Action {
        let attributes = Attributes::of_request(Loaded::sources(self.loaded.as_ref()));
        let judgement = self
            .loaded
            .as_ref()
            .map(|loaded| loaded.program.judge(&attributes));
        let decision = judgement.map(|judgement| judgement.decision);
        let verdict = decision.map_or(Verdict::Deny, |decision| decision.verdict);
        report::decided(judgement.as_ref(), &attributes, Asked::Request);
        match verdict {
            Verdict::Allow => Action::Continue,
            Verdict::Deny => {
                let (code, body) = DENIED;
                if abi::respond(code, &report::details(decision.as_ref()), body).is_err() {
                    report::error("the denial could not be sent; the request is held");
                }
                Action::Pause
            }
        }
    }
}
