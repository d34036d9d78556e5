//! Reports a decision: access-log state, counters, a log line.

mod counters;
mod denial;
mod gauges;

pub(crate) use denial::DeniedSubject;
pub(crate) use gauges::{DecidingConfiguration, Gauges};

use peerwarden_engine::{Config, CustomRules, Decision, Judgement, Program, Reason, Report, Verdict};

use crate::abi::{self, Level};
use crate::attributes::Attributes;
use counters::Counter;

/// Filter state for access logs: `%FILTER_STATE(wasm.peerwarden.decision:PLAIN)%`.
const DECISION: &str = "peerwarden.decision";

/// Filter state with the decision of the dry run, if there is one.
const SHADOW: &str = "peerwarden.shadow";

/// Filter state with the AUDIT rule that marks the stream for the log, if there is one: `KIND ID`.
const AUDIT: &str = "peerwarden.audit";

/// Filter state with the connection's security policy, as in Istio's telemetry.
const SECURITY_POLICY: &str = "peerwarden.connection_security_policy";

/// Filter state of a stream that was allowed and then closed: why it was judged again.
const REVOKED: &str = "peerwarden.revoked";

/// Why an open stream is judged again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cause {
    /// There is a newer configuration.
    Update,
    /// The peer's certificate has expired.
    Expiry,
}

impl Cause {
    fn as_str(self) -> &'static str {
        match self {
            Cause::Update => "update",
            Cause::Expiry => "expiry",
        }
    }
}

/// The configuration that decides.
pub(crate) trait Decider {
    /// The decisions that are reported in the access log.
    fn report(&self) -> Report;

    /// If no ALLOW rule matched, the one that came closest, and what it failed on.
    fn nearest(&self, attributes: &Attributes) -> Option<String>;
}

/// Publishes a decision; `None` means that nothing can be trusted.
///
/// `failure` is why an external authorizer gave no usable answer. `decider` is the configuration that decided.
pub(crate) fn decided(
    judgement: Option<&Judgement<'_>>,
    attributes: &Attributes,
    asked: DeniedSubject,
    failure: Option<&str>,
    decider: &impl Decider,
) {
    let decision = judgement.map(|judgement| &judgement.decision);
    let allowed = decision.is_some_and(|decision| decision.verdict == Verdict::Allow);
    counters::increment(if allowed {
        Counter::Allowed
    } else {
        Counter::Denied
    });
    if !allowed || decider.report() == Report::All {
        publish_decision(decision, attributes);
    }
    if let Some(shadow) = judgement.and_then(|judgement| judgement.shadow) {
        counters::increment(match shadow.verdict {
            Verdict::Allow => Counter::ShadowAllowed,
            Verdict::Deny => Counter::ShadowDenied,
        });
        publish(SHADOW, &state(Some(&shadow)));
    }
    if let Some(by) = judgement.and_then(|judgement| judgement.audited) {
        counters::increment(Counter::Audited);
        publish(AUDIT, &format!("{} {by}", by.kind.as_str()));
    }
    if attributes.failures() > 0 || decision.is_none() || failure.is_some() {
        counters::increment(Counter::Errors);
    }
    if !allowed {
        // It is called only if the line is written, and lines are rate-limited.
        let nearest = || decider.nearest(attributes);
        denial::log(decision, attributes, asked, None, failure, nearest);
    }
}

/// For the access log: the decision, and the security of the connection.
fn publish_decision(decision: Option<&Decision<'_>>, attributes: &Attributes) {
    publish(DECISION, &state(decision));
    if let Some(policy) = attributes.connection_security_policy() {
        counters::increment(Counter::of(policy));
        publish(SECURITY_POLICY, policy.as_str());
    }
}

/// Shows Envoy's counters from the start, at zero, and keeps the counts of a VM that this one replaces.
pub(crate) fn define_counters() {
    counters::define();
}

/// Sends the counts to Envoy.
pub(crate) fn flush() {
    counters::flush();
}

/// Publishes that an allowed stream is no longer allowed.
pub(crate) fn revoked(
    judgement: Option<&Judgement<'_>>,
    attributes: &Attributes,
    asked: DeniedSubject,
    cause: Cause,
    failure: Option<&str>,
) {
    let decision = judgement.map(|judgement| &judgement.decision);
    counters::increment(Counter::Revoked);
    publish(DECISION, &state(decision));
    publish(REVOKED, cause.as_str());
    denial::log(decision, attributes, asked, Some(cause), failure, || None);
    // It may be the last stream of a VM that was replaced, which Envoy drops without a further callback.
    flush();
}

fn publish(name: &str, text: &str) {
    if abi::set_property(name, text).is_err() {
        counters::increment(Counter::Errors);
    }
}

/// `VERDICT REASON`, and if a document decided, `KIND ID`.
fn state(decision: Option<&Decision<'_>>) -> String {
    let Some(decision) = decision else {
        return "deny not-configured".to_owned();
    };
    let by = decision.by.map(ToString::to_string);
    let mut words = vec![decision.verdict.as_str(), decision.reason.as_str()];
    if let (Some(document), Some(id)) = (decision.by, &by) {
        words.extend([document.kind.as_str(), id]);
    }
    words.join(" ")
}

/// Response-code details in the form of Envoy's RBAC filter, `none` if no policy matched; for a refusal by an external
/// authorizer, in the form of its `ext_authz` filter.
pub(crate) fn details(decision: Option<&Decision<'_>>) -> String {
    match decision.map(|decision| decision.reason) {
        Some(Reason::AuthorizerDenied) => return "ext_authz_denied".to_owned(),
        Some(Reason::AuthorizerFailed) => return "ext_authz_error".to_owned(),
        _ => {}
    }
    let by = decision.and_then(|decision| decision.by);
    let id = by.map_or_else(|| "none".to_owned(), ToString::to_string);
    ["rbac_access_denied_matched_policy[", &graphic(id), "]"].concat()
}

/// The text with an underscore for every character that access logs cannot show.
fn graphic(id: String) -> String {
    if id.bytes().all(|byte| byte.is_ascii_graphic()) {
        return id;
    }
    let shown = |ch: char| if ch.is_ascii_graphic() { ch } else { '_' };
    id.chars().map(shown).collect()
}

/// Reports something that Envoy did not do as it should.
pub(crate) fn error(message: &str) {
    counters::increment(Counter::Errors);
    abi::log(Level::Error, &format!("peerwarden: {message}"));
}

/// One line when a configuration is accepted, and another if parts of it deny because they cannot be used. `applying`
/// of the `documents` are for this workload; if none is, a namespace may be mistyped, which allows everyone.
pub(crate) fn announce(config: &Config, program: &Program, applying: usize, documents: usize) {
    for why in program.custom().iter().filter_map(CustomRules::unusable) {
        let message = format!("peerwarden: denies what CUSTOM policies match: {why}");
        abi::log(Level::Error, &message);
    }
    let workload = config.workload.as_ref();
    let namespace = workload.map_or("", |workload| workload.namespace.as_str());
    let (level, means) = if applying == 0 {
        (Level::Warning, ": everything is allowed")
    } else {
        (Level::Info, "")
    };
    let message = format!(
        "peerwarden {}: configured for {} in namespace `{namespace}`: {applying} of {documents} documents apply to this \
         workload{means}",
        env!("CARGO_PKG_VERSION"),
        config.protocol.as_str(),
    );
    abi::log(level, &message);
}
