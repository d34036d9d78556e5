//! Edits where two issuers are described.

use super::*;

pub(super) const TWO: &[Case] = &[
    ("one of two", &["tokens"], |of| {
        let providers = jwt(of)["providers"].as_object_mut().expect("an object");
        providers.remove("origins-1");
        jwt(of)["rules"][0]["requires"] = any(&["origins-0"], &json!({"allow_missing": {}}));
    }),
    ("a requirement that forgets one", &["tokens"], |of| {
        jwt(of)["rules"][0]["requires"] = any(&["origins-0"], &json!({"allow_missing": {}}));
    }),
    ("one invalid token beside none", &["tokens"], |of| {
        let each = |name: &str| any(&[name], &json!({"allow_missing": {}}));
        jwt(of)["rules"][0]["requires"] =
            json!({"requires_any": {"requirements": [each("origins-0"), each("origins-1")]}});
    }),
    ("any of both, or none", &[], |of| {
        jwt(of)["rules"][0]["requires"] = any(&["origins-0", "origins-1"], &json!({"allow_missing": {}}));
    }),
    ("all that are given", &[], |of| {
        let each = |name: &str| any(&[name], &json!({"allow_missing": {}}));
        jwt(of)["rules"][0]["requires"] =
            json!({"requires_all": {"requirements": [each("origins-0"), each("origins-1")]}});
    }),
    ("a requirement of an unknown kind", &["tokens"], |of| {
        jwt(of)["rules"][0]["requires"] = json!({"extract_only_without_validation": {}});
    }),
    ("another URL", &["tokens"], |of| {
        second(of)["remote_jwks"]["http_uri"]["uri"] = "https://partner.example/other".into();
    }),
    ("the URL in plaintext", &["tokens"], |of| {
        second(of)["remote_jwks"]["http_uri"]["uri"] = "http://partner.example:443/jwks".into();
    }),
    ("the URL with its port", &[], |of| {
        second(of)["remote_jwks"]["http_uri"]["uri"] = "https://Partner.example:443/jwks".into();
    }),
    ("keys that were fetched once", &["tokens"], |of| {
        remove(second(of), "remote_jwks");
        second(of)["local_jwks"] = json!({"inline_string": keys("partner")});
    }),
    ("a cluster that is not there", &["tokens"], |of| {
        second(of)["remote_jwks"]["http_uri"]["cluster"] = "nowhere".into();
    }),
    ("a cluster in plaintext", &["tokens"], |of| {
        remove(key_cluster(of), "transport_socket")
    }),
    ("a certificate of any root", &["tokens"], |of| {
        remove(validation(of), "trusted_ca")
    }),
    ("a certificate for any name", &["tokens"], |of| {
        remove(validation(of), "match_typed_subject_alt_names");
    }),
    ("a certificate for another name", &["tokens"], |of| {
        validation(of)["match_typed_subject_alt_names"][0]["matcher"]["exact"] = "issuer.example".into();
    }),
    ("an untrusted certificate", &["tokens"], |of| {
        validation(of)["trust_chain_verification"] = "ACCEPT_UNTRUSTED".into();
    }),
];
