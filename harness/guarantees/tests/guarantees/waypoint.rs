//! A waypoint as Istio builds it: a listener that ends tunnels, and an internal one behind it with the module. The client writes the
//! address that its tunnel goes to, and `X-Forwarded-For`, into the request that opens it. Tried on Envoy 1.36 and 1.40.

use serde_json::{Value as Json, json};

use crate::cases::{Case, asks, cluster, configure, judge, judge_held, typed};
use crate::configurations::{push, waypoint};
use crate::edits::{chain, filter, listener, manager, remove};
use crate::rendered::{http, strict, tcp};

const PEER: &str = "io.istio.peer_principal";
const DESTINATION: &str = "envoy.filters.listener.original_dst.local_ip";
const SOURCE: &str = "envoy.filters.listener.original_dst.remote_ip";
const DIRECT: &str = "%DOWNSTREAM_DIRECT_REMOTE_ADDRESS%";

fn item(key: &str, format: &str) -> Json {
    json!({"object_key": key, "shared_with_upstream": "ONCE",
           "format_string": {"text_format_source": {"inline_string": format}}})
}

/// Replaces the rendered listener with an internal one, behind a listener that ends tunnels.
fn behind_tunnel(mut whole: Json, outer: &Json) -> Json {
    let set = typed(
        "envoy.extensions.filters.http.set_filter_state.v3.Config",
        json!({"on_request_headers": [
            item(DESTINATION, "%REQ(:AUTHORITY)%"),
            item(SOURCE, DIRECT),
            item(PEER, "%DOWNSTREAM_PEER_URI_SAN%"),
        ]}),
    );
    let mut end = outer.clone();
    end["name"] = "connect_terminate".into();
    let ending = &mut end["filter_chains"][0]["filters"][1]["typed_config"];
    ending["http_filters"] = json!([{"name": "set", "typed_config": set}, filter("http.router.v3.Router")]);
    ending["upgrade_configs"] = json!([{"upgrade_type": "CONNECT"}]);
    let opened = json!({"upgrade_type": "CONNECT", "connect_config": {}});
    let route = json!({"match": {"connect_matcher": {}},
                       "route": {"cluster": "inside", "upgrade_configs": [opened]}});
    ending["route_config"] = json!({"virtual_hosts": [{"name": "all", "domains": ["*"], "routes": [route]}]});
    let inner = listener(&mut whole);
    inner["name"] = "inside".into();
    for gone in [
        "address",
        "continue_on_listener_filters_timeout",
        "listener_filters_timeout",
    ] {
        if inner.get(gone).is_some() {
            remove(inner, gone);
        }
    }
    inner["internal_listener"] = json!({});
    inner["listener_filters"] = json!([filter("listener.original_dst.v3.OriginalDst")]);
    for gone in ["transport_socket", "filter_chain_match"] {
        remove(&mut inner["filter_chains"][0], gone);
    }
    push(&mut whole["static_resources"]["listeners"], end);
    let inside = json!({"envoy_internal_address": {"server_listener_name": "inside"}});
    let plain = typed(
        "envoy.extensions.transport_sockets.raw_buffer.v3.RawBuffer",
        json!({}),
    );
    let socket = typed(
        "envoy.extensions.transport_sockets.internal_upstream.v3.InternalUpstreamTransport",
        json!({"transport_socket": {"name": "raw", "typed_config": plain}}),
    );
    let cluster = json!({
        "name": "inside",
        "transport_socket": {"name": "internal", "typed_config": socket},
        "load_assignment": {"cluster_name": "inside",
                            "endpoints": [{"lb_endpoints": [{"endpoint": {"address": inside}}]}]},
    });
    push(&mut whole["static_resources"]["clusters"], cluster);
    whole
}

fn of_requests() -> Json {
    let mut whole = strict(&http());
    waypoint(&mut whole);
    let outer = listener(&mut whole).clone();
    behind_tunnel(whole, &outer)
}

fn of_connections() -> Json {
    let mut whole = strict(&tcp());
    let outer = listener(&mut strict(&http())).clone();
    let filters = chain(&mut whole)["filters"].as_array_mut().expect("a list");
    let proxy = &mut filters.last_mut().expect("tcp_proxy")["typed_config"];
    for gone in ["upstream_connect_mode", "max_early_data_bytes"] {
        remove(proxy, gone);
    }
    behind_tunnel(whole, &outer)
}

/// What the listener that ends tunnels sets.
fn set(of: &mut Json, index: usize) -> &mut Json {
    let end = ending(of);
    &mut end["http_filters"][0]["typed_config"]["on_request_headers"][index]
}

fn ending(of: &mut Json) -> &mut Json {
    let end = last_listener(of);
    &mut end["filter_chains"][0]["filters"][1]["typed_config"]
}

fn last_listener(of: &mut Json) -> &mut Json {
    let listeners = of["static_resources"]["listeners"].as_array_mut();
    listeners.expect("a list").last_mut().expect("a listener")
}

fn last_cluster(of: &mut Json) -> &mut Json {
    let clusters = of["static_resources"]["clusters"].as_array_mut();
    clusters.expect("a list").last_mut().expect("a cluster")
}

fn sources(of: &mut Json, format: &str) {
    set(of, 1)["format_string"]["text_format_source"]["inline_string"] = format.into();
}

fn rules(of: &mut Json, rules: Json) {
    configure(of, |config| config["resources"][1]["spec"]["rules"] = rules);
}

fn outbound(of: &mut Json) {
    last_listener(of)["traffic_direction"] = "OUTBOUND".into();
    last_listener(of)["address"]["socket_address"]["address"] = "127.0.0.1".into();
}

fn original_destination(of: &mut Json) {
    let cluster = cluster(of);
    remove(cluster, "load_assignment");
    cluster["type"] = "ORIGINAL_DST".into();
    cluster["lb_policy"] = "CLUSTER_PROVIDED".into();
}

/// Hands metadata on to the internal listener.
fn passes(of: &mut Json, kind: &str, name: &str) {
    let passed = json!([{"name": name, "kind": {kind: {}}}]);
    last_cluster(of)["transport_socket"]["typed_config"]["passthrough_metadata"] = passed;
}

const REQUESTS: &[Case] = &[
    (
        "ports by what the client asks for",
        &["destination-address"],
        |of| {
            rules(of, json!([{"to": [{"operation": {"ports": ["8080"]}}]}]));
        },
    ),
    (
        "the same where what goes out comes in",
        &["destination-address"],
        |of| {
            outbound(of);
            rules(of, json!([{"to": [{"operation": {"ports": ["8080"]}}]}]));
        },
    ),
    (
        "an address by what the client asks for",
        &["destination-address"],
        |of| {
            asks(of, "destination.ip", "10.0.0.5");
        },
    ),
    ("an address that is fixed", &[], |of| {
        set(of, 0)["format_string"]["text_format_source"]["inline_string"] = "10.0.0.5:8080".into();
        asks(of, "destination.ip", "10.0.0.5");
    }),
    ("a cluster of that address", &["upstream"], original_destination),
    ("the same, fixed", &[], |of| {
        set(of, 0)["format_string"]["text_format_source"]["inline_string"] = "10.0.0.5:8080".into();
        original_destination(of);
    }),
    ("a request's metadata as the address", &["upstream"], |of| {
        remove_item(of, 0);
        passes(of, "request", "envoy.filters.listener.original_dst");
        original_destination(of);
    }),
    ("an endpoint's metadata as the address", &[], |of| {
        remove_item(of, 0);
        passes(of, "host", "envoy.filters.listener.original_dst");
        original_destination(of);
    }),
    ("an address that nothing known sets", &["upstream"], |of| {
        remove_item(of, 0);
        original_destination(of);
    }),
    ("an origin by what the client says", &["remote-address"], |of| {
        sources(of, "%DOWNSTREAM_REMOTE_ADDRESS%");
        manager(of)["use_remote_address"] = true.into();
        rules(
            of,
            json!([{"from": [{"source": {"remoteIpBlocks": ["10.9.9.9"]}}]}]),
        );
    }),
    ("an origin of who opened it", &[], |of| {
        manager(of)["use_remote_address"] = true.into();
        rules(
            of,
            json!([{"from": [{"source": {"remoteIpBlocks": ["10.9.9.9"]}}]}]),
        );
    }),
    (
        "metadata of a request that a policy reads",
        &["trusted-state"],
        |of| {
            passes(of, "request", "envoy.filters.http.own");
            asks(of, "experimental.envoy.filters.http.own[zone]", "x");
        },
    ),
    ("Envoy's own state from a client's text", &["upstream"], |of| {
        let item = item(
            "envoy.network.transport_socket.original_dst_address",
            "%REQ(x-where)%",
        );
        push(
            &mut ending(of)["http_filters"][0]["typed_config"]["on_request_headers"],
            item,
        );
    }),
    (
        "a filter that may do anything, where the tunnel ends",
        &["module"],
        |of| {
            let filters = ending(of)["http_filters"].as_array_mut().expect("a list");
            filters.insert(0, filter("http.lua.v3.Lua"));
        },
    ),
    ("a tunnel to an application", &["module"], |of| {
        let name = crate::cases::route(of)["route"]["cluster"].clone();
        ending(of)["route_config"]["virtual_hosts"][0]["routes"][0]["route"]["cluster"] = name;
    }),
    ("the same where what goes out comes in", &["module"], |of| {
        outbound(of);
        let name = crate::cases::route(of)["route"]["cluster"].clone();
        ending(of)["route_config"]["virtual_hosts"][0]["routes"][0]["route"]["cluster"] = name;
    }),
    ("a listener that is not there", &["module"], |of| {
        let endpoints = &mut last_cluster(of)["load_assignment"]["endpoints"][0]["lb_endpoints"];
        endpoints[0]["endpoint"]["address"]["envoy_internal_address"]["server_listener_name"] =
            "elsewhere".into();
    }),
];

fn remove_item(of: &mut Json, index: usize) {
    let items = &mut ending(of)["http_filters"][0]["typed_config"]["on_request_headers"];
    items.as_array_mut().expect("a list").remove(index);
}

#[test]
fn what_opens_a_tunnel_decides_nothing() {
    judge_held(&of_requests());
    judge(&of_requests(), REQUESTS);
}

#[test]
fn nor_where_connections_come_from() {
    let cases: &[Case] = &[
        (
            "a source by what the client says",
            &["direct-remote-address"],
            |of| {
                sources(of, "%DOWNSTREAM_REMOTE_ADDRESS%");
            },
        ),
        ("no source", &[], |of| remove_item(of, 1)),
    ];
    judge_held(&of_connections());
    judge(&of_connections(), cases);
}
