//! The module is there at all, where it decides on what comes in.

use super::chain::Chain;
use super::{All, Outcome, Verdict};

pub(super) fn check(chain: &Chain<'_>, _: &All<'_>) -> Outcome {
    if chain.module().is_some() {
        return Ok(Verdict::Held);
    }
    if let Some(http) = &chain.http
        && chain.modules().next().is_some()
    {
        return Err(http.manager.fails(
            "the module is among the network filters, where it decides connections and not requests",
            "put `envoy.filters.http.wasm` with `\"protocol\": \"http\"` into `http_filters`, before the router",
        ));
    }
    if chain.listener.word("traffic_direction")? == "OUTBOUND" {
        return Ok(Verdict::DoesNotApply("for connections that go out"));
    }
    let place = if chain.http.is_some() {
        "`envoy.filters.http.wasm` into `http_filters`, before the router"
    } else {
        "`envoy.filters.network.wasm` into `filters`, before `tcp_proxy`"
    };
    Err(chain.here.fails(
        "no filter here is peerwarden's: whatever comes in is let through undecided",
        format!("put {place}, with `peerwarden` in its name, or see whether this listener is needed"),
    ))
}
