//! The report of `peerwarden test` on a failure: what decided, and what came closest to the expectation.

use insta::assert_snapshot;

use crate::fixture::Folder;

const POLICIES: &str = r#"apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: orders, namespace: shop}
spec:
  rules:
  - from: [{source: {principals: ["cluster.local/ns/web/sa/frontend"]}}]
    to: [{operation: {methods: [GET], paths: ["/orders*"], notPaths: ["/orders/audit*", "/orders/secret*"]}}]
  - from: [{source: {namespaces: [ops, audit, billing, security, legal]}}]
  - to: [{operation: {ports: ["9090"]}}]
    when: [{key: "request.headers[x-probe]", notValues: ["no"]}]
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: no-admin, namespace: shop}
spec:
  action: DENY
  rules:
  - to: [{operation: {paths: ["/admin*", "/orders/admin*"]}}]
    from: [{source: {notNamespaces: [ops]}}]
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: trial, namespace: shop, annotations: {istio.io/dry-run: "true"}}
spec:
  action: DENY
  rules: [{to: [{operation: {methods: [GET]}}]}]
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: ledger, namespace: shop}
spec: {selector: {matchLabels: {app: ledger}}, rules: [{}]}
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: nobody, namespace: shop}
spec: {}
---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: strict, namespace: shop}
spec:
  mtls: {mode: PERMISSIVE}
  selector: {matchLabels: {app: orders}}
  portLevelMtls: {8443: {mode: STRICT}}
"#;

const SUITE: &str = r#"workload: {namespace: shop, labels: {app: orders}}
policies: [policies.yaml]
peers:
  frontend: spiffe://cluster.local/ns/web/sa/frontend
  ops: spiffe://cluster.local/ns/ops/sa/on-call
  stranger: no-certificate
cases:
- {peer: frontend, request: GET /orders/audit/1, expect: allow, name: a negative field}
- {peer: frontend, request: POST /other, expect: allow, name: two fields of the nearest rule}
- {peer: stranger, request: POST /other, expect: allow, by: 'orders[0]', name: many fields of the rule that is named}
- {peer: frontend, request: GET /orders/admin, expect: allow, name: a rule denies}
- {peer: frontend, request: GET /orders/1, expect: deny, name: no DENY rule matched}
- {peer: ops, request: GET /admin, expect: deny, by: no-admin, name: a value of many}
- {peer: ops, request: GET /orders, expect: deny, by: trial, name: a dry run}
- {peer: frontend, request: GET /orders, expect: allow, by: ledger, name: a policy for others}
- {peer: frontend, request: GET /orders, expect: allow, by: nobody, name: a policy without rules}
- {peer: ops, request: {port: 9090, path: /orders}, expect: allow, by: 'orders[2]', name: a later rule}
- {peer: stranger, request: tcp 9090, expect: allow, by: 'orders[2]', name: HTTP-only fields}
- {peer: stranger, request: {port: 8443, path: /orders}, expect: allow, name: a mode}
- {peer: frontend, request: GET /orders, expect: allow, by: missing, name: no such policy}
"#;

#[test]
fn each_failure_says_what_came_closest() {
    let folder = Folder::with(&[("policies.yaml", POLICIES), ("why_test.yaml", SUITE)]);
    let ran = folder.run(&["test", "--engine", "native"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert_snapshot!(ran.out);
    let widest = ran.out.lines().map(|line| line.chars().count()).max().unwrap();
    assert!(widest <= 80, "{widest}: {ran:?}");
}
