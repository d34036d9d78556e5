//! Headers that determine where a request ends or what its connection carries, and what removes them. Each is tried on
//! Envoy 1.36 and 1.40: without its `upgrade` a request has another end for the application than for Envoy.

use serde_json::{Value as Json, json};

use crate::cases::{Case, ahead, asks, http_filter, judge, judge_held, route, typed, whole};
use crate::edits::manager;

const CASES: &[Case] = &[
    ("a route removes it", &["upstream"], |of| {
        route(of)["request_headers_to_remove"] = json!(["Upgrade"]);
    }),
    ("a virtual host", &["upstream"], |of| {
        host(of)["request_headers_to_remove"] = json!(["x-a", "connection"]);
    }),
    ("all routes", &["upstream"], |of| {
        manager(of)["route_config"]["request_headers_to_remove"] = json!(["transfer-encoding"]);
    }),
    ("one of several clusters", &["upstream"], |of| {
        let name = route(of)["route"]["cluster"].take();
        let cluster = json!({"name": name, "weight": 1, "request_headers_to_remove": ["content-length"]});
        route(of)["route"] = json!({"weighted_clusters": {"clusters": [cluster]}});
    }),
    ("a copy of a request", &["upstream"], |of| {
        let cluster = route(of)["route"]["cluster"].clone();
        route(of)["route"]["request_mirror_policies"] =
            json!([{"cluster": cluster, "request_headers_mutations": [{"remove": "upgrade"}]}]);
    }),
    ("what only the edge may not send", &["upstream"], |of| {
        manager(of)["route_config"]["internal_only_headers"] = json!(["upgrade"]);
    }),
    ("before any filter", &["upstream"], |of| {
        early(of, json!({"remove": "connection"}));
    }),
    ("whatever ends like it, before any filter", &["upstream"], |of| {
        early(
            of,
            json!({"remove_on_match": {"key_matcher": {"suffix": "-length"}}}),
        );
    }),
    ("a filter", &["upstream"], |of| {
        ahead(of, mutation(json!([{"remove": "upgrade"}])));
    }),
    ("a filter, whatever contains a word", &["upstream"], |of| {
        ahead(
            of,
            mutation(json!([{"remove_on_match": {"key_matcher": {"contains": "GRADE"}}}])),
        );
    }),
    ("a filter, by an expression", &["upstream"], |of| {
        let matcher = json!({"key_matcher": {"safe_regex": {"regex": "x-.*"}}});
        ahead(of, mutation(json!([{"remove_on_match": matcher}])));
    }),
    ("a filter, on a route", &["upstream"], |of| {
        ahead(of, mutation(json!([])));
        let own = json!({"mutations": {"request_mutations": [{"remove": "connection"}]}});
        host(of)["typed_per_filter_config"] = json!({"header_mutation.v3.HeaderMutation":
            typed("envoy.extensions.filters.http.header_mutation.v3.HeaderMutationPerRoute", own)});
    }),
    ("what becomes metadata", &["upstream"], |of| {
        let to = json!({"metadata_namespace": "x", "key": "c"});
        let rule = json!({"header": "connection", "on_header_present": to, "remove": true});
        ahead(
            of,
            http_filter("header_to_metadata.v3.Config", json!({"request_rules": [rule]})),
        );
    }),
    ("a key that is hidden", &["upstream"], |of| {
        let message = json!({
            "credentials": [{"key": "websocket", "client": "c"}],
            "key_sources": [{"header": "upgrade"}],
            "forwarding": {"hide_credentials": true},
        });
        ahead(of, http_filter("api_key_auth.v3.ApiKeyAuth", message));
    }),
    ("a token", &["upstream"], |of| {
        let provider =
            json!({"issuer": "i", "payload_in_metadata": "payload", "from_headers": [{"name": "upgrade"}]});
        ahead(
            of,
            http_filter(
                "jwt_authn.v3.JwtAuthentication",
                json!({"providers": {"p": provider}}),
            ),
        );
    }),
    (
        "the length of an answer, in the request that follows it",
        &["upstream"],
        |of| {
            copies(of, "Content-Length");
        },
    ),
    ("a setting of upgrades to HTTP/2", &["upstream"], |of| {
        adds(of, "HTTP2-Settings", "AAMAAABk");
    }),
    ("trailers that nobody sends", &["upstream"], |of| {
        adds(of, "trailer", "x-role")
    }),
    ("an encoding that the application may use", &["upstream"], |of| {
        adds(of, "te", "trailers, deflate");
    }),
];

fn host(of: &mut Json) -> &mut Json {
    &mut manager(of)["route_config"]["virtual_hosts"][0]
}

fn early(of: &mut Json, mutation: Json) {
    let kind = "envoy.extensions.http.early_header_mutation.header_mutation.v3.HeaderMutation";
    manager(of)["early_header_mutation_extensions"] =
        json!([{"name": "early", "typed_config": typed(kind, json!({"mutations": [mutation]}))}]);
}

fn mutation(mutations: Json) -> Json {
    http_filter(
        "header_mutation.v3.HeaderMutation",
        json!({"mutations": {"request_mutations": mutations}}),
    )
}

/// Follows redirects inside Envoy, with this header of the answer.
fn copies(of: &mut Json, name: &str) {
    route(of)["route"]["internal_redirect_policy"] = json!({"response_headers_to_copy": [name]});
}

fn adds(of: &mut Json, name: &str, value: &str) {
    let option = json!({"header": {"key": name, "value": value}});
    route(of)["request_headers_to_add"] = json!([option]);
}

#[test]
fn headers_of_framing_stay_as_they_came() {
    judge(&whole(), CASES);
}

#[test]
fn an_answer_says_nothing_about_its_client() {
    let cases: &[Case] = &[
        ("a header that a policy reads", &["header-names"], |of| {
            asks(of, "request.headers[x-role]", "admin");
            copies(of, "x-role");
        }),
        ("another spelling", &["header-names"], |of| {
            asks(of, "request.headers[x-role]", "admin");
            copies(of, "X_Role");
        }),
        ("a certificate", &["forwarded-client-cert"], |of| {
            copies(of, "X-Forwarded-Client-Cert");
        }),
        ("another header", &[], |of| copies(of, "x-team")),
    ];
    judge(&whole(), cases);
}

#[test]
fn what_changes_no_end_is_held() {
    let sound: [fn(&mut Json); 5] = [
        |of| route(of)["request_headers_to_remove"] = json!(["te", "trailer", "x-upgrade"]),
        |of| adds(of, "TE", "trailers"),
        |of| {
            let matcher = json!({"key_matcher": {"prefix": "x-"}});
            ahead(of, mutation(json!([{"remove_on_match": matcher}])));
        },
        |of| {
            ahead(
                of,
                http_filter("buffer.v3.Buffer", json!({"max_request_bytes": 1024})),
            )
        },
        |of| ahead(of, mutation(json!([{"remove": "x-connection"}]))),
    ];
    for edit in sound {
        let mut whole = whole();
        edit(&mut whole);
        judge_held(&whole);
    }
}
