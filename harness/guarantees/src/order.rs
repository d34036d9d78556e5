//! Guarantee: the module comes before what it protects and after what it reads.

use peerwarden_engine::document::Value;

use super::chain::Chain;
use super::cursor::{Cursor, Failure};
use super::destinations;
use super::filter::Filter;
use super::{CheckInput, GuaranteeResult, GuaranteeStatus};

/// HTTP filters that may be ahead of the module: their own answers are refusals, and the module sees what they rewrite.
const HTTP_BEFORE: &[&str] = &[
    "adaptive_concurrency",
    "admission_control",
    "alpn",
    "api_key_auth",
    "bandwidth_limit",
    "basic_auth",
    "buffer",
    "compressor",
    "csrf",
    "decompressor",
    "ext_authz",
    "geoip",
    "grpc_stats",
    "grpc_web",
    "header_mutation",
    "header_to_metadata",
    "json_to_metadata",
    "jwt_authn",
    "local_ratelimit",
    "original_src",
    "ratelimit",
    "rbac",
    "set_filter_state",
    "set_metadata",
    "stateful_session",
    "io.istio.http.peer_metadata.Config",
    "istio.envoy.config.filter.http.alpn.v2alpha1.FilterConfig",
    "stats.PluginConfig",
];

/// HTTP filters that may be behind the module: they change nothing that it has decided on.
const HTTP_AFTER: &[&str] = &[
    "adaptive_concurrency",
    "admission_control",
    "bandwidth_limit",
    "buffer",
    "compressor",
    "cors",
    "csrf",
    "decompressor",
    "fault",
    "grpc_stats",
    "grpc_web",
    "local_ratelimit",
    "ratelimit",
    "rbac",
    "stateful_session",
    "io.istio.http.peer_metadata.Config",
    "istio.envoy.config.filter.http.alpn.v2alpha1.FilterConfig",
    "stats.PluginConfig",
];

/// The last filter behind the router, which writes requests to the upstream.
pub(super) const CODEC: &str = "upstream_codec";

/// Filters that call a service, and answer themselves if it fails or refuses.
const SERVICES: [&str; 2] = ["ext_authz", "ratelimit"];

/// Their fields with the status of such an answer.
const ANSWERS: [&str; 2] = ["status_on_error", "rate_limited_status"];

/// The statuses with which such a filter may answer.
const REFUSALS: [&str; 9] = [
    "BadRequest",
    "Unauthorized",
    "Forbidden",
    "NotFound",
    "TooManyRequests",
    "InternalServerError",
    "BadGateway",
    "ServiceUnavailable",
    "GatewayTimeout",
];

/// HTTP filters that write values that policies read.
const HTTP_WRITES: &[&str] = &[
    "header_to_metadata",
    "json_to_metadata",
    "jwt_authn",
    "set_filter_state",
    "set_metadata",
];

/// Network filters that may be ahead of the module or behind it: they close a connection or let it continue.
const NETWORK: &[&str] = &[
    "connection_limit",
    "local_ratelimit",
    "ratelimit",
    "rbac",
    "set_filter_state",
    "envoy.tcp.metadataexchange.config.MetadataExchange",
    "stats.PluginConfig",
];

pub(super) fn check(chain: &Chain<'_>, all: &CheckInput<'_>) -> GuaranteeResult {
    let Some((position, module)) = chain.module() else {
        return Ok(GuaranteeStatus::DoesNotApply("there is no module"));
    };
    let filters = chain.filters();
    let (before, after, terminal) = match &chain.http {
        Some(_) => (HTTP_BEFORE, HTTP_AFTER, "router"),
        None => (NETWORK, NETWORK, "tcp_proxy"),
    };
    let Some((last, between)) = filters
        .get(position.saturating_add(1)..)
        .and_then(|behind| behind.split_last())
    else {
        return Err(module.here.fails(
            "the module is last, behind what it should protect",
            format!("put it before `{terminal}`"),
        ));
    };
    if last.short() != terminal {
        return Err(last.here.fails(
            format!(
                "cannot be verified: the chain ends with {}, not with `{terminal}`",
                shown(last)
            ),
            format!("end the chain with `{terminal}`"),
        ));
    }
    // Filters ahead of the connection manager run before any request.
    let manager = chain.http.as_ref().and_then(|_| chain.network.split_last());
    let ahead_of_manager = manager.map(|(_, ahead)| ahead).unwrap_or_default();
    let ahead = ahead_of_manager.iter().map(|filter| (filter, NETWORK));
    let ahead = ahead.chain(filters.iter().take(position).map(|filter| (filter, before)));
    for (filter, allowed) in ahead {
        if !filter.is_module() && !allowed.contains(&filter.short()) {
            return Err(filter.here.fails(
                format!(
                    "{} is ahead of the module, and may answer before the decision",
                    shown(filter)
                ),
                if after.contains(&filter.short()) {
                    "put it behind the module"
                } else {
                    "leave it out, as behind the module it may change what was decided about; for probes of the kubelet, see \
                     `peerwarden render probes`"
                },
            ));
        }
        if SERVICES.contains(&filter.short()) {
            refuses(filter)?;
        }
    }
    for filter in between {
        let kind = filter.short();
        if filter.is_module() || after.contains(&kind) {
            continue;
        }
        let why = if HTTP_WRITES.contains(&kind) {
            "is behind the module, which reads what it writes"
        } else {
            "is behind the module, and may change a request after the decision"
        };
        let help = if before.contains(&kind) {
            "put it ahead of the module"
        } else {
            "leave it out, as ahead of the module it may answer before the decision"
        };
        return Err(filter.here.fails(format!("{} {why}", shown(filter)), help));
    }
    if let Some(http) = &chain.http {
        for filter in destinations::filters(http, all)? {
            if filter.short() != CODEC && !HTTP_AFTER.contains(&filter.short()) {
                return Err(filter.here.fails(
                    format!(
                        "{} is behind the router, and may change a request after the decision",
                        shown(&filter)
                    ),
                    "put it among `http_filters`, ahead of the module",
                ));
            }
        }
    }
    Ok(GuaranteeStatus::Held)
}

/// Checks that such a filter does not answer with a success.
fn refuses(filter: &Filter<'_>) -> Result<(), Failure> {
    let config = filter.config.as_ref().ok_or_else(|| filter.unread())?;
    for answer in ANSWERS {
        if let Some(code) = config.at(&[answer, "code"])? {
            is_refusal(&code)?;
        }
    }
    Ok(())
}

fn is_refusal(code: &Cursor<'_>) -> Result<(), Failure> {
    let is_refusal = match code.value {
        Value::Number(code) => *code >= 400.0,
        Value::String(code) => REFUSALS.contains(&code.as_str()),
        Value::Null | Value::Bool(_) | Value::List(_) | Value::Object(_) => false,
    };
    if is_refusal {
        return Ok(());
    }
    Err(code.fails(
        "this answer comes before the decision, and looks as if the request had been let in",
        "write `Forbidden`, or `ServiceUnavailable`",
    ))
}

fn shown(filter: &Filter<'_>) -> String {
    if filter.short().is_empty() {
        format!("`{}`, whose type is unknown,", filter.name)
    } else {
        format!("`{}`", filter.short())
    }
}
