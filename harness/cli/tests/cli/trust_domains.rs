//! A principal of a trust domain that the mesh does not have: `render` refuses it at the handshake, and no other
//! command promises otherwise.

mod explanations;
mod findings;
mod questions;

use crate::fixture::{Folder, RunOutput};

/// A mesh's frontend and a partner's nightly job.
const POLICY: &str = "apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: orders, namespace: shop}
spec:
  selector: {matchLabels: {app: orders}}
  rules:
  - from: [{source: {principals: [cluster.local/ns/web/sa/frontend]}}]
  - from: [{source: {principals: [partner.example/ns/batch/sa/nightly]}}]
    to: [{operation: {paths: [/export]}}]
";

const SUITE: &str = "workload: {namespace: shop, labels: {app: orders}}
policies: [policy.yaml]
peers:
  frontend: spiffe://cluster.local/ns/web/sa/frontend
  nightly: spiffe://partner.example/ns/batch/sa/nightly
requests:
  export: GET /export
  orders: GET /orders
cases:
- {name: our export, peer: frontend, request: export, expect: allow}
- {name: their export, peer: nightly, request: export, expect: allow}
- {name: their orders, peer: nightly, request: orders, expect: deny}
";

const DESCRIPTION: &str = "workload: {namespace: shop, labels: {app: orders}}
ports: [{port: 8080, protocol: HTTP, upstream: \"127.0.0.1:18080\"}]
";

/// A root of another mesh, which is valid for a hundred years.
const ROOT: &str = "-----BEGIN CERTIFICATE-----
MIIBijCCATGgAwIBAgIUBLyysswHITonQIzMU2BH+bbRj3YwCgYIKoZIzj0EAwIw
GjEYMBYGA1UECgwPcGFydG5lci5leGFtcGxlMCAXDTI2MTIwMTAwMjAyMVoYDzIx
MjYxMTA3MDAyMDIxWjAaMRgwFgYDVQQKDA9wYXJ0bmVyLmV4YW1wbGUwWTATBgcq
hkjOPQIBBggqhkjOPQMBBwNCAARXWnefYyg8lOjqozLcMfwRGSs8m4lwPqd2eJGy
j4tP/fXDehk4WamNEuBR17PY/3E1o5yEAhgk15EUxTs+10bho1MwUTAdBgNVHQ4E
FgQUcCEk0gAyG+D4HIjEdwdSv7uiiXUwHwYDVR0jBBgwFoAUcCEk0gAyG+D4HIjE
dwdSv7uiiXUwDwYDVR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDAgNHADBEAiBLJ1po
koINAuB7hwiocoUXnlm/Bcd0XonBbBigXZa+WwIgDMpbePmj8A8aW3tRzuRRR+wh
HM6EZPvp0RXDenoaI9M=
-----END CERTIFICATE-----
";

/// The mesh's `caCertificates`.
fn roots() -> String {
    let lines = ROOT.lines().map(|line| format!("    {line}\n"));
    let pem: String = lines.collect();
    format!("caCertificates:\n- trustDomains: [partner.example]\n  pem: |\n{pem}")
}

/// The text as the value of `mesh:` in another file.
fn below(mesh: &str) -> String {
    let lines = mesh.lines().map(|line| format!("  {line}\n"));
    format!("mesh:\n{}", lines.collect::<String>())
}

fn folder() -> Folder {
    Folder::with(&[
        ("policy.yaml", POLICY),
        ("orders_test.yaml", SUITE),
        ("workload.yaml", "{namespace: shop, labels: {app: orders}}"),
        (
            "gateway.yaml",
            "{kind: gateway, namespace: shop, labels: {app: orders}}",
        ),
        ("meant.yaml", &roots()),
        ("alias.yaml", "trustDomainAliases: [partner.example]"),
        ("other.yaml", "trustDomain: td.example"),
    ])
}

const NIGHTLY: &str = "spiffe://partner.example/ns/batch/sa/nightly";
const REFUSED: &str = "the handshake refuses peers of the trust domain `partner.example`";

fn explain(folder: &Folder, peer: &str, options: &[&str]) -> RunOutput {
    let asked = [
        "explain",
        "--policies",
        "policy.yaml",
        "--peer",
        peer,
        "--path",
        "/export",
    ];
    folder.run(&[&asked, options].concat())
}

/// The words of a text, however its lines are wrapped.
fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn render_gives_each_trust_domain_its_roots() {
    let folder = folder();
    folder.write("inbound.yaml", format!("{DESCRIPTION}{}", below(&roots())));
    let ran = folder.run(&["render", "inbound", "inbound.yaml", "--policies", "policy.yaml"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    let validator = format!(
        "                      trust_domains:
                        - name: \"cluster.local\"
                          trust_bundle: {{filename: \"/etc/certs/root-cert.pem\"}}
                        - name: \"partner.example\"
                          trust_bundle: {{inline_string: {ROOT:?}}}\n"
    );
    assert!(ran.out.contains(&validator), "{}", ran.out);
    assert!(!ran.out.contains("caCertificates") && !ran.out.contains("match_typed_subject_alt_names"));
    folder.write("envoy.yaml", &ran.out);
    let checked = folder.run(&["check", "--envoy", "envoy.yaml"]);
    assert_eq!(checked.code, 0, "{checked:?}");
    // An ingress has the roots of its servers.
    folder.write("edge.yaml", "apiVersion: networking.istio.io/v1\nkind: Gateway\nmetadata: {name: edge, namespace: shop}\nspec: {servers: []}\n");
    folder.write(
        "ingress.yaml",
        format!("workload: {{namespace: shop}}\nroutes: []\n{}", below(&roots())),
    );
    let ran = folder.run(&["render", "ingress", "ingress.yaml", "--gateways", "edge.yaml"]);
    ran.says(2, &["each server of a gateway has its own roots"]);
}

#[test]
fn render_says_whom_its_handshake_refuses() {
    let folder = folder();
    let rendered = |description: &str, more: &[&str]| {
        folder.write("inbound.yaml", description);
        let arguments = ["render", "inbound", "inbound.yaml", "--policies", "policy.yaml"];
        let ran = folder.run(&[&arguments, more].concat());
        assert_eq!(ran.code, 0, "{ran:?}");
        ran.err
    };
    let alias = below("trustDomainAliases: [partner.example]\n");
    for more in [&[][..], &["--out", "envoy"]] {
        let told = rendered(DESCRIPTION, more);
        assert_eq!(told.matches("warning[PW034]").count(), 1, "{told}");
        assert!(
            words(&told).contains(REFUSED) && told.contains("policy.yaml:8:"),
            "{told}"
        );
        let told = rendered(&format!("{DESCRIPTION}{alias}"), more);
        assert!(!told.contains("PW034"), "{told}");
        // A policy of another workload does not count.
        let told = rendered(&DESCRIPTION.replace("app: orders", "app: other"), more);
        assert!(!told.contains("PW034"), "{told}");
    }
    // The description sets it, whatever the mesh's own is called.
    let told = rendered(
        &format!("{DESCRIPTION}{}", below("trustDomain: td.example\n")),
        &[],
    );
    assert!(words(&told).contains("the mesh has `td.example`"), "{told}");
}

#[test]
fn roots_that_are_wrong_are_refused_by_every_command() {
    let folder = folder();
    let pem = format!("pem: {ROOT:?}");
    let two = format!("{ROOT}-----BEGIN CERTIFICATE-----\nMII=\n-----END CERTIFICATE-----\n");
    for (entry, says) in [
        ("{trustDomains: [partner.example]}", "`pem` is missing"),
        (&format!("{{{pem}}}"), "`trustDomains` is missing or empty"),
        (
            "{trustDomains: [partner.example], pem: AAAA}",
            "`pem` has no certificate",
        ),
        (
            "{trustDomains: [partner.example], pem: \"-----BEGIN CERTIFICATE-----\\n-----BEGIN PRIVATE KEY-----\"}",
            "`pem` has a private key",
        ),
        (
            "{trustDomains: [partner.example], pem: \"-----BEGIN CERTIFICATE-----\\nMII=\\n-----END CERTIFICATE-----\\n\"}",
            "certificate 1 of `pem` cannot be read",
        ),
        (
            "{trustDomains: [partner.example], pem: \" -----BEGIN CERTIFICATE-----\"}",
            "certificate 1 of `pem` cannot be read",
        ),
        (
            &format!("{{trustDomains: [partner.example], pem: {two:?}}}"),
            "certificate 2 of `pem` cannot be read",
        ),
        (
            &format!("{{trustDomains: [cluster.local], {pem}}}"),
            "is a trust domain of the mesh itself",
        ),
        (
            &format!("{{trustDomains: [\"spiffe://partner.example\"], {pem}}}"),
            "is not a trust domain",
        ),
        (
            &format!("{{trustDomains: [\"*\"], {pem}}}"),
            "is not a trust domain",
        ),
        (
            &format!("{{trustDomains: [a/b], {pem}}}"),
            "is not a trust domain",
        ),
        (
            "{trustDomains: [partner.example], spiffeBundleUrl: \"https://partner.example\"}",
            "`spiffeBundleUrl` is not supported",
        ),
        (
            &format!("{{trustDomain: partner.example, {pem}}}"),
            "did you mean `trustDomains`?",
        ),
    ] {
        let mesh = format!("caCertificates: [{entry}]\n");
        folder.write("wrong.yaml", &mesh);
        folder.write("wrong_test.yaml", format!("{}{SUITE}", below(&mesh)));
        folder.write("wrong_inbound.yaml", format!("{DESCRIPTION}{}", below(&mesh)));
        for arguments in [
            &[
                "explain",
                "--policies",
                "policy.yaml",
                "--workload",
                "workload.yaml",
                "--mesh",
                "wrong.yaml",
                "--path",
                "/",
            ][..],
            &[
                "who-can",
                "GET /",
                "--policies",
                "policy.yaml",
                "--mesh",
                "wrong.yaml",
            ],
            &["check", "policy.yaml", "--mesh", "wrong.yaml"],
            &["test", "wrong_test.yaml"],
            &["render", "inbound", "wrong_inbound.yaml"],
        ] {
            let ran = folder.run(arguments);
            ran.says(2, &[says, "wrong"]);
        }
    }
}

#[test]
fn the_module_itself_does_not_take_roots() {
    let plugin = serde_json::json!({
        "protocol": "http",
        "workload": {"namespace": "shop"},
        "mesh": {"caCertificates": []},
    });
    let problems = peerwarden_engine::Config::parse(plugin.to_string().as_bytes()).unwrap_err();
    assert!(
        problems.to_string().contains("unknown field `caCertificates`"),
        "{problems}"
    );
}
