//! A suite to whose workload no policy applies: its cases pass, and test nothing.

use crate::fixture::{Folder, ORDERS};

fn suite(workload: &str, cases: &str) -> String {
    format!("workload: {workload}\npolicies: [orders.yaml]\ncases:\n{cases}")
}

const CASES: &str = "- {request: GET /orders, expect: allow}\n";

/// A policy with a selector, so that labels count.
fn orders() -> String {
    ORDERS.replace("spec:\n", "spec:\n  selector: {matchLabels: {app: orders}}\n")
}

#[test]
fn check_and_test_say_so_with_the_nearest_workload() {
    for (workload, differs) in [
        (
            "{namespace: shpo, labels: {app: orders}}",
            "`namespace` is `shpo`",
        ),
        (
            "{namespace: shop, labels: {app: order}}",
            "the label `app` is `order`",
        ),
        (
            "{namespace: shop, labels: {ap: orders}}",
            "the label `app` is called `ap`",
        ),
        ("{namespace: shop}", "there is no label `app`"),
        (
            "{namespace: web}",
            "`namespace` is `web` and there is no label `app`",
        ),
    ] {
        let folder = Folder::with(&[
            ("orders.yaml", &orders()),
            ("a_test.yaml", &suite(workload, CASES)),
        ]);
        let says = [
            "the only policy does not apply to this workload, so no rule is evaluated",
            "`shop/orders`, applies to `{namespace: shop, labels: {app: orders}}`",
            differs,
            "a_test.yaml:1:",
        ];
        folder.run(&["check", "."]).says(1, &says);
        folder.run(&["test", "--engine", "native"]).says(0, &says);
        for format in ["json", "github", "sarif", "junit", "tap"] {
            let ran = folder.run(&["test", "--engine", "native", "--format", format]);
            assert_eq!(ran.code, 0, "{ran:?}");
            assert!(
                ran.out.contains("the only policy does not apply"),
                "{format}: {ran:?}"
            );
        }
    }
}

#[test]
fn the_nearest_of_several_policies_is_named() {
    let other = ORDERS
        .replace("name: orders", "name: payments")
        .replace("namespace: shop", "namespace: bank");
    let folder = Folder::with(&[
        ("orders.yaml", &format!("{other}---\n{}", orders())),
        (
            "a_test.yaml",
            &suite("{namespace: shop, labels: {app: ordes}}", CASES),
        ),
    ]);
    folder
        .run(&["check"])
        .says(1, &["none of the 2 policies applies", "`shop/orders`"]);
}

/// The mesh's mutual TLS mode also applies to a workload that does not exist.
#[test]
fn a_mode_of_the_mesh_hides_nothing() {
    let strict = "apiVersion: security.istio.io/v1\nkind: PeerAuthentication\nmetadata: {name: default, namespace: \
                  istio-system}\nspec: {mtls: {mode: STRICT}}\n";
    let folder = Folder::with(&[
        ("orders.yaml", &format!("{strict}---\n{}", orders())),
        (
            "a_test.yaml",
            &suite("{namespace: shpo}", "- {request: GET /orders, expect: deny}\n"),
        ),
    ]);
    folder
        .run(&["check"])
        .says(1, &["the only policy does not apply"]);
}

#[test]
fn a_suite_that_means_it_says_by_none() {
    let cases = "- {request: GET /orders, expect: allow, by: none}\n";
    let folder = Folder::with(&[
        ("orders.yaml", &orders()),
        ("a_test.yaml", &suite("{namespace: web}", cases)),
    ]);
    for arguments in [&["check"] as &[&str], &["test", "--engine", "native"]] {
        let ran = folder.run(arguments);
        assert_eq!(ran.code, 0, "{ran:?}");
        assert!(!ran.said().contains("does not apply"), "{ran:?}");
    }
}

#[test]
fn failures_and_explanations_say_so() {
    let folder = Folder::with(&[
        ("orders.yaml", &orders()),
        (
            "a_test.yaml",
            &suite(
                "{namespace: shpo}",
                "- {name: a, request: GET /orders, expect: deny}\n",
            ),
        ),
    ]);
    let says = [
        "the only policy does not apply to this workload",
        "`namespace` is `shpo`",
    ];
    let ran = folder.run(&["test", "--engine", "native"]);
    ran.says(1, &says);
    assert!(ran.out.contains("          note "), "{ran:?}");
    folder
        .run(&["explain", "a_test.yaml", "--case", "a", "--engine", "native"])
        .says(0, &says);
}
