//! Listeners for what goes out need no module, unless something comes in by them.

use serde_json::{Value as Json, json};

use crate::cases::{judge_held, typed};
use crate::configurations::push;
use crate::edits::{chain, filter, listener, plugin};
use crate::rendered::{http, strict, told};

#[test]
fn what_goes_out_does_not_come_in() {
    let outgoing = |address: Json, more: Json| {
        let mut whole = strict(&http());
        let mut out = listener(&mut whole).clone();
        out["name"] = "outbound".into();
        out["traffic_direction"] = "OUTBOUND".into();
        out["address"] = address;
        let proxy = typed(
            "envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy",
            json!({"stat_prefix": "out", "cluster": "passthrough"}),
        );
        out["filter_chains"] = json!([{"filters": [{"name": "tcp", "typed_config": proxy}]}]);
        for (name, value) in more.as_object().expect("an object") {
            out[name] = value.clone();
        }
        push(&mut whole["static_resources"]["listeners"], out);
        let passthrough =
            json!({"name": "passthrough", "type": "ORIGINAL_DST", "lb_policy": "CLUSTER_PROVIDED"});
        push(&mut whole["static_resources"]["clusters"], passthrough);
        told(whole)
    };
    let at = |address: &str| json!({"socket_address": {"address": address, "port_value": 15001}});
    let redirected = json!({"use_original_dst": true});
    let proxied = json!({"use_original_dst": true,
                         "listener_filters": [filter("listener.proxy_protocol.v3.ProxyProtocol")]});
    let beside = json!({"additional_addresses": [{"address": at("10.0.0.1")}]});
    let held: [&str; 0] = [];
    assert_eq!(outgoing(at("127.0.0.1"), json!({})), held);
    assert_eq!(outgoing(at("::1"), json!({})), held);
    assert_eq!(outgoing(json!({"pipe": {"path": "/run/out"}}), json!({})), held);
    assert_eq!(outgoing(at("0.0.0.0"), json!({"bind_to_port": false})), held);
    assert_eq!(
        outgoing(at("0.0.0.0"), json!({"deprecated_v1": {"bind_to_port": false}})),
        held
    );
    assert_eq!(outgoing(at("0.0.0.0"), redirected), held);
    assert_eq!(outgoing(at("0.0.0.0"), proxied), ["settings", "module"]);
    // As Istio writes it, with its statistics.
    let stats = json!({"name": "istio.stats", "typed_config": {
        "@type": "type.googleapis.com/udpa.type.v1.TypedStruct", "type_url": "type.googleapis.com/stats.PluginConfig", "value": {},
    }});
    let proxy = json!({"name": "tcp", "typed_config": typed(
        "envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy",
        json!({"stat_prefix": "out", "cluster": "passthrough"}),
    )});
    let tcp = json!({"socket_address": {"address": "0.0.0.0", "port_value": 15001, "protocol": "TCP"}});
    let chains = json!([{"filters": [stats, proxy]}]);
    assert_eq!(
        outgoing(tcp, json!({"use_original_dst": true, "filter_chains": chains})),
        held
    );
    // Filters that lead connections elsewhere.
    for kind in [
        "network.set_filter_state.v3.Config",
        "network.redis_proxy.v3.RedisProxy",
        "network.thrift_proxy.v3.ThriftProxy",
    ] {
        let chains = json!([{"filters": [filter(kind), {"name": "tcp", "typed_config": typed(
            "envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy",
            json!({"stat_prefix": "out", "cluster": "passthrough"}),
        )}]}]);
        let led = outgoing(
            at("0.0.0.0"),
            json!({"use_original_dst": true, "filter_chains": chains}),
        );
        assert!(led.contains(&"module"), "{kind}: {led:?}");
    }
    let datagrams = json!({"socket_address": {"address": "0.0.0.0", "port_value": 15001, "protocol": "UDP"}});
    assert!(outgoing(datagrams, json!({"use_original_dst": true})).contains(&"module"));
    assert_eq!(outgoing(at("0.0.0.0"), json!({})), ["module"]);
    assert_eq!(outgoing(at("localhost"), json!({})), ["module"]);
    assert_eq!(outgoing(at("127.0.0.1"), beside), ["module"]);
}

/// Envoy hands a connection to the listener of the address that it went to, whatever that listener says that it is for.
#[test]
fn what_comes_in_is_not_handed_to_what_goes_out() {
    let mut whole = strict(&http());
    let mut out = listener(&mut whole).clone();
    listener(&mut whole)["use_original_dst"] = true.into();
    out["name"] = "outbound".into();
    out["traffic_direction"] = "OUTBOUND".into();
    out["bind_to_port"] = false.into();
    out["address"] = json!({"socket_address": {"address": "127.0.0.2", "port_value": 8080}});
    let proxy = typed(
        "envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy",
        json!({"stat_prefix": "out", "cluster": "passthrough"}),
    );
    out["filter_chains"] = json!([{"filters": [{"name": "tcp", "typed_config": proxy}]}]);
    push(&mut whole["static_resources"]["listeners"], out);
    let passthrough = json!({"name": "passthrough", "type": "ORIGINAL_DST", "lb_policy": "CLUSTER_PROVIDED"});
    push(&mut whole["static_resources"]["clusters"], passthrough);
    assert!(told(whole.clone()).contains(&"module"));
    listener(&mut whole)["use_original_dst"] = false.into();
    assert!(!told(whole).contains(&"module"));
}

#[test]
fn a_listener_with_the_module_is_not_for_what_goes_out() {
    let mut whole = strict(&http());
    listener(&mut whole)["traffic_direction"] = "OUTBOUND".into();
    listener(&mut whole)["address"]["socket_address"]["address"] = "127.0.0.1".into();
    judge_held(&whole);
    let mut other = chain(&mut whole).clone();
    other["name"] = "other".into();
    let filters = other["filters"][1]["typed_config"]["http_filters"].as_array_mut();
    filters.expect("a list").remove(0);
    push(&mut listener(&mut whole)["filter_chains"], other);
    assert!(plugin(&mut whole).is_object());
    assert_eq!(told(whole), ["module"]);
}
