//! `peerwarden render` with `RequestAuthentication` documents.

use insta::assert_snapshot;

use super::{DESCRIPTION, folder};

const HEAD: &str = "apiVersion: security.istio.io/v1
kind: RequestAuthentication
metadata: {name: tokens, namespace: shop}
spec:
  jwtRules:
";

const COMMAND: [&str; 5] = ["render", "inbound", "workload.yaml", "--policies", "policies"];

/// The part of an output between two lines, without them.
fn between<'o>(out: &'o str, from: &str, to: &str) -> &'o str {
    let (_, rest) = out.split_once(from).expect("the beginning");
    rest.split_once(to).expect("the end").0
}

#[test]
fn tokens_are_verified_ahead_of_the_module() {
    let folder = folder();
    let rules = "  - issuer: https://issuer.example
    audiences: [orders]
    jwks: '{\"keys\": []}'
    fromHeaders: [{name: x-token, prefix: 'Token '}]
    outputPayloadToHeader: X-Payload
    outputClaimToHeaders: [{header: x_group, claim: group}]
    forwardOriginalToken: true
  - issuer: https://accounts.example
    jwksUri: https://accounts.example/jwks?version=1
    fromCookies: [session]
    fromParams: [token]
    spaceDelimitedClaims: [groups]
    timeout: 2.5s
  - {issuer: https://partner.example, jwksUri: 'http://127.0.0.1:8081'}
";
    folder.write("policies/tokens.yaml", format!("{HEAD}{rules}"));
    let ran = folder.run(&COMMAND);
    assert_eq!(ran.code, 0, "{ran:?}");
    // Only the HTTP port has a filter.
    assert_eq!(
        ran.out.matches("- name: envoy.filters.http.jwt_authn\n").count(),
        1
    );
    assert_snapshot!(between(
        &ran.out,
        "http_filters:\n",
        "              - name: \"peerwarden-http\""
    ));
    let (_, clusters) = ran.out.split_once("  clusters:\n").expect("clusters");
    let (_, keys) = clusters
        .split_once("    # Keys of tokens")
        .expect("a cluster of keys");
    assert_snapshot!(keys);
}

#[test]
fn what_a_token_cannot_be_verified_with_is_told() {
    let folder = folder();
    for (rule, more, says) in [
        (
            "{issuer: https://issuer.example}",
            "",
            "the keys of the issuer are unknown",
        ),
        (
            "{issuer: a, jwks: '{\"keys\": []}', outputPayloadToHeader: Host}",
            "",
            "`Host` has a meaning for Envoy or the application",
        ),
        (
            "{issuer: a, jwks: '{\"keys\": []}', outputPayloadToHeader: x_envoy_peer}",
            "",
            "`x_envoy_peer` has a meaning for Envoy or the application",
        ),
        (
            "{issuer: a, jwks: '{\"keys\": []}', outputPayloadToHeader: authorization}",
            "",
            "tokens are read from `authorization`",
        ),
        (
            "{issuer: a, jwks: '{\"keys\": []}', fromCookies: [a], outputClaimToHeaders: [{header: cookie, claim: a}]}",
            "",
            "tokens are read from `cookie`",
        ),
        (
            "{issuer: a, jwks: '{\"keys\": []}', outputPayloadToHeader: x-a-b-c-d-e-f-g}",
            "underscores: allow\n",
            "too many spellings",
        ),
    ] {
        folder.write("workload.yaml", format!("{DESCRIPTION}{more}"));
        folder.write("policies/tokens.yaml", format!("{HEAD}  - {rule}\n"));
        folder.run(&COMMAND).says(2, &[says, "policies/tokens.yaml:6:"]);
    }
    // Nothing reads tokens on TCP.
    let tcp = "workload: {namespace: shop}\nports:\n- {port: 3306, protocol: MySQL, upstream: \"127.0.0.1:13306\"}\n";
    folder.write("workload.yaml", tcp);
    folder.write(
        "policies/tokens.yaml",
        format!("{HEAD}  - {{issuer: https://issuer.example}}\n"),
    );
    let ran = folder.run(&COMMAND);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(!ran.out.contains("jwt_authn"), "{}", ran.out);
}
