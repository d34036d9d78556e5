//! The fields of routes and their actions.

/// A route configuration. <https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/route/v3/route.proto>
pub(in super::super) const ROUTES: &[&str] = &[
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
pub(in super::super) const VIRTUAL_HOST: &[&str] = &[
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
pub(in super::super) const ROUTE: &[&str] = &[
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

/// The action of a route: <https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/route/v3/route_components.proto>.
pub(in super::super) const ROUTE_ACTION: &[&str] = &[
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
pub(in super::super) const UPGRADE: &[&str] = &["connect_config", "enabled", "upgrade_type"];

/// An entry of `request_mirror_policies`. <https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/route/v3/route_components.proto>
pub(in super::super) const MIRROR: &[&str] = &[
    "cluster",
    "cluster_header",
    "disable_shadow_host_suffix_append",
    "host_rewrite_literal",
    "request_headers_mutations",
    "runtime_fraction",
    "trace_sampled",
];

/// Several clusters. <https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/route/v3/route_components.proto>
pub(in super::super) const WEIGHTED_CLUSTERS: &[&str] = &["clusters", "runtime_key_prefix", "total_weight"];

/// One of several clusters. <https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/route/v3/route_components.proto>
pub(in super::super) const CLUSTER_WEIGHT: &[&str] = &[
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
