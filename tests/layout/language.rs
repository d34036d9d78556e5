//! Plain English: phrases that nobody would say aloud are in no page, template, comment, test or message.

use anyhow::{Context, Result, ensure};
use regex::Regex;

use crate::tree;

/// A phrase, and what to write instead.
const PHRASES: [(&str, &str); 45] = [
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
    (r"\b(told|tell|tells) ([a-z]+ ){0,2}apart\b", "distinguish"),
    (
        r"\b(becomes?|became|come|came) of\b",
        "the outcome, what happens to",
    ),
    (r"\b(hangs?|hung) on\b", "depends on"),
    (
        r"\b(takes?|taken|took) for (a|an|it|none|the|what)\b",
        "counts as",
    ),
    (r"\bin the place of\b", "instead of"),
    (r"\bmakes? of (it|them)\b", "the result"),
    (r"\btyped wrong\b", "mistyped"),
    (
        r"\b(is|are|was|were|be) told (of|in|by)\b",
        "is reported, is explained",
    ),
    (r"\bat the most\b", "at most"),
    (r"\bas good as\b", "practically"),
    (r"\bwork(s|ed)? through\b", "goes through"),
    (r"\b(laid|lays?) out\b", "formatted"),
    (r"\b(knows?|knew) nothing of\b", "does not depend on"),
    (r"\b(says?|said) of\b", "says about"),
    (
        r"\bstands? (behind|before|between|beside)\b",
        "is after, is before …",
    ),
    (r"\bwhere nothing is said\b|\bunless said\b", "by default"),
    (r"\bonce in a great while\b", "rarely"),
    (
        r"^//[/!]? (Of|By) (whom|which|what|the)\b",
        "a subject: a noun or a verb",
    ),
    (
        r"^//[/!]? (Whom|Wherein|Whereby)\b",
        "a subject: a noun or a verb",
    ),
    (r"^//[/!]? So (many|often|long|few)\b", "a number of …"),
];

/// The phrases, compiled.
struct Phrases(Vec<(Regex, &'static str)>);

impl Phrases {
    fn compile() -> Result<Self> {
        let each = PHRASES.into_iter();
        let each = each.map(|(phrase, instead)| Ok((Regex::new(phrase)?, instead)));
        Ok(Self(each.collect::<Result<_>>()?))
    }

    /// What to write instead of each phrase in a text, with the line that has it. Comments count like any other line.
    fn hits<'t>(&self, text: &'t str) -> Vec<(&'static str, &'t str)> {
        let lines = text.lines().map(str::trim_start);
        let hits = lines.flat_map(|line| {
            let phrases = self.0.iter().filter(move |(phrase, _)| phrase.is_match(line));
            phrases.map(move |(_, instead)| (*instead, line))
        });
        hits.collect()
    }
}

#[test]
fn nothing_reads_as_if_translated() -> Result<()> {
    let mut paths = tree::files()?;
    let endings = [".md", ".sh", ".yaml", ".rs", "Makefile"];
    paths.retain(|path| {
        endings
            .iter()
            .any(|ending| path.to_string_lossy().ends_with(ending))
    });
    // What fuzzing kept was written by nobody, and this file quotes the phrases.
    paths.retain(|path| !path.iter().any(|folder| folder == "corpus") && !path.ends_with(file!()));
    ensure!(paths.len() > 1_000, "only {} files were looked at", paths.len());
    let phrases = Phrases::compile()?;
    let mut found = Vec::new();
    for path in paths {
        let text = std::fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        let hits = phrases.hits(&text);
        found.extend(
            hits.iter()
                .map(|(instead, line)| format!("{}: write `{instead}`: {line}", path.display())),
        );
    }
    ensure!(found.is_empty(), "{}", found.join("\n"));
    Ok(())
}

#[test]
fn a_phrase_is_seen() -> Result<()> {
    let code = "/// It stands twice.\nfn x() {\n    // By what it says.\n    fail(\"`x` is no port\");\n}\n";
    let instead: Vec<&str> = Phrases::compile()?
        .hits(code)
        .into_iter()
        .map(|(instead, _)| instead)
        .collect();
    let expected = ["duplicate key", "a subject: a noun or a verb", "is not a …"];
    ensure!(instead == expected, "{instead:?}");
    Ok(())
}
