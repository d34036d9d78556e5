//! `peerwarden render ingress`.

use insta::assert_snapshot;

use crate::fixture::{Folder, RunOutput};
use crate::render::{quoted, without_numbers};

const DESCRIPTION: &str = "workload: {namespace: istio-ingress, labels: {istio: ingressgateway}}
numTrustedProxies: 1
routes:
- {hosts: [shop.example.com], upstream: \"127.0.0.1:18080\"}
- {hosts: [admin.example.com], upstream: \"admin.local:18081\", protocol: GRPC}
";

const GATEWAY: &str = "apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: edge, namespace: istio-ingress}
spec:
  selector: {istio: ingressgateway}
  servers:
  - port: {number: 8080, name: http, protocol: HTTP}
    hosts: [\"*.example.com\"]
    tls: {httpsRedirect: true}
  - port: {number: 8443, name: https, protocol: HTTPS}
    hosts: [\"*.example.com\"]
    tls: {mode: SIMPLE, credentialName: shop}
  - port: {number: 8443, name: https-admin, protocol: HTTPS}
    hosts: [admin.example.com]
    tls:
      mode: MUTUAL
      minProtocolVersion: TLSV1_3
      serverCertificate: /etc/certs/server.pem
      privateKey: /etc/certs/key.pem
      caCertificates: /etc/certs/roots.pem
      subjectAltNames: [spiffe://cluster.local/ns/ops/sa/operator]
";

const POLICY: &str = "apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: operators, namespace: istio-ingress}
spec:
  selector: {matchLabels: {istio: ingressgateway}}
  rules:
  - from: [{source: {principals: [cluster.local/ns/ops/sa/operator], remoteIpBlocks: [203.0.113.0/24]}}]
";

const ARGUMENTS: [&str; 7] = [
    "render",
    "ingress",
    "ingress.yaml",
    "--gateways",
    "gateway.yaml",
    "--policies",
    "policies",
];

fn folder() -> Folder {
    Folder::with(&[
        ("ingress.yaml", DESCRIPTION),
        ("gateway.yaml", GATEWAY),
        ("policies/operators.yaml", POLICY),
    ])
}

/// Runs with each file changed, by what is to be replaced in it and by what.
fn changed(description: &[(&str, &str)], gateway: &[(&str, &str)]) -> RunOutput {
    let folder = folder();
    for (file, text, changes) in [
        ("ingress.yaml", DESCRIPTION, description),
        ("gateway.yaml", GATEWAY, gateway),
    ] {
        let mut text = text.to_owned();
        for (from, to) in changes {
            assert!(text.contains(from), "`{from}` is not in:\n{text}");
            text = text.replacen(from, to, 1);
        }
        folder.write(file, text);
    }
    folder.run(&ARGUMENTS)
}

#[test]
fn ingress_writes_one_file() {
    let ran = folder().run(&ARGUMENTS);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.warns("`refusedPerSecond`"), "{ran:?}");
    assert_snapshot!(ran.out);
}

#[test]
fn the_module_is_told_which_paths_are_established() {
    let count = |description: &[(&str, &str)]| {
        let ran = changed(description, &[]);
        assert_eq!(ran.code, 0, "{ran:?}");
        ["\"paths\": \"strict\",", "\"report\": \"all\","].map(|key| ran.out.matches(key).count())
    };
    let [none, plugins] = count(&[]);
    assert!(none == 0 && plugins > 0);
    let strict = count(&[("numTrustedProxies: 1\n", "numTrustedProxies: 1\npaths: strict\n")]);
    assert_eq!(strict, [plugins, plugins]);
}

#[test]
fn ingress_writes_files_that_are_replaced_only_when_they_change() {
    let folder = folder();
    let arguments: Vec<&str> = ARGUMENTS.into_iter().chain(["--out", "envoy"]).collect();
    let first = folder.run(&arguments);
    let files = [
        "peerwarden-http.yaml",
        "refused-limit.yaml",
        "clusters.yaml",
        "listeners.yaml",
        "bootstrap.yaml",
    ];
    let written: String = files
        .iter()
        .map(|name| format!("envoy/{name}: written\n"))
        .collect();
    assert_eq!((first.code, without_numbers(&first.out)), (0, written.clone()));
    folder.write("policies/operators.yaml", POLICY.replace("/24", "/25"));
    let changed = written
        .replace("written", "unchanged")
        .replacen("unchanged", "written", 1);
    assert_eq!(without_numbers(&folder.run(&arguments).out), changed);
}

#[test]
fn a_mistake_is_shown_where_it_stands() {
    let ran = changed(
        &[],
        &[
            ("{httpsRedirect: true}", "{httpsRedirect: false}"),
            ("credentialName: shop", "credentialsName: shop"),
            ("TLSV1_3", "TLSV1_1"),
        ],
    );
    assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{ran:?}");
    assert_snapshot!(ran.err);
}

#[test]
fn what_would_let_in_more_than_tls_is_refused() {
    for (from, to, said) in [
        (
            "    tls: {httpsRedirect: true}\n",
            "",
            "accepts requests in plaintext",
        ),
        ("protocol: HTTPS", "protocol: HTTP", "`mode`"),
        ("protocol: HTTPS", "protocol: GRPC", "has no TLS"),
        ("protocol: HTTPS", "protocol: TLS", "`render inbound`"),
        ("protocol: HTTPS", "protocol: HTPS", "did you mean `HTTPS`?"),
        ("mode: SIMPLE", "mode: PASSTHROUGH", "is not supported"),
        ("mode: SIMPLE", "mode: OPTIONAL_MUTUAL", "is not supported"),
        ("mode: SIMPLE", "mode: SIMPEL", "did you mean `SIMPLE`?"),
        ("mode: SIMPLE, ", "", "`mode` is missing"),
        ("mode: MUTUAL", "mode: SIMPLE", "has no effect"),
        (
            "      caCertificates: /etc/certs/roots.pem\n",
            "",
            "MUTUAL needs `caCertificates`",
        ),
        (
            "      privateKey: /etc/certs/key.pem\n",
            "      credentialName: x\n",
            "exclude each other",
        ),
        (
            "credentialName: shop",
            "credentialName: ../shop",
            "not the name of a secret",
        ),
        (
            "credentialName: shop",
            "credentialName: shop, caCrl: /crl.pem",
            "`caCrl` is not supported",
        ),
        (
            "credentialName: shop",
            "credentialName: shop, httpsRedirect: true",
            "`httpsRedirect` is for servers without TLS",
        ),
    ] {
        changed(&[], &[(from, to)]).says(2, &["gateway.yaml:", said]);
    }
}

#[test]
fn what_does_not_fit_together_is_refused() {
    for (description, gateway, said) in [
        (
            ("shop.example.com", "shop.example.org"),
            None,
            "no server that ends TLS has the host",
        ),
        (
            ("istio: ingressgateway", "istio: egressgateway"),
            None,
            "no `Gateway` has a server for this workload",
        ),
        (
            ("numTrustedProxies: 1", "numTrustedProxies: -1"),
            None,
            "not a number of proxies",
        ),
        (
            ("numTrustedProxies", "numTrustedProxy"),
            None,
            "did you mean `numTrustedProxies`?",
        ),
        (
            ("protocol: GRPC", "protocol: MySQL"),
            None,
            "routes are for HTTP only",
        ),
        (
            ("[admin.example.com]", "[shop.example.com]"),
            None,
            "is also a host of `routes[0]`",
        ),
        (
            ("labels:", "kind: sidecar, labels:"),
            None,
            "of an ingress is always `gateway`",
        ),
        (
            ("routes:", "routes: []\nold:"),
            None,
            "`routes` is missing or empty",
        ),
        (
            ("workload:", "workload:"),
            Some(("number: 8080", "number: 8443")),
            "is used for both `HTTP` and `HTTPS`",
        ),
        (
            ("workload:", "workload:"),
            Some(("hosts: [admin.example.com]", "hosts: [\"*.Example.com\"]")),
            "duplicate host",
        ),
        (
            ("workload:", "workload:"),
            Some(("hosts: [admin.example.com]", "hosts: [\"*\", a.org]")),
            "matches every host",
        ),
        (
            ("workload:", "workload:"),
            Some(("hosts: [admin.example.com]", "hosts: [a.example.org]")),
            "has no route",
        ),
        (
            ("workload:", "workload:"),
            Some(("hosts: [\"*.example.com\"]", "hosts: [a.org]")),
            "no server ends TLS for it",
        ),
        (
            ("workload:", "workload:"),
            Some(("[admin.example.com]", "[./admin.example.com]")),
            "have no namespace",
        ),
        (
            ("workload:", "workload:"),
            Some(("number: 8080", "number: 80.5")),
            "a port from 1 to 65535",
        ),
        (
            ("workload:", "workload:"),
            Some((
                "  - port: {number: 8080",
                "  - bind: 0.0.0.0\n    port: {number: 8080",
            )),
            "`bind` is not supported",
        ),
    ] {
        let gateway: Vec<_> = gateway.into_iter().collect();
        changed(&[description], &gateway).says(2, &[".yaml:", said]);
    }
}

#[test]
fn hostile_input_ends_in_an_error() {
    for text in [
        "",
        "[]",
        "1",
        "routes: 1",
        "workload: 1\nroutes: [1]",
        "workload: {namespace: a}\nroutes: [{hosts: [1], upstream: 1}]",
    ] {
        let folder = folder();
        folder.write("ingress.yaml", text);
        let ran = folder.run(&ARGUMENTS);
        assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{text}: {}", ran.err);
        assert!(ran.warns("ingress.yaml"), "{text}: {}", ran.err);
    }
    for text in [
        "apiVersion: networking.istio.io/v1\nkind: Gateway",
        "apiVersion: networking.istio.io/v1\nkind: Gateway\nmetadata: {name: a, namespace: b}\nspec: []",
        "apiVersion: networking.istio.io/v1\nkind: Gateway\nmetadata: {name: a, namespace: b}\nspec: {servers: [1, {}, {port: 1}]}",
        "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {name: a, namespace: b}",
        "[]",
    ] {
        let folder = folder();
        folder.write("gateway.yaml", text);
        let ran = folder.run(&ARGUMENTS);
        assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{text}: {}", ran.err);
        assert!(ran.warns("gateway.yaml"), "{text}: {}", ran.err);
    }
}

#[test]
fn the_gateway_of_the_documentation_is_taken() {
    let folder = Folder::with(&[
        ("ingress.yaml", &quoted("docs/mtls.md", "ingress.yaml")),
        ("gateway.yaml", &quoted("docs/mtls.md", "gateway.yaml")),
        (
            "policies/edge.yaml",
            &quoted("docs/mtls.md", "policies/edge.yaml"),
        ),
    ]);
    let ran = folder.run(&ARGUMENTS);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.out.contains("by-the-proxy"), "{}", ran.out);
}

#[test]
fn underscores_are_refused_unless_the_description_says_otherwise() {
    for (said, action) in [
        (None, "REJECT_REQUEST"),
        (Some("drop"), "DROP_HEADER"),
        (Some("allow"), "ALLOW"),
    ] {
        let folder = folder();
        if let Some(word) = said {
            folder.write("ingress.yaml", format!("underscores: {word}\n{DESCRIPTION}"));
        }
        let ran = folder.run(&ARGUMENTS);
        assert_eq!(ran.code, 0, "{ran:?}");
        let every = ran.out.matches("headers_with_underscores_action: ").count();
        let so = ran
            .out
            .matches(&format!("headers_with_underscores_action: {action}\n"))
            .count();
        assert!(every > 0 && every == so, "{said:?}: {}", ran.out);
    }
}
