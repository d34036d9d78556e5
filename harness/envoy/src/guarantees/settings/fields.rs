//! The fields of messages that traffic passes, as Envoy 1.36 to 1.40 have them.
//!
//! Each is read by a guarantee, or leaves alone what the module decides and where its decision leads. A field that is not here may do
//! anything: later versions of Envoy have more.

/// A listener. <https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/listener/v3/listener.proto>
pub(super) const LISTENER: &[&str] = &[
    "access_log",
    "additional_addresses",
    "address",
    "api_listener",
    "bind_to_port",
    "bypass_overload_manager",
    "connection_balance_config",
    "continue_on_listener_filters_timeout",
    "default_filter_chain",
    "deprecated_v1",
    "drain_type",
    "enable_mptcp",
    "enable_reuse_port",
    "fcds_config",
    "filter_chain_matcher",
    "filter_chains",
    "freebind",
    "ignore_global_conn_limit",
    "internal_listener",
    "listener_filters",
    "listener_filters_timeout",
    "max_connections_to_accept_per_socket_event",
    "metadata",
    "name",
    "per_connection_buffer_high_watermark_timeout",
    "per_connection_buffer_limit_bytes",
    "reuse_port",
    "socket_options",
    "stat_prefix",
    "stats_matcher",
    "tcp_backlog_size",
    "tcp_fast_open_queue_length",
    "tcp_keepalive",
    "traffic_direction",
    "transparent",
    "udp_listener_config",
    "use_original_dst",
];

/// A filter chain. <https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/listener/v3/listener_components.proto>
pub(super) const FILTER_CHAIN: &[&str] = &[
    "filter_chain_match",
    "filters",
    "metadata",
    "name",
    "transport_socket",
    "transport_socket_connect_timeout",
    "use_proxy_proto",
];

/// The HTTP connection manager. <https://www.envoyproxy.io/docs/envoy/latest/api-v3/extensions/filters/network/http_connection_manager/v3/http_connection_manager.proto>
pub(super) const MANAGER: &[&str] = &[
    "access_log",
    "access_log_flush_interval",
    "access_log_options",
    "add_proxy_protocol_connection_state",
    "add_user_agent",
    "always_set_request_id_in_response",
    "append_local_overload",
    "append_x_forwarded_port",
    "codec_type",
    "common_http_protocol_options",
    "delayed_close_timeout",
    "drain_timeout",
    "drain_timeout_jitter",
    "early_header_mutation_extensions",
    "flush_access_log_on_new_request",
    "forward_client_cert_details",
    "forward_client_cert_matcher",
    "forward_proto_config",
    "generate_request_id",
    "http1_safe_max_connection_duration",
    "http2_protocol_options",
    "http3_protocol_options",
    "http_filters",
    "http_protocol_options",
    "internal_address_config",
    "local_reply_config",
    "max_request_headers_kb",
    "merge_slashes",
    "normalize_path",
    "original_ip_detection_extensions",
    "path_normalization_options",
    "path_with_escaped_slashes_action",
    "preserve_external_request_id",
    "proxy_100_continue",
    "proxy_status_config",
    "rds",
    "record_route_resolution_stats",
    "represent_ipv4_remote_address_as_ipv4_mapped_ipv6",
    "request_headers_timeout",
    "request_id_extension",
    "request_timeout",
    "route_config",
    "scheme_header_transformation",
    "scoped_routes",
    "server_header_transformation",
    "server_name",
    "set_current_client_cert_details",
    "skip_xff_append",
    "stat_prefix",
    "stream_error_on_invalid_http_message",
    "stream_flush_timeout",
    "stream_idle_timeout",
    "strip_any_host_port",
    "strip_matching_host_port",
    "strip_trailing_host_dot",
    "tracing",
    "typed_header_validation_config",
    "upgrade_configs",
    "use_remote_address",
    "via",
    "xff_num_trusted_hops",
];

/// An entry of its `upgrade_configs`. <https://www.envoyproxy.io/docs/envoy/latest/api-v3/extensions/filters/network/http_connection_manager/v3/http_connection_manager.proto>
pub(super) const MANAGER_UPGRADE: &[&str] = &["enabled", "filters", "upgrade_type"];

/// The TCP proxy. <https://www.envoyproxy.io/docs/envoy/latest/api-v3/extensions/filters/network/tcp_proxy/v3/tcp_proxy.proto>
pub(super) const TCP_PROXY: &[&str] = &[
    "access_log",
    "access_log_flush_interval",
    "access_log_options",
    "backoff_options",
    "check_drain_close",
    "cluster",
    "downstream_idle_timeout",
    "flush_access_log_on_connected",
    "hash_policy",
    "idle_timeout",
    "max_connect_attempts",
    "max_downstream_connection_duration",
    "max_downstream_connection_duration_jitter_percentage",
    "max_early_data_bytes",
    "metadata_match",
    "on_demand",
    "proxy_protocol_tlv_merge_policy",
    "proxy_protocol_tlvs",
    "stat_prefix",
    "upstream_connect_mode",
    "upstream_idle_timeout",
    "weighted_clusters",
];

/// A route configuration. <https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/route/v3/route.proto>
pub(super) const ROUTES: &[&str] = &[
    "cluster_specifier_plugins",
    "ignore_path_parameters_in_path_matching",
    "ignore_port_in_host_matching",
    "internal_only_headers",
    "max_direct_response_body_size_bytes",
    "metadata",
    "most_specific_header_mutations_wins",
    "name",
    "request_headers_to_add",
    "request_headers_to_remove",
    "request_mirror_policies",
    "response_headers_to_add",
    "response_headers_to_remove",
    "typed_per_filter_config",
    "validate_clusters",
    "vhds",
    "virtual_hosts",
];

/// A virtual host. <https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/route/v3/route_components.proto>
pub(super) const VIRTUAL_HOST: &[&str] = &[
    "cors",
    "domains",
    "hedge_policy",
    "include_attempt_count_in_response",
    "include_is_timeout_retry_header",
    "include_request_attempt_count",
    "matcher",
    "metadata",
    "name",
    "per_request_buffer_limit_bytes",
    "rate_limits",
    "request_body_buffer_limit",
    "request_headers_to_add",
    "request_headers_to_remove",
    "request_mirror_policies",
    "require_tls",
    "response_headers_to_add",
    "response_headers_to_remove",
    "retry_policy",
    "retry_policy_typed_config",
    "routes",
    "typed_per_filter_config",
    "virtual_clusters",
];

/// A route. <https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/route/v3/route_components.proto>
pub(super) const ROUTE: &[&str] = &[
    "decorator",
    "direct_response",
    "match",
    "metadata",
    "name",
    "non_forwarding_action",
    "per_request_buffer_limit_bytes",
    "redirect",
    "request_body_buffer_limit",
    "request_headers_to_add",
    "request_headers_to_remove",
    "response_headers_to_add",
    "response_headers_to_remove",
    "route",
    "stat_prefix",
    "tracing",
    "typed_per_filter_config",
];

/// Where a route leads. <https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/route/v3/route_components.proto>
pub(super) const ROUTE_ACTION: &[&str] = &[
    "append_x_forwarded_host",
    "auto_host_rewrite",
    "cluster",
    "cluster_header",
    "cluster_not_found_response_code",
    "cluster_specifier_plugin",
    "cors",
    "early_data_policy",
    "flush_timeout",
    "grpc_timeout_offset",
    "hash_policy",
    "hedge_policy",
    "host_rewrite",
    "host_rewrite_literal",
    "idle_timeout",
    "include_vh_rate_limits",
    "inline_cluster_specifier_plugin",
    "internal_redirect_action",
    "internal_redirect_policy",
    "max_grpc_timeout",
    "max_internal_redirects",
    "max_stream_duration",
    "metadata_match",
    "prefix_rewrite",
    "priority",
    "rate_limits",
    "regex_rewrite",
    "request_mirror_policies",
    "retry_policy",
    "retry_policy_typed_config",
    "timeout",
    "upgrade_configs",
    "weighted_clusters",
];

/// An entry of `upgrade_configs` of a route. <https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/route/v3/route_components.proto>
pub(super) const UPGRADE: &[&str] = &["connect_config", "enabled", "upgrade_type"];

/// An entry of `request_mirror_policies`. <https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/route/v3/route_components.proto>
pub(super) const MIRROR: &[&str] = &[
    "cluster",
    "cluster_header",
    "disable_shadow_host_suffix_append",
    "host_rewrite_literal",
    "request_headers_mutations",
    "runtime_fraction",
    "trace_sampled",
];

/// Several clusters. <https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/route/v3/route_components.proto>
pub(super) const WEIGHTED_CLUSTERS: &[&str] = &["clusters", "runtime_key_prefix", "total_weight"];

/// One of several clusters. <https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/route/v3/route_components.proto>
pub(super) const CLUSTER_WEIGHT: &[&str] = &[
    "cluster_header",
    "host_rewrite_literal",
    "metadata_match",
    "name",
    "request_headers_to_add",
    "request_headers_to_remove",
    "response_headers_to_add",
    "response_headers_to_remove",
    "typed_per_filter_config",
    "weight",
];

/// A cluster. <https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/cluster/v3/cluster.proto>
pub(super) const CLUSTER: &[&str] = &[
    "alt_stat_name",
    "circuit_breakers",
    "cleanup_interval",
    "close_connections_on_host_health_failure",
    "cluster_type",
    "common_http_protocol_options",
    "common_lb_config",
    "connect_timeout",
    "connection_pool_per_downstream_connection",
    "dns_failure_refresh_rate",
    "dns_jitter",
    "dns_lookup_family",
    "dns_refresh_rate",
    "dns_resolution_config",
    "dns_resolvers",
    "eds_cluster_config",
    "filters",
    "health_checks",
    "http2_protocol_options",
    "http_protocol_options",
    "ignore_health_on_host_removal",
    "lb_policy",
    "lb_subset_config",
    "least_request_lb_config",
    "load_assignment",
    "load_balancing_policy",
    "lrs_report_endpoint_metrics",
    "lrs_server",
    "maglev_lb_config",
    "max_requests_per_connection",
    "metadata",
    "name",
    "original_dst_lb_config",
    "outlier_detection",
    "per_connection_buffer_high_watermark_timeout",
    "per_connection_buffer_limit_bytes",
    "preconnect_policy",
    "protocol_selection",
    "respect_dns_ttl",
    "ring_hash_lb_config",
    "round_robin_lb_config",
    "stats_matcher",
    "track_cluster_stats",
    "track_timeout_budgets",
    "transport_socket",
    "transport_socket_matcher",
    "transport_socket_matches",
    "type",
    "typed_dns_resolver_config",
    "typed_extension_protocol_options",
    "upstream_bind_config",
    "upstream_config",
    "upstream_connection_options",
    "upstream_http_protocol_options",
    "use_tcp_for_dns_lookups",
    "wait_for_warm_on_init",
];

/// How a cluster speaks HTTP. <https://www.envoyproxy.io/docs/envoy/latest/api-v3/extensions/upstreams/http/v3/http_protocol_options.proto>
pub(super) const HTTP_OPTIONS: &[&str] = &[
    "auto_config",
    "common_http_protocol_options",
    "explicit_http_config",
    "hash_policy",
    "header_validation_config",
    "http_filters",
    "outlier_detection",
    "retry_policy",
    "upstream_http_protocol_options",
    "use_downstream_protocol_config",
];

/// Its `upstream_http_protocol_options`. <https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/core/v3/protocol.proto>
pub(super) const UPSTREAM_HTTP_OPTIONS: &[&str] = &["auto_san_validation", "auto_sni"];

/// TLS over QUIC. <https://www.envoyproxy.io/docs/envoy/latest/api-v3/extensions/transport_sockets/quic/v3/quic_transport.proto>
pub(super) const QUIC: &[&str] = &["downstream_tls_context", "enable_early_data", "enable_resumption"];

/// TLS of a listener. <https://www.envoyproxy.io/docs/envoy/latest/api-v3/extensions/transport_sockets/tls/v3/tls.proto>
pub(super) const DOWNSTREAM_TLS: &[&str] = &[
    "common_tls_context",
    "disable_stateful_session_resumption",
    "disable_stateless_session_resumption",
    "full_scan_certs_on_sni_mismatch",
    "ocsp_staple_policy",
    "prefer_client_ciphers",
    "require_client_certificate",
    "require_sni",
    "session_ticket_keys",
    "session_ticket_keys_sds_secret_config",
    "session_timeout",
];

/// Its certificates, and what it verifies. <https://www.envoyproxy.io/docs/envoy/latest/api-v3/extensions/transport_sockets/tls/v3/tls.proto>
pub(super) const COMMON_TLS: &[&str] = &[
    "alpn_protocols",
    "combined_validation_context",
    "custom_handshaker",
    "key_log",
    "tls_certificate_sds_secret_configs",
    "tls_certificates",
    "tls_params",
    "validation_context",
    "validation_context_sds_secret_config",
];

/// How certificates are verified. <https://www.envoyproxy.io/docs/envoy/latest/api-v3/extensions/transport_sockets/tls/v3/common.proto>
pub(super) const VALIDATION: &[&str] = &[
    "allow_expired_certificate",
    "crl",
    "custom_validator_config",
    "match_subject_alt_names",
    "match_typed_subject_alt_names",
    "max_verify_depth",
    "only_verify_leaf_cert_crl",
    "require_signed_certificate_timestamp",
    "suppress_client_ca_list",
    "system_root_certs",
    "trust_chain_verification",
    "trusted_ca",
    "verify_certificate_hash",
    "verify_certificate_spki",
    "watched_directory",
];

/// The same in two parts. <https://www.envoyproxy.io/docs/envoy/latest/api-v3/extensions/transport_sockets/tls/v3/tls.proto>
pub(super) const COMBINED_VALIDATION: &[&str] = &[
    "default_validation_context",
    "validation_context_sds_secret_config",
];

/// A Wasm plugin. <https://www.envoyproxy.io/docs/envoy/latest/api-v3/extensions/wasm/v3/wasm.proto>
pub(super) const PLUGIN: &[&str] = &[
    "allow_on_headers_stop_iteration",
    "capability_restriction_config",
    "configuration",
    "fail_open",
    "failure_policy",
    "name",
    "reload_config",
    "root_id",
    "vm_config",
];

/// Its VM. <https://www.envoyproxy.io/docs/envoy/latest/api-v3/extensions/wasm/v3/wasm.proto>
pub(super) const VM: &[&str] = &[
    "allow_precompiled",
    "capability_restriction_config",
    "code",
    "configuration",
    "environment_variables",
    "nack_on_code_cache_miss",
    "runtime",
    "vm_id",
];

/// What verifies tokens. <https://www.envoyproxy.io/docs/envoy/latest/api-v3/extensions/filters/http/jwt_authn/v3/config.proto>
pub(super) const TOKENS: &[&str] = &[
    "bypass_cors_preflight",
    "filter_state_rules",
    "providers",
    "requirement_map",
    "rules",
    "stat_prefix",
    "strip_failure_response",
];

/// Whose tokens. <https://www.envoyproxy.io/docs/envoy/latest/api-v3/extensions/filters/http/jwt_authn/v3/config.proto>
pub(super) const TOKEN_PROVIDER: &[&str] = &[
    "audiences",
    "claim_to_headers",
    "clear_route_cache",
    "clock_skew_seconds",
    "failed_status_in_metadata",
    "forward",
    "forward_payload_header",
    "from_cookies",
    "from_headers",
    "from_params",
    "header_in_metadata",
    "issuer",
    "jwt_cache_config",
    "local_jwks",
    "max_lifetime",
    "normalize_payload_in_metadata",
    "pad_forward_payload_header",
    "payload_in_metadata",
    "remote_jwks",
    "require_expiration",
    "subjects",
];

/// Which requests need which. <https://www.envoyproxy.io/docs/envoy/latest/api-v3/extensions/filters/http/jwt_authn/v3/config.proto>
pub(super) const TOKEN_RULE: &[&str] = &["match", "requirement_name", "requires"];

/// The same by filter state. <https://www.envoyproxy.io/docs/envoy/latest/api-v3/extensions/filters/http/jwt_authn/v3/config.proto>
pub(super) const TOKEN_STATE_RULES: &[&str] = &["name", "requires"];

/// Which tokens are needed. <https://www.envoyproxy.io/docs/envoy/latest/api-v3/extensions/filters/http/jwt_authn/v3/config.proto>
pub(super) const TOKEN_REQUIREMENT: &[&str] = &[
    "allow_missing",
    "allow_missing_or_failed",
    "extract_only_without_validation",
    "provider_and_audiences",
    "provider_name",
    "requires_all",
    "requires_any",
];
