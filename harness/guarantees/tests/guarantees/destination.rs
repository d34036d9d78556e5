//! Ports and addresses with the PROXY protocol.

use serde_json::{Value as Json, json};

use crate::edits::{chain, configuration, filter, filters, listener, proxy};
use crate::rendered::{broken, checked, http, strict, tcp};

fn takes_headers(of: &mut Json) {
    let filters = listener(of)["listener_filters"].as_array_mut().expect("a list");
    filters.insert(0, filter("listener.proxy_protocol.v3.ProxyProtocol"));
}

/// Edits the module's configuration.
fn configure(plugin: &mut Json, edit: impl FnOnce(&mut Json)) {
    let value = &mut plugin["configuration"]["value"];
    let mut config = serde_json::from_str(value.as_str().expect("a text")).expect("JSON");
    edit(&mut config);
    *value = config.to_string().into();
}

fn plugin(of: &mut Json) -> &mut Json {
    &mut filters(of)[0]["typed_config"]["config"]
}

fn rule(of: &mut Json, name: &str, value: Json) {
    configure(plugin(of), |config| {
        config["resources"][1]["spec"]["rules"][0][name] = value
    });
}

fn asks_port(of: &mut Json) {
    rule(of, "to", json!([{"operation": {"notPorts": ["9090"]}}]));
}

fn asks_address(of: &mut Json) {
    rule(
        of,
        "when",
        json!([{"key": "destination.ip", "values": ["10.0.0.0/8"]}]),
    );
}

fn trusted(length: Json) -> Json {
    json!({"direct_source_prefix_ranges": [{"address_prefix": "10.0.0.0", "prefix_len": length}]})
}

/// The use of a destination, the match of the chain, and whether the guarantee is kept.
type Case = (&'static str, fn(&mut Json), fn(&mut Json), bool);

const CASES: &[Case] = &[
    ("principals alone", |_| {}, |_| {}, true),
    ("ports", asks_port, |_| {}, false),
    (
        "a port as a condition",
        |of| {
            rule(
                of,
                "when",
                json!([{"key": "destination.port", "values": ["8080"]}]),
            )
        },
        |_| {},
        false,
    ),
    ("an address", asks_address, |_| {}, false),
    (
        "a mode of a port",
        |of| {
            configure(plugin(of), |config| {
                let spec = &mut config["resources"][0]["spec"];
                spec["selector"] = json!({"matchLabels": {"app": "orders"}});
                spec["portLevelMtls"] = json!({"8080": {"mode": "DISABLE"}});
            });
        },
        |_| {},
        false,
    ),
    (
        "an authorizer by gRPC",
        |of| {
            configure(plugin(of), |config| {
                let service = json!({"service": "sso.shop.svc.cluster.local", "port": 9000});
                config["extensionProviders"] = json!([{"name": "sso", "envoyExtAuthzGrpc": service}]);
            });
        },
        |_| {},
        false,
    ),
    (
        "a policy of another workload",
        |of| {
            asks_port(of);
            configure(plugin(of), |config| {
                let own = config["resources"][1].clone();
                config["resources"][1]["metadata"]["namespace"] = "elsewhere".into();
                let mut other = own;
                other["spec"]["rules"][0]["to"] = Json::Null;
                other["spec"]["rules"][0]
                    .as_object_mut()
                    .expect("an object")
                    .remove("to");
                config["resources"].as_array_mut().expect("a list").push(other);
            });
        },
        |_| {},
        true,
    ),
    (
        "a chain of one port",
        asks_port,
        |of| chain(of)["filter_chain_match"] = json!({"destination_port": 8080}),
        true,
    ),
    (
        "a chain of one port does not say which address",
        asks_address,
        |of| chain(of)["filter_chain_match"] = json!({"destination_port": 8080}),
        false,
    ),
    (
        "a matcher instead of the criteria of chains",
        asks_port,
        |of| {
            chain(of)["filter_chain_match"] = json!({"destination_port": 8080});
            listener(of)["filter_chain_matcher"] = json!({"matcher_tree": {}});
        },
        false,
    ),
    (
        "own proxies",
        asks_address,
        |of| chain(of)["filter_chain_match"] = trusted(json!(8)),
        true,
    ),
    (
        "everybody for an own proxy",
        asks_port,
        |of| chain(of)["filter_chain_match"] = trusted(json!(0)),
        false,
    ),
    (
        "own proxies without a length",
        asks_port,
        |of| chain(of)["filter_chain_match"] = trusted(Json::Null),
        false,
    ),
];

#[test]
fn what_goes_by_the_destination_is_not_held_behind_the_proxy_protocol() {
    for (name, goes_by, matches, held) in CASES {
        let mut edited = strict(&http());
        goes_by(&mut edited);
        let before = broken(&checked(&[edited.clone()]).expect("readable"));
        assert!(!before.contains(&"destination-address"), "{name}: {before:?}");
        assert!(!before.contains(&"configuration"), "{name}: {before:?}");
        takes_headers(&mut edited);
        matches(&mut edited);
        let told = broken(&checked(&[edited]).expect("readable"));
        assert_eq!(!told.contains(&"destination-address"), *held, "{name}: {told:?}");
    }
}

/// The header may also be enabled in a filter chain, as in older versions, or by discovery.
#[test]
fn each_way_to_take_the_header_counts() {
    let ways: [fn(&mut Json); 3] = [
        takes_headers,
        |of| chain(of)["use_proxy_proto"] = true.into(),
        |of| {
            let url = "type.googleapis.com/envoy.extensions.filters.listener.proxy_protocol.v3.ProxyProtocol";
            let filters = listener(of)["listener_filters"].as_array_mut().expect("a list");
            filters.insert(
                0,
                json!({"name": "own", "config_discovery": {"type_urls": [url]}}),
            );
        },
    ];
    for way in ways {
        let mut edited = strict(&http());
        asks_port(&mut edited);
        way(&mut edited);
        let told = broken(&checked(&[edited]).expect("readable"));
        assert!(told.contains(&"destination-address"), "{told:?}");
    }
}

/// The module names the cluster by the port.
#[test]
fn clusters_of_the_lock_go_by_the_port() {
    let mut edited = strict(&tcp());
    let plugin = &mut chain(&mut edited)["filters"][0]["typed_config"]["config"];
    configuration(
        plugin,
        "{\"cluster\":\"inbound-3306\"}",
        "{\"clusters\": {\"3306\": \"inbound-3306\"}}",
    );
    assert!(proxy(&mut edited)["cluster"].is_string());
    assert_eq!(broken(&checked(&[edited.clone()]).expect("readable")), [""; 0]);
    takes_headers(&mut edited);
    let told = broken(&checked(&[edited]).expect("readable"));
    assert!(told.contains(&"destination-address"), "{told:?}");
}
