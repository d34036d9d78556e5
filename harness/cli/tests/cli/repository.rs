//! A folder like those of real repositories: files of other tools are skipped, and never changed.

use crate::fixture::Folder;

pub(crate) const POLICY: &str = "apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: default, namespace: shop}
spec: {mtls: {mode: STRICT}}
";

/// Files beside policies, as with Kustomize, Helm, Ansible, CI and dashboards.
const OTHERS: [(&str, &str); 28] = [
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
    (
        "argocd/app.yaml",
        "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: shop}\nspec: {source: {path: overlays}}\n",
    ),
    (
        "list.yaml",
        "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: ConfigMap, metadata: {name: a}}\n",
    ),
    ("tabs.yaml", "a:\n\tb: 1\n"),
    ("windows.yaml", "services:\r\n  db:\r\n    image: postgres\r\n"),
    ("mark.yaml", "\u{feff}# a comment\nimage: postgres\n"),
    (
        "dashboard.json",
        "{\"panels\": [{\"title\": \"kind\"}], \"schemaVersion\": 39}",
    ),
    ("comments.json", "{\n  // not JSON\n  \"a\": 1,\n}\n"),
    ("crontab.yaml", "@daily make\n"),
    (
        "crd.yaml",
        "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nspec:\n  names: {kind: Shop}\n",
    ),
    (
        "deployment-of-go-template.yaml",
        "kind: Deployment\nmetadata:\n  name: {{ .name }}\n",
    ),
    ("empty.yaml", ""),
    ("only-dashes.yaml", "---\n---\n"),
    (".github/workflows/ci.yaml", "kind: AuthorizationPolicy\n"),
    ("node_modules/x/policy.yaml", "kind: AuthorizationPolicy\n"),
];

pub(crate) fn repository() -> Folder {
    let folder = Folder::with(&OTHERS);
    folder.write("policies/default.yaml", POLICY);
    folder.write("k8s/orders.yaml", DEPLOYMENT);
    folder.write("empty.log", "");
    folder.write("inbound.conf", INBOUND);
    folder.write("policies/orders_test.yaml", SUITE);
    folder
}

pub(crate) const DEPLOYMENT: &str = "apiVersion: apps/v1
kind: Deployment
metadata: {name: orders, namespace: shop}
spec: {template: {metadata: {labels: {app: orders}}, spec: {containers: [{name: app}]}}}
";

const INBOUND: &str = "workload: {namespace: shop, serviceAccount: orders}
certificates: {directory: certs}
module: peerwarden.wasm
ports: [{port: 10443, protocol: HTTP, upstream: 127.0.0.1:18080}]
";

const SUITE: &str = "workload: {namespace: shop}
policies: [..]
peers: {stranger: plaintext}
requests: {list: GET /}
cases: [{peer: stranger, request: list, expect: deny}]
";

#[test]
fn what_is_for_other_tools_is_passed_over() {
    let folder = repository();
    let ran = folder.run(&["check", "."]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(ran.out, "");
    assert!(
        ran.warns("1 document and 1 suite checked: 0 errors, 0 warnings; skipped 24 other files, 1 unreadable file, 1 Helm chart"),
        "{ran:?}"
    );
    assert!(ran.warns("`helm template chart | peerwarden check -`"), "{ran:?}");
    let ran = folder.run(&["check", "--verbose", "."]);
    for named in [
        "skipped chart: a Helm chart",
        "skipped broken.yaml: nothing here reads it",
        "skipped deployment-of-go-template.yaml: ",
    ] {
        assert!(ran.warns(named), "{named}: {ran:?}");
    }
    for arguments in commands() {
        let ran = folder.run(&arguments);
        assert_ne!(ran.code, 2, "{arguments:?}: {ran:?}");
    }
}

/// Every command that takes a folder, run on the whole of it.
pub(crate) fn commands() -> Vec<Vec<&'static str>> {
    let native = |arguments: &[&'static str]| [arguments, &["--engine", "native"]].concat();
    vec![
        vec!["check", "."],
        vec!["check", ".", "--fix"],
        vec!["fmt", "."],
        native(&["who-can", "GET /", "--policies", "."]),
        native(&["can-ever", "--path", "/", "--policies", "."]),
        native(&["matrix", "--policies", "."]),
        native(&["diff", ".", "."]),
        native(&["test", "."]),
        native(&[
            "explain",
            "--policies",
            ".",
            "--workload",
            "deploy/orders",
            "--plaintext",
            "--path",
            "/",
        ]),
        vec![
            "replay",
            "empty.log",
            "--policies",
            ".",
            "--workload",
            "k8s/orders.yaml",
        ],
        vec!["render", "inbound", "inbound.conf", "--policies", "."],
    ]
}

#[test]
fn nothing_of_others_is_formatted() {
    let folder = repository();
    folder.write("ugly.yaml", "apiVersion:   v1\nkind:     Service\n");
    let before: Vec<String> = OTHERS.iter().map(|(name, _)| read(&folder, name)).collect();
    let ran = folder.run(&["fmt", "."]);
    assert_eq!(
        (ran.code, ran.out.as_str(), ran.err.as_str()),
        (0, "", "0 of 2 reformatted\n"),
        "{ran:?}"
    );
    let after: Vec<String> = OTHERS.iter().map(|(name, _)| read(&folder, name)).collect();
    assert_eq!(before, after);
    assert_eq!(
        read(&folder, "ugly.yaml"),
        "apiVersion:   v1\nkind:     Service\n"
    );
}

/// A policy that is silently skipped protects nothing.
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
        // PowerShell's output of a command: UTF-16.
        ("\u{0}", "`meant.yaml` is not UTF-8"),
    ] {
        let folder = repository();
        let wide = POLICY.bytes().flat_map(|byte| [byte, 0]);
        let wide: Vec<u8> = [0xff, 0xfe].into_iter().chain(wide).collect();
        folder.write(
            "meant.yaml",
            if text == "\u{0}" { &wide } else { text.as_bytes() },
        );
        folder.run(&["check", "."]).says(2, &[place]);
        // Others answer for what is not for it, and say so.
        let ran = folder.run(&["matrix", "--policies", ".", "--engine", "native"]);
        assert!(ran.code == 2 || ran.err.contains("left out"), "{ran:?}");
        assert!(ran.said().contains(place), "{ran:?}");
    }
    // A named file is always read: without a kind, its fields tell.
    let folder = repository();
    folder.write("meant.yaml", "metadata: {name: a}\nspec: {mtls: {}}\n");
    for (named, says) in [("broken.yaml", "broken.yaml:"), ("meant.yaml", "meant.yaml:1:")] {
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
fn a_huge_file_without_policies_is_skipped() {
    let folder = repository();
    let mut huge = "kind: ConfigMap\ndata: {a: b}\n---\n".repeat(1_100_000);
    folder.write("huge.yaml", &huge);
    let ran = folder.run(&["check", "."]);
    assert_eq!(ran.code, 0, "{ran:?}");
    huge.push_str(POLICY);
    huge.insert_str(0, POLICY);
    folder.write("huge.yaml", &huge);
    folder
        .run(&["check", "."])
        .says(2, &["`huge.yaml` is larger than 32 MiB"]);
}

#[test]
fn patches_are_for_kustomize() {
    let patch = "apiVersion: security.istio.io/v1\nkind: PeerAuthentication\nmetadata: {name: default}\nspec: {mtls: {mode: PERMISSIVE}}\n";
    let folder = repository();
    folder.write(
        "dev/kustomization.yaml",
        "resources: [../policies]\npatches: [{path: weaker.yaml}, {path: replicas.yaml}]\n",
    );
    folder.write("dev/weaker.yaml", patch);
    folder.write(
        "dev/replicas.yaml",
        "kind: Deployment\nmetadata: {name: orders}\nspec: {replicas: 2}\n",
    );
    let ran = folder.run(&["check", "."]);
    assert!(ran.warns("1 document and 1 suite checked"), "{ran:?}");
    ran.says(
        0,
        &[
            "note: 1 Kustomize patch of policies skipped",
            "`kubectl kustomize dev | peerwarden check -`",
        ],
    );
    let ran = folder.run(&["matrix", "--policies", ".", "--engine", "native"]);
    ran.says(0, &["note: 1 Kustomize patch of policies skipped"]);
    // A named link is read.
    let ran = folder.run(&["check", "dev/weaker.yaml"]);
    assert!(ran.err.contains("1 document"), "{ran:?}");
}

#[test]
fn settings_exclude_files_for_all_commands() {
    let broken = "kind: AuthorizationPolicy\nspec: [\n";
    let folder = repository();
    folder.write("attic/broken.yaml", broken);
    folder.write("attic/deep/broken.yaml", broken);
    folder.run(&["check", "."]).says(2, &["attic/broken.yaml"]);
    for settings in [
        "exclude = [\"attic\"]\n",
        "exclude = [\"attic/**\"]\n",
        "[check]\nexclude = [\"attic/\"]\n",
    ] {
        folder.write("peerwarden.toml", settings);
        for arguments in commands() {
            let ran = folder.run(&arguments);
            assert_ne!(ran.code, 2, "{settings}: {arguments:?}: {ran:?}");
        }
        let ran = folder.run(&["check", "."]);
        assert!(ran.warns("2 files excluded"), "{ran:?}");
    }
    // A hook names all files that changed.
    assert_eq!(folder.run(&["fmt", "attic/broken.yaml"]).code, 0);
    // A named file is checked.
    folder
        .run(&["matrix", "--policies", "attic/broken.yaml", "--engine", "native"])
        .says(2, &["attic/broken.yaml"]);
}
