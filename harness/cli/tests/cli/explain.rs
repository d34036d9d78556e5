//! `peerwarden explain`.

use insta::assert_snapshot;

use crate::fixture::{Folder, ORDERS, SUITE};

const CASE: &str = r#"{"workload": {"namespace": "shop"}, "traffic": {
  "source": {"ip": "10.0.0.7", "port": 40000},
  "tls": {"peer": {"uriSans": ["spiffe://cluster.local/ns/web/sa/frontend"]}},
  "http": {"method": "POST", "host": "orders.shop", "path": "/orders?x=1"}}}"#;

fn folder() -> Folder {
    let strict = "apiVersion: security.istio.io/v1\nkind: PeerAuthentication\n\
                  metadata: {name: default, namespace: istio-system}\nspec: {mtls: {mode: STRICT}}\n";
    let elsewhere = ORDERS.replace("namespace: shop", "namespace: other");
    Folder::with(&[
        ("policies/a.yaml", ORDERS),
        ("policies/b.yaml", &elsewhere),
        ("policies/c.yaml", strict),
        ("case.json", CASE),
    ])
}

#[test]
fn shows_each_policy_rule_and_clause() {
    let ran = folder().run(&["explain", "case.json", "--policies", "policies"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_snapshot!(ran.scrubbed());
}

#[test]
fn json_has_the_whole_trace() {
    let ran = folder().run(&[
        "explain",
        "case.json",
        "--policies",
        "policies",
        "--format",
        "json",
        "--engine",
        "native",
    ]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_snapshot!(ran.out);
}

#[test]
fn expect_decides_the_exit_code() {
    let run = |expect| {
        folder()
            .run(&[
                "explain",
                "case.json",
                "--policies",
                "policies",
                "--expect",
                expect,
            ])
            .code
    };
    assert_eq!((run("deny"), run("allow")), (0, 1));
}

#[test]
fn a_case_of_a_suite() {
    let folder = Folder::with(&[("orders.yaml", ORDERS)]);
    folder.write(
        "orders_test.yaml",
        format!("{SUITE}- {{peer: frontend, request: list, expect: allow}}\n"),
    );
    let ran = folder.run(&["explain", "orders_test.yaml", "--case", "frontend: list"]);
    assert!(
        ran.code == 0 && ran.out.starts_with("ALLOW by shop/orders[0]"),
        "{ran:?}"
    );
    folder
        .run(&["explain", "orders_test.yaml", "--case", "nobody"])
        .says(2, &["no case `nobody`", "`frontend: list`"]);
    folder
        .run(&["explain", "orders_test.yaml"])
        .says(2, &["--case NAME"]);
}

#[test]
fn what_is_missing_is_said() {
    let folder = folder();
    folder
        .run(&["explain", "case.json"])
        .says(2, &["there are no policies", "--policies PATH"]);
    folder
        .run(&["explain", "none.json"])
        .says(2, &["`none.json` cannot be read"]);
    folder.write("bad.json", CASE.replace("\"http\"", "\"htpp\""));
    folder
        .run(&["explain", "bad.json", "--policies", "policies"])
        .says(2, &["htpp", "bad.json:4"]);
    folder.write(
        "homeless.json",
        CASE.replace("\"workload\": {\"namespace\": \"shop\"}, ", ""),
    );
    folder
        .run(&["explain", "homeless.json", "--policies", "policies"])
        .says(2, &["`workload` is missing"]);
}
