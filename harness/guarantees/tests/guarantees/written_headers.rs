//! Headers that filters and routes write or remove, and what chooses by them: an authorizer, a limit, a policy of a cluster.

use serde_json::{Value as Json, json};

use crate::cases::{Case, ahead, asks, cluster, http_filter, judge, route, typed, whole};
use crate::configurations::push;
use crate::edits::{chain, listener, manager};
use crate::overlooked::proxy_protocol;

pub(crate) fn authorizer(headers: Json) -> Json {
    let service = json!({"authorization_response": {"allowed_upstream_headers": {"patterns": headers}}});
    http_filter("ext_authz.v3.ExtAuthz", json!({"http_service": service}))
}

fn routes_by(of: &mut Json, header: &str) {
    route(of)["match"]["headers"] = json!([{"name": header, "string_match": {"exact": "admin"}}]);
}

/// What writes and removes headers, and what chooses by them.
const CASES: &[Case] = &[
    (
        "an authorizer whose every header is passed on",
        &["forwarded-client-cert", "upstream"],
        |of| {
            ahead(of, authorizer(json!([{"safe_regex": {"regex": ".*"}}])));
        },
    ),
    ("a length that the authorizer says", &["upstream"], |of| {
        ahead(of, authorizer(json!([{"exact": "Content-Length"}])));
    }),
    ("the same by its beginning", &["upstream"], |of| {
        ahead(of, authorizer(json!([{"prefix": "content"}])));
    }),
    ("a transfer encoding of a route", &["upstream"], |of| {
        route(of)["request_headers_to_add"] =
            json!([{"header": {"key": "transfer-encoding", "value": "chunked"}}]);
    }),
    ("a length of one of several clusters", &["upstream"], |of| {
        let name = route(of)["route"]["cluster"].take();
        let add = json!([{"header": {"key": "content-length", "value": "0"}}]);
        route(of)["route"] = json!({"weighted_clusters": {"clusters": [{"name": name, "weight": 1, "request_headers_to_add": add}]}});
    }),
    ("a length before any filter", &["upstream"], |of| {
        let kind = "envoy.extensions.http.early_header_mutation.header_mutation.v3.HeaderMutation";
        let append = json!({"append": {"header": {"key": "content-length", "value": "0"}}});
        manager(of)["early_header_mutation_extensions"] =
            json!([{"name": "early", "typed_config": typed(kind, json!({"mutations": [append]}))}]);
    }),
    (
        "a header that is removed from requests of the edge",
        &["header-names"],
        |of| {
            asks(of, "request.headers[x-tenant]", "evil");
            manager(of)["route_config"]["internal_only_headers"] = json!(["x-tenant"]);
        },
    ),
    (
        "chains that the header chooses by its source",
        &["destination-address"],
        |of| {
            proxy_protocol(of);
            let mut other = chain(of).clone();
            other["name"] = "internal".into();
            other["filter_chain_match"] =
                json!({"source_prefix_ranges": [{"address_prefix": "10.0.0.0", "prefix_len": 8}]});
            push(&mut listener(of)["filter_chains"], other);
        },
    ),
    (
        "routes by a header that the authorizer writes",
        &["upstream"],
        |of| {
            routes_by(of, "x-tenant");
            ahead(of, authorizer(json!([{"exact": "x-tenant"}])));
        },
    ),
    ("the same by its beginning", &["upstream"], |of| {
        routes_by(of, "x-tenant");
        ahead(of, authorizer(json!([{"prefix": "x-ten"}])));
    }),
    ("the same by an authorizer over gRPC", &["upstream"], |of| {
        routes_by(of, "x-tenant");
        ahead(
            of,
            http_filter("ext_authz.v3.ExtAuthz", json!({"grpc_service": {}})),
        );
    }),
    (
        "an authorizer that writes the client's certificate",
        &["forwarded-client-cert"],
        |of| {
            ahead(of, authorizer(json!([{"suffix": "-client-cert"}])));
        },
    ),
    (
        "an authorizer that writes another spelling",
        &["header-names"],
        |of| {
            asks(of, "request.headers[x-role]", "admin");
            ahead(of, authorizer(json!([{"exact": "x_role"}])));
        },
    ),
    ("another prefix of Envoy's headers", &["settings"], |of| {
        of["header_prefix"] = "x-corp".into();
    }),
    (
        "an endpoint that a request names, within a policy",
        &["upstream"],
        |of| {
            let package = "envoy.extensions.load_balancing_policies";
            let by_header = typed(
                &format!("{package}.override_host.v3.OverrideHost"),
                json!({"override_host_sources": [{"header": "x-endpoint"}]}),
            );
            let inner =
                json!({"policies": [{"typed_extension_config": {"name": "o", "typed_config": by_header}}]});
            let subset = typed(
                &format!("{package}.subset.v3.Subset"),
                json!({"subset_lb_policy": inner}),
            );
            cluster(of)["load_balancing_policy"] =
                json!({"policies": [{"typed_extension_config": {"name": "s", "typed_config": subset}}]});
        },
    ),
    ("a policy of a module that is loaded", &["upstream"], |of| {
        let kind =
            "envoy.extensions.load_balancing_policies.dynamic_modules.v3.DynamicModulesLoadBalancerConfig";
        cluster(of)["load_balancing_policy"] = json!({"policies": [{"typed_extension_config": {"name": "m", "typed_config": typed(kind, json!({}))}}]});
    }),
    ("a limit that answers as a success", &["order"], |of| {
        let config = json!({"domain": "shop", "failure_mode_deny": true, "status_on_error": {"code": "OK"}});
        ahead(of, http_filter("ratelimit.v3.RateLimit", config));
    }),
    (
        "a header that is removed before any filter",
        &["header-names"],
        |of| {
            asks(of, "request.headers[x-legacy]", "admin");
            let kind = "envoy.extensions.http.early_header_mutation.header_mutation.v3.HeaderMutation";
            let early = typed(kind, json!({"mutations": [{"remove": "x-legacy"}]}));
            manager(of)["early_header_mutation_extensions"] =
                json!([{"name": "early", "typed_config": early}]);
        },
    ),
    (
        "one of several chains, which the header chooses",
        &["destination-address"],
        |of| {
            proxy_protocol(of);
            asks(of, "destination.port", "8080");
            chain(of)["filter_chain_match"] = json!({"destination_port": 8080});
            let mut other = chain(of).clone();
            other["name"] = "other".into();
            other["filter_chain_match"] = json!({"destination_port": 9090});
            push(&mut listener(of)["filter_chains"], other);
        },
    ),
];

#[test]
fn headers_that_are_written_are_seen() {
    judge(&whole(), CASES);
}
