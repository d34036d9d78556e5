//! Lints that analyse meaning: the engine evaluated their evidence, and harmless policies are not reported.

mod ports;
mod rules;
mod tokens;

use crate::fixture::{Folder, RunOutput};

fn checked(documents: &[&str]) -> RunOutput {
    Folder::with(&[("all.yaml", &documents.join("---\n"))]).run(&["check"])
}

#[track_caller]
fn finds(documents: &[&str], parts: &[&str]) {
    checked(documents).says(1, parts);
}

#[track_caller]
fn fine(documents: &[&str]) {
    let ran = checked(documents);
    assert_eq!(ran.code, 0, "{}", ran.out);
}

fn policy(spec: &str) -> String {
    format!(
        "apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: {{name: a, namespace: shop}}\nspec: {spec}\n"
    )
}

fn named(name: &str, spec: &str) -> String {
    policy(spec).replace("name: a,", &format!("name: {name},"))
}

fn modes(spec: &str) -> String {
    format!(
        "apiVersion: security.istio.io/v1\nkind: PeerAuthentication\nmetadata: {{name: default, namespace: shop}}\nspec: {spec}\n"
    )
}

/// Labels and ports of a Deployment.
fn workload(labels: &str, ports: &str) -> String {
    format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: web, namespace: shop}}\nspec: {{template: {{metadata: {{labels: \
         {{{labels}}}}}, spec: {{containers: [{{name: c, ports: [{ports}]}}]}}}}}}\n"
    )
}

fn service(ports: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Service\nmetadata: {{name: web, namespace: shop}}\nspec: {{selector: {{app: web}}, ports: [{ports}]}}\n"
    )
}

#[test]
fn plaintext_that_a_negation_lets_in() {
    let negation = policy(
        "{rules: [{from: [{source: {notNamespaces: [batch]}}], to: [{operation: {paths: [\"/a*\"]}}]}]}",
    );
    finds(
        &[&negation],
        &[
            "warning[PW001]",
            "note: `GET /a` with host `service.example` to port 8080 in plaintext",
            "is allowed by shop/a[0]",
        ],
    );
    finds(
        &[&negation, &modes("{mtls: {mode: PERMISSIVE}}")],
        &["warning[PW001]"],
    );
    fine(&[&negation, &modes("{mtls: {mode: STRICT}}")]);
    // One open port is enough.
    let ports =
        "{selector: {matchLabels: {app: web}}, mtls: {mode: STRICT}, portLevelMtls: {9090: {mode: DISABLE}}}";
    let web = workload("app: web", "{containerPort: 8080}, {containerPort: 9090}");
    finds(
        &[&negation, &modes(ports), &web],
        &["warning[PW001]", "to port 9090 in plaintext"],
    );
}

#[test]
fn identities_where_plaintext_is_taken() {
    let deny =
        policy("{action: DENY, rules: [{from: [{source: {principals: [cluster.local/ns/batch/sa/x]}}]}]}");
    let permissive = modes("{mtls: {mode: PERMISSIVE}}");
    finds(
        &[&deny, &permissive],
        &[
            "warning[PW016]",
            "peers that `principals` names get in over plaintext",
            "PeerAuthentication shop/default",
            "is allowed",
        ],
    );
    // Nothing shows that plaintext is accepted.
    fine(&[&deny]);
    fine(&[&deny, &modes("{mtls: {mode: STRICT}}")]);
    // Plaintext is denied, as it is not among the allowed callers.
    let callers = named("b", "{rules: [{from: [{source: {namespaces: [web]}}]}]}");
    fine(&[&deny, &permissive, &callers]);
    let disabled = modes("{mtls: {mode: DISABLE}}");
    finds(
        &[&callers, &disabled],
        &["warning[PW016]", "the rule lets nobody in", "DISABLE"],
    );
    fine(&[&callers, &permissive]);
}

#[test]
fn a_denial_by_default_that_is_void() {
    let (nothing, all) = (named("b", "{}"), policy("{rules: [{}]}"));
    finds(
        &[&nothing, &all],
        &[
            "warning[PW021]",
            "shop/b: this deny-all has no effect",
            "shop/a allows everything",
            "is allowed by shop/a[0]",
        ],
    );
    fine(&[
        &nothing,
        &policy("{rules: [{from: [{source: {namespaces: [web]}}]}]}"),
    ]);
    fine(&[
        &nothing,
        &policy("{selector: {matchLabels: {app: web}}, rules: [{}]}"),
    ]);
    fine(&[&nothing, &all.replace("namespace: shop", "namespace: other")]);
    let dry = all.replace(
        "namespace: shop",
        "namespace: shop, annotations: {istio.io/dry-run: \"true\"}",
    );
    let ran = checked(&[&nothing, &dry]);
    assert!(!ran.out.contains("PW021"), "{}", ran.out);
}

#[test]
fn headers_and_addresses_that_a_client_can_forge() {
    let by = |header: &str, from: &str| {
        policy(&format!(
            "{{rules: [{{{from}when: [{{key: 'request.headers[{header}]', values: [x]}}]}}]}}"
        ))
    };
    for header in [
        "X-Forwarded-For",
        "x-envoy-external-address",
        "X-Real-IP",
        "x-role",
    ] {
        finds(&[&by(header, "")], &["warning[PW018]", &header.to_lowercase()]);
    }
    fine(&[&by("x-team", "")]);
    fine(&[&by(
        "x-role",
        "from: [{source: {principals: [cluster.local/ns/ingress/sa/gateway]}}], ",
    )]);
    finds(
        &[&by("x-role", "from: [{source: {principals: ['*']}}], ")],
        &["warning[PW018]"],
    );
    // A DENY on it denies honest clients, and allows nobody.
    fine(&[&by("x-role", "")
        .replace("{rules:", "{action: DENY, rules:")
        .replace("when:", "to: [{operation: {ports: [\"8080\"]}}], when:")]);
    let office = policy("{rules: [{from: [{source: {remoteIpBlocks: [203.0.113.0/24]}}]}]}");
    finds(&[&office], &["warning[PW019]", "X-Forwarded-For"]);
    fine(&[&office.replace("namespace: shop", "namespace: istio-ingress")]);
    fine(&[&office.replace(
        "{rules:",
        "{selector: {matchLabels: {istio: ingressgateway}}, rules:",
    )]);
    fine(&[&office.replace(
        "remoteIp",
        "principals: [cluster.local/ns/ingress/sa/gateway], remoteIp",
    )]);
}
