//! The peer of a waypoint, as the listener that ends the tunnel shares it.

use serde_json::{Value as Json, json};

use crate::cases::typed;
use crate::configurations::{by_request, waypoint};
use crate::edits::listener;
use crate::rendered::{http, strict, told};

const KEY: &str = "peerwarden.direct_remote_address";
const DIRECT: &str = "%DOWNSTREAM_DIRECT_REMOTE_ADDRESS%";
const PEER: &str = "io.istio.peer_principal";
const PROVED: &str = "%DOWNSTREAM_PEER_URI_SAN%";

/// The listener that ends a tunnel, which sets the peer on each request.
fn tunnel(of: &mut Json, mut filter: Json, shared: &Json) {
    filter["typed_config"]["on_request_headers"][0]["shared_with_upstream"] = shared.clone();
    let mut terminator = listener(of).clone();
    terminator["name"] = "connect_terminate".into();
    terminator["traffic_direction"] = "OUTBOUND".into();
    terminator["address"]["socket_address"]["address"] = "127.0.0.1".into();
    terminator["filter_chains"][0]["filters"][1]["typed_config"]["http_filters"] =
        json!([filter, crate::edits::filter("http.router.v3.Router")]);
    let listeners = of["static_resources"]["listeners"].as_array_mut();
    listeners.expect("a list").push(terminator);
}

#[test]
fn where_the_tunnel_ends_the_peer_is_who_proved_to_be() {
    let shared = [
        json!("ONCE"),
        json!("TRANSITIVE"),
        json!("once"),
        json!(1),
        json!("2"),
        json!([]),
    ];
    for (key, request, right) in [(PEER, "%REQ(x-peer)%", PROVED), (KEY, "%REQ(x-ip)%", DIRECT)] {
        for shared in &shared {
            let mut forged = strict(&http());
            waypoint(&mut forged);
            tunnel(&mut forged, by_request(key, request), shared);
            assert_eq!(told(forged), ["trusted-state"], "{key} {shared}");
            let mut proved = strict(&http());
            waypoint(&mut proved);
            tunnel(&mut proved, by_request(key, right), shared);
            assert_eq!(told(proved), [""; 0], "{key} {shared}");
        }
        for shared in [Json::Null, json!("NONE"), json!(0)] {
            let mut own = strict(&http());
            waypoint(&mut own);
            tunnel(&mut own, by_request(key, request), &shared);
            assert_eq!(told(own), [""; 0], "{key} {shared}");
        }
    }
    // A workload that is not a waypoint uses the certificate of its own connection.
    let mut sidecar = strict(&http());
    tunnel(&mut sidecar, by_request(PEER, "%REQ(x-peer)%"), &json!("ONCE"));
    assert_eq!(told(sidecar), [""; 0]);
}

#[test]
fn on_a_route_where_the_tunnel_ends_too() {
    let mut whole = strict(&http());
    waypoint(&mut whole);
    tunnel(&mut whole, by_request("other", "x"), &json!("ONCE"));
    let mut own = by_request(PEER, "%REQ(x-peer)%")["typed_config"].take();
    own["on_request_headers"][0]["shared_with_upstream"] = "ONCE".into();
    let entry = typed("envoy.config.route.v3.FilterConfig", json!({"config": own}));
    let terminator = &mut whole["static_resources"]["listeners"][1];
    let manager = &mut terminator["filter_chains"][0]["filters"][1]["typed_config"];
    manager["route_config"]["typed_per_filter_config"] = json!({"state": entry});
    assert_eq!(told(whole), ["trusted-state"]);
}

#[test]
fn what_the_tunnels_certificate_says_is_verified() {
    let mut whole = strict(&http());
    waypoint(&mut whole);
    tunnel(&mut whole, by_request(PEER, PROVED), &json!("ONCE"));
    let terminator = &mut whole["static_resources"]["listeners"][1];
    let tls = &mut terminator["filter_chains"][0]["transport_socket"]["typed_config"];
    tls["common_tls_context"]["validation_context"]["trust_chain_verification"] = "ACCEPT_UNTRUSTED".into();
    assert_eq!(told(whole), ["trusted-state"]);
}
