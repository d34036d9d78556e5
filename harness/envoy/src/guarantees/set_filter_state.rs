//! The filter `set_filter_state`, of requests and of connections, and what it sets.

use peerwarden_engine::document::Value;

use super::here::{Failure, Here, is_field};

/// Its type in short.
pub(super) const KIND: &str = "set_filter_state";

/// What it sets with each request.
pub(super) const OF_REQUESTS: &str = "on_request_headers";

/// What it sets with each connection, before the module decides about anything.
pub(super) const OF_CONNECTIONS: &str = "on_new_connection";

/// What it sets, each list at another time
/// (<https://www.envoyproxy.io/docs/envoy/latest/api-v3/extensions/filters/network/set_filter_state/v3/set_filter_state.proto>).
const LISTS: [&str; 4] = [
    OF_REQUESTS,
    OF_CONNECTIONS,
    "on_downstream_tls_handshake",
    "on_downstream_data",
];

/// What else it may say.
const OTHERS: [&str; 2] = ["@type", "clear_route_cache"];

/// How an item is handed on, by their numbers.
const SHARED: [&str; 3] = ["NONE", "ONCE", "TRANSITIVE"];

/// Whether this is an item that is handed on to the listeners behind: what cannot be told is.
pub(super) fn is_shared(item: &Here<'_>) -> bool {
    let whether = || item.one_of("shared_with_upstream", &SHARED);
    matches!(item.value, Value::Object(_)) && whether() != Ok("NONE")
}

/// All that it sets, whenever that is.
///
/// # Errors
/// What is of the wrong shape, and what is not known, as it may set anything.
pub(super) fn items<'v>(config: &Here<'v>) -> Result<Vec<Here<'v>>, Failure> {
    let known = |key: &str| LISTS.iter().chain(&OTHERS).any(|name| is_field(key, name));
    for (key, here) in config.fields()? {
        if !known(key) {
            return Err(here.fails(
                format!("cannot be told: `{key}` of `{KIND}` is not known, and may set what policies trust"),
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

/// Every item that sets this key and is handed on, wherever it stands below.
pub(super) fn shared<'v>(here: &Here<'v>, key: &str) -> Vec<Here<'v>> {
    let mut found = Vec::new();
    let mut rest = vec![here.clone()];
    while let Some(here) = rest.pop() {
        rest.extend(here.parts());
        if is_shared(&here) && here.word("object_key") == Ok(key) {
            found.push(here);
        }
    }
    found
}
