//! The fields of a bootstrap.

use super::super::cursor::{Cursor, Failure};
use super::CHANGES;

/// A bootstrap. <https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/bootstrap/v3/bootstrap.proto>
const BOOTSTRAP: &[&str] = &[
    "admin",
    "application_log_config",
    "bootstrap_extensions",
    "certificate_provider_instances",
    "cluster_manager",
    "config_sources",
    "default_config_source",
    "default_regex_engine",
    "deferred_stat_options",
    "dns_resolution_config",
    "dynamic_resources",
    "enable_dispatcher_stats",
    "enable_worker_cpu_affinity",
    "fatal_actions",
    "flags_path",
    "grpc_async_client_manager_config",
    "hds_config",
    "header_prefix",
    "inline_headers",
    "layered_runtime",
    "memory_allocator_manager",
    "node",
    "node_context_params",
    "overload_manager",
    "perf_tracing_file_path",
    "runtime",
    "static_resources",
    "stats_config",
    "stats_eviction_interval",
    "stats_flush_interval",
    "stats_flush_on_admin",
    "stats_server_version_override",
    "stats_sinks",
    "tracing",
    "typed_dns_resolver_config",
    "use_tcp_for_dns_lookups",
    "watchdog",
    "watchdogs",
    "xds_config_tracker_extension",
];

/// Fields of a bootstrap that change what policies see, and their effect.
const OF_BOOTSTRAP: [(&str, &str); 2] = [
    (
        "inline_headers",
        "Envoy joins the lines of these headers, and policies do not see each value",
    ),
    (
        "header_prefix",
        "Envoy writes headers of other names than `x-envoy-…` into requests",
    ),
];

/// Checks that a bootstrap has no field that is unknown or changes what policies see.
pub(super) fn check(bootstrap: &Cursor<'_>) -> Result<(), Failure> {
    bootstrap.only(BOOTSTRAP, CHANGES)?;
    for (name, why) in OF_BOOTSTRAP {
        if let Some(here) = bootstrap.get(name)? {
            return Err(here.fails(
                format!("cannot be verified: {why}"),
                format!("leave `{name}` out"),
            ));
        }
    }
    Ok(())
}
