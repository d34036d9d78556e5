//! A validation context in two parts: the roots may be in either, as Envoy adds what a secret has to what is in place.

use serde_json::{Value as Json, json};

use crate::cases::{judge_held, whole};
use crate::edits::{remove, tls, validation};
use crate::rendered::told;

/// The rendered configuration with this context in place, and this one in a secret.
fn combined(place: Json, secret: Json) -> Json {
    let mut whole = whole();
    let common = &mut tls(&mut whole)["common_tls_context"];
    remove(common, "validation_context");
    common["combined_validation_context"] = json!({
        "default_validation_context": place,
        "validation_context_sds_secret_config": {"name": "names"},
    });
    whole["static_resources"]["secrets"] = json!([{"name": "names", "validation_context": secret}]);
    whole
}

fn roots() -> Json {
    validation(&mut whole())["trusted_ca"].clone()
}

fn names() -> Json {
    json!([{"san_type": "URI", "matcher": {"prefix": "spiffe://cluster.local/"}}])
}

#[test]
fn the_roots_are_in_one_of_both() {
    for whole in [
        combined(
            json!({"trusted_ca": roots()}),
            json!({"match_typed_subject_alt_names": names()}),
        ),
        combined(
            json!({"match_typed_subject_alt_names": names()}),
            json!({"trusted_ca": roots()}),
        ),
    ] {
        judge_held(&whole);
    }
}

#[test]
fn without_roots_nobody_is_verified() {
    for whole in [
        combined(json!({}), json!({"match_typed_subject_alt_names": names()})),
        combined(json!({"trusted_ca": {"filename": ""}}), json!({})),
        combined(
            json!({"trusted_ca": roots()}),
            json!({"trusted_ca": {"filename": ""}}),
        ),
        combined(
            json!({"trusted_ca": roots()}),
            json!({"trust_chain_verification": "ACCEPT_UNTRUSTED"}),
        ),
    ] {
        assert_eq!(told(whole), ["validation"]);
    }
}
