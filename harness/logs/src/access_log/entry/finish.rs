//! Derives further facts once the whole line is parsed.

use peerwarden_traffic::Protocol;

use super::details::{NO_CHAIN, VIA_UPSTREAM, is_of_request};
use super::{Entry, Fact, Outcome, PeerFact};
use crate::access_log::refusal::Refusal;
use crate::access_log::{rejected, unreached};

impl Entry {
    /// Finishes the line. For HTTP an upstream is chosen only after every filter; for TCP Envoy may connect before the
    /// decision.
    pub(in crate::access_log) fn finish(mut self) -> Self {
        if self.method_is_nothing() && self.details.as_deref().is_some_and(is_of_request) {
            self.protocol = Some(Protocol::Http);
        }
        if self.reached && self.protocol == Some(Protocol::Http) && self.happened.is_none() {
            self.happened = Some(Outcome::Allowed);
        }
        if self.refused.is_none() {
            self.refused = self.without_chain().or_else(|| self.rejected());
        }
        self.unreached = self.why_unreached();
        let in_time = self.decided || self.protocol != Some(Protocol::Tcp) || self.unreached.is_none();
        if self.peer == PeerFact::NoUri && !in_time {
            // If the application is connected to immediately, that connection may fail before the handshake is over.
            self.peer = PeerFact::Unknown;
        }
        if let Some(refused) = &self.refused {
            // The name in its certificate was not verified, and no policy was evaluated.
            self.happened = Some(Outcome::Denied(refused.why.to_owned()));
        }
        self
    }

    /// Whether no filter chain matched.
    fn without_chain(&self) -> Option<Refusal> {
        let by_flags = self.chain == Some(false) && self.flags.split(',').any(|flag| flag == "NR");
        let by_details = self.details.as_deref() == Some(NO_CHAIN);
        (by_flags || by_details).then(Refusal::without_chain)
    }

    /// Why Envoy itself refused the request. If the module or an upstream answered, the request reached the filters,
    /// whatever happened later.
    fn rejected(&mut self) -> Option<Refusal> {
        if self.decided || self.happened.is_some() {
            return None;
        }
        if let Some(why) = self.details.as_deref().and_then(rejected::why) {
            self.protocol = Some(Protocol::Http);
            return Some(Refusal::of_request(why));
        }
        // Every request that reaches a filter has a method and, except for CONNECT, a path.
        let nothing = match self.method {
            Fact::Missing => true,
            Fact::Dash => matches!(self.path, Fact::Missing | Fact::Dash),
            Fact::Unknown | Fact::Is(_) => false,
        };
        (nothing && self.protocol == Some(Protocol::Http)).then(Refusal::without_request)
    }

    fn method_is_nothing(&self) -> bool {
        matches!(self.method, Fact::Missing | Fact::Dash)
    }

    fn why_unreached(&self) -> Option<String> {
        let details = self.details.as_deref();
        if matches!(self.happened, Some(Outcome::Denied(_)))
            || self.refused.is_some()
            || details == Some(VIA_UPSTREAM)
        {
            return None;
        }
        let within = |details: &str| Some(details.split_once('{')?.1.trim_end_matches('}').to_owned());
        let reason = self.upstream_failure.clone().or_else(|| details.and_then(within));
        unreached::why(&self.flags, reason.as_deref())
    }
}
