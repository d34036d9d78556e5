//! The protected workload as clusters have it: a manifest, or the name of one among the documents.

use crate::fixture::{Folder, RunOutput};

const DEPLOYMENT: &str = "apiVersion: apps/v1
kind: Deployment
metadata: {name: orders, namespace: shop, labels: {app: not-these}}
spec:
  template:
    metadata: {labels: {app: orders}}
    spec:
      serviceAccountName: orders
      containers: [{name: app, image: orders, ports: [{containerPort: 8080}]}]
";

const POLICY: &str = "apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: orders, namespace: shop}
spec: {selector: {matchLabels: {app: orders}}, rules: [{to: [{operation: {methods: [GET]}}]}]}
";

fn folder() -> Folder {
    Folder::with(&[
        ("k8s/orders.yaml", DEPLOYMENT),
        ("k8s/policy.yaml", POLICY),
        (
            "k8s/all.yaml",
            "apiVersion: v1\nkind: Service\nmetadata: {name: orders, namespace: shop}\nspec: {}\n---\napiVersion: apps/v1\nkind: \
             StatefulSet\nmetadata: {name: database, namespace: shop}\nspec: {template: {metadata: {labels: {app: database}}, spec: {}}}\n",
        ),
    ])
}

fn explained(folder: &Folder, workload: &str, more: &[&str]) -> RunOutput {
    let arguments = [
        "explain",
        "--policies",
        "k8s",
        "--workload",
        workload,
        "--no-certificate",
    ];
    folder.run(
        &[
            &arguments[..],
            &["--method", "POST", "--path", "/", "--engine", "native"],
            more,
        ]
        .concat(),
    )
}

#[test]
fn a_manifest_or_its_name_is_a_workload() {
    let folder = folder();
    for workload in ["k8s/orders.yaml", "deploy/orders", "orders", "Deployment/orders"] {
        let ran = explained(&folder, workload, &[]);
        assert!(ran.out.starts_with("DENY"), "{workload}: {ran:?}");
    }
    for workload in ["k8s/all.yaml", "sts/database"] {
        let ran = explained(&folder, workload, &[]);
        assert!(ran.out.starts_with("ALLOW"), "{workload}: {ran:?}");
    }
    let ran = folder.run(&[
        "matrix",
        "--policies",
        "k8s",
        "--workload",
        "deploy/orders",
        "--engine",
        "native",
    ]);
    assert!(ran.code == 0 && ran.out.contains("shop app=orders"), "{ran:?}");
    let ran = folder.run(&[
        "diff",
        "k8s",
        "k8s",
        "--workload",
        "deploy/orders",
        "--engine",
        "native",
    ]);
    assert_eq!(ran.code, 0, "{ran:?}");
}

#[test]
fn an_unknown_name_is_told_with_the_nearest() {
    let folder = folder();
    for (workload, says) in [
        ("deploy/order", "did you mean `deploy/orders` in `shop`?"),
        ("svc/orders", "`svc` is not a kind of workload"),
        ("zzz", "the documents have `sts/database`, `deploy/orders`"),
        ("none.yaml", "cannot read `none.yaml`"),
    ] {
        explained(&folder, workload, &[]).says(2, &[says]);
    }
    folder.write(
        "k8s/twice.yaml",
        DEPLOYMENT.replace("namespace: shop", "namespace: other"),
    );
    explained(&folder, "orders", &[]).says(
        2,
        &[
            "several workloads",
            "`shop/deploy/orders` or `other/deploy/orders`",
        ],
    );
    let ran = explained(&folder, "shop/deploy/orders", &[]);
    assert!(ran.out.starts_with("DENY"), "{ran:?}");
    let ran = explained(&folder, "orders", &["-n", "shop"]);
    assert!(ran.out.starts_with("DENY"), "{ran:?}");
    folder.write(
        "two.yaml",
        format!(
            "{DEPLOYMENT}---\n{}",
            DEPLOYMENT.replace("name: orders,", "name: web,")
        ),
    );
    explained(&folder, "two.yaml", &[]).says(2, &["has several workloads", "--workload deploy/orders"]);
}

#[test]
fn a_suite_names_its_workload() {
    let folder = folder();
    let suite = "workload: WORKLOAD\npolicies: [k8s]\npeers: {stranger: no-certificate}\nrequests: {get: GET /, post: POST /}\ncases:\n- \
                 {peer: stranger, request: get, expect: allow}\n- {peer: stranger, request: post, expect: deny}\n";
    for workload in ["deploy/orders", "k8s/orders.yaml"] {
        folder.write("orders_test.yaml", suite.replace("WORKLOAD", workload));
        let ran = folder.run(&["test", ".", "--engine", "native"]);
        assert_eq!(ran.code, 0, "{workload}: {ran:?}");
        assert_eq!(folder.run(&["check", "."]).code, 0, "{workload}");
    }
    folder.write("orders_test.yaml", suite.replace("WORKLOAD", "deploy/ordres"));
    folder
        .run(&["test", "."])
        .says(2, &["did you mean `deploy/orders`", "orders_test.yaml:1:11"]);
}
