//! `check --fix` and `check --diff`.

use crate::fixture::Folder;

const POLICY: &str = "\
# What nobody may do.
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: no-admin, namespace: shop}
spec:
  selector:
    matchLabels: {app: orders}
  action: DENY
  rules:
  - to:
    - operation:
        ports: [8080] # the application's
        methods: [get, \"POST\"]
        paths:
        - /admin/* # all of it
        - /users/*/secret
        - /files/{**}
    from:
    - source:
        principals:
        - 'spiffe://cluster.local/ns/web/sa/frontend'
";

const MENDED: &str = "\
# What nobody may do.
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: no-admin, namespace: shop}
spec:
  selector:
    matchLabels: {app: orders}
  action: DENY
  rules:
  - to:
    - operation:
        ports: [\"8080\"] # the application's
        methods: [get, GET, \"POST\"]
        paths:
        - /admin/* # all of it
        - /admin
        - \"/users/{*}/secret\"
        - /files/{**}
        - /files
    from:
    - source:
        principals:
        - 'spiffe://cluster.local/ns/web/sa/frontend'
";

#[test]
fn comments_and_layout_stay() {
    let folder = Folder::with(&[("a.yaml", POLICY)]);
    let shown = folder.run(&["check", "--diff"]);
    assert_eq!(shown.code, 2, "{shown:?}");
    insta::assert_snapshot!(shown.out);
    assert_eq!(std::fs::read_to_string(folder.path("a.yaml")).unwrap(), POLICY);
    let ran = folder.run(&["check", "--fix"]);
    assert_eq!(std::fs::read_to_string(folder.path("a.yaml")).unwrap(), MENDED);
    ran.says(1, &["error[PW026]", "write `cluster.local/ns/web/sa/frontend`"]);
    assert_eq!(
        ran.err,
        "1 document and 0 suites checked: 1 error, 0 warnings\n5 fixes applied\n"
    );
    assert_eq!(
        std::fs::read_dir(folder.path("")).unwrap().count(),
        1,
        "nothing is left beside the file"
    );
}

/// A person must decide about a fix that allows what was denied.
#[test]
fn nothing_is_opened() {
    let policy = POLICY.replace("[8080]", "[\"8080\"]").replace("DENY", "ALLOW");
    let folder = Folder::with(&[("a.yaml", &policy)]);
    let ran = folder.run(&["check", "--fix"]);
    assert_eq!(std::fs::read_to_string(folder.path("a.yaml")).unwrap(), policy);
    ran.says(1, &["warning[PW026]", "warning[PW017]", "warning[PW027]"]);
}

/// An alias stands for its anchor: an edit there would change two values, although only one was meant.
#[test]
fn what_would_become_something_else_is_left() {
    let policy = POLICY
        .replace("[8080]", "[\"8080\"]")
        .replace("- operation:\n", "- operation: &all\n");
    let shared = policy.replace("    from:", "    - operation: *all\n    from:");
    let folder = Folder::with(&[("a.yaml", &shared)]);
    let ran = folder.run(&["check", "--fix"]);
    ran.says(1, &["warning[PW017]", "`get` matches nothing"]);
    let mended = std::fs::read_to_string(folder.path("a.yaml")).unwrap();
    assert_eq!(mended, shared);
    assert!(ran.err.contains("0 fixes applied, "), "{ran:?}");
    assert!(ran.err.contains(" not: apply them by hand"), "{ran:?}");
}

#[test]
fn a_file_that_is_linked_stays_linked() {
    let folder = Folder::with(&[("real/a.yaml", POLICY)]);
    std::os::unix::fs::symlink("real/a.yaml", folder.path("b.yaml")).unwrap();
    folder.run(&["check", "--fix", "b.yaml"]);
    assert!(folder.path("b.yaml").is_symlink());
    assert_eq!(
        std::fs::read_to_string(folder.path("real/a.yaml")).unwrap(),
        MENDED
    );
}

/// Annotation names that only a quoted string can express, with a tab, a quote, brackets, a backslash and an invisible
/// character.
const ODD: [&str; 6] = [r"a\tb", r#"a\"b"#, "a]b", r#"[\"0\"]"#, r"a\\b", r"a\u200bb"];

/// A policy with annotations of these names and this value.
fn annotated(value: &str) -> String {
    let lines = ODD.map(|name| format!("    \"{name}\": {value}\n"));
    // Lints check only what the engine accepts.
    let policy = POLICY.replace("[8080]", "[\"8080\"]");
    policy.replace(
        "metadata: {name: no-admin, namespace: shop}\n",
        &format!(
            "metadata:\n  name: no-admin\n  namespace: shop\n  annotations:\n{}",
            lines.concat()
        ),
    )
}

/// Whatever characters a key has, the message and the fix are at its value.
#[test]
fn a_key_of_any_characters_is_found_again() {
    // A number is refused; some YAML 1.1 parsers read the time as a number.
    for (value, title) in [
        ("8", "expected a string, found a number"),
        ("12:30", "title=PW024"),
    ] {
        let policy = annotated(value);
        let folder = Folder::with(&[("a.yaml", &policy)]);
        let ran = folder.run(&["check", "--format", "github"]);
        assert!(ran.out.contains(title), "{title}: {ran:?}");
        for line in policy
            .lines()
            .enumerate()
            .filter(|(_, line)| line.starts_with("    \""))
        {
            let (number, column) = (line.0 + 1, line.1.len() - value.len() + 1);
            let place = format!("line={number},col={column}");
            assert!(ran.out.contains(&place), "{value} at {place}: {ran:?}");
        }
        folder.run(&["check", "--fix"]);
        let mended = std::fs::read_to_string(folder.path("a.yaml")).unwrap();
        let quoted = annotated(&format!("\"{value}\""));
        for line in quoted.lines().filter(|line| line.starts_with("    \"")) {
            assert!(mended.contains(line), "{line} is not in {mended}");
        }
    }
}

#[test]
fn a_named_file_of_another_tool_is_not_changed() {
    let folder = Folder::with(&[("grafana.yaml", "apiVersion: 1\ndatasources: []\n")]);
    let ran = folder.run(&["check", "--fix", "grafana.yaml"]);
    assert!(!ran.err.contains("fix applied"), "{ran:?}");
    let text = std::fs::read_to_string(folder.path("grafana.yaml")).unwrap();
    assert_eq!(text, "apiVersion: 1\ndatasources: []\n");
}
