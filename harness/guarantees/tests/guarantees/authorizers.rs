//! The clusters of the external authorizers that policies ask: a client that chose one would answer for itself.

use serde_json::{Value as Json, json};

use crate::cases::{Case, configure, judge, judge_held, typed, whole};
use crate::configurations::push;

/// The rendered configuration with a policy that asks an authorizer over HTTP.
fn asking() -> Json {
    let mut whole = whole();
    configure(&mut whole, |config| {
        let mut policy = config["resources"][1].clone();
        policy["metadata"]["name"] = "ask".into();
        policy["spec"]["action"] = "CUSTOM".into();
        policy["spec"]["provider"] = json!({"name": "sso"});
        policy["spec"]["rules"] = json!([{"to": [{"operation": {"paths": ["/ask"]}}]}]);
        push(&mut config["resources"], policy);
        let service = json!({"cluster": "authorizer", "service": "authorizer.shop", "port": 80});
        config["extensionProviders"] = json!([
            {"name": "sso", "envoyExtAuthzHttp": service},
            {"name": "nobody's", "envoyExtAuthzHttp": {"cluster": "elsewhere", "service": "elsewhere", "port": 80}},
        ]);
    });
    let address = json!({"socket_address": {"address": "10.0.0.9", "port_value": 80}});
    let endpoints = json!([{"lb_endpoints": [{"endpoint": {"address": address}}]}]);
    let cluster = json!({"name": "authorizer", "type": "STATIC",
                         "load_assignment": {"cluster_name": "authorizer", "endpoints": endpoints}});
    push(&mut whole["static_resources"]["clusters"], cluster);
    whole
}

fn authorizer(of: &mut Json) -> &mut Json {
    let clusters = of["static_resources"]["clusters"].as_array_mut().expect("a list");
    clusters.last_mut().expect("the authorizer's")
}

fn forward_proxy() -> Json {
    let kind = "envoy.extensions.clusters.dynamic_forward_proxy.v3.ClusterConfig";
    json!({"name": "envoy.clusters.dynamic_forward_proxy", "typed_config": typed(kind, json!({}))})
}

const CASES: &[Case] = &[
    ("the client's host names it", &["upstream"], |of| {
        *authorizer(of) =
            json!({"name": "authorizer", "lb_policy": "CLUSTER_PROVIDED", "cluster_type": forward_proxy()});
    }),
    ("a header names it", &["upstream"], |of| {
        *authorizer(of) = json!({"name": "authorizer", "type": "ORIGINAL_DST", "lb_policy": "CLUSTER_PROVIDED",
            "original_dst_lb_config": {"use_http_header": true, "http_header_name": ":authority"}});
    }),
    ("metadata names it", &["upstream"], |of| {
        *authorizer(of) = json!({"name": "authorizer", "type": "ORIGINAL_DST", "lb_policy": "CLUSTER_PROVIDED",
            "original_dst_lb_config": {"metadata_key": {"key": "authorizer"}}});
    }),
    ("one of an aggregate", &["upstream"], |of| {
        let kind = "envoy.extensions.clusters.aggregate.v3.ClusterConfig";
        let parts = typed(kind, json!({"clusters": ["first", "second"]}));
        let mut first = authorizer(of).clone();
        first["name"] = "first".into();
        push(&mut of["static_resources"]["clusters"], first);
        push(
            &mut of["static_resources"]["clusters"],
            json!({"name": "second", "lb_policy": "CLUSTER_PROVIDED", "cluster_type": forward_proxy()}),
        );
        let clusters = of["static_resources"]["clusters"].as_array_mut().expect("a list");
        let mut named = clusters
            .iter_mut()
            .filter(|cluster| cluster["name"] == "authorizer");
        *named.next().expect("the authorizer's") = json!({"name": "authorizer", "lb_policy": "CLUSTER_PROVIDED",
            "cluster_type": {"name": "envoy.clusters.aggregate", "typed_config": parts}});
    }),
    ("a kind that is not known", &["upstream"], |of| {
        let kind = "envoy.extensions.clusters.own.v3.ClusterConfig";
        *authorizer(of) = json!({"name": "authorizer",
            "cluster_type": {"name": "own", "typed_config": typed(kind, json!({}))}});
    }),
    ("it is not given", &["upstream"], |of| {
        authorizer(of)["name"] = "other".into();
    }),
    ("a filter on the way to it", &["upstream"], |of| {
        let kind = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions";
        let mutation = typed(
            "envoy.extensions.filters.http.header_mutation.v3.HeaderMutation",
            json!({}),
        );
        let filters = json!([{"name": "mutation", "typed_config": mutation}]);
        let options = typed(
            kind,
            json!({"explicit_http_config": {"http_protocol_options": {}}, "http_filters": filters}),
        );
        authorizer(of)["typed_extension_protocol_options"] = json!({ kind: options });
    }),
    ("a setting that is not known", &["settings"], |of| {
        authorizer(of)["of_a_later_version"] = true.into();
    }),
];

#[test]
fn no_client_chooses_who_is_asked() {
    judge_held(&asking());
    judge(&asking(), CASES);
}
