//! Policies without a namespace: it comes from a kustomization, a setting or an option.

use crate::fixture::Folder;

#[test]
fn a_policy_without_a_namespace_has_that_of_its_kustomization() {
    let bare = "apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: a}
spec: {action: DENY, rules: [{to: [{operation: {methods: [GET]}}]}]}
";
    let folder = Folder::with(&[
        ("shop/policy.yaml", bare),
        (
            "shop/kustomization.yaml",
            "namespace: shop\nresources: [policy.yaml]\n",
        ),
        ("other/policy.yaml", bare),
        ("workload.yaml", "{namespace: shop}\n"),
        ("default.yaml", "{namespace: default}\n"),
    ]);
    let asks = |workload: &str, policies: &str| {
        let arguments = [
            "explain",
            "--engine",
            "native",
            "--plaintext",
            "--workload",
            workload,
        ];
        folder.run(&[&arguments[..], &["--policies", policies, "--path", "/"]].concat())
    };
    for (workload, policies, verdict, notes) in [
        ("workload.yaml", "shop", "DENY", false),
        ("default.yaml", "shop", "ALLOW", false),
        ("workload.yaml", "other", "ALLOW", true),
        ("default.yaml", "other", "DENY", true),
        ("default.yaml", "other/policy.yaml", "DENY", true),
        ("workload.yaml", "shop/policy.yaml", "DENY", false),
    ] {
        let ran = asks(workload, policies);
        assert!(ran.out.starts_with(verdict), "{workload} {policies}: {ran:?}");
        let says = ran.warns("note: 1 policy without a namespace");
        assert_eq!(says, notes, "{workload} {policies}: {ran:?}");
    }
    let ran = folder.run(&["check", "."]);
    assert_eq!(ran.err.matches("without a namespace").count(), 1, "{ran:?}");
    folder.write("null.yaml", bare.replace("{name: a}", "{name: a, namespace: }"));
    folder
        .run(&["check", "null.yaml"])
        .says(2, &["null.yaml:3:", "`metadata.namespace`"]);
}

#[test]
fn settings_and_an_option_give_namespaces() {
    let bare = "apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: a}
spec: {action: DENY, rules: [{to: [{operation: {methods: [GET]}}]}]}
";
    let folder = Folder::with(&[
        ("teams/shop/policy.yaml", bare),
        ("other/policy.yaml", bare),
        ("kustomized/policy.yaml", bare),
        (
            "kustomized/kustomization.yaml",
            "namespace: customs\nresources: [policy.yaml]\n",
        ),
        (
            "peerwarden.toml",
            "[namespace]\n\"teams/*\" = \"teams\"\n\"teams/shop\" = \"shop\"\n",
        ),
    ]);
    let namespaces = |more: &[&str]| {
        let ran = folder.run(
            &[
                &[
                    "matrix",
                    "--policies",
                    ".",
                    "--engine",
                    "native",
                    "--format",
                    "json",
                ],
                more,
            ]
            .concat(),
        );
        assert_eq!(ran.code, 0, "{ran:?}");
        let names = ["shop", "teams", "customs", "default", "given"];
        let has = |name: &&str| ran.out.contains(&format!("\"namespace\": \"{name}\""));
        (names.into_iter().filter(has).collect::<Vec<_>>(), ran.err)
    };
    let (names, notes) = namespaces(&[]);
    assert_eq!(names, ["shop", "customs", "default"], "{notes}");
    assert!(notes.contains("1 policy without a namespace"), "{notes}");
    let (names, notes) = namespaces(&["-n", "given"]);
    assert_eq!(
        (names.as_slice(), notes.as_str()),
        (&["shop", "customs", "given"][..], "")
    );
    let ran = folder.run(&["check", ".", "--namespace", "Given"]);
    ran.says(2, &["a namespace is in lower case"]);
}
