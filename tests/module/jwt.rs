//! Verified tokens: dynamic metadata as Istio and as plain Envoy write it.

use peerwarden_host::{Connection, HttpOutcome};
use serde_json::{Value, json};

use crate::fixture::{FRONTEND, ask, get, peer, policy, vm};

fn configuration(jwt: Value) -> Vec<u8> {
    let rules = json!([{
        "from": [{"source": {"requestPrincipals": ["https://issuer.example/alice"]}}],
        "when": [{"key": "request.auth.claims[groups][team]", "values": ["admins"]}],
    }]);
    let mut configuration = json!({
        "workload": {"namespace": "shop"},
        "resources": [policy("alice", "ALLOW", rules)],
    });
    if !jwt.is_null() {
        configuration["jwt"] = jwt;
    }
    configuration.to_string().into_bytes()
}

fn with(filter: &str, key: &str) -> Connection {
    let payload = json!({
        "iss": "https://issuer.example", "sub": "alice", "groups": {"team": ["ops", "admins"]}, "exp": 1_900_000_000_u64,
    });
    Connection {
        dynamic_metadata: json!({filter: {key: payload}}).as_object().unwrap().clone(),
        ..peer(FRONTEND)
    }
}

#[test]
fn where_the_configuration_says_and_nowhere_else() {
    const JWT_AUTHN: &str = "envoy.filters.http.jwt_authn";
    let own = json!({"filter": "my.tokens", "key": "verified"});
    let only_key = json!({"key": "verified"});
    for (jwt, filter, key) in [
        (json!(null), JWT_AUTHN, "payload"),
        (only_key, JWT_AUTHN, "verified"),
        (own, "my.tokens", "verified"),
    ] {
        let (mut vm, plugin) = vm(configuration(jwt));
        assert_eq!(
            ask(&mut vm, plugin, &with(filter, key), get("/")),
            HttpOutcome::Continue,
            "{filter} {key}"
        );
        for other in [with(filter, "other"), with("other", key), peer(FRONTEND)] {
            assert_ne!(
                ask(&mut vm, plugin, &other, get("/")),
                HttpOutcome::Continue,
                "{filter} {key}"
            );
        }
    }
}
