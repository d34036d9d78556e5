//! Requests that Envoy itself rejects, before any policy, by `%RESPONSE_CODE_DETAILS%`
//! (<https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_conn_man/response_code_details>).

/// Reasons of the connection manager.
const CONNECTION_MANAGER: [(&str, &str); 12] = [
    ("absolute_path_rejected", "the request's path is an absolute URL"),
    ("downstream_header_timeout", LATE),
    ("invalid_path", "the request's path is not valid"),
    ("low_version", "the HTTP version of the request is not supported"),
    ("missing_host_header", "the request has no host"),
    ("missing_path_rejected", "the request has no path"),
    ("overload", "Envoy is overloaded"),
    (
        "path_normalization_failed",
        "the request's path cannot be normalised, or has escaped slashes: Envoy refuses it, or redirects the client \
         to the normalised path",
    ),
    (
        "rejecting_because_detection_failed",
        "the original client's address could not be determined",
    ),
    ("request_header_timeout", LATE),
    ("route_configuration_not_found", "there are no routes"),
    ("upgrade_failed", "the request asks for an unsupported upgrade"),
];

const LATE: &str = "the request's headers did not arrive in time";

/// The prefix of the details when the filter that verifies tokens refuses; its reason follows in braces.
const TOKEN: &str = "jwt_authn_access_denied{";

/// The prefixes of the details when the HTTP codecs refuse. `codec_error:` ends a whole HTTP/2 connection.
const CODECS: [&str; 6] = ["http1.", "http2.", "http3.", "http.", "uhv.", "codec_error:"];

/// Errors of codecs that are more than a malformed request.
const BY_CODEC: [(&str, &str); 3] = [
    (
        "unexpected_underscore",
        "a header name has an underscore, which `underscores` in the description does not allow \
         (`headers_with_underscores_action` in Envoy)",
    ),
    ("headers_too_large", "the request's headers are too large"),
    ("too_many_headers", "the request has too many headers"),
];

/// Actions of the client, at any time.
const BY_CLIENT: [&str; 2] = ["remote_refuse", "remote_reset"];

/// Why a request was refused; `None` if the details have another meaning.
pub(super) fn why(details: &str) -> Option<&'static str> {
    if let Some((_, why)) = CONNECTION_MANAGER.iter().find(|(own, _)| *own == details) {
        return Some(why);
    }
    if details.starts_with(TOKEN) {
        return Some("the `jwt_authn` filter refused its token, so no policy was evaluated");
    }
    let rest = CODECS.iter().find_map(|codec| details.strip_prefix(codec))?;
    if BY_CLIENT.contains(&rest) {
        return None;
    }
    let known = BY_CODEC.iter().find(|(own, _)| *own == rest);
    Some(known.map_or("the request is not valid HTTP", |(_, why)| why))
}

#[cfg(test)]
mod tests {
    use super::why;

    /// Details that Envoy 1.40 wrote for what it refused.
    #[test]
    fn each_that_envoy_wrote_is_known() {
        for (details, word) in [
            ("http1.unexpected_underscore", "`underscores`"),
            ("http2.unexpected_underscore", "`underscores`"),
            ("http1.codec_error", "not valid HTTP"),
            ("http1.content_length_and_chunked_not_allowed", "not valid HTTP"),
            ("http1.invalid_transfer_encoding", "not valid HTTP"),
            ("http1.invalid_characters", "not valid HTTP"),
            ("http1.invalid_url", "not valid HTTP"),
            ("http1.invalid_scheme", "not valid HTTP"),
            ("http1.connection_header_rejected", "not valid HTTP"),
            ("http1.headers_too_large", "too large"),
            ("http1.too_many_headers", "too many"),
            ("http.invalid_authority", "not valid HTTP"),
            ("http2.invalid.header.field", "not valid HTTP"),
            ("http2.violation.of.messaging.rule", "not valid HTTP"),
            ("http2.too_many_headers", "too many"),
            ("codec_error:The_user_callback_function_failed", "not valid HTTP"),
            ("low_version", "version"),
            ("missing_host_header", "no host"),
            ("path_normalization_failed", "normalised"),
            ("rejecting_because_detection_failed", "original client"),
            ("request_header_timeout", "in time"),
            ("upgrade_failed", "upgrade"),
            ("jwt_authn_access_denied{Jwt_is_expired}", "token"),
        ] {
            assert!(why(details).is_some_and(|why| why.contains(word)), "{details}");
        }
    }

    #[test]
    fn what_comes_after_the_filters_is_something_else() {
        for details in [
            "via_upstream",
            "http2.remote_reset",
            "direct_response",
            "upstream_reset_before_response_started{connection_termination}",
            "rbac_access_denied_matched_policy[none]",
            "downstream_remote_disconnect",
            "",
        ] {
            assert_eq!(why(details), None, "{details}");
        }
    }
}
