//! Chooses the rule for a service: first from the client's namespace, then the service's, then the root namespace, where the most
//! specific host wins (`PushContext.destinationRule` of Istio).

use peerwarden_engine::document::At;
use peerwarden_engine::{Problem, Problems};

use super::description::{ClientDescription, Service};
use super::rule::DestinationRule;

/// The rule that applies. Two equally good ones are refused; Istio would silently take the older one.
pub(super) fn choose<'r>(
    rules: &'r [DestinationRule],
    client: &ClientDescription,
    service: &Service,
    problems: &mut Problems,
) -> Option<&'r DestinationRule> {
    let mut order = vec![
        client.namespace.as_str(),
        &service.namespace,
        &client.mesh.root_namespace,
    ];
    if client.namespace == client.mesh.root_namespace {
        order.remove(0);
    }
    for namespace in order {
        let here = rules.iter().filter(|rule| rule.namespace == namespace);
        let applying = here.filter(|rule| visible(rule, client) && selects(rule, client));
        let mut found: Vec<(usize, bool, &DestinationRule)> = applying
            .filter_map(|rule| Some((exactness(rule, &service.host)?, rule.selector.is_some(), rule)))
            .collect();
        found.sort_by_key(|(exactness, selected, _)| std::cmp::Reverse((*exactness, *selected)));
        match found.as_slice() {
            [first, second, ..] if (first.0, first.1) == (second.0, second.1) => {
                let place = At::place(&second.2.place);
                let message = format!(
                    "`{}` and `{}` in namespace `{namespace}` both apply to `{}`",
                    first.2.name, second.2.name, service.host
                );
                problems.push(Problem::new(&place, message).help("merge them into one rule"));
                return None;
            }
            [first, ..] => return Some(first.2),
            [] => {}
        }
    }
    None
}

fn visible(rule: &DestinationRule, client: &ClientDescription) -> bool {
    let own = rule.namespace == client.namespace;
    let exported = |to: &String| to == "*" || (to == "." && own) || *to == client.namespace;
    rule.export_to.is_empty() || rule.export_to.iter().any(exported)
}

fn selects(rule: &DestinationRule, client: &ClientDescription) -> bool {
    let Some(labels) = &rule.selector else { return true };
    rule.namespace == client.namespace && labels.iter().all(|label| client.labels.contains(label))
}

/// How specifically a rule matches the host: its length, and exact hosts before wildcards; `None` if it is for another host.
fn exactness(rule: &DestinationRule, host: &str) -> Option<usize> {
    if let Some(suffix) = rule.host.strip_prefix('*') {
        return host.ends_with(suffix).then_some(suffix.len());
    }
    // A name without a dot is in the rule's own namespace.
    let full = if rule.host.contains('.') {
        rule.host.clone()
    } else {
        format!("{}.{}.svc.cluster.local", rule.host, rule.namespace)
    };
    (full == host).then_some(usize::MAX)
}
