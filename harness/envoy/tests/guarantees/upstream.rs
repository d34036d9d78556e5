//! What is behind the module, and where requests go.

use serde_json::{Value as Json, json};

use crate::cases::{Case, cluster, judge, route, typed, whole};
use crate::edits::manager;

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
    ("a tunnel that ends here", &["upstream"], |of| {
        manager(of)["upgrade_configs"] = json!([{"upgrade_type": "CONNECT"}]);
        route(of)["match"] = json!({"connect_matcher": {}});
        let upgrade = json!({"upgrade_type": "CONNECT", "connect_config": {}});
        route(of)["route"]["upgrade_configs"] = json!([upgrade]);
    }),
];

#[test]
fn where_requests_go_is_not_a_clients_to_say() {
    judge(&whole(), CHOSEN);
}
