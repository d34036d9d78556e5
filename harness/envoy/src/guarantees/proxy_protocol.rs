//! The PROXY protocol: whoever connects says in a header where the connection came from and where it went.

use super::chain::Chain;
use super::here::{Failure, Here};

const FILTER: &str = "envoy.extensions.filters.listener.proxy_protocol.v3.ProxyProtocol";

/// Where the listener takes such a header; `None` where it does not.
///
/// # Errors
/// What is of the wrong shape.
pub(super) fn taken<'v>(chain: &Chain<'v>) -> Result<Option<Here<'v>>, Failure> {
    for here in std::iter::once(&chain.listener).chain(&chain.siblings) {
        if here.flag("use_proxy_proto")? {
            return here.get("use_proxy_proto");
        }
    }
    for filter in chain.listener.items("listener_filters")? {
        if is_proxy_protocol(&filter)? {
            return Ok(Some(filter));
        }
    }
    Ok(None)
}

/// Whether a listener filter is it, or may become it by discovery.
fn is_proxy_protocol(filter: &Here<'_>) -> Result<bool, Failure> {
    if let Some(typed) = filter.get("typed_config")? {
        return Ok(typed.message()?.0 == FILTER);
    }
    let Some(discovery) = filter.get("config_discovery")? else {
        return Ok(false);
    };
    for url in discovery.items("type_urls")? {
        if url.text()?.ends_with(FILTER) {
            return Ok(true);
        }
    }
    Ok(false)
}
