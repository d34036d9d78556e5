//! Whether a test exists and runs with `make test`, according to its source: the tests that a binary lists depend on
//! the last build.

use std::path::{Path, PathBuf};

use peerwarden_lab::locate;

/// The test binaries that the list may name, each with its root file.
const BINARIES: [(&str, &str); 6] = [
    ("envoy", "tests/envoy/main.rs"),
    ("module", "tests/module/main.rs"),
    ("soak", "tests/soak/main.rs"),
    ("agreement", "tests/agreement/main.rs"),
    ("host", "harness/host/tests/host/main.rs"),
    ("engine", "filter/engine/tests/engine/main.rs"),
];

/// Whether `binary::modules::name` is a test that is not ignored, in a module that is compiled.
///
/// # Errors
///
/// If it is not.
pub(crate) fn runs(test: &str) -> Result<(), String> {
    let parts: Vec<&str> = test.split("::").collect();
    let [binary, modules @ .., name] = parts.as_slice() else {
        return Err(format!("`{test}` is not `BINARY::MODULE::NAME`"));
    };
    let known = BINARIES.iter().find(|(known, _)| known == binary);
    let (_, root) = known.ok_or_else(|| format!("there is no test binary `{binary}`"))?;
    let mut file = locate::workspace().join(root);
    let mut text = read(&file)?;
    for module in modules {
        let declared = text
            .lines()
            .any(|line| line.trim().trim_start_matches("pub(crate) ") == format!("mod {module};"));
        if !declared {
            return Err(format!("`{}` has no `mod {module};`", file.display()));
        }
        file = below(&file).join(format!("{module}.rs"));
        text = read(&file)?;
    }
    is_test(&text, name)
        .then_some(())
        .ok_or_else(|| format!("`{}` has no test `{name}` that runs", file.display()))
}

/// The folder with a file's child modules.
fn below(file: &Path) -> PathBuf {
    let folder = file.parent().unwrap_or(Path::new(""));
    match file.file_stem().and_then(|stem| stem.to_str()) {
        Some("main") | None => folder.to_owned(),
        Some(stem) => folder.join(stem),
    }
}

fn read(file: &Path) -> Result<String, String> {
    std::fs::read_to_string(file).map_err(|error| format!("`{}`: {error}", file.display()))
}

/// Whether a function of this name has the attribute of a test, and is not ignored.
fn is_test(text: &str, name: &str) -> bool {
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let signature = |line: &&str| {
        let line = line.trim_start_matches("async ");
        line.strip_prefix("fn ")
            .and_then(|rest| rest.strip_prefix(name))
            .is_some_and(|rest| rest.starts_with('('))
    };
    let Some(at) = lines.iter().position(signature) else {
        return false;
    };
    let above = lines[..at]
        .iter()
        .rev()
        .take_while(|line| line.starts_with('#') || line.starts_with("//"));
    let attributes: Vec<&&str> = above.filter(|line| line.starts_with('#')).collect();
    let is = |start: &str| attributes.iter().any(|line| line.starts_with(start));
    (is("#[test]") || is("#[tokio::test")) && !is("#[ignore")
}

#[test]
fn what_is_no_test_is_told() {
    assert_eq!(
        runs("envoy::configuration::a_misspelt_section_is_refused"),
        Ok(())
    );
    for wrong in [
        "envoy",
        "nobody::configuration::a_misspelt_section_is_refused",
        "envoy::nobody::a_misspelt_section_is_refused",
        "envoy::configuration::a_misspelt_section",
        "envoy::configuration::nobody",
    ] {
        assert!(runs(wrong).is_err(), "{wrong}");
    }
    assert!(
        is_test("#[test]\nfn a() {}", "a") && is_test("#[tokio::test(flavor = \"x\")]\nasync fn a() {}", "a")
    );
    for other in [
        "fn a() {}",
        "#[test]\n#[ignore]\nfn a() {}",
        "#[test]\nfn b() {}\nfn a() {}",
        "#[test]\nfn ab() {}",
    ] {
        assert!(!is_test(other, "a"), "{other}");
    }
}
