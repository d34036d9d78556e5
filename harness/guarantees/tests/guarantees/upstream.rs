//! The destinations of requests and connections.

use serde_json::{Value as Json, json};

use crate::cases::{Case, adds, ahead, cluster, judge, route, typed, whole};
use crate::configurations::{by_request, push};
use crate::edits::{chain, manager};
use crate::overlooked::proxy_protocol;
use crate::rendered::{strict, tcp};

fn to(of: &mut Json, field: &str, value: Json) {
    route(of)["route"] = json!({field: value});
}

const CHOSEN: &[Case] = &[
    ("a header names the cluster", &["upstream"], |of| {
        to(of, "cluster_header", json!("x-cluster"));
    }),
    ("a header names one of several", &["upstream"], |of| {
        let one = json!({"cluster_header": "x-cluster", "weight": 1});
        to(of, "weighted_clusters", json!({"clusters": [one]}));
    }),
    ("a header names where copies go", &["upstream"], |of| {
        route(of)["route"]["request_mirror_policies"] = json!([{"cluster_header": "x-cluster"}]);
    }),
    ("a plugin chooses", &["upstream"], |of| {
        let plugin = json!({"extension": {"name": "own"}});
        to(of, "inline_cluster_specifier_plugin", plugin);
    }),
    ("a cluster that is not given", &["upstream"], |of| {
        to(of, "cluster", json!("elsewhere"));
    }),
    ("a header has the address", &["upstream"], |of| {
        cluster(of)["type"] = "ORIGINAL_DST".into();
        cluster(of)["original_dst_lb_config"] = json!({"use_http_header": true});
    }),
    ("metadata has the address", &["upstream"], |of| {
        cluster(of)["original_dst_lb_config"] = json!({"metadata_key": {"key": "own"}});
    }),
    ("the address that a connection went to", &[], |of| {
        cluster(of)["type"] = "ORIGINAL_DST".into();
        cluster(of)["lb_policy"] = "CLUSTER_PROVIDED".into();
    }),
    ("a forward proxy", &["upstream"], |of| {
        let kind = "envoy.extensions.clusters.dynamic_forward_proxy.v3.ClusterConfig";
        cluster(of)["cluster_type"] = json!({"name": "own", "typed_config": typed(kind, json!({}))});
    }),
    ("a cluster of a type that is not known", &["upstream"], |of| {
        cluster(of)["cluster_type"] = json!({"name": "own"});
    }),
    ("the original destination by its name", &["upstream"], |of| {
        cluster(of)["cluster_type"] = json!({"name": "envoy.cluster.original_dst"});
    }),
    ("endpoints by their name", &[], |of| {
        cluster(of)["cluster_type"] = json!({"name": "envoy.cluster.static"});
    }),
    ("a header has the endpoint", &["upstream"], |of| {
        let kind = "envoy.extensions.load_balancing_policies.override_host.v3.OverrideHost";
        let own = json!({"name": "own", "typed_config": typed(kind, json!({}))});
        cluster(of)["load_balancing_policy"] = json!({"policies": [{"typed_extension_config": own}]});
    }),
    ("turn by turn", &[], |of| {
        let kind = "envoy.extensions.load_balancing_policies.round_robin.v3.RoundRobin";
        let own = json!({"name": "own", "typed_config": typed(kind, json!({}))});
        cluster(of)["load_balancing_policy"] = json!({"policies": [{"typed_extension_config": own}]});
    }),
    ("copies go where a header says", &["upstream"], |of| {
        let own = json!({"name": "copies", "type": "ORIGINAL_DST", "lb_policy": "CLUSTER_PROVIDED",
            "original_dst_lb_config": {"use_http_header": true}});
        push(&mut of["static_resources"]["clusters"], own);
        route(of)["route"]["request_mirror_policies"] = json!([{"cluster": "copies"}]);
    }),
    (
        "copies have the certificate that a header names",
        &["forwarded-client-cert"],
        |of| {
            let name = route(of)["route"]["cluster"].clone();
            let own = json!([{"append": adds("x-forwarded-client-cert")}]);
            route(of)["route"]["request_mirror_policies"] =
                json!([{"cluster": name, "request_headers_mutations": own}]);
        },
    ),
    ("copies go to the same cluster", &[], |of| {
        let name = route(of)["route"]["cluster"].clone();
        route(of)["route"]["request_mirror_policies"] = json!([{"cluster": name}]);
    }),
    ("the PROXY protocol has the address", &["upstream"], |of| {
        original_destination(of);
        proxy_protocol(of);
    }),
    ("the PROXY protocol of an own proxy has it", &[], |of| {
        original_destination(of);
        proxy_protocol(of);
        let own = json!([{"address_prefix": "192.0.2.7", "prefix_len": 32}]);
        chain(of)["filter_chain_match"]["direct_source_prefix_ranges"] = own;
    }),
    ("filter state has the address", &["upstream"], |of| {
        let key = "envoy.network.transport_socket.original_dst_address";
        ahead(of, by_request(key, "%REQ(x-where)%"));
    }),
    ("filter state has a fixed server name", &[], |of| {
        ahead(
            of,
            by_request("envoy.network.upstream_server_name", "orders.shop"),
        );
    }),
    ("a pool that makes bytes of requests", &["upstream"], |of| {
        let kind = "envoy.extensions.upstreams.http.tcp.v3.TcpConnectionPoolProto";
        cluster(of)["upstream_config"] = json!({"name": "own", "typed_config": typed(kind, json!({}))});
    }),
    ("a pool that Envoy has anyway", &[], |of| {
        let kind = "envoy.extensions.upstreams.http.generic.v3.GenericConnectionPoolProto";
        cluster(of)["upstream_config"] = json!({"name": "own", "typed_config": typed(kind, json!({}))});
    }),
    ("a tunnel that ends here", &["upstream"], |of| {
        manager(of)["upgrade_configs"] = json!([{"upgrade_type": "CONNECT"}]);
        route(of)["match"] = json!({"connect_matcher": {}});
        let upgrade = json!({"upgrade_type": "CONNECT", "connect_config": {}});
        route(of)["route"]["upgrade_configs"] = json!([upgrade]);
    }),
];

fn original_destination(of: &mut Json) {
    cluster(of)["type"] = "ORIGINAL_DST".into();
    cluster(of)["lb_policy"] = "CLUSTER_PROVIDED".into();
}

/// Edits for connections.
const OF_CONNECTIONS: &[Case] = &[
    (
        "the PROXY protocol has the address",
        &["direct-remote-address", "upstream"],
        |of| {
            for cluster in of["static_resources"]["clusters"].as_array_mut().expect("a list") {
                if cluster["name"] != "peerwarden-denied" {
                    cluster["type"] = "ORIGINAL_DST".into();
                }
            }
            proxy_protocol(of);
        },
    ),
    ("a cluster that is not given", &["upstream"], |of| {
        for cluster in of["static_resources"]["clusters"].as_array_mut().expect("a list") {
            if cluster["name"] != "peerwarden-denied" {
                cluster["name"] = "other".into();
            }
        }
    }),
];

#[test]
fn where_connections_go_is_not_a_clients_to_say() {
    judge(&strict(&tcp()), OF_CONNECTIONS);
}

#[test]
fn where_requests_go_is_not_a_clients_to_say() {
    judge(&whole(), CHOSEN);
}
