//! Filters beside the module: what those behind it, behind the router and ahead of it may change and answer.

use serde_json::{Value as Json, json};

use crate::cases::{Case, adds, ahead, asks, cluster, http_filter, judge, route, typed, whole};
use crate::edits::filters;

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

/// A second cluster, with filters, that the route's is made of.
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

/// Filters behind the module that write headers.
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
