//! `ipBlocks` are asked of the one who is connected, not of whom a header names.

use super::chain::{Chain, MANAGER};
use super::filter::Filter;
use super::here::{Failure, Here};
use super::proxy_protocol;
use super::{All, Outcome, Verdict};

pub(super) const KEY: &str = "peerwarden.direct_remote_address";
const FACTORY: &str = "envoy.string";
const ADDRESS: &str = "%DOWNSTREAM_DIRECT_REMOTE_ADDRESS%";
const HELP: &str = "put a network filter `set_filter_state` ahead of the module that sets `peerwarden.direct_remote_address` of the \
                    factory `envoy.string` to `%DOWNSTREAM_DIRECT_REMOTE_ADDRESS%`";

pub(super) fn check(chain: &Chain<'_>, _: &All<'_>) -> Outcome {
    let Some((position, module)) = chain.module() else {
        return Ok(Verdict::DoesNotApply("there is no module"));
    };
    let of_connections = "on_new_connection";
    let set = if chain.http.is_some() {
        // With each connection, ahead of the connection manager, or with each request.
        let manager = chain.network.iter().position(|filter| filter.kind == MANAGER);
        sets(chain.network.iter().take(manager.unwrap_or(0)), of_connections)?
            | sets(chain.filters().iter().take(position), "on_request_headers")?
    } else if proxy_protocol::taken(chain)?.is_some() {
        sets(chain.filters().iter().take(position), of_connections)?
    } else {
        return Ok(Verdict::DoesNotApply("TCP without the PROXY protocol"));
    };
    if set {
        return Ok(Verdict::Held);
    }
    Err(module.here.fails(
        "the address of a client may come from what it says itself, and the direct one is nowhere to be read",
        HELP,
    ))
}

/// Whether one of the filters sets the address.
fn sets<'f, 'v: 'f>(filters: impl Iterator<Item = &'f Filter<'v>>, list: &str) -> Result<bool, Failure> {
    let mut set = false;
    for filter in filters.filter(|filter| filter.short() == "set_filter_state") {
        let Some(config) = &filter.config else { continue };
        for item in config.items(list)? {
            if item.word("object_key")? == KEY {
                is_direct(&item)?;
                set = true;
            }
        }
    }
    Ok(set)
}

pub(super) fn is_direct(item: &Here<'_>) -> Result<(), Failure> {
    let format = item.at(&["format_string", "text_format_source", "inline_string"])?;
    let text = format.as_ref().map(Here::text).transpose()?;
    if item.word("factory_key")? == FACTORY && text == Some(ADDRESS) {
        return Ok(());
    }
    Err(item.fails("this is not the address of who is connected", HELP))
}
