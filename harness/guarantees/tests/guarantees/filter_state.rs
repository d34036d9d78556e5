//! Forgeries by `set_filter_state`, in any of its lists.

use serde_json::{Value as Json, json};

use crate::cases::typed;
use crate::configurations::waypoint;
use crate::edits::{chain, filter, listener};
use crate::rendered::{http, strict, tcp, told};

const KEY: &str = "peerwarden.direct_remote_address";
const DIRECT: &str = "%DOWNSTREAM_DIRECT_REMOTE_ADDRESS%";
const PEER: &str = "io.istio.peer_principal";
const PROVED: &str = "%DOWNSTREAM_PEER_URI_SAN%";
const CLIENT: &str = "%DOWNSTREAM_PEER_DNS_SAN%";

fn item(key: &str, format: &str) -> Json {
    let text = json!({"text_format_source": {"inline_string": format}});
    json!({"object_key": key, "factory_key": "envoy.string", "format_string": text})
}

/// A network filter that sets this.
fn sets(list: &str, item: Json) -> Json {
    let kind = "envoy.extensions.filters.network.set_filter_state.v3.Config";
    json!({"name": "state", "typed_config": typed(kind, json!({list: [item]}))})
}

/// Network filters of the first chain.
fn network(of: &mut Json) -> &mut Vec<Json> {
    chain(of)["filters"].as_array_mut().expect("a list")
}

/// The times at which a connection's filter sets something.
const LISTS: [&str; 5] = [
    "on_new_connection",
    "on_downstream_tls_handshake",
    "on_downstream_data",
    "onDownstreamTlsHandshake",
    "onDownstreamData",
];

#[test]
fn the_direct_peer_is_forged_by_no_list() {
    for list in LISTS {
        for (format, expected) in [(CLIENT, &["direct-remote-address"] as &[&str]), (DIRECT, &[])] {
            let mut whole = strict(&http());
            network(&mut whole).insert(1, sets(list, item(KEY, format)));
            // The manager is behind them.
            assert_eq!(told(whole), expected, "HTTP {list} {format}");
            for proxy_protocol in [true, false] {
                // Ahead of the module, between the lock and `tcp_proxy`.
                for position in [0, 2] {
                    let mut whole = strict(&tcp());
                    if proxy_protocol {
                        let ahead = sets("on_new_connection", item(KEY, DIRECT));
                        network(&mut whole).insert(0, ahead);
                        let filters = listener(&mut whole)["listener_filters"].as_array_mut();
                        filters
                            .expect("a list")
                            .insert(0, filter("listener.proxy_protocol.v3.ProxyProtocol"));
                    }
                    let position = if proxy_protocol { position + 1 } else { position };
                    network(&mut whole).insert(position, sets(list, item(KEY, format)));
                    assert_eq!(
                        told(whole),
                        expected,
                        "TCP {list} {format} {proxy_protocol} {position}"
                    );
                }
            }
        }
    }
}

#[test]
fn a_list_that_is_not_known_may_set_anything() {
    for port in [http(), tcp()] {
        let mut whole = strict(&port);
        network(&mut whole).insert(0, sets("on_some_day", item("other", CLIENT)));
        let told = told(whole);
        assert!(told.contains(&"trusted-state"), "{told:?}");
    }
}

#[test]
fn a_waypoints_peer_is_forged_by_no_list() {
    for list in LISTS {
        for (format, expected) in [(CLIENT, &["trusted-state"] as &[&str]), (PROVED, &[])] {
            let mut whole = strict(&http());
            waypoint(&mut whole);
            network(&mut whole).insert(1, sets(list, item(PEER, format)));
            assert_eq!(told(whole), expected, "{list} {format}");
        }
    }
}
