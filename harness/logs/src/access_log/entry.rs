//! What one line tells.

use std::net::IpAddr;

use peerwarden_engine::document::Value;
use peerwarden_traffic::Decision;
use peerwarden_traffic::Protocol;

use super::address;
use super::operator::{Operator, Tells};
use super::refusal::Refusal;
use super::{rejected, unreached};

/// The details of what an upstream answered.
const VIA_UPSTREAM: &str = "via_upstream";

/// The details of a connection that no filter chain is for.
const NO_CHAIN: &str = "filter_chain_not_found";

/// The details that the router gives, without what follows in braces.
const ROUTED: [&str; 11] = [
    VIA_UPSTREAM,
    "cluster_not_found",
    "direct_response",
    "maintenance_mode",
    "no_healthy_upstream",
    "response_timeout",
    "route_not_found",
    "upstream_max_stream_duration_reached",
    "upstream_per_try_timeout",
    "upstream_reset_after_response_started",
    "upstream_reset_before_response_started",
];

/// An attribute, as far as a line tells it.
#[derive(Debug, Clone, PartialEq)]
pub enum Fact<T> {
    /// The line does not tell.
    Unknown,
    /// It is not there.
    Missing,
    /// The line has a dash, which stands for nothing and for a dash alike.
    Dash,
    /// It is this.
    Is(T),
}

/// Who the peer is, as far as a line tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PeerFact {
    /// The line does not tell.
    Unknown,
    /// There is no verified peer.
    Nobody,
    /// There is no peer, or one whose certificate has no URI SAN.
    NoUri,
    /// The one URI SAN of its certificate.
    Uri(String),
}

/// What became of a request or a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It passed.
    Allowed,
    /// It was denied, by what the line says.
    Denied(String),
}

/// What one line tells.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// `None` where the line does not say whether it is of a request or of a TCP connection.
    pub protocol: Option<Protocol>,
    /// Who the peer is.
    pub peer: PeerFact,
    /// Whether the connection has TLS.
    pub tls: Option<bool>,
    /// The direct peer's address.
    pub source_ip: Option<IpAddr>,
    /// The original client's address.
    pub remote_ip: Option<IpAddr>,
    /// The address that the connection was made to.
    pub destination_ip: Option<IpAddr>,
    /// The port that the connection was made to.
    pub destination_port: Option<u16>,
    /// The server name that the client asked for.
    pub sni: Fact<String>,
    /// The request's method.
    pub method: Fact<Vec<u8>>,
    /// With its query, where the line has one.
    pub path: Fact<Vec<u8>>,
    /// By lower-case names.
    pub headers: Vec<(String, Fact<Vec<u8>>)>,
    /// The payload of a verified token.
    pub jwt: Fact<Value>,
    /// `None` where the line does not say what became of it.
    pub happened: Option<Outcome>,
    /// Why it came to no filter, if it did not.
    pub refused: Option<Refusal>,
    /// Why it did not come to the application, of what was not denied.
    pub unreached: Option<String>,
    /// Whether it came to the choice of an upstream.
    pub(super) reached: bool,
    /// Whether the line has the module's own word.
    decided: bool,
    /// `%RESPONSE_FLAGS%`.
    flags: String,
    /// `%RESPONSE_CODE_DETAILS%`, if there are any.
    details: Option<String>,
    /// `%UPSTREAM_TRANSPORT_FAILURE_REASON%`, if there is one.
    upstream_failure: Option<String>,
    /// Whether the line says which filter chain took it.
    chain: Option<bool>,
}

impl Default for Entry {
    fn default() -> Self {
        Self {
            protocol: None,
            peer: PeerFact::Unknown,
            tls: None,
            source_ip: None,
            remote_ip: None,
            destination_ip: None,
            destination_port: None,
            sni: Fact::Unknown,
            method: Fact::Unknown,
            path: Fact::Unknown,
            headers: Vec::new(),
            jwt: Fact::Unknown,
            happened: None,
            refused: None,
            unreached: None,
            reached: false,
            decided: false,
            flags: String::new(),
            details: None,
            upstream_failure: None,
            chain: None,
        }
    }
}

/// What stands in a line for one operator.
#[derive(Debug, Clone, Copy)]
pub(super) enum FieldText<'l> {
    /// JSON's `null`.
    Nothing,
    /// A text; `-` for nothing.
    Text(&'l [u8]),
    /// An object of JSON.
    Object(&'l serde_json::Value),
}

impl Entry {
    /// What is known of a header.
    pub fn header(&self, name: &str) -> &Fact<Vec<u8>> {
        let own = self.headers.iter().find(|(of, _)| of == name);
        own.map_or(&Fact::Unknown, |(_, fact)| fact)
    }

    /// Takes in what stands for an operator. What is told twice is as it was told first.
    pub(super) fn tell(&mut self, operator: &Operator, written: FieldText<'_>) {
        let Operator { tells, limit } = operator;
        self.tell_protocol(tells, written);
        let cut = |text: &[u8]| limit.is_some_and(|limit| text.len() >= limit);
        let written = match written {
            // Where Envoy may have cut it, what follows is not known.
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
            Tells::Method => set(&mut self.method, bytes(written)),
            Tells::Path => set(&mut self.path, bytes(written)),
            Tells::Header(name) => {
                if self.header(name) == &Fact::Unknown {
                    self.headers.push((name.clone(), bytes(written)));
                }
            }
            Tells::SourceAddress => self.source_ip = self.source_ip.or(address().map(|(ip, _)| ip)),
            Tells::RemoteAddress => self.remote_ip = self.remote_ip.or(address().map(|(ip, _)| ip)),
            Tells::LocalAddress => {
                if let Some((ip, port)) = address() {
                    self.destination_ip = self.destination_ip.or(Some(ip));
                    self.destination_port = self.destination_port.or(port);
                }
            }
            Tells::LocalPort => {
                let port = text.and_then(|text| std::str::from_utf8(text).ok()?.parse().ok());
                self.destination_port = self.destination_port.or(port);
            }
            Tells::Sni => set(&mut self.sni, server_name(written)),
            Tells::PeerUri => self.peer_uri(written),
            Tells::TlsVersion if missing => self.plaintext(),
            Tells::TlsVersion => self.tls = text.map(|_| true).or(self.tls),
            Tells::Fingerprint if missing => self.peer = PeerFact::Nobody,
            Tells::Security => match text {
                Some(b"none") => self.plaintext(),
                Some(b"tls") => (self.tls, self.peer) = (Some(true), PeerFact::Nobody),
                Some(b"mutual_tls") => self.tls = Some(true),
                Some(_) | None => {}
            },
            Tells::Jwt => {
                if let FieldText::Object(payload) = written {
                    set(&mut self.jwt, Fact::Is(peerwarden_traffic::engine_value(payload)));
                } else if missing {
                    set(&mut self.jwt, Fact::Missing);
                }
            }
            Tells::Decision => self.decided(text),
            Tells::Details => {
                self.details = words();
                self.details_say(text);
            }
            Tells::TerminationDetails => {
                if let Some(by) = text.and_then(denied_by) {
                    self.happened = Some(Outcome::Denied(by));
                }
            }
            Tells::TransportFailure => {
                self.refused = words().map(|reason| Refusal::of_handshake(&reason));
            }
            Tells::Flags => self.flags = words().unwrap_or_default(),
            Tells::UpstreamFailure => self.upstream_failure = words(),
            Tells::FilterChain => self.chain = Some(!missing),
            Tells::UpstreamHost => self.reached = !missing,
            Tells::Fingerprint | Tells::Protocol | Tells::Number | Tells::Word | Tells::Other => {}
        }
    }

    /// What only requests have shows a request. A request without a version of HTTP there is not, nor one without a method; but a method
    /// may be a dash.
    fn tell_protocol(&mut self, tells: &Tells, written: FieldText<'_>) {
        match (tells, written) {
            (Tells::Protocol, FieldText::Nothing | FieldText::Text(b"-"))
            | (Tells::Method, FieldText::Nothing) => {
                self.protocol.get_or_insert(Protocol::Tcp);
            }
            (_, FieldText::Nothing | FieldText::Text(b"-")) => {}
            (tells, FieldText::Text(_) | FieldText::Object(_)) if tells.is_http() => {
                self.protocol = Some(Protocol::Http);
            }
            (_, FieldText::Text(_) | FieldText::Object(_)) => {}
        }
    }

    /// When everything is told. HTTP comes to the choice of an upstream only past every filter, TCP may be dialled before it is
    /// decided.
    pub(super) fn finish(mut self) -> Self {
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
            // Where the application is dialled at once, its connection may fail before the handshake is over.
            self.peer = PeerFact::Unknown;
        }
        if let Some(refused) = &self.refused {
            // Whom its certificate names was not verified, and no policy was asked.
            self.happened = Some(Outcome::Denied(refused.why.to_owned()));
        }
        self
    }

    /// That no filter chain is for it.
    fn without_chain(&self) -> Option<Refusal> {
        let by_flags = self.chain == Some(false) && self.flags.split(',').any(|flag| flag == "NR");
        let by_details = self.details.as_deref() == Some(NO_CHAIN);
        (by_flags || by_details).then(Refusal::without_chain)
    }

    /// That Envoy itself refused the request. Where the module or an upstream had its turn, it came to the filters, whatever became of
    /// it later.
    fn rejected(&mut self) -> Option<Refusal> {
        if self.decided || self.happened.is_some() {
            return None;
        }
        if let Some(why) = self.details.as_deref().and_then(rejected::why) {
            self.protocol = Some(Protocol::Http);
            return Some(Refusal::of_request(why));
        }
        // Every request that comes to a filter has a method and, but for CONNECT, a path.
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

    fn plaintext(&mut self) {
        (self.tls, self.peer) = (Some(false), PeerFact::Nobody);
    }

    /// Several names are joined by commas, which a name may have too.
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

    /// The module's own word goes before all others.
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

/// Envoy writes an underscore for what is no letter, digit, dot or dash, so that one may stand for anything.
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

/// Whether details are the router's, which comes behind every filter that may deny.
fn is_routed(details: &str) -> bool {
    let name = details.split_once('{').map_or(details, |(name, _)| name);
    ROUTED.contains(&name)
}

/// Whether details are of a request. What a listener or a network filter says is of a connection.
fn is_of_request(details: &str) -> bool {
    details != NO_CHAIN && !details.starts_with("ext_authz") && !details.starts_with("rbac")
}

/// What denied, by the details that Envoy's RBAC filter and its external authorization give, and so the module.
fn denied_by(details: &[u8]) -> Option<String> {
    let details = std::str::from_utf8(details).ok()?;
    if let Some(id) = details.strip_prefix("rbac_access_denied_matched_policy[") {
        let id = id.strip_suffix(']').unwrap_or(id);
        return Some(
            match peerwarden_traffic::RuleRef::from_id("AuthorizationPolicy", id) {
                Some(by) => by.to_string(),
                None => id.to_owned(),
            },
        );
    }
    let denied = details.starts_with("rbac_access_denied") || details.starts_with("ext_authz_denied");
    denied.then(|| details.to_owned())
}
