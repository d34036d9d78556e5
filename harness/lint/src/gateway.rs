//! Gateways: the labels of their pods, and the ports in `Gateway` documents.

use peerwarden_documents::documents::Document;
use peerwarden_documents::yaml::Node;
use peerwarden_engine::GATEWAY_NAME;

/// Whether a label is that of a gateway that Istio's charts install, so that no document has it.
pub(crate) fn is_label((name, value): &(String, String)) -> bool {
    match name.as_str() {
        GATEWAY_NAME => true,
        "istio" => value.ends_with("gateway") || value.starts_with("ingress") || value.starts_with("egress"),
        "app" => value.starts_with("istio-"),
        _ => false,
    }
}

/// Whether a port of a gateway carries something else than HTTP
/// (<https://istio.io/latest/docs/reference/config/networking/gateway/#Port>, and the listeners of the Gateway API).
pub(crate) fn carries_tcp(gateway: &Document) -> bool {
    let servers = gateway.node.at(&["spec", "servers"]).and_then(Node::as_list);
    let listeners = gateway.node.at(&["spec", "listeners"]).and_then(Node::as_list);
    let of_servers = servers
        .unwrap_or_default()
        .iter()
        .filter_map(|server| server.at(&["port", "protocol"])?.as_str());
    let of_listeners = listeners
        .unwrap_or_default()
        .iter()
        .filter_map(|listener| listener.get("protocol")?.as_str());
    of_servers.chain(of_listeners).any(|protocol| {
        !matches!(
            protocol.to_ascii_uppercase().as_str(),
            "HTTP" | "HTTPS" | "HTTP2" | "GRPC" | "GRPC-WEB"
        )
    })
}
