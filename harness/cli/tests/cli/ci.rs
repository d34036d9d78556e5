//! Runs the GitHub workflow and the pre-commit hooks of this repository.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

use crate::fixture::Folder;

const WORKFLOW: &str = include_str!("../../../../docs/github/policies.yaml");
const HOOKS: &str = include_str!("../../../../.pre-commit-hooks.yaml");
const PAGE: &str = include_str!("../../../../docs/ci.md");

/// `repository/` with the policies and the suite of the examples below `policies/`, and `dist/` with a `peerwarden` that runs the
/// built one.
fn repository() -> Folder {
    let folder = Folder::with(&[(
        "repository/charts/deployment.yaml",
        "kind:   Deployment\napiVersion: apps/v1\n",
    )]);
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/examples");
    let read = |name: &str| std::fs::read_to_string(examples.join(name)).unwrap();
    for name in ["policies/orders.yaml", "policies/strict.yaml"] {
        folder.write(&format!("repository/{name}"), read(name));
    }
    let suite = read("orders_test.yaml").replace("policies: [policies]", "policies: [.]");
    folder.write("repository/policies/orders_test.yaml", suite);
    // The pull request's target, unchanged.
    let commit = "git init -q -b main . && git -c user.name=a -c user.email=a@b.example add -A && \
                  git -c user.name=a -c user.email=a@b.example commit -qm base && git update-ref refs/remotes/origin/main HEAD";
    let ran = shell(&folder, commit, "", &BTreeMap::new());
    assert!(ran.status.success(), "{ran:?}");
    let built = assert_cmd::cargo::cargo_bin("peerwarden");
    let wrapper = format!("#!/bin/sh\nexec {} \"$@\"\n", built.display());
    folder.write("dist/peerwarden", wrapper);
    std::fs::set_permissions(folder.path("dist/peerwarden"), PermissionsExt::from_mode(0o755)).unwrap();
    folder
}

/// Changes one file of the repository.
fn change(folder: &Folder, name: &str, from: &str, to: &str) {
    let path = folder.path(&format!("repository/{name}"));
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(text.contains(from), "{text}");
    std::fs::write(path, text.replacen(from, to, 1)).unwrap();
}

/// A command line in bash, as workflows and hooks start it.
fn shell(folder: &Folder, line: &str, path: &str, variables: &BTreeMap<String, String>) -> Output {
    Command::new("bash")
        .args(["--noprofile", "--norc", "-e", "-o", "pipefail", "-c", line])
        .current_dir(folder.path("repository"))
        .env_clear()
        .envs(variables)
        .env("PATH", format!("{path}/usr/bin:/bin"))
        .output()
        .unwrap()
}

/// The steps of the workflow that run something, in order: name and script.
fn steps() -> Vec<(String, String)> {
    let workflow: Value = serde_saphyr::from_str(WORKFLOW).unwrap();
    let steps = workflow["jobs"]["policies"]["steps"].as_array().unwrap().clone();
    let text = |step: &Value, name: &str| step[name].as_str().map(str::to_owned);
    steps
        .iter()
        .filter_map(|step| Some((text(step, "name")?, text(step, "run")?)))
        .collect()
}

/// Runs the workflow up to the first failing step; returns its name and output.
fn run_workflow(folder: &Folder) -> Option<(String, String)> {
    let archive = folder.path("peerwarden.tar.gz");
    let packed = Command::new("tar")
        .args([
            "-czf",
            archive.to_str().unwrap(),
            "-C",
            folder.path(".").to_str().unwrap(),
            "dist",
        ])
        .status()
        .unwrap();
    assert!(packed.success());
    let digest = Command::new("sha256sum").arg(&archive).output().unwrap().stdout;
    let digest = String::from_utf8(digest).unwrap()[..64].to_owned();
    let (temporary, added) = (folder.path("runner"), folder.path("path"));
    std::fs::create_dir_all(&temporary).unwrap();
    std::fs::write(&added, "").unwrap();
    let mut variables: BTreeMap<String, String> = [
        ("PEERWARDEN_URL", format!("file://{}", archive.display())),
        ("PEERWARDEN_SHA256", digest),
        ("RUNNER_TEMP", temporary.display().to_string()),
        ("GITHUB_PATH", added.display().to_string()),
        ("GITHUB_BASE_REF", "main".to_owned()),
        (
            "GITHUB_STEP_SUMMARY",
            folder.path("summary").display().to_string(),
        ),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into();
    variables
        .extend(std::env::var("PEERWARDEN_MODULE").map(|module| ("PEERWARDEN_MODULE".to_owned(), module)));
    for (name, script) in steps() {
        let path = std::fs::read_to_string(&added).unwrap().replace('\n', ":");
        let ran = shell(folder, &script, &path, &variables);
        if !ran.status.success() {
            let printed = [ran.stdout, ran.stderr].concat();
            return Some((name, String::from_utf8(printed).unwrap()));
        }
    }
    None
}

#[test]
fn the_page_shows_the_workflow() {
    assert!(
        PAGE.contains(&format!("```yaml\n{WORKFLOW}```\n")),
        "docs/ci.md shows another workflow than docs/github/policies.yaml"
    );
}

#[test]
fn the_workflow_passes_and_fails_where_it_should() {
    let folder = repository();
    change(&folder, "policies/orders.yaml", "[/orders*]", "[/order*]");
    assert_eq!(run_workflow(&folder), None);
    let summary = std::fs::read_to_string(folder.path("summary")).unwrap();
    assert!(
        summary.contains("🔓 Newly allowed") && summary.contains("| `GET /order"),
        "{summary}"
    );
    for (file, from, to, step, says) in [
        (
            "policies/orders.yaml",
            "  action: DENY",
            "  action:    DENY",
            "Layout",
            "-  action:    DENY",
        ),
        (
            "policies/orders.yaml",
            "principals:",
            "principal:",
            "Check",
            "::error file=policies/orders.yaml,line=15",
        ),
        (
            "policies/orders.yaml",
            "sa/frontend]",
            "sa/backend]",
            "Test",
            "::error file=policies/orders_test.yaml",
        ),
        (
            "policies/orders_test.yaml",
            "  home: GET /\n",
            "  home: HEAD /orders\n",
            "Test",
            "below the threshold",
        ),
    ] {
        let folder = repository();
        change(&folder, file, from, to);
        let (failed, printed) = run_workflow(&folder).unwrap_or_default();
        assert!(
            failed == step && printed.contains(says),
            "{from} → {to}: {failed}: {printed}"
        );
    }
}

/// An archive is identified by its contents, not by its name.
#[test]
fn another_archive_is_not_installed() {
    let (_, install) = steps().swap_remove(0);
    let folder = repository();
    folder.write("peerwarden.tar.gz", "something else");
    let variables = [
        (
            "PEERWARDEN_URL",
            format!("file://{}", folder.path("peerwarden.tar.gz").display()),
        ),
        ("PEERWARDEN_SHA256", "0".repeat(64)),
        ("RUNNER_TEMP", folder.path("dist").display().to_string()),
        ("GITHUB_PATH", folder.path("path").display().to_string()),
    ];
    let ran = shell(
        &folder,
        &install,
        "",
        &variables.map(|(name, value)| (name.to_owned(), value)).into(),
    );
    assert!(!ran.status.success(), "{ran:?}");
    assert!(!folder.path("path").exists());
}

/// Runs a hook as pre-commit does: its entry, its arguments or those of the page's configuration, and the files that changed.
fn run_hook(folder: &Folder, hook: &Value, files: &[&str]) -> Output {
    let page: Value = {
        let (_, block) = PAGE.split_once("```yaml\n# .pre-commit-config.yaml\n").unwrap();
        serde_saphyr::from_str(block.split_once("```").unwrap().0).unwrap()
    };
    let of_page = page["repos"][0]["hooks"].as_array().unwrap().iter();
    let of_page = of_page.clone().find(|used| used["id"] == hook["id"]).unwrap();
    let arguments = of_page
        .get("args")
        .or_else(|| hook.get("args"))
        .and_then(Value::as_array);
    let arguments = arguments
        .into_iter()
        .flatten()
        .map(|argument| argument.as_str().unwrap());
    let named = if hook["pass_filenames"] == false {
        &[][..]
    } else {
        files
    };
    let words: Vec<&str> = std::iter::once(hook["entry"].as_str().unwrap())
        .chain(arguments)
        .chain(named.iter().copied())
        .collect();
    let path = format!("{}:", folder.path("dist").display());
    let variables = std::env::var("PEERWARDEN_MODULE").map(|module| ("PEERWARDEN_MODULE".to_owned(), module));
    shell(folder, &words.join(" "), &path, &variables.into_iter().collect())
}

#[test]
fn the_hooks_pass_and_fail_where_they_should() {
    let hooks: Vec<Value> = serde_saphyr::from_str(HOOKS).unwrap();
    assert_eq!(hooks.len(), 3);
    let changed = [
        "policies/orders.yaml",
        "policies/orders_test.yaml",
        "charts/deployment.yaml",
    ];
    for hook in &hooks {
        // The requirements of pre-commit for a hook.
        assert!(
            hook["id"].is_string() && hook["name"].is_string() && hook["language"] == "system",
            "{hook}"
        );
        let ran = run_hook(&repository(), hook, &changed);
        assert!(ran.status.success(), "{hook}: {ran:?}");
    }
    for (id, from, to) in [
        ("peerwarden-check", "principals:", "principal:"),
        ("peerwarden-test", "sa/frontend]", "sa/backend]"),
    ] {
        let folder = repository();
        change(&folder, "policies/orders.yaml", from, to);
        let hook = hooks.iter().find(|hook| hook["id"] == id).unwrap();
        let ran = run_hook(&folder, hook, &changed);
        assert!(!ran.status.success(), "{id}: {ran:?}");
    }
    // This hook edits files, which pre-commit detects; files that are not policies stay.
    let folder = repository();
    change(
        &folder,
        "policies/orders.yaml",
        "  action: DENY",
        "  action:    DENY",
    );
    let ran = run_hook(&folder, &hooks[0], &changed);
    assert!(ran.status.success(), "{ran:?}");
    let read = |name: &str| std::fs::read_to_string(folder.path(&format!("repository/{name}"))).unwrap();
    assert!(read("policies/orders.yaml").contains("  action: DENY"));
    assert!(read("charts/deployment.yaml").contains("kind:   Deployment"));
}
