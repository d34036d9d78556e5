//! TCP: one decision for each connection, on the first data in either direction.
//!
//! Nothing is read in `on_new_connection`: the TLS handshake comes after it, so there is no peer yet, and older Envoys
//! remember the empty answer. The client's first bytes come decrypted, so the handshake is over by then. The upstream's
//! first bytes may come before it unless `tcp_proxy` waits (`upstream_connect_mode: ON_DOWNSTREAM_TLS_HANDSHAKE`); a
//! peer that is not there yet counts as "cannot be established", which denies whatever depends on it.

use std::rc::Rc;

use peerwarden_engine::{Program, Verdict};
use proxy_wasm::traits::{Context, StreamContext};
use proxy_wasm::types::Action;

use crate::abi;
use crate::attributes::{Attributes, Handshake};
use crate::report::{self, Asked};

/// One connection.
pub(crate) struct Tcp {
    program: Option<Rc<Program>>,
    /// `None` until the first data.
    verdict: Option<Verdict>,
}

impl Tcp {
    pub(crate) fn new(program: Option<Rc<Program>>) -> Self {
        Self {
            program,
            verdict: None,
        }
    }

    fn on_data(&mut self, handshake: Handshake) -> Action {
        let verdict = match self.verdict {
            Some(verdict) => verdict,
            None => self.decide(handshake),
        };
        match verdict {
            Verdict::Allow => Action::Continue,
            // Closed already; whatever still comes is held.
            Verdict::Deny => Action::Pause,
        }
    }

    fn decide(&mut self, handshake: Handshake) -> Verdict {
        let attributes = Attributes::of_connection(handshake);
        let decision = self.program.as_ref().map(|program| program.decide(&attributes));
        let verdict = decision.map_or(Verdict::Deny, |decision| decision.verdict);
        self.verdict = Some(verdict);
        report::decided(decision.as_ref(), &attributes, Asked::Connection(handshake));
        if verdict == Verdict::Deny && abi::close_downstream().is_err() {
            report::error("the denied connection could not be closed; its data is held");
        }
        verdict
    }
}

impl Context for Tcp {}

impl StreamContext for Tcp {
    fn on_downstream_data(&mut self, _size: usize, _end_of_stream: bool) -> Action {
        self.on_data(Handshake::Over)
    }

    fn on_upstream_data(&mut self, _size: usize, _end_of_stream: bool) -> Action {
        self.on_data(Handshake::MayBeUnderWay)
    }
}
