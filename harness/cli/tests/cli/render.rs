//! `peerwarden render`.

use insta::assert_snapshot;

use crate::fixture::{Folder, ORDERS};

const STRICT: &str = "apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: orders, namespace: shop}
spec:
  selector: {matchLabels: {app: orders}}
  mtls: {mode: STRICT}
  portLevelMtls: {3306: {mode: PERMISSIVE}, 8443: {mode: PERMISSIVE}}
";

const DESCRIPTION: &str = "workload: {namespace: shop, serviceAccount: orders, labels: {app: orders}}
certificates: {directory: /etc/certs}
ports:
- {port: 8080, protocol: HTTP, upstream: \"127.0.0.1:18080\"}
- {port: 3306, protocol: MySQL, upstream: \"127.0.0.1:13306\"}
- {port: 8443, protocol: HTTPS, upstream: \"app.local:18443\"}
";

fn folder() -> Folder {
    Folder::with(&[
        ("workload.yaml", DESCRIPTION),
        ("policies/orders.yaml", ORDERS),
        ("policies/strict.yaml", STRICT),
    ])
}

#[test]
fn inbound_writes_one_file() {
    let ran = folder().run(&["render", "inbound", "workload.yaml", "--policies", "policies"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(ran.err, "");
    assert_snapshot!(ran.out);
}

#[test]
fn inbound_writes_files_that_are_replaced_only_when_they_change() {
    let folder = folder();
    let arguments = [
        "render",
        "inbound",
        "workload.yaml",
        "--policies",
        "policies",
        "--out",
        "envoy",
    ];
    let first = folder.run(&arguments);
    assert_eq!(first.code, 0, "{first:?}");
    let files = [
        "peerwarden-http.yaml",
        "peerwarden-tcp.yaml",
        "clusters.yaml",
        "listeners.yaml",
        "bootstrap.yaml",
    ];
    let written: String = files
        .iter()
        .map(|name| format!("envoy/{name}: written\n"))
        .collect();
    assert_eq!(first.out, written);

    let again = folder.run(&arguments);
    assert_eq!(again.out, written.replace("written", "as it was"));

    // A policy that touches no listener touches no listener's file.
    folder.write("policies/orders.yaml", ORDERS.replace("/orders*", "/orders"));
    let changed = folder.run(&arguments);
    assert!(
        changed.out.contains("peerwarden-http.yaml: written"),
        "{}",
        changed.out
    );
    assert!(
        changed.out.contains("listeners.yaml: as it was"),
        "{}",
        changed.out
    );
}

#[test]
fn a_mistake_is_shown_where_it_stands() {
    let folder = folder();
    let wrong = DESCRIPTION
        .replace("protocol: MySQL", "protocol: HTPP")
        .replace("certificates:", "certificate:")
        .replace("18080\"", "180800\"");
    folder.write("workload.yaml", wrong);
    let ran = folder.run(&["render", "inbound", "workload.yaml", "--policies", "policies"]);
    assert_eq!(ran.code, 2, "{ran:?}");
    assert_eq!(ran.out, "");
    assert_snapshot!(ran.err);
}

#[test]
fn what_the_module_would_refuse_is_refused() {
    let folder = folder();
    folder.write("policies/orders.yaml", ORDERS.replace("paths", "path"));
    let ran = folder.run(&["render", "inbound", "workload.yaml", "--policies", "policies"]);
    assert_eq!(ran.code, 2, "{ran:?}");
    assert!(ran.err.contains("policies/orders.yaml:"), "{}", ran.err);
    assert!(ran.err.contains("did you mean `paths`?"), "{}", ran.err);
}

#[test]
fn a_hostile_description_ends_in_an_error() {
    let folder = folder();
    for text in [
        "",
        "[]",
        "ports: 1",
        "workload: {namespace: shop}\nports: []",
        "workload: {namespace: shop}\nports: [{port: 80.5, protocol: HTTP, upstream: \"a:1\"}]",
        "workload: {namespace: shop}\nports: [{port: 70000, protocol: HTTP, upstream: \"a:1\"}]",
        "workload: {namespace: shop}\nports: [{port: 80, protocol: HTTP, upstream: \"1.2.3:1\"}]",
        "workload: {namespace: shop}\nports: [{port: 80, protocol: HTTP, upstream: \"a\\n- b:1\"}]",
        "workload: {namespace: shop}\nadmin: 0.0.0.0:15000\nports: [{port: 80, protocol: HTTP, upstream: \"a:1\"}]",
        "workload: {namespace: shop}\nports: [{port: 80, protocol: HTTP, upstream: \"a:1\", enforcement: hold}]",
        "workload: {namespace: shop}\nports: [{port: 80, protocol: TCP, upstream: \"a:1\"}, {port: 80, protocol: TCP, upstream: \"a:2\"}]",
    ] {
        folder.write("workload.yaml", text);
        let ran = folder.run(&["render", "inbound", "workload.yaml"]);
        assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{text}: {}", ran.err);
        assert!(ran.err.contains("workload.yaml"), "{text}: {}", ran.err);
    }
}

/// The YAML blocks of a document that begin with a file's name in a comment.
pub(crate) fn quoted(document: &str, name: &str) -> String {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .join(document);
    let text = std::fs::read_to_string(path).unwrap();
    let begin = format!("```yaml\n# {name}\n");
    let (_, block) = text
        .split_once(&begin)
        .unwrap_or_else(|| panic!("{document} quotes no {name}"));
    block.split_once("```").unwrap().0.to_owned()
}

#[test]
fn the_descriptions_of_the_documentation_are_taken() {
    let folder = folder();
    folder.write("workload.yaml", quoted("docs/mtls.md", "workload.yaml"));
    folder.write("client.yaml", quoted("docs/mtls.md", "client.yaml"));
    for what in ["inbound workload.yaml", "client client.yaml"] {
        let mut arguments = vec!["render"];
        arguments.extend(what.split(' '));
        arguments.extend(["--policies", "policies"]);
        let ran = folder.run(&arguments);
        assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{what}");
        assert!(ran.out.contains("static_resources:"), "{what}: {}", ran.out);
    }
}

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
