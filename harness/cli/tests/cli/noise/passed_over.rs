//! What is no policy does not stop the commands, and `fmt` leaves it as it is.

use crate::fixture::Folder;

const POLICY: &str = "apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata:\n  name: a\n  namespace: shop\nspec:\n  rules:\n  - \
                      from:\n    - source:\n        namespaces: [web]\n";

fn read(folder: &Folder, name: &str) -> String {
    std::fs::read_to_string(folder.path(name)).unwrap()
}

/// A program has it, and fills it in before it is applied.
#[test]
fn a_template_of_go_below_no_chart() {
    let folder = Folder::with(&[("a.yaml", POLICY)]);
    let template = POLICY.replace("name: a", "name:   {{ .Name }}");
    folder.write("internal/tokens.yaml", &template);
    let commands: [&[&str]; 6] = [
        &["check"],
        &["fmt"],
        &["matrix", "--engine", "native"],
        &["who-can", "GET /"],
        &["can-ever", "GET /"],
        &["init"],
    ];
    for command in commands {
        let ran = folder.run(command);
        assert_eq!(ran.code, 0, "{command:?} {ran:?}");
        if command[0] != "fmt" {
            let note = "note: 1 template of Go skipped, such as internal/tokens.yaml";
            assert!(ran.warns(note), "{command:?} {ran:?}");
        }
    }
    assert_eq!(read(&folder, "internal/tokens.yaml"), template);
    for command in ["check", "fmt"] {
        folder
            .run(&[command, "internal/tokens.yaml"])
            .says(2, &["template of Helm or Go"]);
    }
}

/// kubectl refuses it, so `check` does; of no workload it says anything.
#[test]
fn an_entry_in_the_group_of_policies() {
    let entry = "apiVersion: security.istio.io/v1\nkind:   ServiceEntry\nmetadata: {name: b, namespace: shop}\nspec: {hosts: [\"a.example\"]}\n";
    let folder = Folder::with(&[("a.yaml", POLICY), ("b.yaml", entry)]);
    folder.run(&["check"]).says(2, &["unknown kind `ServiceEntry`"]);
    for command in [
        ["who-can", "GET /"],
        ["can-ever", "GET /"],
        ["matrix", "--engine=native"],
    ] {
        let ran = folder.run(&command);
        assert_eq!(ran.code, 0, "{command:?} {ran:?}");
        assert!(ran.warns("unknown kind `ServiceEntry`"), "{command:?} {ran:?}");
    }
    assert_eq!(folder.run(&["fmt"]).code, 0);
    assert_eq!(read(&folder, "b.yaml"), entry);
    // What may be a policy with a mistake in its kind is still one.
    folder.write("b.yaml", entry.replace("ServiceEntry", "AuthorizationPolcy"));
    assert_eq!(folder.run(&["who-can", "GET /"]).code, 2);
}

/// The next document is appended below it.
#[test]
fn a_marker_at_the_end_stays() {
    let folder = Folder::with(&[("a.yaml", &format!("{}---\n", POLICY.replace("[web]", "[ web ]")))]);
    assert_eq!(folder.run(&["fmt"]).code, 0);
    assert_eq!(read(&folder, "a.yaml"), format!("{POLICY}---\n"));
    assert_eq!(folder.run(&["fmt", "--check"]).code, 0);
}

/// As `matrix`, `who-can` and `can-ever` do.
#[test]
fn explain_reads_the_folder_where_it_runs() {
    let workload = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: orders, namespace: shop}\nspec: {template: {metadata: {labels: {app: \
                    orders}}, spec: {containers: [{name: a, image: a}]}}}\n";
    let folder = Folder::with(&[("a.yaml", POLICY), ("orders.yaml", workload)]);
    let ran = folder.run(&[
        "explain",
        "--workload",
        "deploy/orders",
        "--plaintext",
        "--path",
        "/",
        "--engine",
        "native",
    ]);
    ran.says(0, &["DENY"]);
    folder
        .run(&["explain", "--plaintext", "--path", "/"])
        .says(2, &["the protected workload is missing", "deploy/NAME"]);
}
