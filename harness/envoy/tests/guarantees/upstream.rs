//! Filters behind the module, and the destinations of requests.

use serde_json::{Value as Json, json};

use crate::cases::{Case, adds, ahead, asks, cluster, http_filter, judge, route, typed, whole};
use crate::configurations::{by_header, by_request, push};
use crate::edits::{chain, filter, filters, listener, manager};
use crate::rendered::{strict, tcp};

fn lua() -> Json {
    http_filter("lua.v3.Lua", json!({}))
}

fn codec() -> Json {
    http_filter("upstream_codec.v3.UpstreamCodec", json!({}))
}

fn mutation() -> Json {
    let mutations = json!({"request_mutations": [{"append": adds(":path")}]});
    http_filter(
        "header_mutation.v3.HeaderMutation",
        json!({"mutations": mutations}),
    )
}

/// The filters of the router.
fn of_router(of: &mut Json, list: Json) {
    let router = filters(of).last_mut().expect("a router");
    router["typed_config"]["upstream_http_filters"] = list;
}

/// The filters of the route's cluster.
fn of_cluster(of: &mut Json, list: Json) {
    let kind = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions";
    let options = json!({"explicit_http_config": {"http_protocol_options": {}}, "http_filters": list});
    cluster(of)["typed_extension_protocol_options"] = json!({kind: typed(kind, options)});
}

/// A second cluster, with filters, which is part of the route's.
fn aggregate(of: &mut Json) {
    let mut inner = cluster(of).clone();
    of_cluster(of, json!([lua(), codec()]));
    cluster(of)["name"] = "inner".into();
    let kind = "envoy.extensions.clusters.aggregate.v3.ClusterConfig";
    inner["cluster_type"] = json!({
        "name": "envoy.clusters.aggregate",
        "typed_config": typed(kind, json!({"clusters": ["inner"]})),
    });
    inner.as_object_mut().expect("an object").remove("type");
    let clusters = of["static_resources"]["clusters"].as_array_mut();
    clusters.expect("a list").push(inner);
}

const BEHIND: &[Case] = &[
    ("Lua behind the router", &["order"], |of| {
        of_router(of, json!([lua(), codec()]))
    }),
    ("paths rewritten behind the router", &["order"], |of| {
        of_router(of, json!([mutation(), codec()]));
    }),
    ("what may be behind", &[], |of| {
        of_router(of, json!([http_filter("buffer.v3.Buffer", json!({})), codec()]));
    }),
    ("Lua of the cluster", &["order"], |of| {
        of_cluster(of, json!([lua(), codec()]))
    }),
    ("paths rewritten by the cluster", &["order"], |of| {
        of_cluster(of, json!([mutation(), codec()]));
    }),
    ("what may be in a cluster", &[], |of| {
        of_cluster(of, json!([codec()]))
    }),
    ("Lua of a cluster in an aggregate", &["order"], aggregate),
    ("Lua of a cluster that no route names", &[], |of| {
        let mut other = cluster(of).clone();
        of_cluster(of, json!([lua(), codec()]));
        std::mem::swap(cluster(of), &mut other);
        other["name"] = "other".into();
        let clusters = of["static_resources"]["clusters"].as_array_mut();
        clusters.expect("a list").push(other);
    }),
    ("a filter of the cluster by discovery", &["order"], |of| {
        of_cluster(
            of,
            json!([{"name": "own", "config_discovery": {"config_source": {"ads": {}}}}]),
        );
    }),
];

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
        push(
            &mut listener(of)["listener_filters"],
            filter("listener.proxy_protocol.v3.ProxyProtocol"),
        );
    }),
    ("the PROXY protocol of an own proxy has it", &[], |of| {
        original_destination(of);
        push(
            &mut listener(of)["listener_filters"],
            filter("listener.proxy_protocol.v3.ProxyProtocol"),
        );
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

const WAYS: &[Case] = &[
    ("CONNECT that the application answers", &["upstream"], |of| {
        manager(of)["upgrade_configs"] = json!([{"upgrade_type": "CONNECT"}]);
    }),
    ("an upgrade that Envoy does not know", &["upstream"], |of| {
        manager(of)["upgrade_configs"] = json!([{"upgrade_type": "foo"}]);
    }),
    ("the same of a route alone", &["upstream"], |of| {
        route(of)["route"]["upgrade_configs"] = json!([{"upgrade_type": "foo"}]);
    }),
    ("WebSocket in other letters", &[], |of| {
        manager(of)["upgrade_configs"] = json!([{"upgrade_type": "WebSocket"}]);
    }),
    ("a header chooses the subset", &["trusted-state"], |of| {
        ahead(of, by_header("envoy.lb"));
    }),
    ("a session chooses among subsets", &["upstream"], |of| {
        cluster(of)["lb_subset_config"] = json!({"subset_selectors": [{"keys": ["app"]}]});
        filters(of).insert(2, http_filter("stateful_session.v3.StatefulSession", json!({})));
    }),
    ("a session in a cluster of one application", &[], |of| {
        filters(of).insert(2, http_filter("stateful_session.v3.StatefulSession", json!({})));
    }),
    (
        "a listener of a tunnel gets the address from a header",
        &["upstream"],
        |of| {
            let key = "envoy.filters.listener.original_dst.local_ip";
            ahead(of, by_request(key, "%REQ(x-where)%"));
        },
    ),
    (
        "a session chooses among the subsets of a policy",
        &["upstream"],
        |of| {
            let kind = "envoy.extensions.load_balancing_policies.subset.v3.Subset";
            let own = json!({"name": "own", "typed_config": typed(kind, json!({}))});
            cluster(of)["load_balancing_policy"] = json!({"policies": [{"typed_extension_config": own}]});
            filters(of).insert(2, http_filter("stateful_session.v3.StatefulSession", json!({})));
        },
    ),
    ("a session that writes what was denied", &["header-names"], |of| {
        asks(of, "request.headers[mcp-session-id]", "revoked");
        filters(of).insert(2, session("mcp-session-id"));
    }),
    (
        "a session ahead that changes what routes go by",
        &["upstream"],
        |of| {
            route(of)["match"]["headers"] = json!([{"name": "mcp-session-id", "present_match": true}]);
            ahead(of, session("mcp-session-id"));
        },
    ),
    ("a key that is hidden from the module", &["header-names"], |of| {
        asks(of, "request.headers[x-key]", "revoked");
        ahead(of, keys(true));
    }),
    ("a key that is not", &[], |of| {
        asks(of, "request.headers[x-key]", "revoked");
        ahead(of, keys(false));
    }),
    ("a place that routes go by", &["upstream"], |of| {
        route(of)["match"]["headers"] = json!([{"name": "x-country", "string_match": {"exact": "ch"}}]);
        let named = json!({"geo_headers_to_add": {"country": "x-country"}});
        ahead(
            of,
            http_filter("geoip.v3.Geoip", json!({"provider": {"typed_config": named}})),
        );
    }),
    ("a header that a route removes ahead", &["upstream"], |of| {
        route(of)["match"]["headers"] = json!([{"name": "x-app", "present_match": true}]);
        ahead(of, changes(json!([])));
        let own = json!({"mutations": {"request_mutations": [{"remove": "x-app"}]}});
        route(of)["typed_per_filter_config"] = json!({"header_mutation.v3.HeaderMutation":
            typed("envoy.extensions.filters.http.header_mutation.v3.HeaderMutationPerRoute", own)});
    }),
    ("the client's host beside another", &["header-names"], |of| {
        asks(of, "request.headers[x-forwarded-host]", "admin.example");
        route(of)["route"]["host_rewrite_literal"] = "orders.shop".into();
        route(of)["route"]["append_x_forwarded_host"] = true.into();
    }),
    ("a header that routes go by is changed", &["upstream"], |of| {
        route(of)["match"]["headers"] = json!([{"name": "X-App", "string_match": {"exact": "a"}}]);
        ahead(of, changes(json!([{"append": adds("x-app")}])));
    }),
    ("it is removed", &["upstream"], |of| {
        route(of)["match"]["headers"] = json!([{"name": "x-app", "present_match": true}]);
        ahead(of, changes(json!([{"remove": "X-App"}])));
    }),
    ("whatever begins like it is removed", &["upstream"], |of| {
        route(of)["match"]["headers"] = json!([{"name": "x-app", "present_match": true}]);
        ahead(
            of,
            changes(json!([{"remove_on_match": {"key_matcher": {"prefix": "x-"}}}])),
        );
    }),
    ("another is changed", &[], |of| {
        route(of)["match"]["headers"] = json!([{"name": "x-app", "present_match": true}]);
        ahead(of, changes(json!([{"append": adds("x-team")}])));
    }),
    ("a body that is no longer packed", &["header-names"], |of| {
        asks(of, "request.headers[content-encoding]", "br");
        filters(of).insert(2, http_filter("decompressor.v3.Decompressor", json!({})));
    }),
];

/// A filter that keeps the session in a header.
fn session(name: &str) -> Json {
    let kind = "envoy.extensions.http.stateful_session.envelope.v3.EnvelopeSessionState";
    let state = json!({"name": "own", "typed_config": typed(kind, json!({"header": {"name": name}}))});
    http_filter(
        "stateful_session.v3.StatefulSession",
        json!({"session_state": state}),
    )
}

fn keys(hidden: bool) -> Json {
    let message = json!({
        "credentials": [{"key": "k", "client": "c"}],
        "key_sources": [{"header": "X-Key"}],
        "forwarding": {"header": "x-client", "hide_credentials": hidden},
    });
    http_filter("api_key_auth.v3.ApiKeyAuth", message)
}

fn changes(mutations: Json) -> Json {
    http_filter(
        "header_mutation.v3.HeaderMutation",
        json!({"mutations": {"request_mutations": mutations}}),
    )
}

#[test]
fn requests_go_the_way_that_was_decided_about() {
    judge(&whole(), WAYS);
}

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
            push(
                &mut listener(of)["listener_filters"],
                filter("listener.proxy_protocol.v3.ProxyProtocol"),
            );
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

/// Filters after the module that write headers.
const LATE: &[Case] = &[
    ("a limit that writes what was denied", &["header-names"], |of| {
        asks(of, "request.headers[x-role]", "admin");
        filters(of).insert(2, limit("x-role"));
    }),
    ("the same ahead of the module", &[], |of| {
        asks(of, "request.headers[x-role]", "admin");
        ahead(of, limit("x-role"));
    }),
    (
        "a limit that writes the certificate",
        &["forwarded-client-cert"],
        |of| {
            filters(of).insert(2, limit("x-forwarded-client-cert"));
        },
    ),
    (
        "a limit of a route that writes what was denied",
        &["header-names"],
        |of| {
            asks(of, "request.headers[x-role]", "admin");
            filters(of).insert(2, http_filter("local_ratelimit.v3.LocalRateLimit", json!({})));
            let own = limit("x-role")["typed_config"].clone();
            route(of)["typed_per_filter_config"] = json!({"local_ratelimit.v3.LocalRateLimit": own});
        },
    ),
    ("gRPC-Web becomes what was denied", &["header-names"], |of| {
        asks(of, "request.headers[content-type]", "application/grpc");
        filters(of).insert(2, http_filter("grpc_web.v3.GrpcWeb", json!({})));
    }),
    ("gRPC-Web that no policy asks about", &[], |of| {
        filters(of).insert(2, http_filter("grpc_web.v3.GrpcWeb", json!({})));
    }),
];

fn limit(header: &str) -> Json {
    let message = json!({"stat_prefix": "own", "request_headers_to_add_when_not_enforced": [adds(header)]});
    http_filter("local_ratelimit.v3.LocalRateLimit", message)
}

#[test]
fn filters_behind_the_module_write_nothing_that_it_reads() {
    judge(&whole(), LATE);
}

#[test]
fn filters_behind_the_router_change_nothing() {
    judge(&whole(), BEHIND);
}

#[test]
fn where_requests_go_is_not_a_clients_to_say() {
    judge(&whole(), CHOSEN);
}

const AHEAD: &[Case] = &[
    ("faults that may be a success", &["order"], |of| {
        let abort = json!({"abort": {"http_status": 200, "percentage": {"numerator": 100}}});
        ahead(of, http_filter("fault.v3.HTTPFault", abort));
    }),
    ("faults that a client asks for", &["order"], |of| {
        let abort = json!({"abort": {"header_abort": {}, "percentage": {"numerator": 100}}});
        ahead(of, http_filter("fault.v3.HTTPFault", abort));
    }),
    ("an authorizer that fails with a success", &["order"], |of| {
        let fails = json!({"status_on_error": {"code": "OK"}});
        ahead(of, http_filter("ext_authz.v3.ExtAuthz", fails));
    }),
    ("the same by its number", &["order"], |of| {
        let fails = json!({"statusOnError": {"code": 200}});
        ahead(of, http_filter("ext_authz.v3.ExtAuthz", fails));
    }),
    ("an authorizer that fails with a refusal", &[], |of| {
        let fails = json!({"status_on_error": {"code": "ServiceUnavailable"}});
        ahead(of, http_filter("ext_authz.v3.ExtAuthz", fails));
    }),
    ("faults behind", &[], |of| {
        filters(of).insert(2, http_filter("fault.v3.HTTPFault", json!({})));
    }),
];

#[test]
fn what_is_ahead_answers_with_no_success() {
    judge(&whole(), AHEAD);
}
