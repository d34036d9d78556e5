//! Tokens count as verified only if something verifies them, and each only for its issuer.

use serde_json::{Value as Json, json};

use crate::cases::{Case, ahead, configure, http_filter, judge, typed, whole};
use crate::edits::{filters, manager, remove};

/// A policy that reads tokens, and `jwt_authn` as in docs/envoy.md.
fn verified() -> Json {
    let mut whole = whole();
    configure(&mut whole, |config| {
        let source = json!([{"source": {"requestPrincipals": ["https://issuer.example/*"]}}]);
        config["resources"][1]["spec"]["rules"][0]["from"] = source;
    });
    let requirements =
        json!({"requires_any": {"requirements": [{"provider_name": "issuer"}, {"allow_missing": {}}]}});
    let message = json!({
        "providers": {"issuer": provider()},
        "rules": [{"match": {"prefix": "/"}, "requires": requirements}],
    });
    filters(&mut whole).insert(0, http_filter("jwt_authn.v3.JwtAuthentication", message));
    whole
}

fn provider() -> Json {
    json!({
        "issuer": "https://issuer.example",
        "audiences": ["orders"],
        "local_jwks": {"filename": "/etc/envoy/jwks.json"},
        "payload_in_metadata": "payload",
    })
}

fn jwt(of: &mut Json) -> &mut Json {
    &mut filters(of)[0]["typed_config"]
}

fn own(of: &mut Json) -> &mut Json {
    &mut jwt(of)["providers"]["issuer"]
}

/// The virtual host's override of the filter.
fn on_host(of: &mut Json, entry: Json) {
    let name = filters(of)[0]["name"].as_str().expect("a name").to_owned();
    manager(of)["route_config"]["virtual_hosts"][0]["typed_per_filter_config"] = json!({name: entry});
}

fn filter_config(message: Json) -> Json {
    typed("envoy.config.route.v3.FilterConfig", message)
}

fn per_route(message: Json) -> Json {
    typed(
        "envoy.extensions.filters.http.jwt_authn.v3.PerRouteConfig",
        message,
    )
}

const CASES: &[Case] = &[
    // Tokens of a key that the issuer has withdrawn stay valid in the cache.
    ("tokens are remembered", &["settings"], |of| {
        own(of)["jwt_cache_config"] = json!({"jwt_cache_size": 100});
    }),
    ("switched off", &["tokens"], |of| {
        filters(of)[0]["disabled"] = true.into()
    }),
    ("not switched off", &[], |of| {
        filters(of)[0]["disabled"] = false.into()
    }),
    ("switched off for some requests", &["tokens"], |of| {
        on_host(of, filter_config(json!({"disabled": true})));
    }),
    ("switched off by its own entry", &["tokens"], |of| {
        on_host(of, per_route(json!({"disabled": true})));
    }),
    ("switched off by its own entry in the other", &["tokens"], |of| {
        let own = per_route(json!({"disabled": true}));
        on_host(of, filter_config(json!({"config": own})));
    }),
    ("another requirement for some requests", &[], |of| {
        on_host(of, per_route(json!({"requirement_name": "issuer"})));
    }),
    ("two, of which one is switched off", &[], |of| {
        let mut spare = filters(of)[0].clone();
        spare["name"] = "spare".into();
        spare["disabled"] = true.into();
        filters(of).insert(1, spare);
    }),
    ("two, of which both are switched off", &["tokens"], |of| {
        filters(of)[0]["disabled"] = true.into();
        let mut second = filters(of)[0].clone();
        second["name"] = "second".into();
        filters(of).insert(1, second);
    }),
    (
        "a spare that a route switches on, of any issuer",
        &["tokens"],
        |of| {
            let mut spare = filters(of)[0].clone();
            spare["name"] = "spare".into();
            spare["disabled"] = true.into();
            remove(&mut spare["typed_config"]["providers"]["issuer"], "issuer");
            filters(of).insert(0, spare);
            on_host(of, filter_config(json!({"config": {}})));
        },
    ),
    ("no issuer", &["tokens"], |of| remove(own(of), "issuer")),
    ("an empty issuer", &["tokens"], |of| own(of)["issuer"] = "".into()),
    ("a partner without an issuer", &["tokens"], |of| {
        let mut partner = provider();
        remove(&mut partner, "issuer");
        jwt(of)["providers"]["partner"] = partner;
    }),
    ("a partner with its own", &[], |of| {
        let mut partner = provider();
        partner["issuer"] = "https://partner.example".into();
        jwt(of)["providers"]["partner"] = partner;
    }),
    ("no audiences", &["tokens"], |of| remove(own(of), "audiences")),
    ("an empty list of audiences", &["tokens"], |of| {
        own(of)["audiences"] = json!([])
    }),
    ("rules that ask for nothing", &["tokens"], |of| {
        remove(&mut jwt(of)["rules"][0], "requires");
    }),
    ("rules with empty requirements", &["tokens"], |of| {
        jwt(of)["rules"][0]["requires"] = json!({});
    }),
    ("rules by a name that is not there", &["tokens"], |of| {
        remove(&mut jwt(of)["rules"][0], "requires");
        jwt(of)["rules"][0]["requirement_name"] = "own".into();
    }),
    ("rules by a name", &[], |of| {
        remove(&mut jwt(of)["rules"][0], "requires");
        jwt(of)["rules"][0]["requirement_name"] = "own".into();
        jwt(of)["requirement_map"] = json!({"own": {"provider_name": "issuer"}});
    }),
    ("rules by filter state that ask for nothing", &["tokens"], |of| {
        remove(jwt(of), "rules");
        jwt(of)["filter_state_rules"] = json!({"name": "own"});
    }),
    ("rules by filter state that nothing sets", &["tokens"], |of| {
        remove(jwt(of), "rules");
        jwt(of)["filter_state_rules"] =
            json!({"name": "own", "requires": {"a": {"provider_name": "issuer"}}});
    }),
    ("a token that is only read", &["tokens"], |of| {
        let either = json!([{"extract_only_without_validation": {}}, {"provider_name": "issuer"}]);
        jwt(of)["rules"][0]["requires"] = json!({"requires_any": {"requirements": either}});
    }),
    ("an answer that becomes a token", &["trusted-state"], |of| {
        let limit = json!({"domain": "shop", "metadata_namespace": "envoy.filters.http.jwt_authn"});
        ahead(of, http_filter("ratelimit.v3.RateLimit", limit));
    }),
    (
        "an authorizer with the name of what verifies",
        &["trusted-state"],
        |of| {
            let mut authorizer = http_filter("ext_authz.v3.ExtAuthz", json!({"grpc_service": {}}));
            authorizer["name"] = "envoy.filters.http.jwt_authn".into();
            ahead(of, authorizer);
        },
    ),
    ("how long a token is good, which is the operator's", &[], |of| {
        own(of)["clock_skew_seconds"] = 100.into();
        own(of)["require_expiration"] = false.into();
    }),
];

#[test]
fn what_verifies_no_token_is_told() {
    crate::cases::judge_held(&verified());
    judge(&verified(), CASES);
}
