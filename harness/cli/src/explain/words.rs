//! What was asked, and what came before any rule, in words.

use peerwarden_engine::ExternalAnswer;
use peerwarden_engine::reference::CustomTrace;

use super::{Explained, Subject};
use crate::access_log::{Entry, Fact, PeerFact, shown};
use crate::engine::DecidedBy;
use crate::traffic::{Protocol, Traffic};

/// Characters of a text of a client that are shown.
const SHOWN: usize = 200;

/// `POST orders.shop/orders on port 8080 from 10.0.0.7 over mutual TLS as spiffe://…`.
pub(super) fn asked(subject: &Subject<'_>) -> String {
    match subject {
        Subject::Traffic(traffic, _) => of_traffic(traffic),
        Subject::Line(entry, _) => of_line(entry),
    }
}

fn of_traffic(traffic: &Traffic) -> String {
    let plain = |text: &str| shown(text.as_bytes(), SHOWN);
    let what = match (traffic.protocol, &traffic.http) {
        (Protocol::Tcp, _) => "a TCP connection".to_owned(),
        (Protocol::Http, None) => "GET /".to_owned(),
        (Protocol::Http, Some(http)) => {
            let text = |value: &Option<String>, default: &str| plain(value.as_deref().unwrap_or(default));
            let (method, host, path) = (
                text(&http.method, "GET"),
                text(&http.host, ""),
                text(&http.path, "/"),
            );
            format!("{method} {host}{path}")
        }
    };
    let secured = match &traffic.tls {
        None => "in plaintext".to_owned(),
        Some(tls) => match &tls.peer {
            None => "over TLS without a certificate".to_owned(),
            Some(peer) => {
                let other = || plain(peer.dns_sans.first().unwrap_or(&peer.subject));
                match peer.uri_sans.first() {
                    Some(uri) => format!("over mutual TLS as {}", plain(uri)),
                    None => format!("over mutual TLS as {} (no URI SAN)", other()),
                }
            }
        },
    };
    let (ip, port) = (traffic.source().0, traffic.destination().1);
    format!("{what} on port {port} from {ip} {secured}")
}

fn of_line(entry: &Entry) -> String {
    let text = |fact: &Fact<Vec<u8>>| match fact {
        Fact::Is(text) => shown(text, SHOWN),
        Fact::Missing | Fact::Dash => "-".to_owned(),
        Fact::Unknown => "?".to_owned(),
    };
    let what = match entry.protocol {
        Some(Protocol::Tcp) => "a TCP connection".to_owned(),
        Some(Protocol::Http) => format!("{} {}", text(&entry.method), text(&entry.path)),
        None => "a request or a connection".to_owned(),
    };
    let port = entry
        .destination_port
        .map_or("an unknown port".to_owned(), |port| format!("port {port}"));
    let from = entry
        .source_ip
        .map(|ip| format!(" from {ip}"))
        .unwrap_or_default();
    let secured = match (&entry.peer, entry.tls) {
        (PeerFact::Uri(uri), _) => format!("as {}", shown(uri.as_bytes(), SHOWN)),
        (PeerFact::Nobody, Some(false)) => "in plaintext".to_owned(),
        (PeerFact::Nobody, _) => "without a certificate".to_owned(),
        (PeerFact::NoUri, _) => "from nobody with a URI SAN".to_owned(),
        (PeerFact::Unknown, _) => "from an unknown peer".to_owned(),
    };
    format!("{what} on {port}{from} {secured}")
}

/// What the mutual TLS mode is and who set it.
pub(super) fn mode(explained: &Explained<'_>) -> String {
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
        Subject::Line(entry, _) => match &entry.peer {
            PeerFact::Uri(uri) => shown(uri.as_bytes(), SHOWN),
            PeerFact::Nobody => "no verified peer".to_owned(),
            PeerFact::NoUri => "nobody with a URI SAN".to_owned(),
            PeerFact::Unknown => "not known".to_owned(),
        },
    };
    format!(
        "mutual TLS on {port}: {} ({set_by}); the peer is {peer}",
        mode.mode.as_str()
    )
}

/// What asking an external authorizer came to.
pub(super) fn custom(custom: &CustomTrace, subject: &Subject<'_>) -> String {
    let by = DecidedBy::from(&custom.by);
    let answer = match (custom.answer, subject) {
        (None, _) => "cannot be asked".to_owned(),
        (Some(_), Subject::Line(..)) => "may have said anything: the log does not tell".to_owned(),
        (Some(ExternalAnswer::Allow), _) => "says yes".to_owned(),
        (Some(ExternalAnswer::Deny), _) => "says no".to_owned(),
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
        "external authorizer `{}`, asked because of {by}, {answer}",
        custom.providers.join("`, `")
    )
}
