//! Workloads and traffic in a few words.

use peerwarden_analysis::{Attribute, Namespaces, Pattern, Peers, Values, WorkloadClass};
use peerwarden_engine::{Reason, WorkloadKind, is_host};
use peerwarden_explain::SEVERAL_PROVIDERS;
use peerwarden_traffic::{Decision, HeaderLines, Jwt, Token, Traffic, words};

/// `shop app=orders`, `any other namespace`, `any namespace`.
pub(crate) fn workload(class: &WorkloadClass) -> String {
    let workload = &class.workload;
    let mut text = match workload.kind {
        WorkloadKind::Sidecar => String::new(),
        WorkloadKind::Gateway => "gateway ".to_owned(),
        WorkloadKind::Waypoint => "waypoint ".to_owned(),
    };
    text.push_str(match class.namespaces {
        Namespaces::One => &workload.namespace,
        Namespaces::Others => "any other namespace",
        Namespaces::All => "any namespace",
    });
    for (name, value) in &workload.labels {
        text.push_str(&format!(" {name}={value}"));
    }
    for service in &workload.services {
        text.push_str(&format!(" for {}", service.name));
    }
    text
}

/// `GET /orders as spiffe://…`, and other attributes that matter.
pub(crate) fn traffic(traffic: &Traffic) -> String {
    let mut text = words::request(traffic, str::to_owned);
    if let Some(port) = traffic.destination.port {
        text.push_str(&format!(" on port {port}"));
    }
    match &traffic.tls {
        None => text.push_str(" in plaintext"),
        Some(tls) => {
            match &tls.peer {
                None => text.push_str(" over TLS without a certificate"),
                Some(peer) => text.push_str(&format!(" as {}", words::peer(peer, str::to_owned))),
            }
            if let Some(sni) = &tls.sni {
                text.push_str(&format!(" with SNI {sni}"));
            }
        }
    }
    for (name, ip) in [("from", traffic.source.ip), ("to", traffic.destination.ip)] {
        if let Some(ip) = ip {
            text.push_str(&format!(" {name} {ip}"));
        }
    }
    if let Some(ip) = traffic.remote_ip {
        text.push_str(&format!(" for client {ip}"));
    }
    let headers = traffic.http.iter().flat_map(|http| &http.headers);
    for (name, lines) in headers {
        for line in HeaderLines::iter(lines) {
            text.push_str(&format!(", {name}: {line}"));
        }
    }
    for token in traffic.jwt.iter().flat_map(Jwt::tokens) {
        match token {
            Token::Signed(token) => {
                let claims = serde_json::to_string(&token.payload).unwrap_or_default();
                text.push_str(&format!(", with a token of {claims}"));
            }
            Token::Invalid => text.push_str(", with an invalid token"),
        }
    }
    for (filter, entries) in &traffic.dynamic_metadata {
        let entries = serde_json::to_string(entries).unwrap_or_default();
        text.push_str(&format!(", metadata of {filter} {entries}"));
    }
    for (provider, answer) in &traffic.authorizers {
        let answer = match answer {
            peerwarden_traffic::AuthorizerAnswer::Allow => "allows",
            peerwarden_traffic::AuthorizerAnswer::Deny => "denies",
            peerwarden_traffic::AuthorizerAnswer::Fail => "fails",
        };
        text.push_str(&format!(", {provider} {answer}"));
    }
    text
}

/// `allow by shop/orders[0]`, `deny: no ALLOW rule matches`.
pub(crate) fn decided(decided: &Decision) -> String {
    let verdict = decided.verdict();
    match (&decided.by, decided.reason) {
        (Some(by), Reason::AllowRule | Reason::DenyRule) => format!("{verdict} by {by}"),
        (Some(by), reason) => format!("{verdict} by {by} ({})", reason.as_str()),
        (None, reason) => format!("{verdict}: {}", without_rule(reason)),
    }
}

/// Why it was decided so, where no rule decided.
pub(crate) fn without_rule(reason: Reason) -> String {
    match reason {
        Reason::NoAllowRuleMatched => "no ALLOW rule matches".to_owned(),
        Reason::NoAllowPolicy => "there is no ALLOW policy".to_owned(),
        Reason::AllowRule
        | Reason::DenyRule
        | Reason::MtlsRequired
        | Reason::MtlsDisabled
        | Reason::AuthorizerDenied
        | Reason::AuthorizerFailed
        | Reason::ProviderUnusable
        | Reason::DeadlinePassed
        | Reason::InvalidToken => reason.to_string(),
    }
}

/// Says that it also holds for unusual traffic.
pub(crate) fn odd(traffic: &Traffic) -> String {
    let host = traffic.http.as_ref().and_then(|http| http.host.as_deref());
    if let Some(host) = host.filter(|host| !is_host(host.as_bytes())) {
        return format!("and requests with an invalid host, such as {host}");
    }
    let peer = traffic.tls.as_ref().and_then(|tls| tls.peer.as_ref());
    match peer.and_then(|peer| peer.uri_sans.first()) {
        Some(name) => format!("and certificates with names that Istio does not issue, such as {name}"),
        None => "and certificates without a URI SAN".to_owned(),
    }
}

/// The callers of a class.
pub(crate) fn who(values: &[(Attribute, Values)]) -> String {
    callers(values).join("; ")
}

/// The same, one by one.
pub(crate) fn callers(values: &[(Attribute, Values)]) -> Vec<String> {
    let peer = values.iter().find(|(attribute, _)| *attribute == Attribute::Peer);
    peer.map_or_else(|| vec!["anybody".to_owned()], |(_, values)| peers(values))
}

/// The peers of a class.
pub(crate) fn peer(values: &Values) -> String {
    peers(values).join("; ")
}

fn peers(values: &Values) -> Vec<String> {
    match values {
        Values::AnyOf(terms) => {
            let words = terms
                .iter()
                .map(|term| match (&term.pattern, term.but.as_slice()) {
                    (Pattern::Any, []) => "anybody".to_owned(),
                    (Pattern::Any, but) => format!("anybody but {}", but.join(", ")),
                    (Pattern::Like(name), _) => format!("others such as {name}"),
                    (_, _) => term.to_string(),
                });
            words.collect()
        }
        Values::Has { .. } => vec![values.to_string()],
    }
}

/// The rest of a class, one line for each attribute that matters.
pub(crate) fn what(values: &[(Attribute, Values)]) -> Vec<String> {
    let others = values
        .iter()
        .filter(|(attribute, _)| *attribute != Attribute::Peer);
    others
        .map(|(attribute, values)| format!("{attribute}: {values}"))
        .collect()
}

/// Why an answer is not proved: it depends on authorizers without a description.
pub(crate) fn undescribed(names: &[String]) -> Option<String> {
    let (what, they_are, is_asked) = match names {
        [] => return None,
        [_] => ("authorizer", "is", "it is"),
        _ => ("authorizers", "are", "they are"),
    };
    Some(format!(
        "the {what} `{}` {they_are} not described, so every request that {is_asked} asked about counts as denied; describe what \
         policies name with `--extension-providers`",
        names.join("`, `")
    ))
}

/// Why several providers deny what CUSTOM policies match.
pub(crate) fn several_providers(names: &[String]) -> Option<String> {
    (!names.is_empty()).then(|| {
        format!(
            "what CUSTOM policies match is denied, as they name `{}`: {SEVERAL_PROVIDERS}",
            names.join("`, `")
        )
    })
}

/// The traffic that an answer covers.
pub(crate) fn scope(peers: Peers) -> &'static str {
    match peers {
        Peers::AnyName => "every certificate with one name",
        Peers::IstioNames => "every certificate with one name, in the form that Istio issues",
    }
}
