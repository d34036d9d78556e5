//! Folders without policies: no command calls them wrong input, and none answers that all is well.

use crate::fixture::Folder;

/// The root of a repository in which nothing is for these tools.
fn root() -> Folder {
    Folder::with(&[
        ("compose.yaml", "services: {db: {image: postgres}}\n"),
        (
            "k8s/orders.yaml",
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: orders, namespace: shop}\n\
             spec: {template: {metadata: {labels: {app: orders}}, spec: {containers: [{name: app}]}}}\n",
        ),
        ("log/access.log", ""),
        (
            "inbound.conf",
            "workload: {namespace: shop, serviceAccount: orders}\ncertificates: {directory: certs}\n\
             module: peerwarden.wasm\nports: [{port: 10443, protocol: HTTP, upstream: 127.0.0.1:18080}]\n",
        ),
    ])
}

/// The same with a Helm chart.
fn with_chart() -> Folder {
    let folder = root();
    folder.write("chart/Chart.yaml", "apiVersion: v2\nname: chart\n");
    folder.write("chart/templates/a.yaml", "kind: Service\nname: {{ .Values.x }}\n");
    folder
}

/// Every command that takes a folder, with the exit code and what it answers.
const COMMANDS: [(&[&str], i32, &str); 13] = [
    (
        &["check"],
        0,
        "0 documents and 0 suites checked: 0 errors, 0 warnings",
    ),
    (&["check", ".", "--fix"], 0, "0 documents"),
    (&["fmt"], 0, "0 of 0 reformatted"),
    (&["fmt", "--check", "."], 0, "0 of 0 to be reformatted"),
    (&["matrix", "--engine", "native"], 0, "anything +"),
    (&["who-can", "GET /", "--engine", "native"], 0, "+ anybody"),
    (
        &["can-ever", "GET /", "--expect", "yes", "--engine", "native"],
        0,
        "yes, such a request can be allowed",
    ),
    // A check in CI must not pass because nothing was read.
    (
        &["can-ever", "GET /", "--expect", "no", "--engine", "native"],
        1,
        "yes, such a request can be allowed",
    ),
    (&["diff", ".", ".", "--engine", "native"], 0, "nothing changes"),
    (
        &[
            "explain",
            "--policies",
            ".",
            "--workload",
            "deploy/orders",
            "--plaintext",
            "--path",
            "/",
            "--engine",
            "native",
        ],
        0,
        "ALLOW: no ALLOW policy applies to the workload",
    ),
    (
        &[
            "replay",
            "log/access.log",
            "--policies",
            ".",
            "--workload",
            "k8s/orders.yaml",
        ],
        0,
        "0 lines",
    ),
    (
        &["render", "inbound", "inbound.conf", "--policies", "."],
        0,
        "envoy",
    ),
    (&["init"], 0, ""),
];

#[test]
fn no_command_calls_it_wrong_input() {
    for folder in [root(), with_chart()] {
        for (arguments, code, says) in COMMANDS {
            let ran = folder.run(arguments);
            assert_eq!(ran.code, code, "{arguments:?}: {ran:?}");
            let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
            assert!(
                words(&ran.said()).contains(says),
                "{says}: {arguments:?}: {ran:?}"
            );
            assert!(ran.warns("note: no policy"), "{arguments:?}: {ran:?}");
        }
        assert!(!folder.path("suites").exists());
    }
}

#[test]
fn the_note_says_what_was_looked_for_and_what_was_skipped() {
    let ran = root().run(&["check"]);
    assert!(
        ran.warns(
            "note: no policy and no suite in `.`: none of its 2 files has a document of `security.istio.io`"
        ),
        "{ran:?}"
    );
    let ran = with_chart().run(&["matrix", "--engine", "native"]);
    for says in [
        "note: no policy in `.`",
        "where no policy applies, everything is allowed",
        "note: 1 Helm chart skipped: render it first, `helm template chart | peerwarden check -`",
    ] {
        assert!(ran.warns(says), "{says}: {ran:?}");
    }
}

#[test]
fn formats_for_programs_are_written() {
    let folder = with_chart();
    for (arguments, formats) in [
        (&["check"][..], &["json", "sarif", "github"][..]),
        (&["matrix"], &["json", "csv", "html", "svg"]),
        (&["who-can", "GET /"], &["json"]),
        (&["can-ever", "GET /"], &["json"]),
        (&["diff", ".", "."], &["json", "sarif", "markdown"]),
        (&["test"], &["json", "junit", "tap", "sarif"]),
    ] {
        for format in formats {
            let ran = folder.run(&[arguments, &["--format", format]].concat());
            assert_ne!(ran.code, 2, "{arguments:?} {ran:?}");
            assert!(!ran.out.is_empty(), "{arguments:?} {ran:?}");
            if *format == "json" || *format == "sarif" {
                let parsed: Result<serde_json::Value, _> = serde_json::from_str(&ran.out);
                assert!(parsed.is_ok(), "{arguments:?} {ran:?}");
            }
        }
    }
}

/// Nothing was tested, so nothing has passed: a suite that was moved or renamed must not turn CI green.
#[test]
fn test_fails_where_there_is_no_suite() {
    for folder in [root(), with_chart(), Folder::new()] {
        let ran = folder.run(&["test"]);
        ran.says(
            1,
            &[
                "no suite in `.`",
                "*_test.yaml",
                "nothing was tested",
                "`peerwarden init`",
            ],
        );
    }
}

/// What does not exist, or is named and is not what it should be, is wrong input.
#[test]
fn what_is_named_must_be_there() {
    let folder = root();
    for (arguments, says) in [
        (&["check", "missing"][..], "missing"),
        (&["test", "missing"], "there is no `missing`"),
        (&["init", "missing"], "missing"),
        (&["matrix", "--policies", "missing"], "there is no `missing`"),
        (
            &["matrix", "--policies", "compose.yaml"],
            "no policy in `compose.yaml`",
        ),
        (
            &[
                "who-can",
                "GET /",
                "--policies",
                "compose.yaml",
                "--policies",
                "k8s/orders.yaml",
            ],
            "no policy in `compose.yaml`, `k8s/orders.yaml`",
        ),
        (&["diff", ".", "missing"], "there is no `missing`"),
        (
            &[
                "explain",
                "--policies",
                "k8s/orders.yaml",
                "--workload",
                "deploy/orders",
                "--plaintext",
                "--path",
                "/",
            ],
            "no policy in `k8s/orders.yaml`",
        ),
        (
            &[
                "render",
                "inbound",
                "inbound.conf",
                "--policies",
                "k8s/orders.yaml",
            ],
            "no policy in `k8s/orders.yaml`",
        ),
        (&["init", "compose.yaml"], "no policy in `compose.yaml`"),
    ] {
        folder.run(arguments).says(2, &[says]);
    }
    // The old version may have had none.
    folder.write("policy.yaml", crate::fixture::ORDERS);
    folder
        .run(&["diff", "k8s/orders.yaml", "policy.yaml", "--engine", "native"])
        .says(1, &["note: no policy in `k8s/orders.yaml`"]);
}

/// A hook names all files of a commit.
#[test]
fn files_of_other_tools_may_be_named() {
    let folder = with_chart();
    let others = [
        ("overlay/kustomization.yaml", "resources: [../k8s]\n"),
        ("values.yaml", "metadata: {a: b}\nspec: {replicas: 1}\n"),
        ("site.yml", "- hosts: all\n  tasks: []\n"),
        (
            "ci.yml",
            "spec: {inputs: {}}\n---\nbuild:\n  rules: [{if: $X}]\n  script: !reference [a, b]\n",
        ),
        ("alerts.yaml", "groups: [{name: a, rules: [{alert: Down}]}]\n"),
        ("sa_test.yaml", "suite: sa\ntests: [{it: works}]\n"),
        ("users_fixtures.yaml", "- model: auth.user\n"),
        ("rules.yaml", "rules: [{alert: Down, expr: up == 0}]\n"),
        ("empty.yaml", ""),
        (
            "ingress.yaml",
            "kind: Ingress\nspec: {rules: [{host: a.example}]}\n",
        ),
    ];
    let mut named = vec!["compose.yaml", "k8s/orders.yaml", "chart/templates/a.yaml"];
    for (name, text) in others {
        folder.write(name, text);
        named.push(name);
        folder.run(&["check", name]).says(0, &["0 documents"]);
    }
    for command in ["check", "fmt"] {
        let arguments = [&[command], named.as_slice()].concat();
        let ran = folder.run(&arguments);
        assert_eq!(ran.code, 0, "{ran:?}");
        assert!(
            ran.warns("note: no policy and no suite in `compose.yaml`"),
            "{ran:?}"
        );
    }
    folder.write("policy.yaml", crate::fixture::ORDERS);
    let ran = folder.run(&[&["check", "policy.yaml"], named.as_slice()].concat());
    assert_eq!((ran.code, ran.out.as_str()), (0, ""), "{ran:?}");
    assert!(ran.warns("1 document and 0 suites checked"), "{ran:?}");
    // What cannot be read is an error, and so is a policy without its head.
    for (text, says) in [
        ("a: [\n", "broken.yaml"),
        ("metadata: {name: a}\nspec: {rules: [{}]}\n", "broken.yaml:1:"),
        ("spec: {mtls: {mode: STRICT}}\n", "broken.yaml:1:"),
        ("action: DENY\nrules: [{from: []}]\n", "broken.yaml:1:"),
        ("kind: AuthorizationPolicy\n", "broken.yaml:1:"),
    ] {
        folder.write("broken.yaml", text);
        folder
            .run(&["check", "policy.yaml", "broken.yaml"])
            .says(2, &[says]);
    }
}
