//! A repository with a document that is refused.

use crate::repository::{DEPLOYMENT, POLICY, commands, repository};

/// One document of a repository is refused: each command answers for the workloads that it is not for.
#[test]
fn a_refused_document_is_in_the_way_of_its_workloads_only() {
    let broken = "apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: {name: broken, namespace: web}\n\
                  spec: {rules: [{when: [{key: source.workload.name, values: [a]}]}]}\n";
    let folder = repository();
    folder.write("policies/broken.yaml", broken);
    folder.write(
        "web/ui.yaml",
        DEPLOYMENT.replace("orders", "ui").replace("shop", "web"),
    );
    std::fs::remove_file(folder.path("policies/orders_test.yaml")).expect("a suite");
    let note = "1 document left out";
    for arguments in commands() {
        // What is broken is an error of `check`, and `render` writes nothing that is not whole.
        if ["check", "render", "test", "fmt"].contains(&arguments[0]) {
            continue;
        }
        let ran = folder.run(&arguments);
        if arguments[0] == "diff" {
            // The same text is refused on both sides.
            ran.says(0, &["nothing changes", note]);
        } else {
            ran.says(0, &[note]);
        }
    }
    folder
        .run(&["init", ".", "--engine", "native"])
        .says(0, &["1 suite written", note]);
    assert!(folder.path("suites/shop-orders_test.yaml").exists());
    assert!(!folder.path("suites/web-ui_test.yaml").exists());
    folder.run(&["test", "suites", "--engine", "native"]).says(0, &[]);
    // Of its own workload nothing is known.
    folder
        .run(&[
            "explain",
            "--policies",
            ".",
            "--workload",
            "deploy/ui",
            "--plaintext",
            "--path",
            "/",
        ])
        .says(2, &["unknown key `source.workload.name`"]);
    folder.write("new/broken.yaml", broken.replace("values: [a]", "values: [b]"));
    folder.write("new/default.yaml", POLICY);
    let ran = folder.run(&["diff", ".", "new", "--engine", "native"]);
    ran.says(
        1,
        &[
            "a document for it is refused",
            "unknown key `source.workload.name`",
        ],
    );
    for format in ["json", "markdown"] {
        let ran = folder.run(&["diff", ".", "new", "--engine", "native", "--format", format]);
        ran.says(1, &["a document for it is refused"]);
    }
}
