//! Describes in words the request, and the steps before any rule.

use peerwarden_documents::shown::shown;
use peerwarden_engine::ExternalAnswer;
use peerwarden_engine::reference::CustomTrace;
use peerwarden_traffic::{RuleRef, TokenResult, Traffic, words};

use crate::explanation::{Explanation, Subject};

/// How many characters of a client's text are shown.
const SHOWN: usize = 200;

/// `POST orders.shop/orders on port 8080 from 10.0.0.7 over mutual TLS as spiffe://…`.
pub(super) fn asked(subject: &Subject<'_>) -> String {
    match subject {
        Subject::Traffic(traffic, _) => of_traffic(traffic),
        Subject::Line(line, _) => line.asked.clone(),
    }
}

fn of_traffic(traffic: &Traffic) -> String {
    let plain = |text: &str| shown(text.as_bytes(), SHOWN);
    let what = words::request(traffic, plain);
    let secured = match &traffic.tls {
        None => "in plaintext".to_owned(),
        Some(tls) => match &tls.peer {
            None => "over TLS without a certificate".to_owned(),
            Some(peer) => format!("over mutual TLS as {}", words::peer(peer, plain)),
        },
    };
    let (ip, port) = (traffic.source().0, traffic.destination().1);
    format!("{what} on port {port} from {ip} {secured}")
}

/// The mutual TLS mode, and who set it.
pub(super) fn mode(explained: &Explanation<'_>) -> String {
    let mode = &explained.trace.mode;
    let set_by = match &mode.set_by {
        Some(by) => format!("PeerAuthentication {}/{}", by.namespace, by.name),
        None => "the default".to_owned(),
    };
    let port = mode
        .port
        .map_or_else(|| "an unknown port".to_owned(), |port| format!("port {port}"));
    let peer = match &explained.subject {
        Subject::Traffic(..) => shown(mode.peer.as_bytes(), SHOWN),
        Subject::Line(line, _) => line.peer.clone(),
    };
    format!(
        "mutual TLS on {port}: {} ({set_by}); the peer is {peer}",
        mode.mode.as_str()
    )
}

/// The result of the filter ahead for the tokens, and whether the request goes on; `None` if no `RequestAuthentication`
/// applies.
pub(super) fn tokens(explained: &Explanation<'_>) -> Option<(bool, String)> {
    let Subject::Traffic(traffic, _) = &explained.subject else {
        return None;
    };
    Some(match explained.explainer.tokens(traffic)? {
        TokenResult::Refused(refused) => (false, shown(refused.to_string().as_bytes(), SHOWN)),
        TokenResult::Passed(passed) => {
            let mut text = match &passed.by {
                Some(by) => format!("the token meets {by}"),
                None => "no token".to_owned(),
            };
            if !passed.removed.is_empty() {
                let names = passed.removed.join("`, `");
                text.push_str(&format!(
                    "; the client's own `{names}` is removed, as the filter that verifies tokens writes it"
                ));
            }
            (true, text)
        }
    })
}

/// Why several providers for one workload deny, and the setting that allows them
/// (<https://github.com/istio/istio/blob/1.30.3/pilot/pkg/features/security.go>).
pub const SEVERAL_PROVIDERS: &str = "the CUSTOM policies of a workload may name several providers only if the mesh has \
                                     `multipleCustomAuthzProviders: true`, as istiod with \
                                     `PILOT_ENABLE_MULTIPLE_CUSTOM_AUTHZ_PROVIDERS`";

/// The result of calling an external authorizer.
pub(super) fn custom(custom: &CustomTrace, subject: &Subject<'_>) -> String {
    let by = RuleRef::from(&custom.by);
    let answer = match (custom.answer, subject) {
        (None, _) if custom.providers.len() > 1 => format!("cannot be called: {SEVERAL_PROVIDERS}"),
        (None, _) => "cannot be called: it is not described, or its description is invalid".to_owned(),
        (Some(_), Subject::Line(..)) => "may have answered anything: its answer is not in the log".to_owned(),
        (Some(ExternalAnswer::Allow), _) => "allows".to_owned(),
        (Some(ExternalAnswer::Deny), _) => "denies".to_owned(),
        (Some(ExternalAnswer::Failed | ExternalAnswer::Unaskable), _) => {
            let open = if custom.refused.is_none() {
                " (failOpen)"
            } else {
                ""
            };
            format!("gives no usable answer{open}")
        }
    };
    format!(
        "external authorizer `{}`, called because of {by}, {answer}",
        custom.providers.join("`, `")
    )
}
