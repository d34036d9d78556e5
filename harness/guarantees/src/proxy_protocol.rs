//! The PROXY protocol: a header in which the direct peer claims where the connection came from and where it went.

use peerwarden_engine::document::Value;

use super::chain::Chain;
use super::cursor::{Cursor, Failure};

const FILTER: &str = "envoy.extensions.filters.listener.proxy_protocol.v3.ProxyProtocol";

/// Where the listener accepts such a header; `None` if it does not.
///
/// # Errors
///
/// If a value has the wrong shape.
pub(super) fn taken<'v>(chain: &Chain<'v>) -> Result<Option<Cursor<'v>>, Failure> {
    for here in std::iter::once(&chain.listener).chain(&chain.siblings) {
        if here.flag("use_proxy_proto")? {
            return here.get("use_proxy_proto");
        }
    }
    for filter in chain.listener.items("listener_filters")? {
        if is_filter(&filter)? {
            return Ok(Some(filter));
        }
    }
    Ok(None)
}

/// Whether a listener filter is the PROXY protocol's, or may become it by discovery.
///
/// # Errors
///
/// If a value has the wrong shape.
pub(super) fn is_filter(filter: &Cursor<'_>) -> Result<bool, Failure> {
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

/// Whether only listed addresses reach the chain: the operator then decides who may speak for others.
///
/// # Errors
///
/// If a value has the wrong shape.
pub(super) fn only_trusted(chain: &Chain<'_>) -> Result<bool, Failure> {
    let Some(matches) = chain.matches()? else {
        return Ok(false);
    };
    let ranges = matches.items("direct_source_prefix_ranges")?;
    for range in &ranges {
        // Without a length it matches all addresses.
        let length = range.get("prefix_len")?;
        if !length.is_some_and(|length| matches!(length.value, Value::Number(bits) if *bits >= 1.0)) {
            return Ok(false);
        }
    }
    Ok(!ranges.is_empty())
}
