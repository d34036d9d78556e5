//! `ipBlocks` are asked of the one who is connected, not of whom a header names.

use super::chain::{Chain, MANAGER};
use super::filter::Filter;
use super::here::{Failure, Here};
use super::proxy_protocol;
use super::set_filter_state::{self, OF_CONNECTIONS, OF_REQUESTS};
use super::{All, Outcome, Verdict};

const KEY: &str = "peerwarden.direct_remote_address";
const FACTORY: &str = "envoy.string";
const ADDRESS: &str = "%DOWNSTREAM_DIRECT_REMOTE_ADDRESS%";
const HELP: &str = "put a network filter `set_filter_state` ahead of the module that sets `peerwarden.direct_remote_address` of the \
                    factory `envoy.string` to `%DOWNSTREAM_DIRECT_REMOTE_ADDRESS%`";

pub(super) fn check(chain: &Chain<'_>, _: &All<'_>) -> Outcome {
    let Some((position, module)) = chain.module() else {
        return Ok(Verdict::DoesNotApply("there is no module"));
    };
    // Wherever one stands, and whenever it has its turn.
    let of_requests = chain.http.iter().flat_map(|http| &http.filters);
    for filter in chain.network.iter().chain(of_requests) {
        if let (set_filter_state::KIND, Some(config)) = (filter.short(), &filter.config) {
            set_filter_state::items(config)?.iter().try_for_each(is_direct)?;
        }
    }
    let set = if chain.http.is_some() {
        // With each connection, ahead of the connection manager, or with each request.
        let manager = chain.network.iter().position(|filter| filter.kind == MANAGER);
        sets(chain.network.iter().take(manager.unwrap_or(0)), OF_CONNECTIONS)?
            || sets(chain.filters().iter().take(position), OF_REQUESTS)?
    } else if proxy_protocol::taken(chain)?.is_some() {
        sets(chain.filters().iter().take(position), OF_CONNECTIONS)?
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
    for filter in filters.filter(|filter| filter.short() == set_filter_state::KIND) {
        let Some(config) = &filter.config else { continue };
        for item in config.items(list)? {
            if item.word("object_key")? == KEY {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

/// That what sets the address sets it to that of who is connected.
pub(super) fn is_direct(item: &Here<'_>) -> Result<(), Failure> {
    if item.word("object_key")? != KEY {
        return Ok(());
    }
    let format = item.at(&["format_string", "text_format_source", "inline_string"])?;
    let text = format.as_ref().map(Here::text).transpose()?;
    if item.word("factory_key")? == FACTORY && text == Some(ADDRESS) {
        return Ok(());
    }
    Err(item.fails("this is not the address of who is connected", HELP))
}
