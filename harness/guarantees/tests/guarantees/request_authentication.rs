//! Tokens are verified as `RequestAuthentication` documents require, or `tokens` is not kept.

mod beside;
mod two;

use serde_json::{Value as Json, json};

use crate::cases::{Case, adds, ahead, http_filter, judge, judge_held, typed};
use crate::edits::{filters, manager, remove};
use crate::rendered::{http, parsed, verifying};

const ISSUER: &str = "https://issuer.example";
const PARTNER: &str = "https://partner.example";

fn keys(kid: &str) -> String {
    json!({"keys": [{"kty": "oct", "kid": kid, "k": "c2VjcmV0"}]}).to_string()
}

fn document(rules: &[Json]) -> Json {
    json!({
        "apiVersion": "security.istio.io/v1",
        "kind": "RequestAuthentication",
        "metadata": {"name": "tokens", "namespace": "shop"},
        "spec": {"jwtRules": rules},
    })
}

fn rendered(rules: &[Json]) -> Json {
    parsed(&verifying(&http(), &[document(rules)]).file().expect("one file"))
}

/// Keys in the document, and headers from tokens.
fn own() -> Json {
    json!({
        "issuer": ISSUER,
        "audiences": ["orders", "billing"],
        "jwks": keys("own"),
        "fromHeaders": [{"name": "X-Token", "prefix": "Token "}],
        "spaceDelimitedClaims": ["groups"],
        "outputPayloadToHeader": "X-Payload",
        "outputClaimToHeaders": [{"header": "x_group", "claim": "group"}],
    })
}

/// Keys that are fetched.
fn partner() -> Json {
    json!({"issuer": PARTNER, "jwksUri": "https://partner.example/jwks"})
}

fn one() -> Json {
    rendered(&[own()])
}

fn two() -> Json {
    rendered(&[own(), partner()])
}

/// Edits the module's configuration, after the filters that verify tokens.
fn configure(of: &mut Json, edit: impl FnOnce(&mut Json)) {
    let mut modules = filters(of)
        .iter_mut()
        .filter(|filter| filter["name"] == "peerwarden-http");
    let module = modules.next().expect("the module");
    let value = &mut module["typed_config"]["config"]["configuration"]["value"];
    let mut config = serde_json::from_str(value.as_str().expect("a text")).expect("JSON");
    edit(&mut config);
    *value = config.to_string().into();
}

/// The filter that verifies tokens, after the one that removes headers.
fn jwt(of: &mut Json) -> &mut Json {
    &mut filters(of)[1]["typed_config"]
}

fn provider(of: &mut Json) -> &mut Json {
    &mut jwt(of)["providers"]["origins-0"]
}

fn second(of: &mut Json) -> &mut Json {
    &mut jwt(of)["providers"]["origins-1"]
}

fn requirements(of: &mut Json) -> &mut Json {
    &mut jwt(of)["rules"][0]["requires"]["requires_any"]["requirements"]
}

fn key_cluster(of: &mut Json) -> &mut Json {
    let clusters = of["static_resources"]["clusters"].as_array_mut().expect("a list");
    clusters.last_mut().expect("a cluster")
}

fn validation(of: &mut Json) -> &mut Json {
    let tls = &mut key_cluster(of)["transport_socket"]["typed_config"];
    &mut tls["common_tls_context"]["validation_context"]
}

fn any(names: &[&str], more: &Json) -> Json {
    let mut parts: Vec<Json> = names.iter().map(|name| json!({"provider_name": name})).collect();
    parts.push(more.clone());
    json!({"requires_any": {"requirements": parts}})
}

/// A filter that writes a client's text.
fn writes(name: &str) -> Json {
    let mutations = json!({"request_mutations": [{"append": adds(name)}]});
    http_filter(
        "header_mutation.v3.HeaderMutation",
        json!({"mutations": mutations}),
    )
}

const ONE: &[Case] = &[
    ("no filter", &["tokens"], |of| {
        filters(of).remove(1);
    }),
    ("switched off", &["tokens"], |of| {
        filters(of)[1]["disabled"] = true.into()
    }),
    ("switched off on a host", &["tokens"], |of| {
        let off = typed("envoy.config.route.v3.FilterConfig", json!({"disabled": true}));
        manager(of)["route_config"]["virtual_hosts"][0]["typed_per_filter_config"] =
            json!({"envoy.filters.http.jwt_authn": off});
    }),
    ("behind the module", &["tokens", "order", "second-lock"], |of| {
        let filter = filters(of).remove(1);
        filters(of).insert(2, filter);
    }),
    ("another issuer", &["tokens"], |of| {
        provider(of)["issuer"] = PARTNER.into()
    }),
    ("no issuer", &["tokens"], |of| remove(provider(of), "issuer")),
    ("another audience", &["tokens"], |of| {
        provider(of)["audiences"] = json!(["orders", "mail"])
    }),
    ("one audience more", &["tokens"], |of| {
        provider(of)["audiences"] = json!(["orders", "billing", "mail"]);
    }),
    ("no audiences", &["tokens"], |of| {
        remove(provider(of), "audiences")
    }),
    ("audiences in another order", &[], |of| {
        provider(of)["audiences"] = json!(["billing", "orders"]);
    }),
    ("other keys", &["tokens"], |of| {
        provider(of)["local_jwks"]["inline_string"] = keys("other").into();
    }),
    ("keys in a file", &["tokens"], |of| {
        provider(of)["local_jwks"] = json!({"filename": "/etc/envoy/jwks.json"});
    }),
    ("keys that are fetched", &["tokens"], |of| {
        remove(provider(of), "local_jwks");
        provider(of)["remote_jwks"] =
            json!({"http_uri": {"uri": "https://issuer.example/jwks", "cluster": "x"}});
    }),
    ("the same keys, written in another way", &[], |of| {
        let text = keys("own").replace(':', " : ");
        provider(of)["local_jwks"]["inline_string"] = text.into();
    }),
    ("another header", &["tokens"], |of| {
        provider(of)["from_headers"][0]["name"] = "authorization".into();
    }),
    ("another prefix", &["tokens"], |of| {
        provider(of)["from_headers"][0]["value_prefix"] = "Bearer ".into();
    }),
    ("one place more", &["tokens"], |of| {
        provider(of)["from_params"] = json!(["token"])
    }),
    ("a cookie more", &["tokens"], |of| {
        provider(of)["from_cookies"] = json!(["token"])
    }),
    ("the header in another case", &[], |of| {
        provider(of)["from_headers"][0]["name"] = "x-TOKEN".into();
    }),
    ("claims that are not split", &["tokens"], |of| {
        provider(of)["normalize_payload_in_metadata"]["space_delimited_claims"] = json!(["scope"]);
    }),
    ("no header for the payload", &["tokens"], |of| {
        remove(provider(of), "forward_payload_header")
    }),
    ("no header for a claim", &["tokens"], |of| {
        remove(provider(of), "claim_to_headers")
    }),
    ("another claim in a header", &["tokens"], |of| {
        provider(of)["claim_to_headers"][0]["claim_name"] = "sub".into();
    }),
    ("the token is forwarded", &["tokens"], |of| {
        provider(of)["forward"] = true.into()
    }),
    ("a provider more", &["tokens"], |of| {
        let mut other = provider(of).clone();
        other["issuer"] = PARTNER.into();
        jwt(of)["providers"]["other"] = other;
    }),
    ("invalid tokens pass", &["tokens"], |of| {
        requirements(of)[1] = json!({"allow_missing_or_failed": {}});
    }),
    ("nothing is required", &["tokens"], |of| {
        remove(&mut jwt(of)["rules"][0], "requires")
    }),
    ("only some paths", &["tokens"], |of| {
        jwt(of)["rules"][0]["match"]["prefix"] = "/api".into()
    }),
    ("only some requests", &["tokens"], |of| {
        jwt(of)["rules"][0]["match"]["headers"] = json!([{"name": "x-token", "present_match": true}]);
    }),
    ("some paths before, without a requirement", &["tokens"], |of| {
        let rules = jwt(of)["rules"].as_array_mut().expect("a list");
        rules.insert(0, json!({"match": {"prefix": "/public"}}));
    }),
    ("some paths before, that need a token", &[], |of| {
        let rules = jwt(of)["rules"].as_array_mut().expect("a list");
        let rule = json!({"match": {"prefix": "/api"}, "requires": {"provider_name": "origins-0"}});
        rules.insert(0, rule);
    }),
    ("every request needs a token", &[], |of| {
        jwt(of)["rules"][0]["requires"] = json!({"provider_name": "origins-0"});
    }),
    ("by name", &[], |of| {
        let requires = jwt(of)["rules"][0]["requires"].clone();
        jwt(of)["rules"][0] = json!({"match": {"prefix": "/"}, "requirement_name": "all"});
        jwt(of)["requirement_map"] = json!({"all": requires});
    }),
    ("a host with a weaker requirement", &["tokens"], |of| {
        jwt(of)["requirement_map"] = json!({"weak": {"allow_missing_or_failed": {}}});
        let kind = "envoy.extensions.filters.http.jwt_authn.v3.PerRouteConfig";
        let weak = typed(kind, json!({"requirement_name": "weak"}));
        manager(of)["route_config"]["virtual_hosts"][0]["typed_per_filter_config"] =
            json!({"envoy.filters.http.jwt_authn": weak});
    }),
    ("a client's own header survives", &["tokens"], |of| {
        filters(of).remove(0);
    }),
    ("one of them survives", &["tokens"], |of| {
        let mutations = &mut filters(of)[0]["typed_config"]["mutations"]["request_mutations"];
        mutations.as_array_mut().expect("a list").remove(0);
    }),
    ("removed too late", &["tokens"], |of| filters(of).swap(0, 1)),
    (
        "removed by a filter that a route switches off",
        &["tokens"],
        |of| {
            let off = typed("envoy.config.route.v3.FilterConfig", json!({"disabled": true}));
            let name = filters(of)[0]["name"].as_str().expect("a name").to_owned();
            manager(of)["route_config"]["typed_per_filter_config"] = json!({name: off});
        },
    ),
    ("written again from a client's text", &["tokens"], |of| {
        filters(of).insert(1, writes("x-group"));
    }),
    ("written behind what verifies", &["tokens"], |of| {
        filters(of).insert(2, writes("X_Payload"));
    }),
    ("written by a route", &["tokens"], |of| {
        manager(of)["route_config"]["request_headers_to_add"] = json!([adds("x-payload")]);
    }),
    ("another header that is written", &[], |of| {
        filters(of).insert(1, writes("x-user"));
    }),
    ("removed by a filter that is switched off", &["tokens"], |of| {
        filters(of)[0]["disabled"] = true.into();
    }),
    (
        "spellings that are let through",
        &["tokens", "forwarded-client-cert"],
        |of| {
            manager(of)["common_http_protocol_options"]["headers_with_underscores_action"] = "ALLOW".into();
        },
    ),
    ("a document for another workload", &[], |of| {
        filters(of).remove(1);
        configure(of, |config| {
            config["resources"][2]["spec"]["selector"] = json!({"matchLabels": {"app": "billing"}});
        });
    }),
    ("a workload that only the node knows", &["tokens"], |of| {
        configure(of, |config| remove(config, "workload"));
    }),
    ("another filter that takes tokens of its own", &["tokens"], |of| {
        let provider = json!({
            "issuer": PARTNER, "audiences": ["orders"], "payload_in_metadata": "payload",
            "local_jwks": {"inline_string": keys("partner")},
        });
        let rules =
            json!([{"match": {"prefix": "/"}, "requires": any(&["p"], &json!({"allow_missing": {}}))}]);
        ahead(
            of,
            http_filter(
                "jwt_authn.v3.JwtAuthentication",
                json!({"providers": {"p": provider}, "rules": rules}),
            ),
        );
    }),
];

#[test]
fn what_is_rendered_does_what_documents_say() {
    judge_held(&one());
    judge_held(&two());
    let loose = json!({"issuer": ISSUER, "jwks": keys("own")});
    let reads = json!({
        "apiVersion": "security.istio.io/v1",
        "kind": "AuthorizationPolicy",
        "metadata": {"name": "claims", "namespace": "shop"},
        "spec": {"rules": [{
            "from": [{"source": {"requestPrincipals": ["*"]}}],
            "when": [{"key": "request.headers[x-payload]", "values": ["*"]}],
        }]},
    });
    // Documents may omit audiences, and policies may read headers that are written from tokens.
    let documents = [document(&[loose, own()]), reads];
    judge_held(&parsed(&verifying(&http(), &documents).file().expect("one file")));
}

#[test]
fn what_lets_more_in_than_documents_say_is_told() {
    judge(&one(), ONE);
    judge(&two(), two::TWO);
    judge(&one(), beside::BESIDE);
}
