//! A folder like those of real repositories: files of other tools are skipped, and never changed.

use crate::fixture::Folder;

const POLICY: &str = "apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: default, namespace: shop}
spec: {mtls: {mode: STRICT}}
";

/// What stands beside policies, in the manner of Kustomize, Helm, Ansible, CI and dashboards.
const OTHERS: [(&str, &str); 16] = [
    ("docker-compose.yaml", "services:\n  db: {image: postgres}\n"),
    ("grafana/sources.yaml", "apiVersion: 1\ndatasources: []\n"),
    ("ansible/site.yml", "- hosts: all\n  tasks: []\n"),
    ("ansible/group_vars/all.yml", "kind: blue\nrules: [a, b]\n"),
    (
        "overlays/patch.yaml",
        "- op: add\n  path: /spec/replicas\n  value: 2\n",
    ),
    ("overlays/values.yaml", "metadata: {name: a}\nspec: {}\n"),
    (
        "alerts.yaml",
        "groups:\n- name: a\n  rules: [{alert: Down, expr: up == 0}]\n",
    ),
    (
        "gitlab.yaml",
        "build: {script: [make]}\n---\nvariables: {A: !reference [x, y]}\n",
    ),
    ("broken.yaml", "a: [\n"),
    ("template.yaml", "metadata:\n  name: {{ .Values.name }}\n"),
    ("bazel_test.yaml", "suite: sa\ntests:\n- it: works\n"),
    ("users_fixtures.yaml", "- model: auth.user\n"),
    ("chart/Chart.yaml", "apiVersion: v2\nname: chart\n"),
    (
        "chart/templates/policy.yaml",
        "kind: AuthorizationPolicy\nspec: {{ toYaml .Values.spec }}\n",
    ),
    (".github/workflows/ci.yaml", "kind: AuthorizationPolicy\n"),
    ("node_modules/x/policy.yaml", "kind: AuthorizationPolicy\n"),
];

fn repository() -> Folder {
    let folder = Folder::with(&OTHERS);
    folder.write("policies/default.yaml", POLICY);
    folder
}

#[test]
fn what_is_for_other_tools_is_passed_over() {
    let folder = repository();
    let ran = folder.run(&["check", "."]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(ran.out, "");
    assert!(
        ran.err.ends_with("1 document and 0 suites checked: 0 errors, 0 warnings; skipped 5 other documents, 2 unreadable files, 1 Helm chart\n"),
        "{ran:?}"
    );
    assert!(ran.warns("`helm template chart | peerwarden check -`"), "{ran:?}");
    let ran = folder.run(&["check", "--verbose", "."]);
    for named in [
        "skipped chart: a Helm chart",
        "skipped broken.yaml: ",
        "skipped template.yaml: ",
    ] {
        assert!(ran.warns(named), "{named}: {ran:?}");
    }
    for arguments in [
        &["who-can", "GET /", "--policies", "."][..],
        &["matrix", "--policies", ".", "--engine", "native"],
        &["diff", ".", "."],
    ] {
        let ran = folder.run(arguments);
        assert_ne!(ran.code, 2, "{arguments:?}: {ran:?}");
    }
}

#[test]
fn nothing_of_others_is_formatted() {
    let folder = repository();
    folder.write("ugly.yaml", "apiVersion:   v1\nkind:     Service\n");
    let before: Vec<String> = OTHERS.iter().map(|(name, _)| read(&folder, name)).collect();
    let ran = folder.run(&["fmt", "."]);
    assert_eq!(
        (ran.code, ran.out.as_str(), ran.err.as_str()),
        (0, "", "0 of 1 reformatted\n"),
        "{ran:?}"
    );
    let after: Vec<String> = OTHERS.iter().map(|(name, _)| read(&folder, name)).collect();
    assert_eq!(before, after);
    assert_eq!(
        read(&folder, "ugly.yaml"),
        "apiVersion:   v1\nkind:     Service\n"
    );
}

/// A policy that is left out in silence protects nothing.
#[test]
fn what_is_meant_for_us_is_not() {
    for (text, place) in [
        (
            "kind: AuthorizationPolicy\nmetadata: {name: a}\n",
            "meant.yaml:1:",
        ),
        (
            "apiVersion: security.istio/v1\nkind: AuthorizationPolicy\n",
            "meant.yaml:2:",
        ),
        (
            "apiVersion: security.istio.io/v1\nkind: AuthorisationPolicy\n",
            "meant.yaml:2:",
        ),
        ("- kind: PeerAuthentication\n", "meant.yaml:1:"),
        (
            "apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nspec: [\n",
            "meant.yaml:",
        ),
        (
            "kind: AuthorizationPolicy\nspec: {{ toYaml .Values.spec }}\n",
            "meant.yaml:",
        ),
    ] {
        let folder = repository();
        folder.write("meant.yaml", text);
        folder.run(&["check", "."]).says(2, &[place]);
        folder
            .run(&["matrix", "--policies", ".", "--engine", "native"])
            .says(2, &[place]);
    }
    // What is named is for us, whatever it says.
    let folder = repository();
    for (named, says) in [
        ("broken.yaml", "broken.yaml:"),
        ("overlays/values.yaml", "overlays/values.yaml:1:"),
        ("bazel_test.yaml", "unknown field `suite`"),
    ] {
        folder.run(&["check", named]).says(2, &[says]);
    }
}

#[test]
fn what_git_ignores_is_not_read() {
    let folder = repository();
    std::fs::create_dir(folder.path(".git")).expect("a folder");
    folder.write(".gitignore", "generated/\n");
    folder.write(".peerwardenignore", "attic\n");
    for name in ["generated/a.yaml", "attic/b.yaml", "vendor/c.yaml"] {
        folder.write(name, "kind: AuthorizationPolicy\n");
    }
    let ran = folder.run(&["check", "."]);
    assert_eq!(ran.code, 0, "{ran:?}");
    folder
        .run(&["check", "attic/b.yaml"])
        .says(2, &["attic/b.yaml:1:"]);
    folder.run(&["check", "vendor"]).says(2, &["vendor/c.yaml:1:"]);
}

fn read(folder: &Folder, name: &str) -> String {
    std::fs::read_to_string(folder.path(name)).expect("a file")
}

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
