//! Rules that let in more than was meant, or nobody.

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
        "apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: {{name: a, namespace: shop}}\nspec: {{selector: {{matchLabels: \
         {{app: orders}}}}, {spec}}}\n"
    )
}

fn by_header(header: &str) -> String {
    policy(&format!(
        "rules: [{{when: [{{key: \"request.headers[{header}]\", values: [admin]}}]}}]"
    ))
}

#[test]
fn a_role_from_the_clients_own_header() {
    for header in [
        "x-user-role",
        "X-User-Roles",
        "x-user-tier",
        "is-admin",
        "x-groups",
    ] {
        checked(&[&by_header(header)]).says(1, &["[PW018]", "which any client can send"]);
    }
    for header in ["user-agent", "x-api-version", "x-admin-token", "x-tenant"] {
        fine(&[&by_header(header)]);
    }
    let role = by_header("x-user-role");
    let tokens = "apiVersion: security.istio.io/v1\nkind: RequestAuthentication\nmetadata: {name: t, namespace: shop}\n\
                  spec: {selector: {matchLabels: {app: orders}}, jwtRules: [{issuer: https://idp.example, jwksUri: \
                  https://idp.example/keys, outputClaimToHeaders: [{header: X-User-Role, claim: role}]}]}\n";
    let ran = checked(&[&role, tokens]);
    assert!(!ran.out.contains("PW018"), "{ran:?}");
    let route = |what: &str| {
        format!(
            "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {{name: r, namespace: shop}}\nspec: {{hosts: [orders], http: \
             [{{{what}, route: [{{destination: {{host: orders}}}}]}}]}}\n"
        )
    };
    fine(&[&role, &route("headers: {request: {remove: [X-User-Role]}}")]);
    fine(&[&role, &route("headers: {request: {set: {x-user-role: guest}}}")]);
    let matching = route("match: [{headers: {x-user-role: {exact: admin}}}]");
    checked(&[&role, &matching]).says(1, &["[PW018]"]);
}

#[test]
fn a_deny_of_all_methods_but_a_few() {
    let denying = |methods: &str| {
        policy(&format!(
            "action: DENY, rules: [{{to: [{{operation: {{methods: [{methods}], paths: [/admin/*]}}}}]}}]"
        ))
    };
    for (methods, missing) in [
        (
            "GET, POST, PUT, DELETE",
            "`HEAD`, `PATCH` and every unusual method are not denied",
        ),
        (
            "GET, POST, PUT, PATCH, DELETE, OPTIONS",
            "`HEAD` and every unusual method",
        ),
    ] {
        checked(&[&denying(methods)]).says(1, &["[PW053]", missing]);
    }
    for methods in [
        "POST, PUT, PATCH, DELETE",
        "GET",
        "GET, HEAD, POST, PUT, PATCH, DELETE",
        "\"*\"",
    ] {
        let ran = checked(&[&denying(methods)]);
        assert!(!ran.out.contains("PW053"), "{methods}: {ran:?}");
    }
    let allowing = denying("GET, POST, PUT, DELETE").replace("action: DENY, ", "");
    assert!(!checked(&[&allowing]).out.contains("PW053"));
}

#[test]
fn the_kubelet_has_no_identity() {
    let from = |action: &str, source: &str| {
        policy(&format!("{action}rules: [{{from: [{{source: {{{source}}}}}]}}]"))
    };
    for (action, source) in [
        ("", "namespaces: [kube-system]"),
        ("", "namespaces: [web, kube-system]"),
        ("", "principals: [cluster.local/ns/kube-system/sa/kubelet]"),
        ("action: DENY, ", "notNamespaces: [kube-system, web]"),
    ] {
        checked(&[&from(action, source)]).says(1, &["[PW045]", "nobody has an identity of this namespace"]);
    }
    let ran = checked(&[&from("action: DENY, ", "namespaces: [kube-system]")]);
    assert!(!ran.out.contains("PW045"), "{ran:?}");
}
