//! Guarantee: `ipBlocks` refers to the direct peer, not to an address in a header.

use super::chain::{Chain, Http, MANAGER};
use super::claimed_address::ClaimedAddress;
use super::cursor::{Cursor, Failure};
use super::filter::Filter;
use super::routes;
use super::set_filter_state::{self, DIRECT_PEER, OF_CONNECTIONS, OF_REQUESTS};
use super::{CheckInput, GuaranteeResult, GuaranteeStatus};

pub(super) const KEY: &str = "peerwarden.direct_remote_address";
const FACTORY: &str = "envoy.string";
const HELP: &str = "add a network filter `set_filter_state` ahead of the module that sets \
                    `peerwarden.direct_remote_address` (factory `envoy.string`) to \
                    `%DOWNSTREAM_DIRECT_REMOTE_ADDRESS%`";

pub(super) fn check(chain: &Chain<'_>, all: &CheckInput<'_>) -> GuaranteeResult {
    let Some((position, module)) = chain.module() else {
        return Ok(GuaranteeStatus::DoesNotApply("there is no module"));
    };
    // Anywhere in the chain, and at any time.
    let of_requests = chain.http.iter().flat_map(|http| &http.filters);
    for filter in chain.network.iter().chain(of_requests) {
        if let (set_filter_state::KIND, Some(config)) = (filter.short(), &filter.config) {
            set_filter_state::items(config)?.iter().try_for_each(is_direct)?;
        }
    }
    let set = if let Some(http) = &chain.http {
        // With each connection, ahead of the connection manager, or with each request.
        let to_manager = chain.network.iter().take_while(|filter| filter.kind != MANAGER);
        sets(to_manager, OF_CONNECTIONS)?.is_some() || with_each_request(chain, http, position, all)?
    } else if let Some(claimed) = ClaimedAddress::source(chain, all)? {
        if !claimed.by_header {
            return Err(claimed.here.fails(
                "a client may choose its own address where its tunnel ends",
                format!("set it to `{DIRECT_PEER}` there"),
            ));
        }
        sets(chain.filters().iter().take(position), OF_CONNECTIONS)?.is_some()
    } else {
        return Ok(GuaranteeStatus::DoesNotApply(
            "TCP, where no client says its address",
        ));
    };
    if set {
        return Ok(GuaranteeStatus::Held);
    }
    Err(module.here.fails(
        "a client may choose its own address, and the address of the direct peer is not available",
        HELP,
    ))
}

/// Whether one of the HTTP filters sets the address for every request.
fn with_each_request(
    chain: &Chain<'_>,
    http: &Http<'_>,
    position: usize,
    all: &CheckInput<'_>,
) -> Result<bool, Failure> {
    let mut off = None;
    let mut filters = chain.filters().iter().take(position);
    while let Some(filter) = sets(&mut filters, OF_REQUESTS)? {
        match routes::switched_off(filter, http, &all.configuration)? {
            None => return Ok(true),
            Some(here) => off = Some(here),
        }
    }
    match off {
        None => Ok(false),
        Some(here) => Err(here.fails(
            "without the filter that this switches off, a client may choose its own address",
            format!("leave this out, or {HELP}"),
        )),
    }
}

/// The first of the filters that sets the address.
fn sets<'f, 'v: 'f>(
    filters: impl Iterator<Item = &'f Filter<'v>>,
    list: &str,
) -> Result<Option<&'f Filter<'v>>, Failure> {
    for filter in filters.filter(|filter| filter.short() == set_filter_state::KIND) {
        let Some(config) = &filter.config else { continue };
        for item in config.items(list)? {
            if item.word("object_key")? == KEY {
                return Ok(Some(filter));
            }
        }
    }
    Ok(None)
}

/// Checks that the filter sets the address to that of the direct peer.
pub(super) fn is_direct(item: &Cursor<'_>) -> Result<(), Failure> {
    if item.word("object_key")? != KEY {
        return Ok(());
    }
    let format = item.at(&["format_string", "text_format_source", "inline_string"])?;
    let text = format.as_ref().map(Cursor::text).transpose()?;
    if item.word("factory_key")? == FACTORY && text == Some(DIRECT_PEER) {
        return Ok(());
    }
    Err(item.fails("this is not the address of the direct peer", HELP))
}
