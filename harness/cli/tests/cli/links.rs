//! Links among the files of a folder.

use crate::repository::{POLICY, commands, repository};

/// As `kubectl apply --recursive` does, and so without circles.
#[test]
fn links_to_files_are_read_and_links_to_folders_are_not() {
    use std::os::unix::fs::symlink;
    let folder = repository();
    let link = |to: &str, name: &str| symlink(to, folder.path(name)).expect("a link");
    // A folder as Kubernetes mounts a ConfigMap.
    folder.write("mounted/..data/mounted.yaml", POLICY.replace("shop", "mounted"));
    link("..data/mounted.yaml", "mounted/mounted.yaml");
    // One file by two names counts once.
    link("../policies/default.yaml", "k8s/default.yaml");
    link("..", "policies/circle");
    link("nowhere.yaml", "broken-link.yaml");
    let ran = folder.run(&["check", "."]);
    assert!(
        ran.err
            .contains("2 documents and 1 suite checked: 0 errors, 0 warnings"),
        "{ran:?}"
    );
    assert!(ran.err.contains("2 links"), "{ran:?}");
    let ran = folder.run(&["check", "--verbose", "."]);
    for link in ["broken-link.yaml", "policies/circle"] {
        let says = format!("skipped {link}: a link that does not lead to a file");
        assert!(ran.warns(&says), "{ran:?}");
    }
    for arguments in commands() {
        let ran = folder.run(&arguments);
        assert_ne!(ran.code, 2, "{arguments:?}: {ran:?}");
    }
}
