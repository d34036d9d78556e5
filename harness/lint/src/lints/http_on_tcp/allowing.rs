//! An ALLOW rule with HTTP-only fields: on a port that carries something else it is ignored, and allows nothing there.

use std::collections::BTreeMap;

use peerwarden_documents::diagnostic::Diagnostic;
use peerwarden_engine::resource::Rule;
use peerwarden_engine::{Lookup, Peer, Program, Protocol, Traffic, Verdict};

use super::{LINT, about};
use crate::context::{Context, Policy, Target};
use crate::lint::Finding;
use crate::proof::Proof;
use crate::public::is_public;
use crate::values::{List, lists};

/// Well-known ports that do not carry HTTP, unless a name says otherwise.
const KNOWN: [(u16, &str); 9] = [
    (1433, "SQL Server"),
    (1521, "Oracle"),
    (3306, "MySQL"),
    (5432, "PostgreSQL"),
    (5672, "AMQP"),
    (6379, "Redis"),
    (9042, "Cassandra"),
    (9092, "Kafka"),
    (27017, "MongoDB"),
];

const HELP: &str = "remove the HTTP fields for this port; if it carries HTTP, say so in its name (`http-…`) or `appProtocol`";

pub(super) fn of_policy(context: &Context<'_>, policy: &Policy<'_>) -> Vec<Diagnostic> {
    let lists = lists(&policy.written);
    let mut found = Vec::new();
    for (index, rule) in policy.written.rules.iter().flatten().enumerate() {
        let mut of_rule = lists.iter().filter(|list| list.rule == index);
        let Some(of_http) = of_rule.find(|list| list.is_http_only()) else {
            continue;
        };
        // For all workloads of a namespace, what one of them does not speak is not meant.
        if policy.written.selector.is_none() && named_ports(rule).is_empty() && is_public(rule) {
            continue;
        }
        let targets = context.targets(policy);
        let of_target = |target| on_port(context, policy, target, (index, rule), of_http);
        found.extend(targets.iter().find_map(of_target));
    }
    found
}

/// A port that the rule applies to, and where it allows nobody.
fn on_port(
    context: &Context<'_>,
    policy: &Policy<'_>,
    target: &Target<'_>,
    (index, rule): (usize, &Rule),
    of_http: &List<'_>,
) -> Option<Diagnostic> {
    let program = context.program(&target.workload, Protocol::Tcp)?;
    let protocols = target
        .manifest
        .map(|manifest| manifest.protocols(context.others))
        .unwrap_or_default();
    let named = named_ports(rule);
    // Without a port, the rule may be meant for another one of the workload.
    let ports = if named.is_empty() {
        let all: Vec<u16> = protocols
            .keys()
            .copied()
            .filter(|port| about(rule, *port))
            .collect();
        let none_is_http = all.iter().all(|port| not_http(&protocols, *port).is_some());
        none_is_http.then_some(all)?
    } else {
        named
    };
    ports.into_iter().find_map(|port| {
        let protocol = not_http(&protocols, port)?;
        let proof = locked_out(&program, rule, policy, port)?;
        let of = target
            .manifest
            .map_or_else(String::new, |manifest| format!(" of {}", manifest.title));
        let message = format!(
            "port {port}{of} is {protocol}: rule {index} has `{}`, which only HTTP has, so it allows nothing there",
            of_http.name()
        );
        let finding = Finding::new(of_http.path.clone(), message, HELP).shown(&proof);
        Some(finding.in_policy(&LINT, policy))
    })
}

/// The protocol of a port, if it is known and not HTTP.
pub(super) fn not_http(protocols: &BTreeMap<u16, Option<bool>>, port: u16) -> Option<String> {
    match protocols.get(&port).copied().flatten() {
        Some(true) => None,
        Some(false) => Some("not HTTP".to_owned()),
        None => {
            let known = KNOWN.iter().find(|(known, _)| *known == port);
            known.map(|(_, protocol)| format!("for {protocol}, not HTTP"))
        }
    }
}

/// The ports that the operations and conditions of a rule name.
fn named_ports(rule: &Rule) -> Vec<u16> {
    let of_operations = rule.to.iter().flatten().flat_map(|operation| &operation.ports);
    let conditions = rule
        .when
        .iter()
        .filter(|condition| condition.key == "destination.port");
    let of_conditions = conditions.flat_map(|condition| &condition.values);
    let ports = of_operations.chain(of_conditions);
    ports.filter_map(|port| port.parse().ok()).collect()
}

/// A connection from a peer that the rule names and that no rule allows.
fn locked_out(program: &Program, rule: &Rule, policy: &Policy<'_>, port: u16) -> Option<Proof> {
    let named = rule.from.iter().flatten().flat_map(|source| &source.principals);
    let named = named.filter(|principal| !principal.contains('*')).cloned();
    let any = format!(
        "cluster.local/ns/{}/sa/default",
        policy.written.metadata.namespace
    );
    let principal = named.chain([any]).next()?;
    let traffic = Traffic {
        peer: Lookup::Found(Peer::from_uri(format!("spiffe://{principal}"))),
        tls: Lookup::Found(true),
        destination_port: Lookup::Found(port),
        ..Traffic::default()
    };
    Proof::of(program, &traffic, |decision| {
        decision.verdict == Verdict::Deny && decision.by.is_none()
    })
}
