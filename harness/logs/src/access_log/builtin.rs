//! The formats that are detected: Envoy's and Istio's defaults, and that of `peerwarden render`.

/// Envoy's default
/// (<https://www.envoyproxy.io/docs/envoy/latest/configuration/observability/access_log/usage#default-format-string>).
pub(super) const ENVOY: &str = "[%START_TIME%] \"%REQ(:METHOD)% %REQ(X-ENVOY-ORIGINAL-PATH?:PATH)% %PROTOCOL%\" \
    %RESPONSE_CODE% %RESPONSE_FLAGS% %BYTES_RECEIVED% %BYTES_SENT% %DURATION% %RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)% \
    \"%REQ(X-FORWARDED-FOR)%\" \"%REQ(USER-AGENT)%\" \"%REQ(X-REQUEST-ID)%\" \"%REQ(:AUTHORITY)%\" \"%UPSTREAM_HOST%\"";

/// Istio's default (<https://istio.io/latest/docs/tasks/observability/logs/access-log/#default-access-log-format>).
pub(super) const ISTIO: &str = "[%START_TIME%] \"%REQ(:METHOD)% %REQ(X-ENVOY-ORIGINAL-PATH?:PATH)% %PROTOCOL%\" \
    %RESPONSE_CODE% %RESPONSE_FLAGS% %RESPONSE_CODE_DETAILS% %CONNECTION_TERMINATION_DETAILS% \
    \"%UPSTREAM_TRANSPORT_FAILURE_REASON%\" %BYTES_RECEIVED% %BYTES_SENT% %DURATION% \
    %RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)% \"%REQ(X-FORWARDED-FOR)%\" \"%REQ(USER-AGENT)%\" \"%REQ(X-REQUEST-ID)%\" \
    \"%REQ(:AUTHORITY)%\" \"%UPSTREAM_HOST%\" %UPSTREAM_CLUSTER_RAW% %UPSTREAM_LOCAL_ADDRESS% \
    %DOWNSTREAM_LOCAL_ADDRESS% %DOWNSTREAM_REMOTE_ADDRESS% %REQUESTED_SERVER_NAME% %ROUTE_NAME%";

/// Istio's with `accessLogEncoding: JSON`, and the fields of `peerwarden render`; fields of the same name mean the
/// same.
pub(super) const JSON: [(&str, &str); 21] = [
    ("method", "%REQ(:METHOD)%"),
    ("path", "%REQ(X-ENVOY-ORIGINAL-PATH?:PATH)%"),
    ("protocol", "%PROTOCOL%"),
    ("authority", "%REQ(:AUTHORITY)%"),
    ("user_agent", "%REQ(USER-AGENT)%"),
    ("x_forwarded_for", "%REQ(X-FORWARDED-FOR)%"),
    ("request_id", "%REQ(X-REQUEST-ID)%"),
    ("downstream_local_address", "%DOWNSTREAM_LOCAL_ADDRESS%"),
    ("downstream_remote_address", "%DOWNSTREAM_REMOTE_ADDRESS%"),
    (
        "downstream_direct_remote_address",
        "%DOWNSTREAM_DIRECT_REMOTE_ADDRESS%",
    ),
    ("requested_server_name", "%REQUESTED_SERVER_NAME%"),
    (
        "connection_security_policy",
        "%FILTER_STATE(wasm.peerwarden.connection_security_policy:PLAIN)%",
    ),
    ("downstream_peer_uri_san", "%DOWNSTREAM_PEER_URI_SAN%"),
    ("decision", "%FILTER_STATE(wasm.peerwarden.decision:PLAIN)%"),
    ("response_code_details", "%RESPONSE_CODE_DETAILS%"),
    (
        "connection_termination_details",
        "%CONNECTION_TERMINATION_DETAILS%",
    ),
    ("upstream_host", "%UPSTREAM_HOST%"),
    ("response_flags", "%RESPONSE_FLAGS%"),
    (
        "upstream_transport_failure_reason",
        "%UPSTREAM_TRANSPORT_FAILURE_REASON%",
    ),
    ("filter_chain", "%FILTER_CHAIN_NAME%"),
    (
        "downstream_transport_failure_reason",
        "%DOWNSTREAM_TRANSPORT_FAILURE_REASON%",
    ),
];

/// Every line of such a log has one of these, and hardly any other does.
pub(super) const TELLTALE: [&str; 2] = ["downstream_remote_address", "downstream_direct_remote_address"];

#[cfg(test)]
mod tests {
    use super::JSON;
    use crate::access_log::operator::OperatorMeaning;
    use crate::access_log::text::Text;

    fn tells(format: &str) -> OperatorMeaning {
        Text::parse(format).unwrap().sole().unwrap().tells.clone()
    }

    /// The format reads all fields that `peerwarden render` configures, under the same names.
    #[test]
    fn knows_what_is_rendered() {
        let templates = [
            include_str!("../../../render/templates/shared/http_manager.yaml"),
            include_str!("../../../render/templates/inbound/tcp.yaml"),
            include_str!("../../../render/templates/shared/refused_log.yaml"),
        ];
        let fields = templates.iter().flat_map(|template| template.lines());
        let fields = fields.filter(|line| line.ends_with("%\""));
        let fields = fields.filter_map(|line| line.trim().split_once(": \"%"));
        let mut known = 0;
        for (name, operator) in fields {
            let told = tells(&format!("%{}", operator.trim_end_matches('"')));
            if matches!(
                told,
                OperatorMeaning::Number | OperatorMeaning::Word | OperatorMeaning::Other
            ) {
                continue;
            }
            let own = JSON.iter().find(|(own, _)| *own == name);
            let (_, format) = own.unwrap_or_else(|| panic!("`{name}` is not known"));
            assert_eq!(tells(format), told, "{name}");
            known += 1;
        }
        assert!(known > 12, "{known}");
    }
}
