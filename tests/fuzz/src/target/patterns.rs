//! A value of a policy and a text, compared with the definition: `KIND`, the value, NUL, the text.

use std::net::IpAddr;

use peerwarden_engine::{Config, Lookup, Peer, Program, Traffic, Verdict, reference};
use serde_json::json;

use super::definition;

pub(super) fn run(bytes: &[u8]) {
    let Some((kind, rest)) = bytes.split_first() else {
        return;
    };
    let Some(end) = rest.iter().position(|byte| *byte == 0) else {
        return;
    };
    let (Ok(value), text) = (std::str::from_utf8(&rest[..end]), &rest[end + 1..]) else {
        return;
    };
    let case = match kind % 4 {
        0 => sni(value, text),
        1 => namespace(value, text),
        2 => path(value, text),
        _ => block(value, text),
    };
    if let Some((rule, traffic, matches)) = case {
        compare(&rule, &traffic, matches);
    }
}

/// A rule, traffic, and whether they match by definition.
type Case = (serde_json::Value, Traffic, bool);

/// A server name without a trailing dot: with one it is not established.
fn sni(value: &str, text: &[u8]) -> Option<Case> {
    if text.ends_with(b".") {
        return None;
    }
    let traffic = Traffic {
        sni: Lookup::Found(text.to_vec()),
        tls: Lookup::Found(true),
        ..Traffic::default()
    };
    let rule = json!({"when": [{"key": "connection.sni", "values": [value]}]});
    Some((rule, traffic, definition::string_match(value.as_bytes(), text)))
}

fn namespace(value: &str, text: &[u8]) -> Option<Case> {
    let name = [b"td/ns/", text].concat();
    let traffic = Traffic {
        peer: Lookup::Found(Peer::from_uri([b"spiffe://", name.as_slice()].concat())),
        tls: Lookup::Found(true),
        ..Traffic::default()
    };
    let rule = json!({"from": [{"source": {"namespaces": [value]}}]});
    Some((rule, traffic, definition::namespace(value, &name)))
}

/// A path without the parts that are cut off before it is compared.
fn path(value: &str, text: &[u8]) -> Option<Case> {
    if text.iter().any(|byte| b"?#".contains(byte)) {
        return None;
    }
    let traffic = Traffic {
        headers: Lookup::Found(vec![(":path".to_owned(), text.to_vec())]),
        ..Traffic::default()
    };
    let rule = json!({"to": [{"operation": {"paths": [value]}}]});
    let is_template = value.contains("{*}") || value.contains("{**}");
    let matches = if is_template {
        definition::template(value, text)
    } else {
        definition::string_match(value.as_bytes(), text)
    };
    Some((rule, traffic, matches))
}

/// The text is the four or sixteen bytes of an address.
fn block(value: &str, text: &[u8]) -> Option<Case> {
    let ip: IpAddr = match text.len() {
        4 => <[u8; 4]>::try_from(text).ok()?.into(),
        16 => <[u8; 16]>::try_from(text).ok()?.into(),
        _ => return None,
    };
    let (network, length) = value.split_once('/').unwrap_or((value, ""));
    let network: IpAddr = network.parse().ok()?;
    let mapped = |ip: IpAddr| matches!(ip, IpAddr::V6(ip) if ip.to_ipv4_mapped().is_some());
    // IPv4 addresses within IPv6 have separate tests.
    if mapped(ip) || mapped(network) {
        return None;
    }
    let bits = |ip: IpAddr| match ip {
        IpAddr::V4(ip) => (u128::from(ip.to_bits()) << 96, 32_u32),
        IpAddr::V6(ip) => (ip.to_bits(), 128),
    };
    let ((own, most), (other, of)) = (bits(network), bits(ip));
    let length = if value.contains('/') {
        length.parse().ok()?
    } else {
        most
    };
    let shared = own ^ other;
    let matches = most == of && (length == 0 || shared.leading_zeros() >= length);
    let traffic = Traffic {
        source_ip: Lookup::Found(ip),
        ..Traffic::default()
    };
    Some((
        json!({"from": [{"source": {"ipBlocks": [value]}}]}),
        traffic,
        matches,
    ))
}

/// Checks that the compiled and the reference evaluator decide as defined, in an ALLOW and in a DENY rule.
fn compare(rule: &serde_json::Value, traffic: &Traffic, matches: bool) {
    for (action, if_matched) in [("ALLOW", Verdict::Allow), ("DENY", Verdict::Deny)] {
        let config = json!({
            "workload": {"namespace": "shop"},
            "mesh": {"trustDomain": "td"},
            "resources": [{
                "apiVersion": "security.istio.io/v1", "kind": "AuthorizationPolicy",
                "metadata": {"name": "p", "namespace": "shop"},
                "spec": {"action": action, "rules": [rule]}
            }]
        });
        // A value that is refused matches nothing.
        let Ok(config) = Config::parse(config.to_string().as_bytes()) else {
            return;
        };
        let Ok(program) = Program::compile(&config) else {
            return;
        };
        let verdict = program.judge(traffic, traffic).decision.verdict;
        let wanted = matches == (if_matched == Verdict::Allow);
        let wanted = if wanted { Verdict::Allow } else { Verdict::Deny };
        assert_eq!(verdict, wanted, "{action} {rule}: {traffic:?}");
        let outcome = reference::explain(&config, traffic, traffic).outcome;
        assert_eq!(
            verdict, outcome.verdict,
            "compiled and reference disagree: {action} {rule}: {traffic:?}"
        );
    }
}
