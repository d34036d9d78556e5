//! PW015: a rule with HTTP-only fields, on ports that carry something else.
//!
//! There a DENY rule loses these fields and denies more; an ALLOW rule is ignored. Both fail closed, but deny more than
//! intended (<https://istio.io/latest/docs/concepts/security/#using-istio-authorization-on-plain-tcp-protocols>).

mod allowing;

use peerwarden_documents::diagnostic::{Diagnostic, Severity};
use peerwarden_engine::resource::{Action, Rule};
use peerwarden_engine::{Lookup, Peer, Protocol, Traffic};

use crate::context::Target;
use crate::context::standing::Standing;
use crate::context::{Context, Policy};
use crate::lint::{Finder, Finding, Lint};
use crate::proof::Proof;
use crate::values::{List, lists};

pub(crate) const LINT: Lint = Lint {
    code: "PW015",
    name: "http-on-tcp",
    severity: Severity::Warning,
    summary: "a rule with HTTP fields on ports that are not HTTP",
    page: include_str!("../../../../docs/lints/PW015.md"),
    find: Finder::All(find),
};

const HELP: &str = "add the `ports` that carry HTTP to the operation";

fn find(context: &Context<'_>) -> Vec<Diagnostic> {
    let of_policy = |policy: &Policy<'_>| match policy.written.action {
        // A gateway ends TLS itself, whatever its ports are called.
        _ if context.is_for_gateway(policy) && !context.has_tcp_gateway(policy) => Vec::new(),
        Action::Deny => denying(context, policy),
        Action::Allow => allowing::of_policy(context, policy),
        Action::Audit | Action::Custom => Vec::new(),
    };
    context.policies.iter().flat_map(of_policy).collect()
}

fn denying(context: &Context<'_>, policy: &Policy<'_>) -> Vec<Diagnostic> {
    let lists = lists(&policy.written);
    let mut found = Vec::new();
    for (index, rule) in policy.written.rules.iter().flatten().enumerate() {
        let of_rule = || lists.iter().filter(|list| list.rule == index);
        let Some(of_http) = of_rule().find(|list| list.is_http_only()) else {
            continue;
        };
        // What other rules deny on every port is denied without this one.
        let is_idle = |standing: &Standing| {
            let of_policy = standing.policy(context);
            standing.rule() == index && std::ptr::eq(of_policy.document, policy.document)
        };
        if context.idle_rules().iter().any(is_idle) {
            continue;
        }
        let only_http = of_rule().all(List::is_http_only);
        let targets = context.targets(policy);
        // Of one workload about which nothing is known, HTTP is what the policy says; in a whole namespace there may be a database.
        let is_wide = policy.written.selector.is_none() || context.is_for_gateway(policy);
        let finding = targets
            .iter()
            .find_map(|target| on_known_port(context, policy, target, (index, rule), of_http))
            .or_else(|| {
                let target = targets.iter().find(|target| may_speak_tcp(context, target))?;
                if only_http && is_wide {
                    on_any_port(context, policy, target, index, of_http)
                } else {
                    None
                }
            });
        found.extend(finding.map(|finding| finding.in_policy(&LINT, policy)));
    }
    found
}

/// A finding for a port of a manifest that is known not to carry HTTP.
fn on_known_port(
    context: &Context<'_>,
    policy: &Policy<'_>,
    target: &Target<'_>,
    (index, rule): (usize, &Rule),
    of_http: &List<'_>,
) -> Option<Finding> {
    let manifest = target.manifest?;
    let program = context.program(&target.workload, Protocol::Tcp)?;
    let ports = manifest.protocols(context.others);
    let mut tcp = ports
        .keys()
        .filter(|port| allowing::not_http(&ports, **port).is_some() && about(rule, **port));
    tcp.find_map(|port| {
        let proof = denied(context, policy, target, index, &program, Lookup::Found(*port))?;
        let message = format!(
            "port {port} of {} is not HTTP: `{}` is ignored there, and the rest of the rule denies",
            manifest.title,
            of_http.name()
        );
        Some(Finding::new(of_http.path.clone(), message, HELP).shown(&proof))
    })
}

/// A finding if nothing is known about the ports.
fn on_any_port(
    context: &Context<'_>,
    policy: &Policy<'_>,
    target: &Target<'_>,
    index: usize,
    of_http: &List<'_>,
) -> Option<Finding> {
    let program = context.alone(policy, target, Protocol::Tcp)?;
    let proof = denied(context, policy, target, index, &program, Lookup::Missing)?;
    let message = format!(
        "rule {index} has only HTTP fields: on a port that is not HTTP, such as a database's, `{}` is ignored and the rule \
         denies everything",
        of_http.name()
    );
    Some(Finding::new(of_http.path.clone(), message, HELP).shown(&proof))
}

/// A connection that the rule denies, in plaintext or from a peer.
fn denied(
    context: &Context<'_>,
    policy: &Policy<'_>,
    target: &Target<'_>,
    index: usize,
    program: &peerwarden_engine::Program,
    port: Lookup<u16>,
) -> Option<Proof> {
    let metadata = &policy.written.metadata;
    let by_rule = |decision: &peerwarden_engine::Decision<'_>| {
        decision.by.is_some_and(|by| {
            by.rule == Some(index) && *by.name == *metadata.name && *by.namespace == *metadata.namespace
        })
    };
    let peer = format!("spiffe://cluster.local/ns/{}/sa/default", metadata.namespace);
    let traffic = [
        Traffic::default(),
        Traffic {
            peer: Lookup::Found(Peer::from_uri(peer)),
            tls: Lookup::Found(true),
            ..Traffic::default()
        },
    ];
    traffic.into_iter().find_map(|traffic| {
        let traffic = Traffic {
            destination_port: port.clone(),
            ..traffic
        };
        Proof::of(program, &context.let_in(&target.workload, &traffic), by_rule)
    })
}

/// Whether a rule applies to a port, as far as its operations show.
fn about(rule: &Rule, port: u16) -> bool {
    let port = port.to_string();
    let says = |ports: &[String], not_ports: &[String]| {
        (ports.is_empty() || ports.contains(&port)) && !not_ports.contains(&port)
    };
    let operations = rule.to.as_deref().unwrap_or(&[]);
    let by_operation = operations.is_empty()
        || operations
            .iter()
            .any(|operation| says(&operation.ports, &operation.not_ports));
    let mut conditions = rule
        .when
        .iter()
        .filter(|condition| condition.key == "destination.port");
    by_operation && conditions.all(|condition| says(&condition.values, &condition.not_values))
}

/// Whether a port may carry something other than HTTP: its protocol or its workload is unknown.
fn may_speak_tcp(context: &Context<'_>, target: &Target<'_>) -> bool {
    let Some(manifest) = target.manifest else {
        return true;
    };
    let ports = manifest.protocols(context.others);
    ports.is_empty() || ports.iter().any(|(_, http)| *http != Some(true))
}
