//! The access log: one line of JSON for each request or connection, to a file.

use std::path::Path;

use serde_json::{Value, json};

use super::typed;

pub(super) fn render(listener: &str, path: &Path) -> Value {
    let kind = "envoy.extensions.access_loggers.file.v3.FileAccessLog";
    // A missing value is null, not "-".
    let format = json!({
        "json_format": {
            "listener": listener,
            "method": "%REQ(:METHOD)%",
            "path": "%REQ(:PATH)%",
            "protocol": "%PROTOCOL%",
            "lab_id": "%REQ(X-LAB-ID)%",
            "response_code": "%RESPONSE_CODE%",
            "response_code_details": "%RESPONSE_CODE_DETAILS%",
            "response_flags": "%RESPONSE_FLAGS%",
            "grpc_status": "%GRPC_STATUS_NUMBER%",
            "termination": "%CONNECTION_TERMINATION_DETAILS%",
            "decision": "%FILTER_STATE(wasm.peerwarden.decision:PLAIN)%",
            "shadow": "%FILTER_STATE(wasm.peerwarden.shadow:PLAIN)%",
            "mark": "%FILTER_STATE(wasm.peerwarden.request:PLAIN)%",
            "connection_mark": "%FILTER_STATE(wasm.peerwarden.connection:PLAIN)%",
            "audit": "%FILTER_STATE(wasm.peerwarden.audit:PLAIN)%",
            "peer": "%DOWNSTREAM_PEER_URI_SAN%",
            "peer_address": "%DOWNSTREAM_DIRECT_REMOTE_ADDRESS%",
            "upstream": "%UPSTREAM_HOST%",
            "connection": "%CONNECTION_ID%",
            "bytes_received": "%BYTES_RECEIVED%",
            "bytes_sent": "%BYTES_SENT%",
        },
        "omit_empty_values": true,
    });
    json!({
        "name": "envoy.access_loggers.file",
        "typed_config": typed(kind, json!({"path": path, "log_format": format})),
    })
}
