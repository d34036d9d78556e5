//! What is not ours stays as it is, and what is no document yet is skipped.

use crate::fixture::Folder;

const LOOSE: &str = "kind:   PeerAuthentication\napiVersion: security.istio.io/v1\nmetadata: {name: a, namespace: shop}\nspec: {}\n";
const TIDY: &str = "apiVersion: security.istio.io/v1\nkind: PeerAuthentication\nmetadata: {name: a, namespace: shop}\nspec: {}\n";
const POLICY: &str = "apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: {name: b, namespace: shop}\nspec:\n  rules: [{from: [{source: {namespaces: [web]}}]}]\n";

fn read(folder: &Folder, name: &str) -> String {
    std::fs::read_to_string(folder.path(name)).unwrap()
}

/// Documents of other kinds in the same file, however they are written.
#[test]
fn only_the_policies_of_a_file_are_laid_out() {
    let deployment = "# ours:  no\nkind:   Deployment   # loose\napiVersion: 'apps/v1'\nspec:\n    replicas:  1\n\n\n    list:   [ 1,2 ]\n";
    let map = "---   # keeps\nkind:    ConfigMap\napiVersion: v1\ndata:\n      a: |\n          kind:   PeerAuthentication\n";
    let files = |policy: &str| {
        format!("{deployment}---\n# about it\n{policy}\n# about the next\n\n{map}---\n{policy}")
    };
    let folder = Folder::with(&[
        ("all.yaml", &files(LOOSE)),
        ("windows.yaml", &files(LOOSE).replace('\n', "\r\n")),
    ]);
    let ran = folder.run(&["fmt"]);
    assert_eq!(
        (ran.code, ran.err.as_str()),
        (0, "2 of 2 reformatted\n"),
        "{ran:?}"
    );
    assert_eq!(read(&folder, "all.yaml"), files(TIDY));
    assert_eq!(read(&folder, "windows.yaml"), files(TIDY).replace('\n', "\r\n"));
    assert_eq!(folder.run(&["fmt", "--check"]).code, 0);
    let ran = folder.run_with(&["fmt", "-"], files(LOOSE));
    assert_eq!((ran.code, ran.out), (0, files(TIDY)));
    let ran = folder.run_with(&["fmt", "-"], deployment);
    assert_eq!((ran.code, ran.out.as_str()), (0, deployment));
}

/// A fix changes its value alone.
#[test]
fn a_fix_leaves_other_documents_alone() {
    let other = "kind:   Deployment   # loose\napiVersion: 'apps/v1'\nspec:\n    replicas:  1\n---\n";
    let policy = POLICY.replace("[web]", "[web, web]");
    let folder = Folder::with(&[("all.yaml", &format!("{other}{policy}"))]);
    folder.run(&["check", "--fix"]);
    assert_eq!(read(&folder, "all.yaml"), format!("{other}{POLICY}"));
}
