//! A client that sends nothing until the listener filters time out has no server name.

use serde_json::{Value as Json, json};

use crate::cases::{Case, asks, judge, whole};
use crate::configurations::push;
use crate::edits::{chain, filter, listener};
use crate::overlooked::proxy_protocol;

/// The configuration in docs/envoy.md: one chain for everything.
fn reads_server_names() -> Json {
    let mut whole = whole();
    asks(&mut whole, "connection.sni", "orders.example.com");
    let chain = chain(&mut whole).as_object_mut();
    chain.expect("an object").remove("filter_chain_match");
    listener(&mut whole)["continue_on_listener_filters_timeout"] = false.into();
    whole
}

fn goes_on(of: &mut Json) {
    listener(of)["continue_on_listener_filters_timeout"] = true.into();
}

const CASES: &[Case] = &[
    ("goes on", &["tls-inspector"], goes_on),
    ("goes on, in JSON's spelling", &["tls-inspector"], |of| {
        let listener = listener(of).as_object_mut().expect("an object");
        listener.remove("continue_on_listener_filters_timeout");
        listener.insert("continueOnListenerFiltersTimeout".into(), true.into());
    }),
    ("goes on to a chain of TLS", &[], |of| {
        goes_on(of);
        chain(of)["filter_chain_match"] = json!({"transport_protocol": "tls"});
    }),
    ("goes on to a chain of a server name", &[], |of| {
        goes_on(of);
        chain(of)["filter_chain_match"] = json!({"server_names": ["orders.example.com"]});
    }),
    ("goes on to a chain of anything else", &["tls-inspector"], |of| {
        goes_on(of);
        chain(of)["filter_chain_match"] = json!({"transport_protocol": "raw_buffer"});
    }),
    ("a PROXY header behind the inspector", &["tls-inspector"], |of| {
        push(
            &mut listener(of)["listener_filters"],
            filter("listener.proxy_protocol.v3.ProxyProtocol"),
        );
    }),
    ("one by discovery", &["tls-inspector", "trusted-state"], |of| {
        let url = "type.googleapis.com/envoy.extensions.filters.listener.proxy_protocol.v3.ProxyProtocol";
        let own = json!({"name": "own", "config_discovery": {"type_urls": [url]}});
        push(&mut listener(of)["listener_filters"], own);
    }),
    ("one of the chain", &["tls-inspector"], |of| {
        chain(of)["use_proxy_proto"] = true.into();
    }),
    ("one ahead of the inspector", &[], proxy_protocol),
    ("HTTP is looked for behind the inspector", &[], |of| {
        push(
            &mut listener(of)["listener_filters"],
            filter("listener.http_inspector.v3.HttpInspector"),
        );
    }),
    ("options of QUIC alone", &["tls-inspector"], |of| {
        listener(of)["listener_filters"] = json!([]);
        listener(of)["udp_listener_config"] = json!({"quic_options": {}});
    }),
    (
        "options of QUIC, where the number is that of TCP",
        &["tls-inspector"],
        |of| {
            listener(of)["listener_filters"] = json!([]);
            listener(of)["udp_listener_config"] = json!({"quic_options": {}});
            listener(of)["address"]["socket_address"]["protocol"] = 0.into();
        },
    ),
    ("goes on to a chain by a matcher", &["tls-inspector"], |of| {
        goes_on(of);
        chain(of)["filter_chain_match"] = json!({"transport_protocol": "tls"});
        listener(of)["filter_chain_matcher"] = json!({"matcher_tree": {}});
    }),
];

#[test]
fn a_silent_client_does_not_go_on_without_a_server_name() {
    crate::cases::judge_held(&reads_server_names());
    judge(&reads_server_names(), CASES);
}

#[test]
fn without_a_policy_that_asks_it_may_go_on() {
    let mut whole = whole();
    let chain = chain(&mut whole).as_object_mut();
    chain.expect("an object").remove("filter_chain_match");
    goes_on(&mut whole);
    crate::cases::judge_held(&whole);
}
