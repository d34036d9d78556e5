//! One bad document, and templates, keep nobody from an answer about the others.

use crate::fixture::Folder;

fn policy(name: &str, app: &str, rules: &str) -> String {
    format!(
        "apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: {{name: {name}, namespace: shop}}\nspec:\n  selector: \
         {{matchLabels: {{app: {app}}}}}\n  rules: {rules}\n"
    )
}

const GOOD: &str = "[{from: [{source: {principals: [cluster.local/ns/web/sa/web]}}]}]";

#[test]
fn a_bad_document_blocks_only_its_workloads() {
    let folder = Folder::with(&[
        ("good.yaml", &policy("good", "orders", GOOD)),
        ("bad.yaml", &policy("bad", "billing", "[{from: [{source: {}}]}]")),
        ("orders.yaml", "namespace: shop\nlabels: {app: orders}\n"),
        ("billing.yaml", "namespace: shop\nlabels: {app: billing}\n"),
    ]);
    let ran = folder.run(&["matrix", "--policies", ".", "--engine", "native"]);
    ran.says(0, &["app=orders"]);
    assert!(!ran.out.contains("billing"), "{ran:?}");
    assert!(
        ran.warns("note: 1 document left out: nothing is said about the workloads concerned"),
        "{ran:?}"
    );
    assert!(ran.err.contains("bad.yaml:"), "{ran:?}");
    let ask = |command: &str, workload: &str| {
        folder.run(&[
            command,
            "GET /",
            "--policies",
            ".",
            "--workload",
            workload,
            "--engine",
            "native",
        ])
    };
    assert_ne!(ask("who-can", "orders.yaml").code, 2);
    assert_ne!(ask("can-ever", "orders.yaml").code, 2);
    // Of this one it is the answer.
    ask("who-can", "billing.yaml").says(2, &["bad.yaml:"]);
    ask("can-ever", "billing.yaml").says(2, &["bad.yaml:"]);
    // Without a selector that can be read, it is for the whole namespace.
    folder.write(
        "bad.yaml",
        policy("bad", "billing", "[]").replace("matchLabels", "labels"),
    );
    ask("who-can", "orders.yaml").says(2, &["bad.yaml:"]);
    folder.run(&["matrix", "--policies", "."]).says(2, &["bad.yaml:"]);
    // What is enforced is taken whole or not at all.
    folder.run(&["check"]).says(2, &["bad.yaml:"]);
}

#[test]
fn a_file_that_is_no_yaml_is_left_out() {
    let folder = Folder::with(&[("good.yaml", &policy("good", "orders", GOOD))]);
    folder.write("bad.yaml", "kind: AuthorizationPolicy\nspec: [\n");
    let ran = folder.run(&["matrix", "--policies", ".", "--engine", "native"]);
    ran.says(0, &["app=orders"]);
    assert!(
        ran.warns("note: 1 file left out: what their policies do is not known"),
        "{ran:?}"
    );
    // One that is named is asked for.
    folder
        .run(&["matrix", "--policies", "good.yaml", "--policies", "bad.yaml"])
        .says(2, &["bad.yaml"]);
}

#[test]
fn what_takes_a_resource_away_is_a_patch() {
    let folder = Folder::with(&[("good.yaml", &policy("good", "orders", GOOD))]);
    folder.write(
        "remove.yaml",
        "$patch: delete\napiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: {name: x, namespace: shop}\n",
    );
    folder.write(
        "template.yaml",
        "{{<- if .Values.on >}}\nkind: AuthorizationPolicy\n{{<- end >}}\n",
    );
    let ran = folder.run(&["check"]);
    assert_eq!((ran.code, ran.out.as_str()), (0, ""), "{ran:?}");
    assert!(
        ran.warns("skipped 1 unreadable file, 1 Kustomize patch"),
        "{ran:?}"
    );
}

/// Charts alone are not checked, and the note says how.
#[test]
fn charts_alone_are_named() {
    let folder = Folder::with(&[
        ("chart/Chart.yaml", "name: a\n"),
        ("chart/templates/a.yaml", "a: {{ .x }}\n"),
    ]);
    folder.run(&["check"]).says(
        0,
        &[
            "no policy and no suite in `.`",
            "1 Helm chart skipped: render it first",
        ],
    );
}

/// A line of spaces inside a block text is text.
#[test]
fn lines_of_spaces_in_a_text_are_laid_out() {
    let text =
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\ndata:\n  a: |\n    x\n      \n    y\n---\n";
    let folder = Folder::with(&[("a.yaml", &format!("{text}{}", policy("good", "orders", GOOD)))]);
    let ran = folder.run(&["fmt", "a.yaml"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(
        std::fs::read_to_string(folder.path("a.yaml"))
            .unwrap()
            .starts_with(text)
    );
    assert_eq!(folder.run(&["fmt", "--check", "a.yaml"]).code, 0);
}
