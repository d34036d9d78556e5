//! Plain English: phrases that nobody would say aloud are in no page, comment or message.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use peerwarden_lab::locate;
use regex::Regex;

/// A phrase, and what to write instead.
const PHRASES: [(&str, &str); 25] = [
    (r"\banew\b", "again"),
    (r"\bstands twice\b", "duplicate key"),
    (r"\band said so\b", "and the log says why"),
    (r"(`|\}) is no [a-z]", "is not a …"),
    (r"\bput to other policies\b", "replayed against other policies"),
    (r"\bcannot be told: ", "cannot be verified: …"),
    (r"\bin what was given\b", "in the input"),
    (r"\bsays nothing here\b", "does not apply"),
    (
        r"\bwith all that (is|are) below\b",
        "folders to search recursively",
    ),
    (r"\btake it out\b", "remove it"),
    (r"\bexcept anything\b", "make an exception"),
    (r"\bhas no such thing\b", "does not apply"),
    (r"\bthe log can bear\b", "rate-limited"),
    (r"\b(as dear as|dearer)\b", "more expensive"),
    (r"\bby turns\b", "in turns"),
    (r"\bcomes? of (it|them|each)\b", "the outcome"),
    (r"\bfor want of\b", "because there is no …"),
    (r"\bhas a say\b", "runs"),
    (r"\bheld against\b", "compared with"),
    (r"\bheld to\b", "checked against"),
    (r"\bin (its|their) own words\b", "in its own language"),
    (r"\blet go of\b", "freed"),
    (r"\bsays? nothing of\b", "has no …"),
    (r"\bsome (ten|[0-9][0-9,]*) (ms|minutes|ns|us)\b", "about"),
    (r"\b(is|are) yours to say\b", "you decide"),
];

/// Files below a folder with this ending, without what was built.
pub(crate) fn files(folder: &Path, ending: &str, found: &mut Vec<std::path::PathBuf>) -> Result<()> {
    for entry in std::fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let path = entry?.path();
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        if path.is_dir() {
            if !name.starts_with('.') && name != "target" && name != "corpus" {
                files(&path, ending, found)?;
            }
        } else if name.ends_with(ending) {
            found.push(path);
        }
    }
    Ok(())
}

/// The lines of a page, or the lines of code that have a text in quotes.
fn lines(path: &Path, text: &str) -> Vec<String> {
    let is_code = path.extension().is_some_and(|extension| extension == "rs");
    let lines = text.lines().map(str::trim_start);
    let shown = lines.filter(|line| !is_code || (line.contains('"') && !line.starts_with("//")));
    shown.map(str::to_owned).collect()
}

#[test]
fn nothing_reads_as_if_translated() -> Result<()> {
    let phrases: Vec<(Regex, &str)> = PHRASES
        .into_iter()
        .map(|(phrase, instead)| Ok((Regex::new(phrase)?, instead)))
        .collect::<Result<_>>()?;
    let mut paths = Vec::new();
    for ending in [".md", ".sh", "Makefile"] {
        files(locate::workspace(), ending, &mut paths)?;
    }
    for room in ["filter", "harness"] {
        files(&locate::workspace().join(room), ".rs", &mut paths)?;
    }
    ensure!(paths.len() > 300, "only {} files were looked at", paths.len());
    let mut found = Vec::new();
    for path in paths {
        let text = std::fs::read_to_string(&path)?;
        for line in lines(&path, &text) {
            let hits = phrases.iter().filter(|(phrase, _)| phrase.is_match(&line));
            found.extend(hits.map(|(_, instead)| format!("{}: write `{instead}`: {line}", path.display())));
        }
    }
    ensure!(found.is_empty(), "{}", found.join("\n"));
    Ok(())
}

#[test]
fn a_phrase_is_seen() -> Result<()> {
    let code = "// it stands twice\nlet text = \"`x` is no port\";";
    let lines = lines(Path::new("x.rs"), code);
    ensure!(lines.len() == 1, "{lines:?}");
    let (phrase, _) = PHRASES[3];
    ensure!(Regex::new(phrase)?.is_match(&lines[0]), "{lines:?}");
    Ok(())
}
