//! Documents of one name.

use crate::fixture::{Folder, RunOutput};

fn mode(mode: &str) -> String {
    format!(
        "apiVersion: security.istio.io/v1\nkind: PeerAuthentication\nmetadata: {{name: default, namespace: shop}}\nspec: {{mtls: \
         {{mode: {mode}}}}}\n"
    )
}

/// A policy for the workload `orders` of `shop`.
fn policy(name: &str, spec: &str) -> String {
    format!(
        "apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: {{name: {name}, namespace: shop}}\nspec:\n  \
         selector: {{matchLabels: {{app: orders}}}}\n  {spec}\n"
    )
}

#[track_caller]
fn without_finding(ran: &RunOutput, note: &str) {
    assert_eq!((ran.code, ran.out.as_str()), (0, ""), "{ran:?}");
    assert!(ran.warns(note), "{ran:?}");
}

#[test]
fn steps_of_a_lesson_are_a_note() {
    let folder = Folder::with(&[
        ("mtls-off.yaml", &mode("DISABLE")),
        ("mtls-on.yaml", &mode("STRICT")),
    ]);
    without_finding(
        &folder.run(&["check"]),
        "note: `mtls-off.yaml` and `mtls-on.yaml` both have PeerAuthentication shop/default: each is checked",
    );
}

/// The commented-out alternative of a kustomization.
#[test]
fn what_a_kustomization_does_not_take_is_a_note() {
    let folder = Folder::with(&[
        ("a.yaml", &mode("STRICT")),
        ("a.alternative.yaml", &mode("DISABLE")),
    ]);
    folder.write(
        "kustomization.yaml",
        "resources:\n- a.yaml\n# - a.alternative.yaml\n",
    );
    without_finding(
        &folder.run(&["check"]),
        "both have PeerAuthentication shop/default",
    );
    folder.write("kustomization.yaml", "resources: [a.yaml, a.alternative.yaml]\n");
    folder.run(&["check"]).says(1, &["warning[PW004]"]);
}

#[test]
fn documents_that_say_the_same_are_one() {
    let folder = Folder::with(&[("a/a.yaml", &mode("STRICT")), ("b/a.yaml", &mode("STRICT"))]);
    let ran = folder.run(&["check"]);
    assert_eq!((ran.code, ran.out.as_str()), (0, ""), "{ran:?}");
    assert!(!ran.err.contains("note:"), "{ran:?}");
}

/// What kuttl and chainsaw compare a cluster with is not applied to it.
#[test]
fn expectations_of_tests_are_skipped() {
    let folder = Folder::with(&[("orders.yaml", &mode("STRICT"))]);
    for name in [
        "one/00-assert.yaml",
        "two/orders-assert.yaml",
        "two/orders-errors.yaml",
    ] {
        folder.write(name, policy("orders", "rules: [{from: [{source: {}}]}]"));
    }
    let ran = folder.run(&["check"]);
    assert_eq!((ran.code, ran.out.as_str()), (0, ""), "{ran:?}");
    assert!(ran.err.contains("skipped 3 other files"), "{ran:?}");
}

const WIDE: &str = "rules: [{}]";
const NARROW: &str = "rules: [{from: [{source: {principals: [cluster.local/ns/web/sa/frontend]}}]}]";

/// Each version is checked together with the documents beside it, so a duplicate name hides no finding.
#[test]
fn a_namesake_silences_nothing() {
    let folder = Folder::with(&[
        ("all.yaml", &policy("all", WIDE)),
        ("some.yaml", &policy("some", NARROW)),
    ]);
    folder.run(&["check"]).says(1, &["warning[PW012]", "some.yaml"]);
    folder.write(
        "some-fixed.yaml",
        policy("some", &NARROW.replace("frontend", "front")),
    );
    folder.run(&["check"]).says(1, &["warning[PW012]", "some.yaml"]);
}

/// In a cluster the last counts, whatever the command.
#[test]
fn the_last_of_a_name_decides() {
    let shown = |modes: [&str; 2]| {
        let folder = Folder::with(&[("a.yaml", &mode(modes[0])), ("b.yaml", &mode(modes[1]))]);
        folder.write("orders.yaml", policy("orders", WIDE));
        let ran = folder.run(&["matrix", "--policies", "."]);
        (ran.out, ran.err)
    };
    let (off, said) = shown(["STRICT", "DISABLE"]);
    assert!(said.contains("the last counts"), "{said}");
    let (on, _) = shown(["DISABLE", "STRICT"]);
    assert_ne!(off, on);
}
