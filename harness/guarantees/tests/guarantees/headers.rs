//! Headers that the configuration writes: a client's certificate, and what policies read.

use serde_json::{Value as Json, json};

use crate::cases::{Case, adds, ahead, asks, http_filter, judge, route, typed, whole};
use crate::edits::{filters, manager};

fn early(of: &mut Json, name: &str) {
    let kind = "envoy.extensions.http.early_header_mutation.header_mutation.v3.HeaderMutation";
    let mutations = json!({"mutations": [{"append": adds(name)}]});
    manager(of)["early_header_mutation_extensions"] =
        json!([{"name": "own", "typed_config": typed(kind, mutations)}]);
}

fn mutation(name: &str) -> Json {
    let mutations = json!({"request_mutations": [{"append": adds(name)}]});
    http_filter(
        "header_mutation.v3.HeaderMutation",
        json!({"mutations": mutations}),
    )
}

/// `jwt_authn` that writes a claim into this header.
fn claim(name: &str) -> Json {
    let claim = json!([{"header_name": name, "claim_name": "uri"}]);
    let provider = json!({"issuer": "https://issuer.example", "claim_to_headers": claim});
    http_filter(
        "jwt_authn.v3.JwtAuthentication",
        json!({"providers": {"issuer": provider}}),
    )
}

const CERTIFICATE: &[Case] = &[
    ("early, with underscores", &["forwarded-client-cert"], |of| {
        early(of, "x_forwarded_client_cert");
    }),
    ("early, which Envoy drops", &[], |of| {
        early(of, "X-Forwarded-Client-Cert")
    }),
    ("early, by what is not known", &["forwarded-client-cert"], |of| {
        manager(of)["early_header_mutation_extensions"] = json!([{"name": "own"}]);
    }),
    ("a route, with underscores", &["forwarded-client-cert"], |of| {
        route(of)["request_headers_to_add"] = json!([adds("X_Forwarded_Client_Cert")]);
    }),
    ("a virtual host, with some", &["forwarded-client-cert"], |of| {
        let host = &mut manager(of)["route_config"]["virtual_hosts"][0];
        host["request_headers_to_add"] = json!([adds("x-forwarded_client-cert")]);
    }),
    ("a filter, with underscores", &["forwarded-client-cert"], |of| {
        ahead(of, mutation("x_forwarded_client_cert"));
    }),
    (
        "a filter on some route, with underscores",
        &["forwarded-client-cert"],
        |of| {
            ahead(of, mutation("x-team"));
            let own = mutation("x_forwarded_client_cert");
            let name = own["name"].as_str().expect("a name");
            let kind = "envoy.extensions.filters.http.header_mutation.v3.HeaderMutationPerRoute";
            let entry = typed(kind, json!({"mutations": own["typed_config"]["mutations"]}));
            route(of)["typed_per_filter_config"] = json!({name: entry});
        },
    ),
    ("behind the router", &["forwarded-client-cert", "order"], |of| {
        let router = filters(of).last_mut().expect("a router");
        router["typed_config"]["upstream_http_filters"] = json!([mutation("x-forwarded-client-cert")]);
    }),
    ("a claim of a token", &["forwarded-client-cert"], |of| {
        ahead(of, claim("x-forwarded-client-cert"));
    }),
    ("a claim elsewhere", &[], |of| ahead(of, claim("x-uri"))),
    ("the payload of a token", &["forwarded-client-cert"], |of| {
        let provider =
            json!({"issuer": "https://issuer.example", "forward_payload_header": "x_forwarded_client_cert"});
        let message = json!({"providers": {"issuer": provider}});
        ahead(of, http_filter("jwt_authn.v3.JwtAuthentication", message));
    }),
    ("the name of a user", &["forwarded-client-cert"], |of| {
        let message = json!({"forward_username_header": "x-forwarded-client-cert"});
        ahead(of, http_filter("basic_auth.v3.BasicAuth", message));
    }),
    ("a header that is removed", &[], |of| {
        let removed = json!({"request_mutations": [{"remove": "x-forwarded-client-cert"}]});
        let message = json!({"mutations": removed});
        ahead(of, http_filter("header_mutation.v3.HeaderMutation", message));
    }),
];

/// A policy that reads `x-role`.
fn reads_role() -> Json {
    let mut whole = whole();
    asks(&mut whole, "request.headers[X-Role]", "admin");
    whole
}

const DECIDES: &[Case] = &[
    ("early, with underscores", &["header-names"], |of| {
        early(of, "x_role")
    }),
    ("early, which the policy sees", &[], |of| early(of, "x-role")),
    ("a filter, with underscores", &["header-names"], |of| {
        ahead(of, mutation("x_role"))
    }),
    ("a filter, which the policy sees", &[], |of| {
        ahead(of, mutation("x-role"))
    }),
    ("a claim, with underscores", &["header-names"], |of| {
        ahead(of, claim("x_role"))
    }),
    ("a route, after the decision", &["header-names"], |of| {
        route(of)["request_headers_to_add"] = json!([adds("x-role")]);
    }),
    ("the same with underscores", &["header-names"], |of| {
        route(of)["request_headers_to_add"] = json!([adds("x_role")]);
    }),
    ("a route of its own words", &[], |of| {
        let header = json!({"header": {"key": "x-role", "value": "gateway"}});
        route(of)["request_headers_to_add"] = json!([header]);
    }),
    ("another header", &[], |of| {
        early(of, "x_team");
        ahead(of, mutation("x_team"));
        route(of)["request_headers_to_add"] = json!([adds("x_team")]);
    }),
];

#[test]
fn nothing_writes_the_clients_certificate() {
    judge(&whole(), CERTIFICATE);
}

#[test]
fn nothing_writes_what_policies_read_past_them() {
    crate::cases::judge_held(&reads_role());
    judge(&reads_role(), DECIDES);
}

#[test]
fn a_header_of_one_spelling_is_not_written_after_the_decision() {
    let mut whole = whole();
    asks(&mut whole, "request.headers[role]", "admin");
    crate::cases::judge_held(&whole);
    let cases: &[Case] = &[("a route", &["header-names"], |of| {
        route(of)["request_headers_to_add"] = json!([adds("Role")]);
    })];
    judge(&whole, cases);
}
