//! `peerwarden fmt`; `src/tidy/tests.rs` tests its effect on texts.

use std::os::unix::fs::{PermissionsExt, symlink};

use crate::fixture::Folder;

const LOOSE: &str = "kind: AuthorizationPolicy   # who\napiVersion: 'security.istio.io/v1'\nmetadata: {name: a, namespace: b}\nspec: {}\n";
const TIDY: &str = "apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy # who\nmetadata: {name: a, namespace: b}\nspec: {}\n";
const SUITE: &str = "workload:\n    namespace: shop\n";
const OTHER: &str = "kind:   Deployment\napiVersion: apps/v1\n";

fn read(folder: &Folder, name: &str) -> String {
    std::fs::read_to_string(folder.path(name)).unwrap()
}

#[test]
fn policies_and_suites_are_laid_out_and_nothing_else() {
    let folder = Folder::with(&[
        ("policies/a.yaml", LOOSE),
        ("policies/b.yml", TIDY),
        ("a_test.yaml", SUITE),
        ("deployment.yaml", OTHER),
        ("notes.txt", "a:   1"),
        (
            "policy.json",
            "{\"apiVersion\":   \"security.istio.io/v1\", \"kind\": \"AuthorizationPolicy\"}",
        ),
    ]);
    let ran = folder.run(&["fmt", "--check"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert_eq!(
        (ran.out.as_str(), ran.err.as_str()),
        ("a_test.yaml\npolicies/a.yaml\n", "2 of 3 to be reformatted\n")
    );
    assert_eq!(read(&folder, "policies/a.yaml"), LOOSE, "--check writes nothing");

    let ran = folder.run(&["fmt", "--diff", "policies"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    let changed = "-kind: AuthorizationPolicy   # who\n-apiVersion: 'security.istio.io/v1'\n\
                   +apiVersion: security.istio.io/v1\n+kind: AuthorizationPolicy # who\n";
    assert!(ran.out.contains(changed), "{}", ran.out);
    assert_eq!(read(&folder, "policies/a.yaml"), LOOSE, "--diff writes nothing");

    let ran = folder.run(&["fmt"]);
    assert_eq!(
        (ran.code, ran.err.as_str()),
        (0, "2 of 3 reformatted\n"),
        "{ran:?}"
    );
    assert_eq!(ran.out, "a_test.yaml\npolicies/a.yaml\n");
    assert_eq!(read(&folder, "policies/a.yaml"), TIDY);
    assert_eq!(read(&folder, "a_test.yaml"), "workload:\n  namespace: shop\n");
    assert_eq!(read(&folder, "deployment.yaml"), OTHER);

    let ran = folder.run(&["fmt", "--check"]);
    assert_eq!((ran.code, ran.err.as_str()), (0, "0 of 3 to be reformatted\n"));
    // A hook gets all changed files, of any kind.
    assert_eq!(folder.run(&["fmt", "--check", "deployment.yaml"]).code, 0);
}

#[test]
fn a_file_keeps_its_permissions_and_a_link_stays_one() {
    let folder = Folder::with(&[("real.yaml", LOOSE)]);
    symlink("real.yaml", folder.path("link.yaml")).unwrap();
    std::fs::set_permissions(folder.path("real.yaml"), PermissionsExt::from_mode(0o640)).unwrap();
    assert_eq!(folder.run(&["fmt", "link.yaml"]).code, 0);
    assert_eq!(read(&folder, "real.yaml"), TIDY);
    assert!(folder.path("link.yaml").is_symlink());
    let mode = std::fs::metadata(folder.path("real.yaml"))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o640);
    assert_eq!(
        std::fs::read_dir(folder.path(".")).unwrap().count(),
        2,
        "nothing is left behind"
    );
}

#[test]
fn standard_input_goes_to_standard_output() {
    let folder = Folder::with(&[]);
    let ran = folder.run_with(&["fmt", "-"], LOOSE);
    assert_eq!((ran.code, ran.out.as_str()), (0, TIDY));
    assert_eq!(folder.run_with(&["fmt", "--check", "-"], LOOSE).code, 1);
    assert_eq!(folder.run_with(&["fmt", "--check", "-"], TIDY).code, 0);
}

#[test]
fn what_cannot_be_laid_out_is_said_and_left() {
    let broken = "apiVersion: security.istio.io/v1\nkind: [\n";
    let eaten = "workload: {labels: {k0: [['x' # one\n  ,y]]   }}\n";
    let folder = Folder::with(&[("a.yaml", LOOSE), ("b.yaml", broken), ("c_test.yaml", eaten)]);
    let ran = folder.run(&["fmt"]);
    ran.says(
        2,
        &[
            "b.yaml:2",
            "c_test.yaml: it cannot be formatted",
            "`# fmt: leave`",
        ],
    );
    assert_eq!(ran.out, "a.yaml\n");
    assert!(ran.err.ends_with("1 of 1 reformatted\n"), "{ran:?}");
    assert_eq!(
        (read(&folder, "b.yaml"), read(&folder, "c_test.yaml")),
        (broken.to_owned(), eaten.to_owned())
    );
    Folder::with(&[("a.txt", "")]).run(&["fmt"]).says(
        0,
        &["note: no policy and no suite in `.`: it has no YAML and no JSON"],
    );
    folder
        .run(&["fmt", "none.yaml"])
        .says(2, &["cannot read `none.yaml`"]);
}

/// The library is already formatted.
#[test]
fn the_library_and_the_examples_are_laid_out() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let (policies, examples) = (root.join("policies"), root.join("docs/examples"));
    let ran = Folder::with(&[]).run(&[
        "fmt",
        "--check",
        policies.to_str().unwrap(),
        examples.to_str().unwrap(),
    ]);
    assert_eq!(
        ran.code, 0,
        "run `peerwarden fmt` on what is named:\n{}{}",
        ran.out, ran.err
    );
}

/// What an editor or another tool put at the edges of a file stays there, and never becomes part of a value.
#[test]
fn the_edges_of_a_file_stay() {
    const POLICY: &str = "apiVersion: security.istio.io/v1\nkind: PeerAuthentication\nmetadata: {name: a, namespace: b}\nspec: {}\n";
    let block = "apiVersion: security.istio.io/v1\nspec:\n  x: |\n    last line".to_owned();
    let map = format!("{POLICY}---\napiVersion: v1\nkind: ConfigMap\ndata:\n  x: |\n        last line");
    for (text, laid_out) in [
        (format!("\u{feff}# c\n{POLICY}"), format!("\u{feff}# c\n{POLICY}")),
        (format!("{POLICY}---"), format!("{POLICY}---\n")),
        (block.clone(), block.clone()),
        (block.replace("    last", "        last"), block),
        (map.clone(), map),
        (LOOSE.replace('\n', "\r\n"), TIDY.replace('\n', "\r\n")),
        (TIDY.replace('\n', "\r\n"), TIDY.replace('\n', "\r\n")),
    ] {
        let folder = Folder::with(&[("a.yaml", &text)]);
        let ran = folder.run(&["fmt"]);
        assert_eq!((ran.code, ran.err.lines().count()), (0, 1), "{text:?}");
        assert_eq!(read(&folder, "a.yaml"), laid_out, "{text:?}");
        assert_eq!(folder.run(&["fmt", "--check"]).code, 0, "{text:?}");
    }
}

/// A hook names every file that changed.
#[test]
fn named_files_of_other_tools_stay_as_they_are() {
    let others = [
        (
            ".github/workflows/notebooks_test.yaml",
            "on:   [push]\njobs: {}\n",
        ),
        ("chart/tests/sa_test.yaml", "suite:   sa\ntests: []\n"),
        (
            "chart/templates/sa.yaml",
            "{{- if .Values.on }}\nkind:   ServiceAccount\n{{- end }}\n",
        ),
        ("grafana.yaml", "apiVersion:   1\ndatasources: []\n"),
    ];
    let folder = Folder::with(&others);
    let names = others.map(|(name, _)| name);
    let ran = folder.run(&[["fmt"].as_slice(), &names].concat());
    assert_eq!((ran.code, ran.out.as_str()), (0, ""), "{ran:?}");
    for (name, text) in others {
        assert_eq!(
            std::fs::read_to_string(folder.path(name)).unwrap(),
            text,
            "{name}"
        );
    }
}
