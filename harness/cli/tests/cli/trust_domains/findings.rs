//! `test` and `check`: expectations that cannot be fulfilled.

use super::{POLICY, REFUSED, SUITE, below, folder, roots, words};
use crate::fixture::Folder;

#[test]
fn test_says_that_a_case_promises_too_much() {
    let folder = folder();
    let ran = folder.run(&["test", "orders_test.yaml"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    let note = format!("note `their export` expects `allow`, but {REFUSED}");
    assert_eq!(words(&ran.out).matches(&note).count(), 1, "{ran:?}");
    let json = folder.run(&["test", "orders_test.yaml", "--format", "json"]);
    assert!(words(&json.out).contains(REFUSED), "{json:?}");
    folder.write("orders_test.yaml", format!("{}{SUITE}", below(&roots())));
    let meant = folder.run(&["test", "orders_test.yaml"]);
    assert_eq!(meant.code, 0, "{meant:?}");
    assert!(!words(&meant.out).contains(REFUSED), "{meant:?}");
    // For a failed case it is the first thing to know.
    folder.write("orders_test.yaml", SUITE.replace("expect: deny", "expect: allow"));
    let failed = folder.run(&["test", "orders_test.yaml"]);
    assert_eq!(failed.code, 1, "{failed:?}");
    assert!(
        words(&failed.out).contains("`their export` and 1 more expect `allow`"),
        "{failed:?}"
    );
    assert!(words(&failed.out).matches(REFUSED).count() == 2, "{failed:?}");
}

#[test]
fn check_warns_of_a_principal_that_the_handshake_refuses() {
    let folder = folder();
    let count = |options: &[&str]| {
        let ran = folder.run(&[&["check", "policy.yaml"], options].concat());
        ran.out.matches("warning[PW034]").count()
    };
    assert_eq!(count(&[]), 1);
    assert_eq!(count(&["--mesh", "other.yaml"]), 1);
    assert_eq!(count(&["--mesh", "meant.yaml"]), 0);
    assert_eq!(count(&["--mesh", "alias.yaml"]), 0);
    let ran = folder.run(&["check", "policy.yaml"]);
    ran.says(1, &[REFUSED, "`caCertificates` of the mesh"]);
    assert_eq!(ran.underlined(), ["partner.example/ns/batch/sa/nightly"]);
}

#[test]
fn what_may_well_get_in_is_no_finding() {
    let count = |policy: &str, others: &str| {
        let text = format!("{policy}---\n{others}");
        let ran = Folder::with(&[("all.yaml", &text)]).run(&["check", "all.yaml"]);
        ran.out.matches("warning[PW034]").count()
    };
    let gateway = |selector: &str| {
        format!(
            "apiVersion: networking.istio.io/v1\nkind: Gateway\nmetadata: {{name: edge, namespace: shop}}\nspec: {{selector: {{{selector}}}, servers: []}}\n"
        )
    };
    assert_eq!(count(POLICY, ""), 1);
    // A gateway's servers have their own roots.
    assert_eq!(count(POLICY, &gateway("app: orders")), 0);
    assert_eq!(count(POLICY, &gateway("app: other")), 1);
    // Nothing shows that the mesh is a different one.
    assert_eq!(count(&POLICY.replace("cluster.local", "partner.example"), ""), 0);
    // Wildcards, and values that a DENY rule denies.
    assert_eq!(count(&POLICY.replace("partner.example", "*"), ""), 0);
    assert_eq!(count(&POLICY.replace("partner.example/", "partner*/"), ""), 0);
    let deny = POLICY.replace("  rules:", "  action: DENY\n  rules:");
    assert_eq!(count(&deny, ""), 0);
    // Only the partner, who is not accepted either.
    assert_eq!(
        count(
            &deny.replace("principals: [partner", "notPrincipals: [partner"),
            ""
        ),
        1
    );
    assert_eq!(
        count(
            &POLICY.replace(
                "principals: [partner.example/ns/batch/sa/nightly]",
                "trustDomains: [partner.example]"
            ),
            ""
        ),
        1
    );
}
