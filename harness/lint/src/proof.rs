//! Evidence for a finding: the engine's decision about a request.

use std::fmt;
use std::net::IpAddr;

use peerwarden_engine::{Decision, Lookup, Program, Protocol, RuleId, Traffic, Verdict};

/// A request and its decision.
#[derive(Debug, Clone)]
pub(crate) struct Proof {
    request: String,
    verdict: &'static str,
    decided: String,
}

impl Proof {
    /// Evaluates a request; `None` unless the decision is as `wanted`.
    pub(crate) fn of(
        program: &Program,
        traffic: &Traffic,
        wanted: impl FnOnce(&Decision<'_>) -> bool,
    ) -> Option<Self> {
        let decision = program.judge(traffic, traffic).decision;
        wanted(&decision).then(|| Self {
            request: words(traffic, program.protocol()),
            verdict: verdict(&decision),
            decided: in_words(&decision),
        })
    }

    /// The decision without the part in question; it does not name a rule, as rules are then numbered differently than
    /// in the text.
    pub(crate) fn without(&self) -> String {
        format!("without it, {} is still {}", self.request, self.verdict)
    }
}

fn verdict(decision: &Decision<'_>) -> &'static str {
    match decision.verdict {
        Verdict::Allow => "allowed",
        Verdict::Deny => "denied",
    }
}

impl fmt::Display for Proof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is {}", self.request, self.decided)
    }
}

/// A decision and its rule, in words.
pub(crate) fn in_words(decision: &Decision<'_>) -> String {
    let verdict = verdict(decision);
    match decision.by {
        Some(by) => format!("{verdict} by {}", rule(by)),
        None => format!("{verdict}, as {}", decision.reason),
    }
}

/// Rules by their names: `shop/a[0] and shop/b[1]`.
pub(crate) fn rules(by: &[RuleId]) -> String {
    let names: Vec<String> = by.iter().map(rule).collect();
    match names.as_slice() {
        [] => "others".to_owned(),
        [one] => one.clone(),
        [first, second] => format!("{first} and {second}"),
        [first, second, rest @ ..] => format!("{first}, {second} and {} more together", rest.len()),
    }
}

fn rule(by: &RuleId) -> String {
    let rule = by.rule.map_or_else(String::new, |rule| format!("[{rule}]"));
    format!("{}/{}{rule}", by.namespace, by.name)
}

/// A request or a connection in a few words.
pub(crate) fn words(traffic: &Traffic, protocol: Protocol) -> String {
    let mut words = match protocol {
        Protocol::Http => request(traffic),
        Protocol::Tcp => "a TCP connection".to_owned(),
    };
    if let Lookup::Found(port) = &traffic.destination_port {
        words.push_str(&format!(" to port {port}"));
    }
    words.push_str(&match (&traffic.peer, &traffic.tls) {
        (Lookup::Found(peer), _) => format!(" by {peer}"),
        (Lookup::Missing | Lookup::Unavailable, Lookup::Found(true)) => {
            " over TLS without a certificate".to_owned()
        }
        (Lookup::Missing | Lookup::Unavailable, _) => " in plaintext".to_owned(),
    });
    for (name, address) in [
        ("source.ip", &traffic.source_ip),
        ("remote.ip", &traffic.remote_ip),
        ("destination.ip", &traffic.destination_ip),
    ] {
        if let Lookup::Found(address) = address
            && !is_for_documentation(*address)
        {
            words.push_str(&format!(", {name} {address}"));
        }
    }
    if let Lookup::Found(metadata) = &traffic.metadata {
        for (filter, key, value) in metadata {
            words.push_str(&format!(", {filter} {key} {}", json(value)));
        }
    }
    if let Lookup::Found(sni) = &traffic.sni {
        words.push_str(&format!(", connection.sni {}", String::from_utf8_lossy(sni)));
    }
    words
}

/// An address for documentation (RFC 5737), which no rule asks about.
fn is_for_documentation(address: IpAddr) -> bool {
    matches!(address, IpAddr::V4(v4) if v4.octets().starts_with(&[192, 0, 2]))
}

/// `GET /path`, and the other headers.
fn request(traffic: &Traffic) -> String {
    let Lookup::Found(headers) = &traffic.headers else {
        return "a request".to_owned();
    };
    let text = |name: &str, default: &str| {
        let found = headers.iter().find(|(header, _)| header == name);
        found.map_or_else(
            || default.to_owned(),
            |(_, value)| String::from_utf8_lossy(value).into_owned(),
        )
    };
    let mut words = format!("`{} {}`", text(":method", "GET"), text(":path", "/"));
    for (name, value) in headers
        .iter()
        .filter(|(name, _)| name == ":authority" || !name.starts_with(':'))
    {
        let name = if name == ":authority" { "host" } else { name };
        words.push_str(&format!(" with {name} `{}`", String::from_utf8_lossy(value)));
    }
    if let Lookup::Found(token) = &traffic.jwt {
        words.push_str(&format!(" with a token {}", json(token)));
    }
    words
}

fn json(value: &peerwarden_engine::document::Value) -> String {
    use peerwarden_engine::document::Value;

    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(value) => value.to_string(),
        Value::Number(value) => value.to_string(),
        Value::String(text) => serde_json::Value::from(text.as_str()).to_string(),
        Value::List(items) => format!("[{}]", items.iter().map(json).collect::<Vec<_>>().join(", ")),
        Value::Object(fields) => {
            let fields = fields
                .iter()
                .map(|(name, value)| format!("{name}: {}", json(value)));
            format!("{{{}}}", fields.collect::<Vec<_>>().join(", "))
        }
    }
}
