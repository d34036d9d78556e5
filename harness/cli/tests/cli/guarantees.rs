//! `peerwarden check --envoy`.

mod files;

use insta::assert_snapshot;
use serde_json::Value;

use crate::fixture::{Folder, ORDERS, RunOutput};

const DESCRIPTION: &str = "workload: {namespace: shop, serviceAccount: orders, labels: {app: orders}}
ports:
- {port: 8080, protocol: HTTP, upstream: \"127.0.0.1:18080\"}
- {port: 3306, protocol: MySQL, upstream: \"127.0.0.1:13306\"}
";

const STRICT: &str = "apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: strict, namespace: shop}
spec: {mtls: {mode: STRICT}}
";

/// The output of `render`, in `envoy.yaml` and in the folder `envoy`.
fn rendered() -> Folder {
    let folder = Folder::with(&[
        ("workload.yaml", DESCRIPTION),
        ("policies/orders.yaml", ORDERS),
        ("policies/strict.yaml", STRICT),
    ]);
    let render = ["render", "inbound", "workload.yaml", "--policies", "policies"];
    folder.write("envoy.yaml", folder.run(&render).out);
    let written = folder.run(&[&render as &[&str], &["--out", "envoy"]].concat());
    assert_eq!(written.code, 0, "{written:?}");
    folder
}

/// `envoy.yaml` with an edit, checked.
fn edited(from: &str, to: &str, arguments: &[&str]) -> RunOutput {
    let folder = rendered();
    let text = std::fs::read_to_string(folder.path("envoy.yaml")).unwrap();
    assert!(text.contains(from), "{from}");
    folder.write("envoy.yaml", text.replacen(from, to, 1));
    folder.run(&[&["check", "--envoy", "envoy.yaml"], arguments].concat())
}

#[test]
fn what_is_rendered_keeps_every_guarantee() {
    let ran = rendered().run(&["check", "--envoy", "envoy.yaml"]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    assert_snapshot!(ran.out);
}

#[test]
fn files_that_are_delivered_are_read_together() {
    let ran = rendered().run(&[
        "check",
        "--envoy",
        "envoy/bootstrap.yaml",
        "envoy/listeners.yaml",
        "envoy/clusters.yaml",
        "envoy/peerwarden-http.yaml",
        "envoy/peerwarden-tcp.yaml",
    ]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{}", ran.out);
    assert!(
        ran.out.contains("\n2 filter chains checked: ") && ran.out.contains(" held, 0 not held, "),
        "{}",
        ran.out
    );
}

#[test]
fn what_is_not_held_is_told_with_its_place_and_a_remedy() {
    let ran = edited("failure_policy: FAIL_CLOSED", "failure_policy: FAIL_OPEN", &[]);
    assert_eq!((ran.code, ran.err.as_str()), (1, ""));
    let told: Vec<&str> = ran
        .out
        .lines()
        .skip_while(|line| !line.contains("NOT HELD"))
        .take(4)
        .collect();
    assert_snapshot!(told.join("\n"));
    assert!(ran.out.contains(" held, 1 not held, "), "{}", ran.out);
}

#[test]
fn json_has_the_same() {
    let ran = edited(
        "require_client_certificate: true",
        "require_client_certificate: false",
        &["--format", "json"],
    );
    assert_eq!((ran.code, ran.err.as_str()), (1, ""));
    let report: Value = serde_json::from_str(&ran.out).unwrap();
    let chain = &report["chains"][0];
    assert_eq!(chain["listener"], "inbound-8080");
    assert_eq!(chain["chain"], "mutual-tls");
    let guarantees = chain["guarantees"].as_array().unwrap();
    let broken: Vec<&Value> = guarantees
        .iter()
        .filter(|guarantee| guarantee["held"] == false)
        .collect();
    let [one] = broken.as_slice() else {
        panic!("{broken:?}")
    };
    assert_eq!(one["name"], "client-certificate");
    assert_eq!(one["place"]["file"], "envoy.yaml");
    assert!(
        one["place"]["line"].as_u64().is_some_and(|line| line > 1),
        "{one}"
    );
    assert_eq!(
        one["path"],
        "static_resources.listeners[0].filter_chains[0].transport_socket.typed_config.require_client_certificate"
    );
    assert!(
        one["help"]
            .as_str()
            .unwrap()
            .contains("require_client_certificate: true")
    );
    let applies = |name: &str| {
        let guarantee = guarantees.iter().find(|guarantee| guarantee["name"] == name);
        guarantee.unwrap()["held"].clone()
    };
    assert_eq!(applies("connect-mode"), Value::Null);
    assert_eq!(applies("validation"), true);
}

#[test]
fn a_listener_without_the_module_is_told() {
    let ran = edited(
        "envoy.extensions.filters.network.wasm.v3.Wasm",
        "envoy.extensions.filters.network.rbac.v3.RBAC",
        &[],
    );
    assert_eq!(ran.code, 1);
    assert!(ran.out.contains("NOT HELD  module "), "{}", ran.out);
    assert!(ran.out.contains("no filter here is peerwarden's"), "{}", ran.out);
}

#[test]
fn the_bootstrap_of_the_documentation_is_judged() {
    let folder = Folder::with(&[]);
    let page = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/envoy.md");
    let page = std::fs::read_to_string(page).unwrap();
    let blocks = page
        .split("```yaml\n")
        .skip(1)
        .filter_map(|rest| rest.split("```").next());
    let mut judged = 0;
    for block in blocks.filter(|block| block.starts_with("static_resources:")) {
        folder.write("envoy.yaml", block);
        let ran = folder.run(&["check", "--envoy", "envoy.yaml", "--format", "json"]);
        let report: Value = serde_json::from_str(&ran.out).unwrap();
        let guarantees = report["chains"][0]["guarantees"].as_array().unwrap();
        let broken = guarantees.iter().filter(|guarantee| guarantee["held"] == false);
        let names: Vec<&str> = broken
            .map(|guarantee| guarantee["name"].as_str().unwrap())
            .collect();
        assert!(names.is_empty(), "{}", ran.out);
        assert_eq!(ran.code, 0, "{}", ran.out);
        judged += 1;
    }
    assert_eq!(judged, 2);
}

#[test]
fn what_is_no_configuration_is_an_error() {
    let folder = Folder::with(&[("policy.yaml", ORDERS)]);
    for (text, says) in [
        ("", "is empty"),
        ("[1, 2]", "expected an object"),
        ("{", "envoy.yaml"),
        ("static_resources: {listeners: 7}", "expected a list"),
        ("static_resources: {}", "there is no listener"),
        (
            "dynamic_resources: {lds_config: {}}",
            "pass the file that `lds_config` names",
        ),
        ("configs: [1]", "expected an object"),
        (
            "static_resources: {listeners: [{filter_chains: [{filters: [7]}]}]}",
            "expected an object",
        ),
    ] {
        folder.write("envoy.yaml", text);
        let ran = folder.run(&["check", "--envoy", "envoy.yaml"]);
        assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{text}: {}", ran.err);
        assert!(ran.warns(says), "{text}: {}", ran.err);
    }
    let says = |arguments: &[&str], part: &str| folder.run(arguments).says(2, &[part]);
    says(&["check", "--envoy", "nowhere.yaml"], "nowhere.yaml");
    says(
        &["check", "--envoy", "policy.yaml"],
        "this is not an Envoy configuration",
    );
    says(&["check", "--envoy"], "--envoy");
    says(
        &["check", "--envoy", "envoy.yaml", "--format", "sarif"],
        "write `--format human` or `--format json`",
    );
    says(
        &["check", "policy.yaml", "--envoy", "envoy.yaml"],
        "cannot be used with",
    );
}

#[test]
fn each_guarantee_is_documented() {
    let docs = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/guarantees.md");
    let docs = std::fs::read_to_string(docs).unwrap();
    let headings: Vec<&str> = docs
        .lines()
        .filter_map(|line| line.strip_prefix("### "))
        .collect();
    let names: Vec<&str> = peerwarden_guarantees::GUARANTEES
        .iter()
        .map(|guarantee| guarantee.name)
        .collect();
    assert_eq!(headings, names);
}
