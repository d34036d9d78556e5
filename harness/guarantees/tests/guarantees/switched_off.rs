//! The filter that sets the direct peer, disabled for all requests or for some.

use serde_json::{Value as Json, json};

use crate::cases::{typed, whole};
use crate::configurations::{by_request, verifier};
use crate::edits::{direct_peer, filters};
use crate::per_route::PLACES;
use crate::rendered::told;

const KEY: &str = "peerwarden.direct_remote_address";
const DIRECT: &str = "%DOWNSTREAM_DIRECT_REMOTE_ADDRESS%";

/// An HTTP filter sets the direct peer, instead of the network filter.
fn by_each_request() -> Json {
    let mut whole = whole();
    direct_peer(&mut whole)["object_key"] = "other".into();
    let mut filter = by_request(KEY, DIRECT);
    filter["name"] = "peer".into();
    filters(&mut whole).insert(0, filter);
    whole
}

#[test]
fn what_tells_the_direct_peer_with_each_request_is_switched_on_for_each() {
    assert_eq!(told(by_each_request()), [""; 0]);
    for flag in ["disabled", "is_optional"] {
        let mut whole = by_each_request();
        filters(&mut whole)[0][flag] = true.into();
        assert_eq!(told(whole), ["direct-remote-address"], "{flag}");
    }
    for (place, find) in PLACES.iter().enumerate() {
        let entry = |disabled: bool| {
            typed(
                "envoy.config.route.v3.FilterConfig",
                json!({"disabled": disabled, "config": {}}),
            )
        };
        let mut off = by_each_request();
        find(&mut off)["typed_per_filter_config"] = json!({"peer": entry(true)});
        assert_eq!(told(off), ["direct-remote-address"], "{place}");
        let mut on = by_each_request();
        find(&mut on)["typed_per_filter_config"] = json!({"peer": entry(false), "other": entry(true)});
        assert_eq!(told(on), [""; 0], "{place}");
    }
}

/// It is set with each connection for all of its requests, whatever happens to another filter.
#[test]
fn a_second_one_may_be_switched_off() {
    let mut second = by_each_request();
    direct_peer(&mut second)["object_key"] = KEY.into();
    filters(&mut second)[0]["disabled"] = true.into();
    assert_eq!(told(second), [""; 0]);
    let mut spare = whole();
    filters(&mut spare).insert(0, verifier("payload"));
    filters(&mut spare)[0]["disabled"] = true.into();
    assert_eq!(told(spare), [""; 0]);
}
