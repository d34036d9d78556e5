//! The page of every lint: its bad example triggers that lint and no other, and its good example triggers none.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::fixture::Folder;

fn docs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/lints")
}

/// Codes and summaries, as in `check --list`.
fn listed() -> Vec<(String, String)> {
    let ran = Folder::with(&[]).run(&["check", "--list"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    let lint = |line: &str| {
        let (code, rest) = line.split_once("  ").unwrap();
        (code.to_owned(), rest.to_owned())
    };
    ran.out.lines().map(lint).collect()
}

/// The YAML below a heading.
fn example<'p>(page: &'p str, heading: &str) -> &'p str {
    let (_, rest) = page.split_once(&format!("\n## {heading}\n\n```yaml\n")).unwrap();
    rest.split_once("```").unwrap().0
}

/// The codes of the findings in a text.
fn codes(text: &str) -> BTreeSet<String> {
    let ran = Folder::with(&[("example.yaml", text)]).run(&["check", "--format", "json"]);
    let report: Value = serde_json::from_str(&ran.out).unwrap_or_else(|_| panic!("{ran:?}"));
    let found = report["findings"].as_array().unwrap();
    found.iter().map(|finding| finding["code"].to_string()).collect()
}

#[test]
fn every_example_is_what_its_page_says() {
    let mut wrong = Vec::new();
    for (code, _) in listed() {
        let page = std::fs::read_to_string(docs().join(format!("{code}.md"))).unwrap();
        let bad = codes(example(&page, "Bad"));
        if bad != BTreeSet::from([format!("\"{code}\"")]) {
            wrong.push(format!("{code}: the bad example has {bad:?}"));
        }
        let good = codes(example(&page, "Good"));
        if !good.is_empty() {
            wrong.push(format!("{code}: the good example has {good:?}"));
        }
        assert!(page.contains("\n## Why it matters\n"), "{code}");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The result of a fix has no other mistake.
#[test]
fn no_fix_brings_another_finding() {
    let mut fixed = Vec::new();
    for (code, _) in listed() {
        let page = std::fs::read_to_string(docs().join(format!("{code}.md"))).unwrap();
        let before = example(&page, "Bad");
        let folder = Folder::with(&[("example.yaml", before)]);
        let ran = folder.run(&["check", "--fix"]);
        let after = std::fs::read_to_string(folder.path("example.yaml")).unwrap();
        let left = codes(&after);
        let own = BTreeSet::from([format!("\"{code}\"")]);
        assert!(left.is_subset(&own), "{code}: {left:?}\n{after}");
        if after != before {
            assert!(left.is_empty(), "{code}: {ran:?}");
            fixed.push(code);
        }
    }
    assert_eq!(fixed, ["PW007", "PW022", "PW028", "PW029"]);
}

#[test]
fn there_is_a_page_for_each_and_no_other() {
    let listed: BTreeSet<String> = listed()
        .into_iter()
        .map(|(code, _)| format!("{code}.md"))
        .collect();
    let files = std::fs::read_dir(docs()).unwrap();
    let files: BTreeSet<String> = files
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(files, listed);
}

#[test]
fn explain_prints_the_page() {
    let explain = |code: &str| Folder::with(&[]).run(&["check", "--explain", code]);
    let page = std::fs::read_to_string(docs().join("PW005.md")).unwrap();
    for name in ["PW005", "pw005", "unnormalised-path"] {
        let ran = explain(name);
        assert_eq!((ran.code, ran.out.as_str()), (0, page.as_str()), "{name}");
    }
    explain("PW0005").says(2, &["there is no lint `PW0005`", "did you mean `PW005`?"]);
    explain("nonsense").says(2, &["there is no lint `nonsense`", "check --list"]);
}
