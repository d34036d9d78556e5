//! Describes a line in words, for `explain`.

use peerwarden_documents::shown::shown;
use peerwarden_explain::{AccessLogLine, LoggedOutcome};
use peerwarden_traffic::Protocol;

use crate::access_log::entry::{Entry, Fact, Outcome, PeerFact};
use crate::access_log::operator::telling;

/// The largest number of characters shown of a client's text.
const SHOWN: usize = 200;

/// The parts of a line that `explain` shows.
pub fn line(entry: &Entry) -> AccessLogLine {
    AccessLogLine {
        asked: asked(entry),
        peer: peer(&entry.peer),
        unreached: entry.unreached.clone(),
        logged: entry.happened.as_ref().map(|happened| match happened {
            Outcome::Allowed => LoggedOutcome::Allowed,
            Outcome::Denied(by) => LoggedOutcome::Denied(by.clone()),
        }),
        telling,
    }
}

fn peer(peer: &PeerFact) -> String {
    match peer {
        PeerFact::Uri(uri) => shown(uri.as_bytes(), SHOWN),
        PeerFact::Nobody => "no verified peer".to_owned(),
        PeerFact::NoUri => "a peer without a URI SAN".to_owned(),
        PeerFact::Unknown => "unknown".to_owned(),
    }
}

fn asked(entry: &Entry) -> String {
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
        (PeerFact::NoUri, _) => "from a peer without a URI SAN".to_owned(),
        (PeerFact::Unknown, _) => "from an unknown peer".to_owned(),
    };
    format!("{what} on {port}{from} {secured}")
}
