//! TCP: one decision for each connection, on the first data in either direction.
//!
//! Nothing is read in `on_new_connection`: the TLS handshake comes after it, so there is no peer yet, and older Envoys
//! remember the empty answer. The client's first bytes come decrypted, so the handshake is over by then. The upstream's
//! first bytes may come before it unless `tcp_proxy` waits (`upstream_connect_mode: ON_DOWNSTREAM_TLS_HANDSHAKE`); a
//! peer that is not there yet counts as "cannot be established", which denies whatever depends on it.

use std::rc::Rc;

use peerwarden_engine::Verdict;
use proxy_wasm::traits::{Context, StreamContext};
use proxy_wasm::types::{Action, PeerType};

use crate::abi;
use crate::attributes::{Attributes, Handshake};
use crate::report::{self, Asked};
use crate::root::Loaded;

/// One connection.
pub(crate) struct Tcp {
    loaded: Option<Rc<Loaded>>,
    /// `None` until the first data.
    verdict: Option<Verdict>,
    /// Denied, and not closed yet.
    close_due: bool,
}

impl Tcp {
    pub(crate) fn new(loaded: Option<Rc<Loaded>>) -> Self {
        Self {
            loaded,
            verdict: None,
            close_due: false,
        }
    }

    fn on_data(&mut self, handshake: Handshake) -> Action {
        let verdict = match self.verdict {
            Some(verdict) => verdict,
            None => self.decide(handshake),
        };
        match verdict {
            Verdict::Allow => Action::Continue,
            // Closed, or about to be; whatever still comes is held.
            Verdict::Deny => Action::Pause,
        }
    }

    fn close(&mut self) {
        if std::mem::take(&mut self.close_due) && abi::close_downstream().is_err() {
            report::error("the denied connection could not be closed; its data is held");
        }
    }

    fn decide(&mut self, handshake: Handshake) -> Verdict {
        let attributes = Attributes::of_connection(Loaded::sources(self.loaded.as_ref()), handshake);
        let judgement = self
            .loaded
            .as_ref()
            .map(|loaded| loaded.program.judge(&attributes));
        let verdict = judgement.map_or(Verdict::Deny, |judgement| judgement.decision.verdict);
        self.verdict = Some(verdict);
        report::decided(judgement.as_ref(), &attributes, Asked::Connection(handshake));
        self.close_due = verdict == Verdict::Deny;
        verdict
    }
}

impl Context for Tcp {}

impl StreamContext for Tcp {
    fn on_downstream_data(&mut self, _size: usize, _end_of_stream: bool) -> Action {
        let action = self.on_data(Handshake::Over);
        self.close();
        action
    }

    /// With the upstream's last data Envoy goes on to `on_upstream_close` whatever was asked for here. Had the connection
    /// been closed by then, that callback would be about a context which is gone: the SDK panics, and the VM with all its
    /// connections is lost. So the end is waited for.
    fn on_upstream_data(&mut self, _size: usize, end_of_stream: bool) -> Action {
        let action = self.on_data(Handshake::MayBeUnderWay);
        if !end_of_stream {
            self.close();
        }
        action
    }

    fn on_upstream_close(&mut self, _peer: PeerType) {
        self.close();
    }
}
