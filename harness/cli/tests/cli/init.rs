//! `peerwarden init`.

use crate::fixture::{Folder, ORDERS};

const MANIFESTS: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata: {name: orders, namespace: shop}
spec:
  template:
    metadata: {labels: {app: orders}}
    spec: {serviceAccountName: orders, containers: [{name: app, image: a}]}
---
apiVersion: batch/v1
kind: CronJob
metadata: {name: nightly, namespace: batch}
spec: {jobTemplate: {spec: {template: {metadata: {labels: {app: nightly}}, spec: {containers: []}}}}}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: reports, namespace: office}
";

fn folder() -> Folder {
    Folder::with(&[("policies/orders.yaml", ORDERS), ("k8s/all.yaml", MANIFESTS)])
}

#[test]
fn each_workload_gets_a_suite_with_todays_verdicts() {
    let folder = folder();
    let ran = folder.run(&["init", "--engine", "native"]);
    ran.says(
        0,
        &[
            "suites/shop-orders_test.yaml, with a snapshot of",
            "2 suites written; review the snapshots",
        ],
    );
    let suite = std::fs::read_to_string(folder.path("suites/shop-orders_test.yaml")).unwrap();
    for says in [
        "policies:\n- \"../policies\"\n",
        "serviceAccount: orders",
        "spiffe://cluster.local/ns/web/sa/frontend",
        "spiffe://cluster.local/ns/batch/sa/default",
        "spiffe://cluster.local/ns/office/sa/reports",
        "spiffe://cluster.local/ns/elsewhere/sa/stranger",
        "\"GET /orders\": \"GET /orders\"",
        "snapshot: shop-orders_access.md",
    ] {
        assert!(suite.contains(says), "{says}: {suite}");
    }
    let snapshot = std::fs::read_to_string(folder.path("suites/shop-orders_access.md")).unwrap();
    assert!(
        snapshot.contains("| web/frontend | GET /orders | allow |"),
        "{snapshot}"
    );
    assert!(
        snapshot.contains("| stranger | GET /orders | deny |"),
        "{snapshot}"
    );
    // It is an ordinary suite, in CI too.
    let ran = folder.finish(
        folder
            .command(&["test", "suites", "--engine", "native"])
            .env("CI", "1"),
    );
    assert_eq!(ran.code, 0, "{ran:?}");
    let ran = folder.run(&["check", "suites/shop-orders_test.yaml"]);
    assert_eq!(ran.code, 0, "{ran:?}");
}

#[test]
fn nothing_is_overwritten() {
    let folder = folder();
    folder.write("suites/shop-orders_test.yaml", "mine\n");
    folder.write("suites/batch-nightly_access.md", "mine\n");
    let ran = folder.run(&["init", "--engine", "native"]);
    ran.says(
        0,
        &[
            "`suites/shop-orders_test.yaml` exists",
            "`suites/batch-nightly_access.md` exists",
            "0 suites written",
        ],
    );
    let names: Vec<String> = std::fs::read_dir(folder.path("suites"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(names.len(), 2, "{names:?}");
    for name in names {
        assert_eq!(
            std::fs::read_to_string(folder.path("suites").join(name)).unwrap(),
            "mine\n"
        );
    }
}

#[test]
fn what_is_missing_is_named() {
    let folder = folder();
    folder.run(&["init", "policies"]).says(
        0,
        &[
            "note: no workload in `policies`",
            "Deployment",
            "0 suites written",
        ],
    );
    folder
        .run(&["init", "k8s"])
        .says(0, &["note: no policy in `k8s`", "0 suites written"]);
    assert!(!folder.path("suites").exists());
}

#[test]
fn a_mesh_is_that_of_the_suites() {
    let folder = folder();
    folder.write(
        "istio/mesh.yaml",
        "trustDomain: corp.example\nrootNamespace: istio-system\n",
    );
    let policy = ORDERS.replace("cluster.local/", "corp.example/");
    folder.write("policies/orders.yaml", &policy);
    folder
        .run(&["init", ".", "--mesh", "istio/mesh.yaml", "--engine", "native"])
        .says(0, &["2 suites written"]);
    let suite = std::fs::read_to_string(folder.path("suites/shop-orders_test.yaml")).unwrap();
    for says in [
        "mesh: \"../istio/mesh.yaml\"\n",
        "spiffe://corp.example/ns/web/sa/frontend",
    ] {
        assert!(suite.contains(says), "{says}: {suite}");
    }
    let snapshot = std::fs::read_to_string(folder.path("suites/shop-orders_access.md")).unwrap();
    assert!(
        snapshot.contains("| web/frontend | GET /orders | allow |"),
        "{snapshot}"
    );
    folder.run(&["test", "suites", "--engine", "native"]).says(0, &[]);
}

/// Most manifests name no namespace: kustomizations and pipelines give them one.
#[test]
fn a_workload_without_a_namespace_is_where_the_policies_are() {
    let without = MANIFESTS.replace(", namespace: shop", "");
    let folder = Folder::with(&[("policies/orders.yaml", ORDERS), ("k8s/all.yaml", &without)]);
    let ran = folder.run(&["init", "--engine", "native"]);
    ran.says(
        0,
        &[
            "suites/shop-orders_test.yaml",
            "1 workload without a namespace, taken to be in `shop`",
        ],
    );
    let snapshot = std::fs::read_to_string(folder.path("suites/shop-orders_access.md")).unwrap();
    assert!(
        snapshot.contains("| stranger | GET /orders | deny |"),
        "{snapshot}"
    );
    // Of several, the one whose policies select it.
    let folder = Folder::with(&[("policies/orders.yaml", ORDERS), ("k8s/all.yaml", &without)]);
    folder.write(
        "policies/web.yaml",
        ORDERS.replace("namespace: shop", "namespace: web"),
    );
    let ran = folder.run(&["init", "--engine", "native"]);
    ran.says(0, &["suites/default-orders_test.yaml"]);
    let folder = Folder::with(&[("policies/orders.yaml", ORDERS), ("k8s/all.yaml", &without)]);
    let selecting = ORDERS
        .replace("namespace: shop", "namespace: web")
        .replace("spec:\n", "spec:\n  selector: {matchLabels: {app: orders}}\n");
    folder.write("policies/web.yaml", selecting);
    let ran = folder.run(&["init", "--engine", "native"]);
    ran.says(0, &["suites/web-orders_test.yaml"]);
}
