//! A client that sends nothing until the listener filters time out has no server name.

use serde_json::{Value as Json, json};

use crate::cases::{Case, asks, judge, whole};
use crate::edits::{chain, listener};

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
