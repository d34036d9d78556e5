//! The original client address, which `remoteIpBlocks` uses.

use serde_json::{Value as Json, json};

use crate::cases::{Case, configure, judge, judge_held, typed, whole};
use crate::edits::{chain, filters, manager, remove};
use crate::overlooked::proxy_protocol;
use crate::rendered::{ingress, parsed};

fn blocks(of: &mut Json, field: &str) {
    let source = json!([{"source": {field: ["10.9.0.0/16"]}}]);
    configure(of, |config| {
        config["resources"][1]["spec"]["rules"][0]["from"] = source
    });
}

fn remote_address(of: &mut Json, field: &str) {
    blocks(of, field);
    manager(of)["use_remote_address"] = true.into();
}

/// An early mutation writes `X-Forwarded-For`.
fn early(of: &mut Json) {
    let kind = "envoy.extensions.http.early_header_mutation.header_mutation.v3.HeaderMutation";
    let header = json!({"header": {"key": "X-Forwarded-For", "value": "%REQ(x-ip)%"}});
    let mutations = json!({"mutations": [{"append": header}]});
    manager(of)["early_header_mutation_extensions"] =
        json!([{"name": "own", "typed_config": typed(kind, mutations)}]);
}

const WORKLOAD: &[Case] = &[
    ("blocks", &["remote-address"], |of| blocks(of, "remoteIpBlocks")),
    ("blocks that are not", &["remote-address"], |of| {
        blocks(of, "notRemoteIpBlocks")
    }),
    ("a condition", &["remote-address"], |of| {
        crate::cases::asks(of, "remote.ip", "10.9.0.0/16");
    }),
    ("the default", &["remote-address"], |of| {
        blocks(of, "remoteIpBlocks");
        remove(manager(of), "use_remote_address");
    }),
    ("who is connected", &[], |of| blocks(of, "ipBlocks")),
    ("what Envoy sees", &[], |of| remote_address(of, "remoteIpBlocks")),
    ("what a header says", &["remote-address"], |of| {
        blocks(of, "remoteIpBlocks");
        remove(manager(of), "use_remote_address");
        manager(of)["original_ip_detection_extensions"] = json!([{"name": "own"}]);
    }),
    ("what is early, with a proxy ahead", &["remote-address"], |of| {
        remote_address(of, "remoteIpBlocks");
        manager(of)["xff_num_trusted_hops"] = 1.into();
        early(of);
    }),
    ("what is early, with none", &[], |of| {
        remote_address(of, "remoteIpBlocks");
        early(of);
    }),
    ("what is early, where nobody asks", &[], early),
    ("a PROXY header of anybody", &["remote-address"], |of| {
        remote_address(of, "remoteIpBlocks");
        proxy_protocol(of);
    }),
    ("a PROXY header of an own proxy", &[], |of| {
        remote_address(of, "remoteIpBlocks");
        proxy_protocol(of);
        let own = json!([{"address_prefix": "192.0.2.7", "prefix_len": 32}]);
        chain(of)["filter_chain_match"]["direct_source_prefix_ranges"] = own;
    }),
];

#[test]
fn a_workload_that_asks_for_it_takes_it_from_the_connection() {
    judge(&whole(), WORKLOAD);
}

const EDGE: &[Case] = &[
    ("early, with a proxy ahead", &["remote-address"], |of| {
        manager(of)["xff_num_trusted_hops"] = 1.into();
        early(of);
    }),
    ("early, with none", &[], early),
    ("a PROXY header, where nobody asks", &[], proxy_protocol),
];

#[test]
fn at_the_edge_it_is_asked_for_anyway() {
    judge(&parsed(&ingress().file().expect("one file")), EDGE);
}

#[test]
fn an_edge_that_does_not_say_so_is_asked_by_its_policies() {
    let mut edge = parsed(&ingress().file().expect("one file"));
    configure(&mut edge, |config| {
        let removed = config["workload"]
            .as_object_mut()
            .expect("an object")
            .remove("kind");
        assert_eq!(removed, Some(json!("gateway")));
        let source = json!([{"source": {"remoteIpBlocks": ["10.9.0.0/16"]}}]);
        config["resources"] = json!([{
            "apiVersion": "security.istio.io/v1",
            "kind": "AuthorizationPolicy",
            "metadata": {"name": "office", "namespace": "istio-ingress"},
            "spec": {"rules": [{"from": source}]},
        }]);
    });
    assert!(!filters(&mut edge).is_empty());
    judge_held(&edge);
    let cases: &[Case] = &[("off", &["remote-address"], |of| {
        manager(of)["use_remote_address"] = false.into();
    })];
    judge(&edge, cases);
}
