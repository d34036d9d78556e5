//! What decides where a request goes: upgrades, hosts, sessions and keys, behind what was decided about.

use serde_json::{Value as Json, json};

use crate::cases::{Case, adds, ahead, asks, cluster, http_filter, judge, route, typed, whole};
use crate::configurations::{by_header, by_request};
use crate::edits::{filters, manager};

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
    (
        "a session names where others' connections went",
        &["upstream"],
        |of| {
            let name = cluster(of)["name"].clone();
            *cluster(of) = json!({"name": name, "type": "ORIGINAL_DST", "lb_policy": "CLUSTER_PROVIDED"});
            filters(of).insert(2, http_filter("stateful_session.v3.StatefulSession", json!({})));
        },
    ),
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

/// What keeps the session in a header.
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
