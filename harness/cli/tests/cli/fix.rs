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
    ran.says(1, &["warning[PW026]", "write `cluster.local/ns/web/sa/frontend`"]);
    assert_eq!(
        ran.out,
        "1 document and 0 suites checked: 0 errors, 1 warning\n5 fixes applied\n"
    );
    assert_eq!(
        std::fs::read_dir(folder.path("")).unwrap().count(),
        1,
        "nothing is left beside the file"
    );
}

/// What lets in what was kept out is for a person to decide.
#[test]
fn nothing_is_opened() {
    let policy = POLICY.replace("[8080]", "[\"8080\"]").replace("DENY", "ALLOW");
    let folder = Folder::with(&[("a.yaml", &policy)]);
    let ran = folder.run(&["check", "--fix"]);
    assert_eq!(std::fs::read_to_string(folder.path("a.yaml")).unwrap(), policy);
    ran.says(1, &["warning[PW026]", "warning[PW017]", "warning[PW027]"]);
}

/// An alias stands for its anchor: an edit there would change two values, of which one was meant.
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
    assert!(ran.out.contains("0 fixes applied, "), "{ran:?}");
    assert!(ran.out.contains(" not: apply them by hand"), "{ran:?}");
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
