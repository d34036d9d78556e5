//! Configurations that disable the second lock, forge its mark, or omit it.

use peerwarden_guarantees::{ChainReport, GuaranteeResult, GuaranteeStatus};
use serde_json::{Value as Json, json};

use crate::rendered::{broken, checked, hold, http, ingress, parsed, strict, tcp};

/// The result for the lock in the first chain.
fn said(checked: &[ChainReport]) -> &GuaranteeResult {
    let mut outcomes = checked[0].outcomes.iter();
    let found = outcomes.find(|(guarantee, _)| guarantee.name == "second-lock");
    &found.expect("the guarantee").1
}

fn chain(of: &mut Json) -> &mut Json {
    &mut of["static_resources"]["listeners"][0]["filter_chains"][0]
}

fn list(of: &mut Json) -> &mut Vec<Json> {
    of.as_array_mut().expect("a list")
}

/// The filters among which the module is the first, and the lock the second.
fn filters(of: &mut Json) -> &mut Vec<Json> {
    let network = &mut chain(of)["filters"];
    // After the filter that sets the direct peer.
    if network[1]["typed_config"]["http_filters"].is_array() {
        list(&mut network[1]["typed_config"]["http_filters"])
    } else {
        list(network)
    }
}

fn manager(of: &mut Json) -> &mut Json {
    &mut chain(of)["filters"][1]["typed_config"]
}

fn rules(of: &mut Json) -> &mut Json {
    &mut filters(of)[1]["typed_config"]["rules"]
}

fn policy(of: &mut Json) -> &mut Json {
    &mut rules(of)["policies"]["allowed-by-peerwarden"]
}

fn configuration(of: &mut Json, from: &str, to: &str) {
    let value = &mut filters(of)[0]["typed_config"]["config"]["configuration"]["value"];
    let text = value.as_str().expect("a text");
    assert!(text.contains(from), "{text}");
    *value = text.replacen(from, to, 1).into();
}

fn sets(place: &str, list: &str, key: &str) -> Json {
    json!({"name": "set", "typed_config": {
        "@type": format!("type.googleapis.com/envoy.extensions.filters.{place}.set_filter_state.v3.Config"),
        list: [{
            "object_key": key,
            "factory_key": "envoy.string",
            "format_string": {"text_format_source": {"inline_string": "%REQ(x-mark)%"}},
        }],
    }})
}

/// A listener that shares this with later ones.
fn elsewhere(of: &mut Json, key: &str, shared: Option<&str>) {
    let mut filter = sets("network", "on_new_connection", key);
    if let Some(shared) = shared {
        filter["typed_config"]["on_new_connection"][0]["shared_with_upstream"] = shared.into();
    }
    let listener = json!({
        "name": "outbound",
        "address": {"socket_address": {"address": "127.0.0.1", "port_value": 15001}},
        "traffic_direction": "OUTBOUND",
        "filter_chains": [{"filters": [filter]}],
    });
    list(&mut of["static_resources"]["listeners"]).push(listener);
}

fn per_route() -> Json {
    let kind = "type.googleapis.com/envoy.extensions.filters.http.rbac.v3.RBACPerRoute";
    json!({"peerwarden-lock": {"@type": kind}})
}

/// Edits of chains of requests and of connections.
const BOTH: &[fn(&mut Json)] = &[
    |of| {
        filters(of).remove(1);
    },
    |of| filters(of)[1]["disabled"] = true.into(),
    |of| filters(of)[1]["is_optional"] = true.into(),
    |of| filters(of).swap(0, 1),
    |of| {
        let config = filters(of)[1]["typed_config"].take();
        filters(of)[1] =
            json!({"name": "peerwarden-lock", "config_discovery": {"type_urls": [config["@type"]]}});
    },
    |of| {
        filters(of)[1]["typed_config"]
            .as_object_mut()
            .expect("an object")
            .remove("rules");
    },
    |of| {
        let rules = rules(of).take();
        filters(of)[1]["typed_config"]["shadow_rules"] = rules;
    },
    |of| filters(of)[1]["typed_config"]["matcher"] = json!({}),
    |of| rules(of)["action"] = "DENY".into(),
    |of| rules(of)["action"] = "LOG".into(),
    |of| {
        let more = policy(of).clone();
        rules(of)["policies"]["more"] = more;
    },
    |of| rules(of)["policies"] = json!({}),
    |of| policy(of)["principals"] = json!([{"any": true}]),
    |of| list(&mut policy(of)["principals"]).push(json!({"any": true})),
    |of| policy(of)["principals"][0]["filter_state"]["key"] = "wasm.peerwarden.decision".into(),
    |of| policy(of)["principals"][0]["filter_state"]["string_match"] = json!({"exact": ""}),
    |of| policy(of)["principals"][0]["filter_state"]["string_match"] = json!({"prefix": "1"}),
    |of| {
        let principal = policy(of)["principals"][0].take();
        policy(of)["principals"][0] = json!({"not_id": principal});
    },
    |of| elsewhere(of, "wasm.peerwarden.request", None),
    |of| elsewhere(of, "wasm.peerwarden.connection", None),
    |of| {
        let network = list(&mut chain(of)["filters"]);
        network.insert(
            0,
            sets("network", "on_new_connection", "wasm.peerwarden.connection"),
        );
    },
];

const HTTP: &[fn(&mut Json)] = &[
    |of| policy(of)["principals"][0]["filter_state"]["key"] = "wasm.peerwarden.connection".into(),
    |of| filters(of).insert(0, sets("http", "on_request_headers", "wasm.peerwarden.request")),
    |of| manager(of)["route_config"]["typed_per_filter_config"] = per_route(),
    |of| manager(of)["route_config"]["virtual_hosts"][0]["typed_per_filter_config"] = per_route(),
    |of| {
        manager(of)["route_config"]["virtual_hosts"][0]["routes"][0]["typed_per_filter_config"] = per_route()
    },
    |of| {
        let mut off = json!({"peerwarden-lock": {"disabled": true}});
        off["peerwarden-lock"]["@type"] = "type.googleapis.com/envoy.config.route.v3.FilterConfig".into();
        manager(of)["route_config"]["virtual_hosts"][0]["routes"][0]["typedPerFilterConfig"] = off;
    },
    |of| {
        let cluster = json!({"name": "orders", "weight": 1, "typed_per_filter_config": per_route()});
        let route = &mut manager(of)["route_config"]["virtual_hosts"][0]["routes"][0];
        *route = json!({"match": {"prefix": "/"}, "route": {"weighted_clusters": {"clusters": [cluster]}}});
    },
    // The mark of the first module is there without the second.
    |of| {
        let both = filters(of)[..2].to_vec();
        filters(of).splice(0..0, both);
    },
];

fn clusters(of: &mut Json) -> &mut Vec<Json> {
    list(&mut of["static_resources"]["clusters"])
}

fn nowhere(of: &mut Json) -> &mut Json {
    clusters(of)
        .iter_mut()
        .find(|cluster| cluster["name"] == "peerwarden-denied")
        .expect("the cluster")
}

fn proxy(of: &mut Json) -> &mut Json {
    &mut chain(of)["filters"][2]["typed_config"]
}

const TCP: &[fn(&mut Json)] = &[
    |of| policy(of)["principals"][0]["filter_state"]["key"] = "wasm.peerwarden.request".into(),
    |of| proxy(of)["cluster"] = "inbound-3306".into(),
    |of| proxy(of)["cluster"] = "elsewhere".into(),
    |of| {
        proxy(of).as_object_mut().expect("an object").remove("cluster");
        proxy(of)["weighted_clusters"] = json!({"clusters": [{"name": "inbound-3306", "weight": 1}]});
    },
    |of| clusters(of).retain(|cluster| cluster["name"] != "peerwarden-denied"),
    |of| nowhere(of)["type"] = "EDS".into(),
    |of| nowhere(of)["cluster_type"] = json!({"name": "envoy.clusters.dynamic_forward_proxy"}),
    |of| {
        let endpoints = clusters(of)[0]["load_assignment"]["endpoints"].clone();
        nowhere(of)["load_assignment"] = json!({"cluster_name": "x", "endpoints": endpoints});
    },
    |of| {
        let network = list(&mut chain(of)["filters"]);
        network.insert(0, sets("network", "on_new_connection", "envoy.tcp_proxy.cluster"));
    },
    |of| elsewhere(of, "envoy.tcp_proxy.cluster", Some("ONCE")),
    |of| configuration(of, "\"inbound-3306\"", "\"peerwarden-denied\""),
];

#[test]
fn each_edit_is_told() {
    for (name, whole, tables) in [
        ("HTTP", strict(&http()), [BOTH, HTTP]),
        ("TCP", strict(&tcp()), [BOTH, TCP]),
        ("hold", strict(&hold()), [BOTH, TCP]),
        (
            "ingress",
            parsed(&ingress().file().expect("one file")),
            [BOTH, &[]],
        ),
    ] {
        let as_rendered = checked(std::slice::from_ref(&whole)).expect("readable");
        assert_eq!(said(&as_rendered), &Ok(GuaranteeStatus::Held), "{name}");
        for (table, edits) in tables.into_iter().enumerate() {
            for (number, edit) in edits.iter().enumerate() {
                let mut edited = whole.clone();
                edit(&mut edited);
                assert_ne!(edited, whole, "{name} {table} {number}");
                let checked = checked(&[edited]).expect("readable");
                let failure = said(&checked)
                    .clone()
                    .expect_err(&format!("{name} {table} {number}"));
                assert!(!failure.why.is_empty() && !failure.help.is_empty(), "{failure:?}");
            }
        }
    }
}

/// Settings that only read, or narrow, or concern other connections.
#[test]
fn what_does_not_lift_it_is_left_alone() {
    let harmless: &[fn(&mut Json)] = &[
        |of| rules(of)["action"] = "ALLOW".into(),
        |of| {
            rules(of).as_object_mut().expect("an object").remove("action");
        },
        |of| policy(of)["permissions"] = json!([{"destination_port": 8080}]),
        |of| {
            let rules = rules(of).clone();
            filters(of)[1]["typed_config"]["shadow_rules"] = rules;
        },
        |of| elsewhere(of, "envoy.tcp_proxy.cluster", None),
        // Another filter of the same kind, which requires more.
        |of| {
            let mut second = filters(of)[1].clone();
            second["name"] = "second".into();
            filters(of).insert(2, second);
        },
    ];
    for whole in [strict(&http()), strict(&tcp())] {
        for (number, edit) in harmless.iter().enumerate() {
            let mut edited = whole.clone();
            edit(&mut edited);
            let checked = checked(&[edited]).expect("readable");
            assert_eq!(said(&checked), &Ok(GuaranteeStatus::Held), "{number}");
        }
    }
}

/// The same as inline.
#[test]
fn a_filter_by_discovery_that_names_the_cluster_is_told() {
    let mut whole = strict(&tcp());
    let typed = sets("network", "on_new_connection", "envoy.tcp_proxy.cluster")["typed_config"].clone();
    let discovered = json!({"name": "set", "config_discovery": {
        "config_source": {"path_config_source": {"path": "/etc/envoy/set.yaml"}},
        "type_urls": [typed["@type"]],
    }});
    list(&mut chain(&mut whole)["filters"]).insert(0, discovered);
    let kind = "type.googleapis.com/envoy.config.core.v3.TypedExtensionConfig";
    let delivered = json!({"resources": [{"@type": kind, "name": "set", "typed_config": typed}]});
    let told = checked(&[whole, delivered]).expect("readable");
    assert!(said(&told).is_err(), "{told:#?}");
}

#[test]
fn left_out_on_purpose_it_is_not_asked_for() {
    for (port, from) in [(http(), "\"lock\": true"), (tcp(), "\"lock\": {\"cluster\"")] {
        let mut whole = strict(&port);
        let value = &filters(&mut whole)[0]["typed_config"]["config"]["configuration"]["value"];
        let mut settings: Json = serde_json::from_str(value.as_str().expect("a text")).expect("JSON");
        assert!(value.as_str().expect("a text").contains(from), "{value}");
        settings["lock"] = false.into();
        filters(&mut whole)[0]["typed_config"]["config"]["configuration"]["value"] =
            settings.to_string().into();
        let told = checked(&[whole.clone()]).expect("readable");
        assert!(
            matches!(said(&told), Ok(GuaranteeStatus::DoesNotApply(_))),
            "{told:#?}"
        );
        // An omitted setting is not a choice.
        settings.as_object_mut().expect("an object").remove("lock");
        filters(&mut whole)[0]["typed_config"]["config"]["configuration"]["value"] =
            settings.to_string().into();
        assert_eq!(broken(&checked(&[whole]).expect("readable")), ["second-lock"]);
    }
}
