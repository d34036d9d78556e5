//! `DestinationRule`s: the mode in which clients call a port of a service
//! (<https://istio.io/latest/docs/reference/config/networking/destination-rule/>).

use peerwarden_documents::documents::Document;
use peerwarden_documents::yaml::Node;

/// Whether a rule is for a service, by any of its names. A name with a wildcard counts if it could match.
pub(crate) fn is_for(rule: &Document, service: &str, namespace: &str) -> bool {
    let host = rule
        .node
        .at(&["spec", "host"])
        .and_then(Node::as_str)
        .unwrap_or_default();
    let own = rule
        .node
        .at(&["metadata", "namespace"])
        .and_then(Node::as_str)
        .unwrap_or("default");
    let mut labels = host.split('.');
    let first = labels.next().unwrap_or_default();
    let second = labels.next();
    match first {
        "*" => second.is_none_or(|second| second == namespace || second == "local" || second == "svc"),
        _ => first == service && second.unwrap_or(own) == namespace,
    }
}

/// The mode that a rule sets for a port of the service.
pub(crate) fn mode(rule: &Document, port: u16) -> Option<&Node> {
    mode_of(rule.node.at(&["spec", "trafficPolicy"])?, port)
}

/// The modes of its subsets, which override its own.
pub(crate) fn subset_modes(rule: &Document, port: u16) -> Vec<&Node> {
    let subsets = rule.node.at(&["spec", "subsets"]).and_then(Node::as_list);
    let subsets = subsets.unwrap_or_default().iter();
    subsets
        .filter_map(|subset| mode_of(subset.get("trafficPolicy")?, port))
        .collect()
}

fn mode_of(policy: &Node, port: u16) -> Option<&Node> {
    let ports = policy
        .get("portLevelSettings")
        .and_then(Node::as_list)
        .unwrap_or(&[]);
    let own = ports
        .iter()
        .find(|settings| settings.at(&["port", "number"]).and_then(Node::as_port) == Some(port));
    // The settings of a port inherit nothing from the others.
    own.unwrap_or(policy).at(&["tls", "mode"])
}
