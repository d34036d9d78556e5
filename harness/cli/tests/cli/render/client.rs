//! `peerwarden render client`.

use insta::assert_snapshot;

use crate::fixture::Folder;

const CLIENT: &str = "workload: {namespace: web, serviceAccount: frontend}
services:
- host: orders.shop.svc.cluster.local
  namespace: shop
  ports: [{port: 8080, protocol: HTTP, listen: 15001}]
  endpoints: [{address: 10.0.0.7, serviceAccount: orders, labels: {app: orders, security.istio.io/tlsMode: istio}}]
";

const RULE: &str = "apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: orders, namespace: shop}
spec:
  host: orders.shop.svc.cluster.local
  trafficPolicy: {tls: {mode: DISABLE}}
";

#[test]
fn client_goes_by_the_rule() {
    let folder = Folder::with(&[("client.yaml", CLIENT), ("rule.yaml", RULE)]);
    let auto = folder.run(&["render", "client", "client.yaml"]);
    assert_eq!((auto.code, auto.err.as_str()), (0, ""));
    assert!(
        auto.out.contains("spiffe://cluster.local/ns/shop/sa/orders"),
        "{}",
        auto.out
    );
    let ruled = folder.run(&["render", "client", "client.yaml", "--rules", "rule.yaml"]);
    assert_eq!((ruled.code, ruled.err.as_str()), (0, ""));
    assert!(!ruled.out.contains("UpstreamTlsContext"), "{}", ruled.out);
}

#[test]
fn client_writes_one_file() {
    let ran = Folder::with(&[("client.yaml", CLIENT)]).run(&["render", "client", "client.yaml"]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    assert_snapshot!(ran.out);
}

#[test]
fn client_writes_files_that_are_replaced_only_when_they_change() {
    let folder = Folder::with(&[("client.yaml", CLIENT), ("rules/orders.yaml", RULE)]);
    let arguments = [
        "render",
        "client",
        "client.yaml",
        "--rules",
        "rules",
        "--out",
        "envoy",
    ];
    let first = folder.run(&arguments);
    let written: String = ["clusters.yaml", "listeners.yaml", "bootstrap.yaml"]
        .iter()
        .map(|name| format!("envoy/{name}: written\n"))
        .collect();
    assert_eq!((first.code, first.out), (0, written.clone()));

    // A rule describes how a service is called, not where the client's Envoy listens.
    folder.write("rules/orders.yaml", RULE.replace("DISABLE", "ISTIO_MUTUAL"));
    let changed = written
        .replace("written", "unchanged")
        .replacen("unchanged", "written", 1);
    assert_eq!(folder.run(&arguments).out, changed);
    let clusters = std::fs::read_to_string(folder.path("envoy/clusters.yaml")).unwrap();
    assert_snapshot!(clusters);
}

#[test]
fn client_refuses_what_a_running_envoy_would() {
    let twice = "ports: [{port: 8080, protocol: HTTP, listen: 15001}, {port: 8080, listen: 15001}]";
    let client = CLIENT.replace("ports: [{port: 8080, protocol: HTTP, listen: 15001}]", twice);
    let folder = Folder::with(&[("client.yaml", &format!("{client}admin: 127.0.0.1:15001\n"))]);
    let ran = folder.run(&["render", "client", "client.yaml", "--out", "envoy"]);
    assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{ran:?}");
    assert_snapshot!(ran.err);
    assert!(!folder.path("envoy").exists());
}

/// A client supports the same protocols as a server.
#[test]
fn client_hands_on_an_applications_own_tls() {
    let client = CLIENT.replace("protocol: HTTP,", "protocol: HTTPS,");
    let ran = Folder::with(&[("client.yaml", &client)]).run(&["render", "client", "client.yaml"]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    assert!(ran.out.contains("envoy.filters.network.tcp_proxy"), "{}", ran.out);
    assert!(ran.out.contains("\"alpn_protocols\":[\"istio\"]"), "{}", ran.out);
}

/// Only their order would decide which of the two a client uses.
#[test]
fn client_refuses_two_settings_of_one_port() {
    let settings = "{portLevelSettings: [{port: {number: 8080}, tls: {mode: ISTIO_MUTUAL}}, \
                    {port: {number: 8080}, tls: {mode: DISABLE}}]}";
    let rule = RULE.replace("{tls: {mode: DISABLE}}", settings);
    let folder = Folder::with(&[("client.yaml", CLIENT), ("rule.yaml", &rule)]);
    let ran = folder.run(&["render", "client", "client.yaml", "--rules", "rule.yaml"]);
    assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{ran:?}");
    assert!(ran.warns("this port already has settings"), "{ran:?}");
}

#[test]
fn client_shows_a_mistake_where_it_stands() {
    let wrong = RULE.replace("mode: DISABLE", "mode: DISABLED");
    let folder = Folder::with(&[
        ("client.yaml", &CLIENT.replace("listen:", "listens:")),
        ("rule.yaml", &wrong),
    ]);
    let ran = folder.run(&["render", "client", "client.yaml", "--rules", "rule.yaml"]);
    assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{ran:?}");
    assert_snapshot!(ran.err);
}
