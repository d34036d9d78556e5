//! Chains that need no module, as no traffic reaches an application undecided.

use peerwarden_guarantees::GuaranteeStatus;
use peerwarden_render::probes::{self, ProbeScan, Probes};
use serde_json::{Value as Json, json};

use crate::cases::typed;
use crate::rendered::{checked, http, inbound, parsed, told, value};

/// A change of a configuration.
type Edit = fn(&mut Json);

/// A rendered workload with an HTTP probe and a TCP probe; its listener for them is the second.
fn probed() -> Json {
    let pod = json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": "orders"},
        "spec": {"containers": [{
            "name": "app",
            "livenessProbe": {"httpGet": {"path": "/healthz", "port": 8080}},
            "readinessProbe": {"tcpSocket": {"port": 8080}},
        }]},
    });
    let ProbeScan::Probes(probes) = Probes::read(&value(pod), probes::PORT).expect("probes that are right")
    else {
        panic!("no probes");
    };
    let inbound = inbound(&http(), "STRICT", &json!({"directory": "/etc/certs"}));
    let inbound = inbound.with_probes(probes).expect("a free port");
    parsed(&inbound.file().expect("one file"))
}

fn manager(of: &mut Json) -> &mut Json {
    &mut of["static_resources"]["listeners"][1]["filter_chains"][0]["filters"][0]["typed_config"]
}

fn routes(of: &mut Json) -> &mut Vec<Json> {
    let host = &mut manager(of)["route_config"]["virtual_hosts"][0];
    host["routes"].as_array_mut().expect("a list")
}

/// The cluster of the HTTP probe.
fn probed_cluster(of: &mut Json) -> &mut Json {
    let name = routes(of)[1]["route"]["cluster"].clone();
    let clusters = of["static_resources"]["clusters"].as_array_mut().expect("a list");
    let mut named = clusters.iter_mut().filter(|cluster| cluster["name"] == name);
    named.next().expect("the cluster of the route")
}

/// Routes that answer themselves.
fn answered() -> Json {
    let mut whole = probed();
    *routes(&mut whole) = vec![
        json!({"match": {"path": "/version"}, "direct_response": {"status": 200}}),
        json!({"match": {"prefix": "/"}, "redirect": {"https_redirect": true}}),
    ];
    whole
}

fn reason(whole: Json) -> GuaranteeStatus {
    let reports = checked(&[whole]).expect("readable");
    let (_, outcome) = &reports[1].outcomes[0];
    *outcome.as_ref().expect("held")
}

#[test]
fn rendered_probes_keep_every_guarantee() {
    assert_eq!(told(probed()), [""; 0]);
    let expected = GuaranteeStatus::DoesNotApply("for probes of the kubelet alone");
    assert_eq!(reason(probed()), expected);
}

#[test]
fn redirects_and_fixed_answers_reach_nobody() {
    assert_eq!(told(answered()), [""; 0]);
    let expected = GuaranteeStatus::DoesNotApply("for redirects and fixed answers alone");
    assert_eq!(reason(answered()), expected);
}

#[test]
fn what_may_reach_an_application_needs_the_module() {
    let edits: &[(&str, Edit)] = &[
        ("a prefix", |whole| {
            routes(whole)[1]["match"] = json!({"prefix": "/app-health/"})
        }),
        ("another path", |whole| {
            routes(whole)[1]["match"]["path"] = "/orders".into()
        }),
        ("any method", |whole| {
            routes(whole)[1]["match"]["headers"] = json!([])
        }),
        ("all but GET", |whole| {
            routes(whole)[1]["match"]["headers"][1]["invert_match"] = true.into();
        }),
        ("a header names the cluster", |whole| {
            routes(whole)[1]["route"] = json!({"cluster_header": "x-cluster"});
        }),
        ("a redirect inside", |whole| {
            routes(whole)[1]["route"]["internal_redirect_policy"] = json!({});
        }),
        ("an override", |whole| {
            routes(whole)[1]["typed_per_filter_config"] = json!({})
        }),
        ("a copy of a request", |whole| {
            manager(whole)["route_config"]["request_mirror_policies"] = json!([{"cluster": "orders"}]);
        }),
        ("routes by discovery", |whole| {
            manager(whole)["rds"] = json!({"route_config_name": "elsewhere"});
        }),
        ("an unknown setting", |whole| {
            manager(whole)["new_in_1_41"] = true.into()
        }),
        ("a length that a route writes", |whole| {
            let length = json!([{"header": {"key": "content-length", "value": "0"}}]);
            routes(whole)[1]["request_headers_to_add"] = length;
        }),
        ("a length that all routes write", |whole| {
            let length = json!([{"header": {"key": "content-length", "value": "0"}}]);
            manager(whole)["route_config"]["request_headers_to_add"] = length;
        }),
        ("an upgrade that the edge may not ask for", |whole| {
            manager(whole)["route_config"]["internal_only_headers"] = json!(["upgrade"]);
        }),
        ("an upgrade that all routes remove", |whole| {
            manager(whole)["route_config"]["request_headers_to_remove"] = json!(["upgrade"]);
        }),
        ("a connection that a virtual host removes", |whole| {
            manager(whole)["route_config"]["virtual_hosts"][0]["request_headers_to_remove"] =
                json!(["connection"]);
        }),
        ("a header that is written early", |whole| {
            let kind = "envoy.extensions.http.early_header_mutation.header_mutation.v3.HeaderMutation";
            let mutations = json!([{"append": {"header": {"key": "x-user", "value": "admin"}}}]);
            manager(whole)["early_header_mutation_extensions"] =
                json!([{"name": "early", "typed_config": typed(kind, json!({"mutations": mutations}))}]);
        }),
        ("bytes as they come", |whole| {
            let kind = "envoy.extensions.upstreams.tcp.generic.v3.GenericConnectionPoolProto";
            probed_cluster(whole)["upstream_config"] =
                json!({"name": "tcp", "typed_config": typed(kind, json!({}))});
        }),
        ("a client chooses the application", |whole| {
            let cluster = probed_cluster(whole);
            cluster["type"] = "ORIGINAL_DST".into();
            cluster["lb_policy"] = "CLUSTER_PROVIDED".into();
            cluster["original_dst_lb_config"] = json!({"use_http_header": true});
        }),
        ("a certificate as a client wrote it", |whole| {
            manager(whole)["forward_client_cert_details"] = "ALWAYS_FORWARD_ONLY".into();
        }),
        ("a filter behind the router", |whole| {
            let lua = typed("envoy.extensions.filters.http.lua.v3.Lua", json!({}));
            let filters = manager(whole)["http_filters"].as_array_mut().expect("a list");
            let router = filters.last_mut().expect("the router");
            router["typed_config"]["upstream_http_filters"] = json!([{"name": "lua", "typed_config": lua}]);
        }),
        ("an upgrade", |whole| {
            manager(whole)["upgrade_configs"] = json!([{"upgrade_type": "CONNECT"}]);
        }),
        ("a filter that may do anything", |whole| {
            let filters = manager(whole)["http_filters"].as_array_mut().expect("a list");
            let lua = "type.googleapis.com/envoy.extensions.filters.http.lua.v3.Lua";
            filters.insert(0, json!({"name": "lua", "typed_config": {"@type": lua}}));
        }),
        ("a second network filter", |whole| {
            let proxy = "type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy";
            let chain = &mut whole["static_resources"]["listeners"][1]["filter_chains"][0];
            let filters = chain["filters"].as_array_mut().expect("a list");
            filters.insert(
                0,
                json!({"name": "tcp", "typed_config": {"@type": proxy, "cluster": "orders"}}),
            );
        }),
    ];
    for (what, edit) in edits {
        let mut whole = probed();
        edit(&mut whole);
        assert_eq!(told(whole), ["module"], "{what}");
    }
}
