//! A plaintext request that would match but for its identity, for the engine to evaluate.

use std::net::{IpAddr, Ipv4Addr};

use peerwarden_engine::resource::{Condition, Operation, Rule};
use peerwarden_engine::{Lookup, Traffic};

/// Requests that may match the operations and conditions of a rule, one for each operation; the engine decides whether
/// they do.
pub(crate) fn in_plaintext(rule: &Rule, port: u16) -> Vec<Traffic> {
    let any = Operation::default();
    let operations: Vec<&Operation> = match rule.to.as_deref() {
        Some(operations) if !operations.is_empty() => operations.iter().collect(),
        Some(_) | None => vec![&any],
    };
    operations
        .into_iter()
        .map(|operation| sample(operation, &rule.when, port))
        .collect()
}

fn sample(operation: &Operation, when: &[Condition], port: u16) -> Traffic {
    let mut headers = vec![
        (":method", text(&operation.methods, &operation.not_methods, "GET")),
        (":path", text(&operation.paths, &operation.not_paths, "/")),
        (
            ":authority",
            text(&operation.hosts, &operation.not_hosts, "service.example"),
        ),
    ];
    let named = operation.ports.first().and_then(|port| port.parse().ok());
    let mut traffic = Traffic {
        destination_port: Lookup::Found(named.unwrap_or(port)),
        source_ip: Lookup::Found(ANYWHERE),
        remote_ip: Lookup::Found(ANYWHERE),
        ..Traffic::default()
    };
    for condition in when.iter().filter(|condition| !condition.values.is_empty()) {
        let address = || {
            let first = condition.values.first()?;
            first.split('/').next()?.parse().ok().map(Lookup::Found)
        };
        match condition.key.as_str() {
            "source.ip" => traffic.source_ip = address().unwrap_or(Lookup::Missing),
            "remote.ip" => traffic.remote_ip = address().unwrap_or(Lookup::Missing),
            "destination.ip" => traffic.destination_ip = address().unwrap_or(Lookup::Missing),
            key => {
                let name = key
                    .strip_prefix("request.headers[")
                    .and_then(|name| name.strip_suffix(']'));
                let value = text(&condition.values, &condition.not_values, "x");
                headers.extend(
                    name.filter(|name| !name.starts_with(':'))
                        .map(|name| (name, value)),
                );
            }
        }
    }
    let headers = headers.into_iter();
    traffic.headers = Lookup::Found(
        headers
            .map(|(name, value)| (name.to_ascii_lowercase(), value.into_bytes()))
            .collect(),
    );
    traffic
}

/// An address for documentation (RFC 5737).
const ANYWHERE: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));

/// A text that the first value matches.
fn text(values: &[String], not_values: &[String], default: &str) -> String {
    let Some(value) = values.first() else {
        let free = ["", "x", "-"].map(|end| format!("{default}{end}"));
        let free = free.into_iter().find(|text| !not_values.contains(text));
        return free.unwrap_or_else(|| default.to_owned());
    };
    let value = value.replace("{**}", "x").replace("{*}", "x");
    match (value.strip_prefix('*'), value.strip_suffix('*')) {
        (Some(""), _) => default.to_owned(),
        (Some(suffix), _) if default.starts_with('/') && !suffix.starts_with('/') => format!("/{suffix}"),
        (Some(suffix), _) => suffix.to_owned(),
        (None, Some(prefix)) => prefix.to_owned(),
        (None, None) => value,
    }
}
