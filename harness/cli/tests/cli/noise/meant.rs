//! Policies that look odd on purpose, and those that are mistakes.

use crate::fixture::{Folder, RunOutput};

fn checked(documents: &[&str]) -> RunOutput {
    Folder::with(&[("all.yaml", &documents.join("---\n"))]).run(&["check"])
}

#[track_caller]
fn fine(documents: &[&str]) {
    let ran = checked(documents);
    assert_eq!((ran.code, ran.out.as_str()), (0, ""), "{ran:?}");
}

fn policy(spec: &str) -> String {
    format!(
        "apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: {{name: a, namespace: shop}}\nspec:\n{spec}"
    )
}

/// An ALLOW policy with these operations.
fn paths(paths: &str) -> String {
    policy(&format!(
        "  rules:\n  - to:\n    - operation: {{paths: [{paths}]}}\n"
    ))
}

#[test]
fn a_mongodb_client_speaks_first() {
    let permissive = "apiVersion: security.istio.io/v1\nkind: PeerAuthentication\nmetadata: {name: default, namespace: shop}\nspec: {selector: \
                      {matchLabels: {app: db}}, mtls: {mode: STRICT}, portLevelMtls: {PORT: {mode: PERMISSIVE}}}\n";
    fine(&[&permissive.replace("PORT", "27017")]);
    checked(&[&permissive.replace("PORT", "3306")]).says(1, &["[PW009]"]);
}

const POD: &str = "apiVersion: apps/v1
kind: Deployment
metadata: {name: hook, namespace: shop}
spec:
  template:
    metadata:
      labels: {app: hook}
      annotations:
        COMMENT
        traffic.sidecar.istio.io/excludeInboundPorts: \"8443\"
    spec:
      containers: [{name: a, image: a}]
---
apiVersion: v1
kind: Service
metadata: {name: hook, namespace: shop}
spec: {selector: {app: hook}, ports: [{port: 443, targetPort: 8443}]}
---
apiVersion: v1
kind: Service
metadata: {name: other, namespace: shop}
spec: {selector: {app: hook}, ports: [{port: 443, targetPort: 8443}]}
---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: default, namespace: shop}
spec: {mtls: {mode: STRICT}}
";

#[test]
fn an_excluded_port_of_a_webhook() {
    let without = POD.replace("        COMMENT\n", "");
    let ran = checked(&[&without]);
    ran.says(1, &["[PW011]"]);
    // Once for both services.
    assert_eq!(ran.out.matches("[PW011]").count(), 1, "{ran:?}");
    let webhook = |name: &str| {
        format!(
            "apiVersion: admissionregistration.k8s.io/v1\nkind: MutatingWebhookConfiguration\nmetadata: {{name: {name}}}\nwebhooks:\n- name: \
             a.example\n  clientConfig: {{service: {{name: {name}, namespace: shop}}}}\n"
        )
    };
    assert_eq!(checked(&[&without, &webhook("hook")]).code, 1);
    fine(&[&without, &webhook("hook"), &webhook("other")]);
    fine(&[&POD.replace("COMMENT", "# It has a certificate of its own.")]);
}

#[test]
fn a_deny_all_of_one_workload() {
    let to = |to: &str| policy(&format!("  action: DENY\n{to}  rules:\n  - {{}}\n"));
    fine(&[&to("  selector: {matchLabels: {app: old}}\n")]);
    checked(&[&to("")]).says(1, &["[PW020]"]);
}

#[test]
fn a_path_beside_a_wider_one() {
    fine(&[&paths("/pay/process, /pay/*")]);
    checked(&[&paths("/pay/process, \"*\"")]).says(1, &["[PW022]"]);
    checked(&[&paths("/pay, /pay")]).says(1, &["[PW022]"]);
}

#[test]
fn stars_inside_values() {
    fine(&[&paths("/dex/*, /dex/**")]);
    let ran = checked(&[&paths("/api/*, /api/*/*, /pay/*, /pay/*/*")]);
    ran.says(
        1,
        &[
            "[PW027]",
            "remove it: `/api/*` in this list matches every depth",
            "here too",
        ],
    );
    assert_eq!(ran.out.matches("[PW027]").count(), 1, "{ran:?}");
    let header =
        policy("  rules:\n  - when:\n    - {key: 'request.headers[user-agent]', values: [\"*bot*\"]}\n");
    checked(&[&header]).says(1, &["[PW027]", "no value means \"contains\""]);
}

/// It is no question of the trust domain.
#[test]
fn the_subject_of_a_certificate() {
    let ran = checked(&[
        &policy("  rules:\n  - from:\n    - source: {principals: [\"pki/O=Gov/OU=Police\"]}\n"),
        &policy("  rules:\n  - from:\n    - source: {principals: [cluster.local/ns/a/sa/b]}\n")
            .replace("name: a,", "name: b,"),
    ]);
    ran.says(1, &["[PW039]", "is the subject of a certificate"]);
    assert!(!ran.out.contains("PW034"), "{ran:?}");
}

#[test]
fn two_rules_that_are_meant() {
    let rules = |from: &str, comment: &str, to: &str| {
        policy(&format!(
            "  rules:\n  - from:\n    - source: {{{from}}}\n{comment}  - to:\n    - operation: {{{to}}}\n"
        ))
    };
    let web = "principals: [cluster.local/ns/web/sa/web]";
    checked(&[&rules(web, "", "methods: [GET]")]).says(1, &["[PW038]"]);
    fine(&[&rules(
        web,
        "  # Without `from`, so that probes get in.\n\n",
        "methods: [GET]",
    )]);
    // Public paths, and everything with a token.
    let keys = "apiVersion: security.istio.io/v1\nkind: RequestAuthentication\nmetadata: {name: a, namespace: shop}\nspec: {jwtRules: [{issuer: \
                https://a.example}]}\n";
    fine(&[keys, &rules("requestPrincipals: [\"*\"]", "", "paths: [/auth/*]")]);
    checked(&[keys, &rules("requestPrincipals: [\"*\"]", "", "methods: [GET]")]).says(1, &["[PW038]"]);
}

fn tokens(to: &str, issuer: &str) -> String {
    format!(
        "apiVersion: security.istio.io/v1\nkind: RequestAuthentication\nmetadata: {{name: t, namespace: shop}}\nspec:\n  {to}\n  jwtRules: \
         [{{issuer: {issuer}}}]\n"
    )
}

/// A service is behind the waypoint that verifies the token.
#[test]
fn a_token_that_the_waypoint_verifies() {
    let to = |kind: &str, group: &str| format!("targetRefs: [{{kind: {kind}, group: {group}, name: x}}]");
    let asks = policy(&format!(
        "  {}\n  rules:\n  - from:\n    - source: {{requestPrincipals: [\"*\"]}}\n",
        to("Service", "''")
    ));
    let gateway = to("Gateway", "gateway.networking.k8s.io");
    let ran = checked(&[&tokens(&gateway, "https://a.example"), &asks]);
    assert!(!ran.out.contains("PW040"), "{ran:?}");
    let other = to("Service", "''").replace("name: x", "name: other");
    checked(&[&tokens(&other, "https://a.example"), &asks]).says(1, &["[PW040]"]);
}

/// One document is missing, however many policies wait for it.
#[test]
fn a_missing_document_is_told_once() {
    let asks = policy(
        "  selector: {matchLabels: {app: a}}\n  rules:\n  - from:\n    - source: {requestPrincipals: [\"*\"]}\n",
    );
    let again = asks.replace("name: a,", "name: b,");
    let ran = checked(&[
        &tokens("selector: {matchLabels: {app: other}}", "https://a.example"),
        &asks,
        &again,
    ]);
    ran.says(1, &["[PW040]", "here too"]);
    assert_eq!(ran.out.matches("[PW040]").count(), 1, "{ran:?}");
}

#[test]
fn tokens_that_nobody_has_to_have() {
    let login = |issuer: &str| {
        let other = policy("  rules:\n  - from:\n    - source: {principals: [cluster.local/ns/a/sa/b]}\n");
        [tokens("selector: {matchLabels: {app: keycloak}}", issuer), other]
    };
    let [keys, other] = login("https://issuer.example");
    checked(&[&keys, &other]).says(1, &["[PW042]"]);
    let [own, other] = login("http://keycloak.shop.svc:8080/realms/a");
    fine(&[&own, &other]);
    let reasoned = format!("# Without an AuthorizationPolicy, API keys work too.\n{keys}");
    fine(&[&reasoned, &other]);
}

/// A first ALLOW closes the workload to all that it does not name.
#[test]
fn a_workload_that_only_probes_reach() {
    let metrics = policy(
        "  selector: {matchLabels: {app: web}}\n  rules:\n  - to:\n    - operation: {methods: [GET], paths: [/metrics, /healthz]}\n",
    );
    let other = policy("  rules:\n  - from:\n    - source: {principals: [cluster.local/ns/a/sa/b]}\n")
        .replace("name: a,", "name: b,");
    let web = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, namespace: shop}\nspec:\n  template:\n    metadata: {labels: {app: \
               web}}\n    spec: {containers: [{name: a, image: a}]}\n";
    let service = "apiVersion: v1\nkind: Service\nmetadata: {name: web, namespace: shop}\nspec: {selector: {app: web}, ports: [{name: http, \
                   port: 80}]}\n";
    checked(&[&metrics]).says(1, &["[PW051]", "the workload that it selects"]);
    checked(&[&metrics, web, service]).says(1, &["[PW051]", "the only ALLOW for Deployment shop/web"]);
    fine(&[&metrics, &other]);
    checked(&[&metrics.replace("/metrics", "/orders/actuator/*")]).says(1, &["[PW051]"]);
    // Nobody calls it.
    fine(&[&metrics, web]);
    fine(&[
        &metrics,
        web,
        &service.replace("name: http", "name: http-metrics"),
    ]);
}

/// The engine refuses an address that is a placeholder, and the lint finds it: one mistake.
#[test]
fn a_placeholder_is_told_once() {
    let gateway = policy("  action: DENY\n  rules:\n  - from: [{source: {ipBlocks: [\"<<CLIENT_IP>>\"]}}]\n");
    let ran = checked(&[&gateway]);
    ran.says(1, &["`<<CLIENT_IP>>` is a placeholder"]);
    assert_eq!(ran.out.matches("PW039").count(), 1, "{ran:?}");
}
