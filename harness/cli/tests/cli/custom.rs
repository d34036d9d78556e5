//! External authorizers, whose answers are in the traffic.

use super::fixture::Folder;

const CUSTOM: &str = r#"{"apiVersion": "security.istio.io/v1", "kind": "AuthorizationPolicy",
    "metadata": {"name": "admin", "namespace": "shop"},
    "spec": {"action": "CUSTOM", "provider": {"name": "authz"},
             "rules": [{"to": [{"operation": {"paths": ["/admin*"]}}]}]}}"#;

fn line(provider: &str, traffic: &str) -> String {
    let line = format!(
        r#"{{"workload": {{"namespace": "shop"}}, "resources": [{CUSTOM}],
            "extensionProviders": [{{"name": "authz", {provider}}}], "traffic": {traffic}}}"#
    );
    line.replace('\n', " ") + "\n"
}

const HTTP: &str = r#""envoyExtAuthzHttp": {"service": "authz.tools", "port": 80}"#;
const OPEN: &str = r#""envoyExtAuthzHttp": {"service": "authz.tools", "port": 80, "failOpen": true}"#;
const GRPC: &str = r#""envoyExtAuthzGrpc": {"service": "authz.tools", "port": 80}"#;
const BROKEN: &str = r#""envoyExtAuthzGrpc": {"service": "authz.tools"}"#;

#[test]
fn both_engines_ask_and_do_as_they_are_told() {
    let admin = |answers: &str| format!(r#"{{"http": {{"path": "/admin"}}, "authorizers": {answers}}}"#);
    for (provider, traffic, expected) in [
        (HTTP, admin(r#"{"authz": "allow"}"#), "\"decision\":\"allow\""),
        (HTTP, admin(r#"{"authz": "deny"}"#), "authorizer denied"),
        (HTTP, admin(r#"{"authz": "fail"}"#), "gave no usable answer"),
        (HTTP, admin("{}"), "gave no usable answer"),
        (OPEN, admin("{}"), "\"decision\":\"allow\""),
        (OPEN, admin(r#"{"authz": "deny"}"#), "authorizer denied"),
        (GRPC, admin(r#"{"authz": "allow"}"#), "\"decision\":\"allow\""),
        (GRPC, admin(r#"{"authz": "deny"}"#), "authorizer denied"),
        (GRPC, admin("{}"), "gave no usable answer"),
        (BROKEN, admin(r#"{"authz": "allow"}"#), "missing, misconfigured"),
        (HTTP, r#"{"http": {"path": "/"}}"#.to_owned(), "no ALLOW policy"),
        (BROKEN, r#"{"http": {"path": "/"}}"#.to_owned(), "no ALLOW policy"),
        // On TCP nothing of the rule is left, so it applies to every connection; an HTTP authorizer is never called.
        (
            GRPC,
            r#"{"protocol": "tcp", "authorizers": {"authz": "deny"}}"#.to_owned(),
            "authorizer denied",
        ),
        (
            GRPC,
            r#"{"protocol": "tcp", "authorizers": {"authz": "allow"}}"#.to_owned(),
            "\"decision\":\"allow\"",
        ),
        (
            HTTP,
            r#"{"protocol": "tcp", "authorizers": {"authz": "deny"}}"#.to_owned(),
            "no ALLOW policy",
        ),
    ] {
        let folder = Folder::with(&[]);
        let ran = folder.run_with(&["eval", "--engine", "both"], line(provider, &traffic));
        assert!(
            ran.code == 0 && ran.out.contains(expected),
            "{provider} {traffic}: {} {}",
            ran.out,
            ran.err
        );
    }
}

const SUITE: &str = r#"
workload: {namespace: shop}
extensionProviders:
- name: authz
  envoyExtAuthzHttp: {service: authz.tools, port: 80}
resources:
- apiVersion: security.istio.io/v1
  kind: AuthorizationPolicy
  metadata: {name: admin, namespace: shop}
  spec:
    action: CUSTOM
    provider: {name: authz}
    rules: [{to: [{operation: {paths: ["/admin*"]}}]}]
cases:
- {name: yes, request: {path: /admin, authorizers: {authz: allow}}, expect: allow}
- {name: no, request: {path: /admin, authorizers: {authz: deny}}, expect: deny, by: "shop/admin[0]"}
- {name: silence, request: {path: /admin}, expect: deny}
"#;

#[test]
fn suites_say_who_is_asked_and_what_is_answered() {
    let folder = Folder::with(&[("custom_test.yaml", SUITE)]);
    let ran = folder.run(&["test"]);
    assert_eq!(ran.code, 0, "{} {}", ran.out, ran.err);
    let ran = folder.run(&["explain", "custom_test.yaml", "--case", "no"]);
    assert_eq!(ran.code, 0, "{} {}", ran.out, ran.err);
    for said in [
        "external authorizer `authz`, called because of shop/admin[0], denies",
        "CUSTOM shop/admin[0] decides (provider `authz`)",
    ] {
        assert!(ran.out.contains(said), "{}", ran.out);
    }
}

/// The same with a second provider, and the setting of the mesh that allows it.
fn several(mesh: &str) -> String {
    let second = "- name: scan\n  envoyExtAuthzGrpc: {service: authz.tools, port: 80}\nresources:\n- apiVersion: security.istio.io/v1\n  \
                  kind: AuthorizationPolicy\n  metadata: {name: uploads, namespace: shop}\n  spec:\n    action: CUSTOM\n    provider: {name: \
                  scan}\n    rules: [{to: [{operation: {methods: [POST]}}]}]\n";
    let cases = "cases:\n- {name: both, request: {method: POST, path: /admin, authorizers: {authz: allow, scan: allow}}, expect: allow}\n\
                 - {name: second, request: {method: POST, path: /admin, authorizers: {authz: allow, scan: deny}}, expect: deny, by: \
                 'shop/uploads[0]'}\n- {name: alone, request: {method: POST, path: /, authorizers: {authz: deny, scan: allow}}, expect: allow}\n";
    let (head, _) = SUITE.split_once("cases:\n").unwrap();
    format!("{}mesh: {mesh}\n{cases}", head.replace("resources:\n", second))
}

/// Both authorizers are behind one cluster: who is asked shows in the order alone.
#[test]
fn several_providers_are_asked_where_the_mesh_allows_it() {
    let allowed = several("{multipleCustomAuthzProviders: true}");
    let folder = Folder::with(&[("custom_test.yaml", allowed.as_str())]);
    let ran = folder.run(&["test", "--engine", "both"]);
    assert_eq!(ran.code, 0, "{} {}", ran.out, ran.err);
    let ran = folder.run(&["explain", "custom_test.yaml", "--case", "second"]);
    let said = [
        "external authorizer `authz`, called because of shop/admin[0], allows",
        "external authorizer `scan`, called because of shop/uploads[0], denies",
        "CUSTOM shop/uploads[0] decides (provider `scan`)",
    ];
    let places: Vec<_> = said.iter().map(|said| ran.out.find(said)).collect();
    assert!(
        places.iter().all(Option::is_some) && places.is_sorted(),
        "{}",
        ran.out
    );
    let ran = folder.run(&[
        "explain",
        "custom_test.yaml",
        "--case",
        "second",
        "--format",
        "json",
    ]);
    let report: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    let answers: Vec<&str> = report["custom"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|asked| asked["answer"].as_str())
        .collect();
    assert_eq!(answers, ["allow", "deny"]);
    let denied = several("{}");
    let folder = Folder::with(&[("custom_test.yaml", denied.as_str())]);
    let ran = folder.run(&["test", "--engine", "both"]);
    assert_eq!(ran.code, 1, "{} {}", ran.out, ran.err);
    let ran = folder.run(&["explain", "custom_test.yaml", "--case", "both"]);
    ran.says(
        0,
        &[
            "missing, misconfigured or one of several",
            "`authz`, `scan`, called because of shop/admin[0], cannot be called",
            "`multipleCustomAuthzProviders: true`",
            "`PILOT_ENABLE_MULTIPLE_CUSTOM_AUTHZ_PROVIDERS`",
        ],
    );
    let (_, policies) = denied.split_once("resources:\n").unwrap();
    let (policies, _) = policies.split_once("mesh:").unwrap();
    let folder = Folder::new();
    folder.write(
        "all.yaml",
        format!("apiVersion: v1\nkind: List\nitems:\n{policies}"),
    );
    let setting = "`PILOT_ENABLE_MULTIPLE_CUSTOM_AUTHZ_PROVIDERS`";
    // None of the answers depends on what a provider would answer.
    for arguments in [
        &["who-can", "POST /admin", "--engine", "native"][..],
        &["can-ever", "POST /admin", "--expect", "no", "--engine", "native"],
        &["matrix", "--engine", "native"],
        &["matrix", "--engine", "native", "--format", "csv"],
    ] {
        let ran = folder.run(arguments);
        ran.says(0, &[setting]);
        assert!(!ran.out.contains("not described"), "{ran:?}");
    }
    folder.run(&["check"]).says(1, &["[PW052]", setting]);
    folder.write("mesh.conf", "multipleCustomAuthzProviders: true\n");
    assert_eq!(folder.run(&["check", "--mesh", "mesh.conf"]).code, 0);
}
