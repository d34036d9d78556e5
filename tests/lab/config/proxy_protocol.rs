//! The PROXY protocol, by which a load balancer passes on a connection's source and destination.

use serde_json::{Value, json};

use super::typed;

/// How a listener treats a PROXY header. A connection without one is accepted unchanged.
#[derive(Debug, Clone, Default)]
pub struct ProxyProtocol {
    /// Values of the header that become dynamic metadata of the connection: type, filter, key.
    pub values: Vec<(u8, String, String)>,
}

// === impl ProxyProtocol ===

impl ProxyProtocol {
    pub(super) fn render(&self) -> Value {
        let rule = |(kind, filter, key): &(u8, String, String)| json!({"tlv_type": kind, "on_tlv_present": {"metadata_namespace": filter, "key": key}});
        let rules: Vec<Value> = self.values.iter().map(rule).collect();
        let fields = json!({"allow_requests_without_proxy_protocol": true, "rules": rules});
        let kind = "envoy.extensions.filters.listener.proxy_protocol.v3.ProxyProtocol";
        json!({"name": "envoy.filters.listener.proxy_protocol", "typed_config": typed(kind, fields)})
    }
}
