//! `RequestAuthentication`: which tokens pass before any policy is evaluated, in every command.

use serde_json::Value;

use crate::fixture::Folder;

const KEYS: &str = r#"'{"keys": [{"kty": "oct", "k": "c2VjcmV0"}]}'"#;

/// Two issuers whose tokens are in separate headers, and a document for another workload.
fn documents() -> String {
    format!(
        r#"apiVersion: security.istio.io/v1
kind: RequestAuthentication
metadata: {{name: staff, namespace: shop}}
spec:
  jwtRules:
  - issuer: https://staff.example
    audiences: [orders]
    jwks: {KEYS}
    fromHeaders: [{{name: x-staff}}]
    outputClaimToHeaders: [{{header: x-group, claim: group}}, {{header: x-level, claim: level}}]
    spaceDelimitedClaims: [roles]
---
apiVersion: security.istio.io/v1
kind: RequestAuthentication
metadata: {{name: guests, namespace: shop}}
spec:
  jwtRules: [{{issuer: https://guests.example, jwks: {KEYS}, fromHeaders: [{{name: x-guest}}]}}]
---
apiVersion: security.istio.io/v1
kind: RequestAuthentication
metadata: {{name: others, namespace: shop}}
spec:
  selector: {{matchLabels: {{app: cart}}}}
  jwtRules: [{{issuer: https://others.example, jwks: {KEYS}}}]
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {{name: orders, namespace: shop}}
spec:
  rules:
  - from: [{{source: {{requestPrincipals: ["https://staff.example/*"]}}}}]
    to: [{{operation: {{paths: ["/orders*"]}}}}]
  - to: [{{operation: {{paths: ["/catalogue"]}}}}]
  - when: [{{key: "request.headers[x-group]", values: [admin]}}, {{key: "request.headers[x-level]", values: ["3"]}}]
    to: [{{operation: {{paths: ["/admin"]}}}}]
  - when: [{{key: "request.auth.claims[roles]", values: [auditor]}}]
    to: [{{operation: {{paths: ["/audit"]}}}}]
"#
    )
}

const SUITE: &str = r"workload: {namespace: shop, labels: {app: orders}}
policies: [policies.yaml]
requests:
  nobody: {path: /orders}
  staff: {path: /orders, jwt: {payload: {iss: 'https://staff.example', sub: ann, aud: orders}}}
  guest: {path: /orders, jwt: {payload: {iss: 'https://guests.example', sub: gus}}}
  other audience: {path: /orders, jwt: {payload: {iss: 'https://staff.example', sub: ann, aud: cart}}}
  unknown issuer: {path: /catalogue, jwt: {payload: {iss: 'https://others.example', sub: x}}}
  invalid: {path: /catalogue, jwt: invalid}
  two good: {path: /orders, jwt: [{payload: {iss: 'https://staff.example', sub: ann, aud: [orders, cart]}}, {payload: {iss: 'https://guests.example', sub: gus}}]}
  good and invalid: {path: /catalogue, jwt: [{payload: {iss: 'https://staff.example', sub: ann, aud: orders}}, invalid]}
  two invalid: {path: /catalogue, jwt: [invalid, invalid]}
  forged: {path: /admin, headers: {X-Group: admin, x-level: '3'}}
  from claims: {path: /admin, jwt: {payload: {iss: 'https://staff.example', aud: orders, group: admin, level: 3}}}
  forged beside a token: {path: /admin, headers: {x-group: admin}, jwt: {payload: {iss: 'https://staff.example', aud: orders, level: 3}}}
  words: {path: /audit, jwt: {payload: {iss: 'https://staff.example', aud: orders, roles: 'clerk auditor'}}}
cases:
- {request: nobody, expect: deny, by: none}
- {request: staff, expect: allow, by: 'orders[0]'}
- {request: guest, expect: deny, by: none}
- {request: other audience, expect: deny, by: 'RequestAuthentication shop/staff[0]'}
- {request: unknown issuer, expect: deny, by: 'RequestAuthentication guests'}
- {request: invalid, expect: deny, by: 'RequestAuthentication guests'}
- {request: two good, expect: deny, by: none}
- {request: good and invalid, expect: allow}
- {request: two invalid, expect: deny, by: 'RequestAuthentication guests'}
- {request: forged, expect: deny, by: none}
- {request: from claims, expect: allow, by: 'orders[2]'}
- {request: forged beside a token, expect: deny, by: none}
- {request: words, expect: allow, by: 'orders[3]'}
- {request: tcp 9090, expect: deny}
";

fn folder() -> Folder {
    Folder::with(&[
        ("policies.yaml", &documents()),
        ("workload.yaml", "namespace: shop\nlabels: {app: orders}\n"),
        ("tokens_test.yaml", SUITE),
    ])
}

#[test]
fn a_suite_gets_what_envoy_answers() {
    let ran = folder().run(&["test"]);
    assert_eq!(ran.code, 0, "{ran:?}");
}

/// Without a document for the workload, a suite's token counts as verified by a filter ahead.
#[test]
fn without_a_document_a_token_counts() {
    let suite = SUITE
        .replace("{app: orders}", "{app: orders}, kind: gateway")
        .split("cases:")
        .next()
        .unwrap()
        .to_owned()
        + "cases:\n- {request: other audience, expect: allow}\n- {request: invalid, expect: allow}\n";
    let policies = documents();
    let (_, policy) = policies.rsplit_once("---\n").unwrap();
    let folder = Folder::with(&[("policies.yaml", policy), ("tokens_test.yaml", &suite)]);
    let ran = folder.run(&["test"]);
    assert_eq!(ran.code, 0, "{ran:?}");
}

#[test]
fn two_rules_that_look_in_the_same_places_refuse_two_forwarded_tokens() {
    let policies = documents()
        .replace("fromHeaders: [{name: x-staff}]", "forwardOriginalToken: true")
        .replace("fromHeaders: [{name: x-guest}]", "forwardOriginalToken: true");
    let (suite, _) = SUITE.split_once("cases:").unwrap();
    let suite = format!(
        "{suite}cases:\n- {{request: two good, expect: deny, by: RequestAuthentication guests}}\n\
         - {{request: staff, expect: allow}}\n- {{request: good and invalid, expect: deny, by: RequestAuthentication guests}}\n"
    );
    let folder = Folder::with(&[("policies.yaml", &policies), ("tokens_test.yaml", &suite)]);
    let ran = folder.run(&["test"]);
    assert_eq!(ran.code, 0, "{ran:?}");
}

#[test]
fn explain_says_that_no_policy_is_asked() {
    let folder = folder();
    let explain = |claims: &[&str], more: &[&str]| {
        let mut arguments = vec![
            "explain",
            "--policies",
            "policies.yaml",
            "--workload",
            "workload.yaml",
        ];
        arguments.extend(["--plaintext", "--path", "/orders"]);
        for claim in claims {
            arguments.extend(["--claim", claim]);
        }
        arguments.extend(more);
        folder.run(&arguments)
    };
    let refused = ["iss=https://staff.example", "sub=ann", "aud=cart"];
    let ran = explain(&refused, &[]);
    for text in [
        "DENY by RequestAuthentication shop/staff[0]",
        "the token has none of the audiences `orders`",
        "answered 403",
        "the module does not see it",
    ] {
        assert!(ran.out.contains(text), "{text}: {ran:?}");
    }
    assert!(!ran.out.contains("the module agrees"), "{ran:?}");
    let ran = explain(&refused, &["--format", "json"]);
    let json: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(json["reason"], "invalid-token");
    assert_eq!(json["tokens"]["status"], 403);
    let good = ["iss=https://staff.example", "sub=ann", "aud=orders"];
    let ran = explain(&good, &["--header", "x-group: admin"]);
    for text in [
        "ALLOW by shop/orders[0]",
        "the token meets RequestAuthentication shop/staff[0]",
        "`x-group` is removed",
    ] {
        assert!(ran.out.contains(text), "{text}: {ran:?}");
    }
}

#[test]
fn nobody_has_a_token_that_no_rule_accepts() {
    let who = |issuer: &str| {
        let rule = "requestPrincipals: [\"https://staff.example/*\"]";
        let policies = documents().replace(rule, &format!("requestPrincipals: [\"{issuer}/*\"]"));
        let workload = "namespace: shop\nlabels: {app: orders}\n";
        let folder = Folder::with(&[("policies.yaml", &policies), ("workload.yaml", workload)]);
        let ran = folder.run(&[
            "who-can",
            "GET /orders",
            "--policies",
            "policies.yaml",
            "--workload",
            "workload.yaml",
        ]);
        ran.out
    };
    assert!(
        who("https://staff.example").contains("https://staff.example"),
        "{}",
        who("https://staff.example")
    );
    assert!(
        who("https://former.example").contains("nobody"),
        "{}",
        who("https://former.example")
    );
}

/// Documents as `kubectl get` prints them, with the fields that the API server adds.
#[test]
fn every_command_takes_documents_with_one() {
    let list = r#"apiVersion: v1
kind: List
items:
- apiVersion: security.istio.io/v1beta1
  kind: RequestAuthentication
  metadata: {name: jwt, namespace: shop, uid: 0c9b, resourceVersion: "12", creationTimestamp: "2026-01-01T00:00:00Z"}
  spec: {jwtRules: [{issuer: "https://issuer.example"}]}
  status: {}
- apiVersion: security.istio.io/v1
  kind: AuthorizationPolicy
  metadata: {name: signed-in, namespace: shop}
  spec: {rules: [{from: [{source: {requestPrincipals: ["https://issuer.example/*"]}}]}]}
"#;
    let folder = Folder::with(&[("policies/all.yaml", list)]);
    for arguments in [
        vec!["check"],
        vec!["fmt"],
        vec!["matrix", "--policies", "policies"],
        vec!["who-can", "GET /", "--policies", "policies"],
        vec!["can-ever", "--path", "/", "--policies", "policies"],
        vec!["diff", "policies", "policies"],
    ] {
        let ran = folder.run(&arguments);
        assert_eq!(ran.code, 0, "{arguments:?}: {ran:?}");
    }
}
