//! `DestinationRule`s: the mode in which clients call a port of a service
//! (<https://istio.io/latest/docs/reference/config/networking/destination-rule/>).

use peerwarden_documents::documents::Document;
use peerwarden_documents::yaml::Node;

/// Whether a rule is for a service, by any of its names. A name with a wildcard counts if it could match.
pub(crate) fn is_for(rule: &Document, service: &str, namespace: &str) -> bool {
    let host = host(rule);
    let first = host.split('.').next().unwrap_or_default();
    match self::namespace(rule) {
        Some(own) => first == service && own == namespace,
        None => {
            let second = host.split('.').nth(1);
            second.is_none_or(|second| second == namespace || second == "local" || second == "svc")
        }
    }
}

/// The namespace of the service that a rule is for; `None` of a wildcard, which may be for several.
pub(crate) fn namespace(rule: &Document) -> Option<&str> {
    let own = rule.node.at(&["metadata", "namespace"]).and_then(Node::as_str);
    let mut labels = host(rule).split('.');
    let is_wildcard = labels.next() == Some("*");
    (!is_wildcard).then(|| labels.next().or(own).unwrap_or("default"))
}

fn host(rule: &Document) -> &str {
    let host = rule.node.at(&["spec", "host"]).and_then(Node::as_str);
    host.unwrap_or_default()
}

/// The mode that a rule has for a port of the service.
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
