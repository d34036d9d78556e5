//! The Envoy: what it loads, where it listens, where it writes logs.

use std::net::{IpAddr, Ipv4Addr};

use peerwarden_engine::document::{At, Fields, Value, wrong_type};
use peerwarden_engine::{Problem, Problems};

use super::socket::{self, Endpoint, Socket};
use super::underscores::Underscores;

/// The settings of an Envoy that every description has, with defaults.
#[derive(Debug, Clone)]
pub struct Proxy {
    /// The path of the module; `/etc/envoy/peerwarden.wasm` when left out.
    pub module: String,
    /// The address that the ports bind to; `0.0.0.0` when left out.
    pub address: IpAddr,
    /// The address of Envoy's administration, on loopback; `127.0.0.1:15000` when left out, as in Istio.
    pub admin: Socket,
    /// The path of the access log; `/dev/stdout` when left out.
    pub access_log: String,
    /// The largest number of lines per second that it gets about what is refused before any filter; 10 when left out, 0 for no
    /// limit.
    pub refused_per_second: u32,
    /// Whether Envoy's own filters block everything without the module; true when left out.
    pub lock: bool,
    /// What happens to a request with an underscore in a header name.
    pub underscores: Underscores,
    /// The file of the roots that the servers of `jwksUri` are verified with; that of the system when left out.
    pub key_roots: String,
}

impl Proxy {
    /// Whether connections to this host reach the address that the ports bind to.
    pub(super) fn is_at(&self, endpoint: &Endpoint) -> bool {
        let address: Option<IpAddr> = match endpoint.host.as_str() {
            "localhost" => Some(Ipv4Addr::LOCALHOST.into()),
            host => host.parse().ok(),
        };
        let of_this_host = |address: &IpAddr| address.is_loopback() || address.is_unspecified();
        address.is_some_and(|address| {
            address == self.address || (self.address.is_unspecified() && of_this_host(&address))
        })
    }

    pub(crate) fn read(fields: &mut Fields<'_, '_>, at: &At<'_>, problems: &mut Problems) -> Option<Self> {
        let module = fields.text("module", problems);
        let access_log = fields.text("accessLog", problems);
        let refused = match fields.take("refusedPerSecond") {
            Some(value) => per_second(value, &at.name("refusedPerSecond"), problems),
            None => Some(10),
        };
        let underscores = match fields.text("underscores", problems) {
            Some(word) => Underscores::read(word, &at.name("underscores"), problems),
            None => Some(Underscores::default()),
        };
        let address = match fields.text("address", problems) {
            Some(text) => socket::ip(text, &at.name("address"), problems),
            None => Some(Ipv4Addr::UNSPECIFIED.into()),
        };
        let admin = match fields.text("admin", problems) {
            Some(text) => Socket::loopback(text, &at.name("admin"), problems),
            None => Some(Socket::new(Ipv4Addr::LOCALHOST.into(), 15000)),
        };
        let key_roots = fields.text("jwksCaCertificates", problems);
        let lock = match fields.take("lock") {
            Some(Value::Bool(lock)) => Some(*lock),
            Some(other) => {
                let problem = wrong_type(&at.name("lock"), "true or false", other);
                problems.push(problem.help("write `lock: false` to omit the second lock"));
                None
            }
            None => Some(true),
        };
        Some(Self {
            module: module.unwrap_or("/etc/envoy/peerwarden.wasm").to_owned(),
            address: address?,
            admin: admin?,
            access_log: access_log.unwrap_or("/dev/stdout").to_owned(),
            refused_per_second: refused?,
            lock: lock?,
            underscores: underscores?,
            key_roots: key_roots
                .unwrap_or("/etc/ssl/certs/ca-certificates.crt")
                .to_owned(),
        })
    }
}

/// A whole number of lines.
fn per_second(value: &Value, at: &At<'_>, problems: &mut Problems) -> Option<u32> {
    let whole = match value {
        Value::Number(number) => format!("{number}").parse().ok(),
        Value::Null | Value::Bool(_) | Value::String(_) | Value::List(_) | Value::Object(_) => None,
    };
    if whole.is_none() {
        let problem = Problem::new(at, "this is not a number of lines");
        problems.push(problem.help("write a whole number, or 0 for no limit"));
    }
    whole
}
