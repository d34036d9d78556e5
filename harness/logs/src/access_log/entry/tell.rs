//! Applies an operator's value to the line.

use peerwarden_traffic::{Decision, Protocol};

use super::details::{denied_by, is_routed};
use super::{Entry, Fact, Outcome, PeerFact};
use crate::access_log::address;
use crate::access_log::operator::{Operator, OperatorMeaning};
use crate::access_log::refusal::Refusal;

/// The text of an operator in a line.
#[derive(Debug, Clone, Copy)]
pub(in crate::access_log) enum FieldText<'l> {
    /// JSON's `null`.
    Nothing,
    /// A text; `-` for nothing.
    Text(&'l [u8]),
    /// An object of JSON.
    Object(&'l serde_json::Value),
}

impl Entry {
    /// Applies an operator's value. The first value of several counts.
    pub(in crate::access_log) fn tell(&mut self, operator: &Operator, written: FieldText<'_>) {
        let Operator { tells, limit } = operator;
        self.tell_protocol(tells, written);
        let cut = |text: &[u8]| limit.is_some_and(|limit| text.len() >= limit);
        let written = match written {
            // If Envoy may have cut it, the rest is unknown.
            FieldText::Text(text) if cut(text) && text != b"-" => return,
            FieldText::Nothing | FieldText::Text(_) | FieldText::Object(_) => written,
        };
        let text = match written {
            FieldText::Text(text) => Some(text),
            FieldText::Nothing | FieldText::Object(_) => None,
        };
        let missing = matches!(written, FieldText::Nothing | FieldText::Text(b"-"));
        let address = || text.and_then(address::read);
        let words = || {
            text.filter(|_| !missing)
                .map(|text| String::from_utf8_lossy(text).into_owned())
        };
        match tells {
            OperatorMeaning::Method => set(&mut self.method, bytes(written)),
            OperatorMeaning::Path => set(&mut self.path, bytes(written)),
            OperatorMeaning::Header(name) => {
                if self.header(name) == &Fact::Unknown {
                    self.headers.push((name.clone(), bytes(written)));
                }
            }
            OperatorMeaning::SourceAddress => self.source_ip = self.source_ip.or(address().map(|(ip, _)| ip)),
            OperatorMeaning::RemoteAddress => self.remote_ip = self.remote_ip.or(address().map(|(ip, _)| ip)),
            OperatorMeaning::LocalAddress => {
                if let Some((ip, port)) = address() {
                    self.destination_ip = self.destination_ip.or(Some(ip));
                    self.destination_port = self.destination_port.or(port);
                }
            }
            OperatorMeaning::LocalPort => {
                let port = text.and_then(|text| std::str::from_utf8(text).ok()?.parse().ok());
                self.destination_port = self.destination_port.or(port);
            }
            OperatorMeaning::Sni => set(&mut self.sni, server_name(written)),
            OperatorMeaning::PeerUri => self.peer_uri(written),
            OperatorMeaning::TlsVersion if missing => self.plaintext(),
            OperatorMeaning::TlsVersion => self.tls = text.map(|_| true).or(self.tls),
            OperatorMeaning::Fingerprint if missing => self.peer = PeerFact::Nobody,
            OperatorMeaning::Security => match text {
                Some(b"none") => self.plaintext(),
                Some(b"tls") => (self.tls, self.peer) = (Some(true), PeerFact::Nobody),
                Some(b"mutual_tls") => self.tls = Some(true),
                Some(_) | None => {}
            },
            OperatorMeaning::Jwt => {
                if let FieldText::Object(payload) = written {
                    set(&mut self.jwt, Fact::Is(peerwarden_traffic::engine_value(payload)));
                } else if missing {
                    set(&mut self.jwt, Fact::Missing);
                }
            }
            OperatorMeaning::Decision => self.decided(text),
            OperatorMeaning::Details => {
                self.details = words();
                self.details_say(text);
            }
            OperatorMeaning::TerminationDetails => {
                if let Some(by) = text.and_then(denied_by) {
                    self.happened = Some(Outcome::Denied(by));
                }
            }
            OperatorMeaning::TransportFailure => {
                self.refused = words().map(|reason| Refusal::of_handshake(&reason));
            }
            OperatorMeaning::Flags => self.flags = words().unwrap_or_default(),
            OperatorMeaning::UpstreamFailure => self.upstream_failure = words(),
            OperatorMeaning::FilterChain => self.chain = Some(!missing),
            OperatorMeaning::UpstreamHost => self.reached = !missing,
            OperatorMeaning::Fingerprint
            | OperatorMeaning::Protocol
            | OperatorMeaning::Number
            | OperatorMeaning::Word
            | OperatorMeaning::Other => {}
        }
    }

    /// What only requests have shows a request. A request without a version of HTTP there is not, nor one without a method; but a method
    /// may be a dash.
    fn tell_protocol(&mut self, tells: &OperatorMeaning, written: FieldText<'_>) {
        match (tells, written) {
            (OperatorMeaning::Protocol, FieldText::Nothing | FieldText::Text(b"-"))
            | (OperatorMeaning::Method, FieldText::Nothing) => {
                self.protocol.get_or_insert(Protocol::Tcp);
            }
            (_, FieldText::Nothing | FieldText::Text(b"-")) => {}
            (tells, FieldText::Text(_) | FieldText::Object(_)) if tells.is_http() => {
                self.protocol = Some(Protocol::Http);
            }
            (_, FieldText::Text(_) | FieldText::Object(_)) => {}
        }
    }

    fn plaintext(&mut self) {
        (self.tls, self.peer) = (Some(false), PeerFact::Nobody);
    }

    /// Several names are joined by commas, which a name may also contain.
    fn peer_uri(&mut self, written: FieldText<'_>) {
        if self.peer != PeerFact::Unknown {
            return;
        }
        match written {
            FieldText::Nothing | FieldText::Text(b"-" | b"") => self.peer = PeerFact::NoUri,
            FieldText::Text(text) => {
                let uri = std::str::from_utf8(text).ok().filter(|uri| !uri.contains(','));
                if let Some(uri) = uri {
                    (self.peer, self.tls) = (PeerFact::Uri(uri.to_owned()), Some(true));
                }
            }
            FieldText::Object(_) => {}
        }
    }

    /// The module's own decision takes precedence.
    fn decided(&mut self, text: Option<&[u8]>) {
        let text = text.and_then(|text| std::str::from_utf8(text).ok());
        let Some(decided) = text.and_then(Decision::from_filter_state) else {
            return;
        };
        self.decided = true;
        self.happened = Some(if decided.allowed {
            Outcome::Allowed
        } else {
            let by = decided.by.map(|by| by.to_string());
            Outcome::Denied(by.unwrap_or_else(|| decided.reason.as_str().to_owned()))
        });
    }

    fn details_say(&mut self, text: Option<&[u8]>) {
        if self.happened.is_some() {
            return;
        }
        self.happened = match (text, self.details.as_deref()) {
            (_, Some(details)) if is_routed(details) => Some(Outcome::Allowed),
            (Some(text), _) => denied_by(text).map(Outcome::Denied),
            (None, _) => None,
        };
    }
}

fn set<T: PartialEq>(fact: &mut Fact<T>, told: Fact<T>) {
    if *fact == Fact::Unknown {
        *fact = told;
    }
}

fn bytes(written: FieldText<'_>) -> Fact<Vec<u8>> {
    match written {
        FieldText::Nothing => Fact::Missing,
        FieldText::Text(b"-") => Fact::Dash,
        FieldText::Text(text) => Fact::Is(text.to_vec()),
        FieldText::Object(_) => Fact::Unknown,
    }
}

/// Envoy writes an underscore for anything but a letter, digit, dot or dash, so an underscore may stand for any
/// character.
fn server_name(written: FieldText<'_>) -> Fact<String> {
    match written {
        FieldText::Nothing => Fact::Missing,
        FieldText::Text(b"-") => Fact::Dash,
        FieldText::Text(text) => match std::str::from_utf8(text) {
            Ok(name) if !name.contains('_') => Fact::Is(name.to_owned()),
            Ok(_) | Err(_) => Fact::Unknown,
        },
        FieldText::Object(_) => Fact::Unknown,
    }
}
