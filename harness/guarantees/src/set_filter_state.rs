//! The filter `set_filter_state`, for requests and for connections, and the items that it sets.

use peerwarden_engine::document::Value;

use super::CheckInput;
use super::chain::Chain;
use super::cursor::{Cursor, Failure, is_field};
use super::filter::short;
use super::routes;

/// Its type in short.
pub(super) const KIND: &str = "set_filter_state";

/// The list of items that it sets with each request.
pub(super) const OF_REQUESTS: &str = "on_request_headers";

/// The list of items that it sets with each connection, before the module decides about anything.
pub(super) const OF_CONNECTIONS: &str = "on_new_connection";

/// The format of the direct peer's address, whatever a header says.
pub(super) const DIRECT_PEER: &str = "%DOWNSTREAM_DIRECT_REMOTE_ADDRESS%";

/// The filter state that chooses the cluster of a connection.
pub(super) const CLUSTER_STATE: &str = "envoy.tcp_proxy.cluster";

/// Its lists of items, each set at another time
/// (<https://www.envoyproxy.io/docs/envoy/latest/api-v3/extensions/filters/network/set_filter_state/v3/set_filter_state.proto>).
const LISTS: [&str; 4] = [
    OF_REQUESTS,
    OF_CONNECTIONS,
    "on_downstream_tls_handshake",
    "on_downstream_data",
];

/// Its other fields.
const OTHERS: [&str; 2] = ["@type", "clear_route_cache"];

/// How an item is shared with the upstream, in the order of the numbers.
const SHARED: [&str; 3] = ["NONE", "ONCE", "TRANSITIVE"];

/// Whether an item is shared with listeners further on; an unknown value counts as shared.
pub(super) fn is_shared(item: &Cursor<'_>) -> bool {
    let whether = || item.one_of("shared_with_upstream", &SHARED);
    matches!(item.value, Value::Object(_)) && whether() != Ok("NONE")
}

/// The format of the text that an item sets; `None` if it is of another kind.
///
/// # Errors
///
/// If a value has the wrong shape.
pub(super) fn text<'v>(item: &Cursor<'v>) -> Result<Option<&'v str>, Failure> {
    let format = item.at(&["format_string", "text_format_source", "inline_string"])?;
    format.as_ref().map(Cursor::text).transpose()
}

/// Whether an item sets a text in which no client has a part.
///
/// # Errors
///
/// If a value has the wrong shape.
pub(super) fn is_fixed(item: &Cursor<'_>) -> Result<bool, Failure> {
    Ok(text(item)?.is_some_and(|text| !text.contains('%')))
}

/// All its items, from all lists.
///
/// # Errors
///
/// If a value has the wrong shape, or a field is unknown, as it may set anything.
pub(super) fn items<'v>(config: &Cursor<'v>) -> Result<Vec<Cursor<'v>>, Failure> {
    let known = |key: &str| LISTS.iter().chain(&OTHERS).any(|name| is_field(key, name));
    for (key, here) in config.fields()? {
        if !known(key) {
            return Err(here.fails(
                format!(
                    "cannot be verified: `{key}` of `{KIND}` is unknown, and may set what policies trust"
                ),
                "leave it out",
            ));
        }
    }
    let mut found = Vec::new();
    for list in LISTS {
        found.extend(config.items(list)?);
    }
    Ok(found)
}

/// The configurations of all such filters of a chain, and those of routes.
///
/// # Errors
///
/// If a value has the wrong shape.
pub(super) fn configurations<'v>(
    chain: &Chain<'v>,
    all: &CheckInput<'v>,
) -> Result<Vec<Cursor<'v>>, Failure> {
    let of_requests = chain.http.iter().flat_map(|http| &http.filters);
    let filters = chain.network.iter().chain(of_requests);
    let ours = filters.filter(|filter| filter.short() == KIND);
    let mut found: Vec<_> = ours.filter_map(|filter| filter.config.clone()).collect();
    if let Some(http) = &chain.http {
        // Routes that cannot be read are reported by `enabled`.
        let places = routes::places(http, &all.configuration).unwrap_or_default();
        let overrides = routes::overrides(&places)?.into_iter();
        let configs = overrides.filter_map(|over| over.config);
        found.extend(
            configs
                .filter(|(kind, _)| short(kind) == KIND)
                .map(|(_, config)| config),
        );
    }
    Ok(found)
}

/// Every shared item that sets this key, anywhere below.
pub(super) fn shared<'v>(here: &Cursor<'v>, key: &str) -> Vec<Cursor<'v>> {
    let mut found = all_shared(here);
    found.retain(|item| item.word("object_key") == Ok(key));
    found
}

/// Every shared item, anywhere below.
pub(super) fn all_shared<'v>(here: &Cursor<'v>) -> Vec<Cursor<'v>> {
    let mut found = Vec::new();
    let mut rest = vec![here.clone()];
    while let Some(here) = rest.pop() {
        rest.extend(here.parts());
        if is_shared(&here) && here.word("object_key").is_ok_and(|key| !key.is_empty()) {
            found.push(here);
        }
    }
    found
}
