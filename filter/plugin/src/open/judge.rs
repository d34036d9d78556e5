//! Judges a stream outside its own callbacks. Host calls refer to the effective context, which is set first.

use std::rc::Rc;

use peerwarden_engine::{Decision, ExternalAnswer, Judgement, Question, Reason, Report, Step, Verdict};

use super::instance::Instance;
use super::stream::{Allowance, Status, Stream, StreamOpener};
use crate::abi;
use crate::attributes::{Attributes, Handshake, KeptHeaders, Layer};
use crate::configuration::{Configuration, LoadedConfiguration};
use crate::lock;
use crate::report::{self, Cause, DeniedSubject};

/// Judges a connection that waits until its peer is known.
pub(super) fn held(instance: &Instance, stream: &Rc<Stream>, now: u64) {
    if !becomes_effective(instance, stream) {
        return;
    }
    let configuration = &stream.configuration;
    let waiting = Attributes::of_connection(configuration.sources(), Handshake::MayBeUnderWay);
    if waiting.peer_is_settled() && decided(instance, stream) {
        return;
    }
    if stream.is_over_deadline(now) {
        let judgement = Judgement {
            decision: Decision {
                verdict: Verdict::Deny,
                by: None,
                reason: Reason::DeadlinePassed,
            },
            shadow: None,
            audited: None,
        };
        let why = format!(
            "after {:?}; `enforcement: hold` is for clients that present a certificate over TLS 1.3 to Envoy 1.39 or \
             later, and needs `max_early_data_bytes` in tcp_proxy and its default `upstream_connect_mode`, \
             `IMMEDIATE`",
            configuration.tcp.deadline
        );
        report::decided(
            Some(&judgement),
            &waiting,
            DeniedSubject::Connection(Handshake::Over),
            Some(&why),
            &**configuration,
        );
        deny(instance, stream);
    }
}

/// Decides on a connection whose peer is known. Returns `false` if it cannot continue, as Envoy 1.36 does not let a
/// module name the cluster outside a connection's own callbacks: it is then denied at its deadline.
fn decided(instance: &Instance, stream: &Rc<Stream>) -> bool {
    let configuration = &stream.configuration;
    let attributes = Attributes::of_connection(configuration.sources(), Handshake::Over);
    let asked = DeniedSubject::Connection(Handshake::Over);
    let Some(loaded) = configuration.loaded() else {
        report::decided(None, &attributes, asked, None, &**configuration);
        deny(instance, stream);
        return true;
    };
    let (judgement, failure) = judge(&loaded, &attributes, &[], configuration.report);
    let verdict = judgement.decision.verdict;
    let attributes_by = |newer: &Configuration| Attributes::of_connection(newer.sources(), Handshake::Over);
    if verdict == Verdict::Allow && newer_denies(instance, configuration, attributes_by, asked, &[], |_| {}) {
        deny(instance, stream);
        return true;
    }
    if verdict == Verdict::Allow && lock::name_cluster(&configuration.lock).is_err() {
        return false;
    }
    report::decided(Some(&judgement), &attributes, asked, failure, &**configuration);
    match verdict {
        Verdict::Allow => {
            allow(instance, stream, &attributes);
            if abi::continue_downstream().is_err() {
                report::error("an allowed connection could not be resumed; it is held");
            }
        }
        Verdict::Deny => deny(instance, stream),
    }
    true
}

/// Decides on a connection with `enforcement: handshake` on which neither side has sent anything until the deadline: Envoy has dialled
/// the upstream for it, so a client that is denied must not keep it. An external authorizer is asked once there is data: who waits for
/// its answer alone stays.
pub(super) fn silent(instance: &Instance, stream: &Rc<Stream>) {
    instance.has_been_looked_at(stream);
    if !becomes_effective(instance, stream) {
        return;
    }
    let configuration = &stream.configuration;
    let handshake = Handshake::MayBeUnderWay;
    let attributes = Attributes::of_connection(configuration.sources(), handshake);
    let asked = DeniedSubject::Connection(handshake);
    let Some(loaded) = configuration.loaded() else {
        report::decided(None, &attributes, asked, None, &**configuration);
        deny(instance, stream);
        return;
    };
    // Who is denied whatever an authorizer says need not be asked about.
    let mut asks = false;
    let says_yes = |_: &str| {
        asks = true;
        ExternalAnswer::Allow
    };
    let judgement = judge_with(&loaded, &attributes, configuration.report, says_yes);
    let is_allowed = judgement.decision.verdict == Verdict::Allow;
    if is_allowed && asks {
        return;
    }
    let attributes_by = |newer: &Configuration| Attributes::of_connection(newer.sources(), handshake);
    if is_allowed && newer_denies(instance, configuration, attributes_by, asked, &[], |_| {}) {
        deny(instance, stream);
        return;
    }
    report::decided(Some(&judgement), &attributes, asked, None, &**configuration);
    if is_allowed {
        allow(instance, stream, &attributes);
    } else {
        deny(instance, stream);
    }
}

impl StreamOpener {
    /// Whether a newer configuration denies what its own allows; see [`newer_denies`].
    pub(crate) fn newer_denies(
        &self,
        attributes_by: impl Fn(&Configuration) -> Attributes,
        asked: DeniedSubject,
        providers: &[String],
        denied: impl FnOnce(Option<&Judgement<'_>>),
    ) -> bool {
        newer_denies(
            &self.instance,
            &self.configuration,
            attributes_by,
            asked,
            providers,
            denied,
        )
    }
}

/// Whether a newer configuration denies what a stream's own allows; the denial is reported, and `denied` is called with
/// it. Between a stream's beginning and its decision there may be a long handshake, a client that sends nothing, or a
/// slow authorizer.
fn newer_denies(
    instance: &Instance,
    own: &Configuration,
    attributes_by: impl Fn(&Configuration) -> Attributes,
    asked: DeniedSubject,
    providers: &[String],
    denied: impl FnOnce(Option<&Judgement<'_>>),
) -> bool {
    for newer in instance.newer_than(own) {
        let attributes = attributes_by(&newer);
        let Some(loaded) = newer.loaded() else {
            report::decided(None, &attributes, asked, None, &*newer);
            denied(None);
            return true;
        };
        let (judgement, failure) = judge(&loaded, &attributes, providers, newer.report);
        if judgement.decision.verdict == Verdict::Deny {
            report::decided(Some(&judgement), &attributes, asked, failure, &*newer);
            denied(Some(&judgement));
            return true;
        }
    }
    false
}

/// Judges an allowed stream again: because there is a newer configuration, or because its peer's certificate has
/// expired.
pub(super) fn again(instance: &Instance, stream: &Rc<Stream>, now: u64) {
    if !becomes_effective(instance, stream) {
        return;
    }
    let cause = if stream.has_expired(now) {
        Cause::Expiry
    } else {
        Cause::Update
    };
    let mut expiry: Option<u64> = None;
    for judge_now in instance.judges_of(stream) {
        if !is_still_allowed(instance, stream, &judge_now, cause) {
            return;
        }
        expiry = [expiry, stream.expiry()].into_iter().flatten().min();
    }
    stream.expires_at(expiry);
    instance.expires(expiry);
}

/// Whether a configuration allows an open stream; if not, the stream is closed.
fn is_still_allowed(
    instance: &Instance,
    stream: &Rc<Stream>,
    judge_now: &Configuration,
    cause: Cause,
) -> bool {
    let sources = judge_now.sources();
    let attributes = match stream.details().handshake {
        Some(handshake) => Attributes::of_connection(sources, handshake),
        None => Attributes::of_open_request(sources, &stream.details().headers),
    };
    let Some(loaded) = judge_now.loaded() else {
        close(instance, stream, None, &attributes, cause, None);
        return false;
    };
    let providers = stream.details().providers.clone();
    let (judgement, mut failure) = judge(&loaded, &attributes, &providers, Report::Denied);
    if let KeptHeaders::NoRoom = stream.details().headers {
        failure = failure.or(Some("its headers were not kept: too many requests are open"));
    }
    let is_allowed = judgement.decision.verdict == Verdict::Allow;
    if is_allowed {
        let allowed = Allowance {
            attributes: &attributes,
            providers: &[],
        };
        stream.allowed_by(judge_now.number, &allowed);
    } else {
        close(instance, stream, Some(&judgement), &attributes, cause, failure);
    }
    is_allowed
}

/// Envoy knows every stream that has a context. If it does not, nothing can be done here.
fn becomes_effective(instance: &Instance, stream: &Stream) -> bool {
    let known = abi::act_for(stream.context).is_ok();
    if !known {
        report::error("a stream could not be evaluated again; it stays held or open");
        instance.forget(stream);
    }
    known
}

/// The judgement, without asking an external authorizer: what those of `providers` have said stands, and nobody can be asked about
/// what is under way.
fn judge<'l>(
    loaded: &'l LoadedConfiguration,
    attributes: &Attributes,
    providers: &[String],
    report: Report,
) -> (Judgement<'l>, Option<&'static str>) {
    let mut failure = None;
    let answer = |provider: &str| {
        if providers.iter().any(|asked| asked == provider) {
            ExternalAnswer::Allow
        } else {
            failure = Some("it cannot be asked about a connection that is held or open");
            ExternalAnswer::Unaskable
        }
    };
    let judgement = judge_with(loaded, attributes, report, answer);
    (judgement, failure)
}

/// The judgement, with this answer of each provider that would be asked.
fn judge_with<'l>(
    loaded: &'l LoadedConfiguration,
    attributes: &Attributes,
    report: Report,
    mut answer: impl FnMut(&str) -> ExternalAnswer,
) -> Judgement<'l> {
    let mut step = loaded.program.begin(attributes, report);
    loop {
        step = match step {
            Step::Decided(judgement) => return judgement,
            Step::Ask(Question { provider, by, .. }) => {
                loaded
                    .program
                    .answered(provider, by, answer(provider), attributes, report)
            }
        }
    }
}

fn close(
    instance: &Instance,
    stream: &Stream,
    judgement: Option<&Judgement<'_>>,
    attributes: &Attributes,
    cause: Cause,
    failure: Option<&str>,
) {
    stream.set_status(Status::Denied);
    instance.forget(stream);
    lock::withdraw(&stream.configuration.lock, stream.layer());
    let asked = match stream.layer() {
        Layer::Tcp => DeniedSubject::Connection(Handshake::Over),
        Layer::Http => DeniedSubject::Request,
    };
    report::revoked(judgement, attributes, asked, cause, failure);
    let closed = match stream.layer() {
        Layer::Tcp => abi::close_downstream(),
        Layer::Http if stream.details().responding => abi::reset_request(),
        Layer::Http => crate::forbidden::to_open(judgement),
    };
    if closed.is_err() {
        report::error("a stream that is no longer allowed could not be closed");
    }
}

/// A connection's own configuration allows it.
fn allow(instance: &Instance, stream: &Rc<Stream>, attributes: &Attributes) {
    let allowed = Allowance {
        attributes,
        providers: &[],
    };
    stream.allowed_by(stream.configuration.number, &allowed);
    instance.allow(stream);
    lock::mark(&stream.configuration.lock, Layer::Tcp);
}

fn deny(instance: &Instance, stream: &Stream) {
    stream.set_status(Status::Denied);
    instance.forget(stream);
    if abi::close_downstream().is_err() {
        report::error("the denied connection could not be closed; it is held");
    }
}
