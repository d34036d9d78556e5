//! Reads the comments that suppress findings, see [`suppression`](crate::lints::suppression).

use std::ops::Range;
use std::sync::Arc;

use peerwarden_documents::diagnostic::Diagnostic;
use peerwarden_documents::source::{Place, Source};
use peerwarden_documents::yaml;

use crate::lints::suppression::LINT;
use crate::lints::{by_code, no_such};

const MARK: &str = "peerwarden:";

const FORM: &str = "write `# peerwarden: ignore PW005 -- why`";

/// One comment.
#[derive(Debug, Clone)]
pub(crate) struct Suppression {
    source: Arc<Source>,
    /// The line that it applies to, from 1.
    line: usize,
    /// Each code, with its place.
    codes: Vec<(&'static str, Range<usize>)>,
    reason: String,
}

impl Suppression {
    /// Whether it applies to a finding.
    pub(crate) fn suppresses(&self, finding: &Diagnostic) -> Option<&str> {
        let place = finding.place.as_ref()?;
        let line = || place.source.position(place.span.start).0;
        let about = self.codes.iter().any(|(code, _)| finding.code == Some(*code));
        (about && Arc::ptr_eq(&place.source, &self.source) && line() == self.line).then_some(&self.reason)
    }
}

/// The suppressions in a text, and the errors of those that cannot be read.
pub(crate) fn read(source: &Arc<Source>) -> (Vec<Suppression>, Vec<Diagnostic>) {
    let (mut found, mut wrong) = (Vec::new(), Vec::new());
    // Most files have none, and need not be searched.
    if !source.text.contains(MARK) {
        return (found, wrong);
    }
    for comment in yaml::comments(source) {
        match one(source, comment.clone()) {
            None => {}
            Some(Ok(suppression)) => found.push(suppression),
            Some(Err((span, message, help))) => {
                let place = Place {
                    source: Arc::clone(source),
                    span,
                };
                wrong.push(LINT.found(message).at(place).help(help));
            }
        }
    }
    (found, wrong)
}

/// The contents of a comment; `None` if it is for other tools.
type SuppressionResult = Option<Result<Suppression, (Range<usize>, String, String)>>;

fn one(source: &Arc<Source>, comment: Range<usize>) -> SuppressionResult {
    let text = source.text.get(comment.clone())?;
    let rest = text.trim_start_matches('#').trim_start().strip_prefix(MARK)?;
    let at = |part: &str| {
        let start = comment.end - rest.len() + (part.as_ptr() as usize - rest.as_ptr() as usize);
        start..start + part.len().max(1)
    };
    let refuse = |span, message: &str, help: &str| Some(Err((span, message.to_owned(), help.to_owned())));
    let said = rest.trim();
    let Some(rest) = said
        .strip_prefix("ignore")
        .filter(|rest| rest.starts_with([' ', '\t']))
    else {
        return refuse(comment, "this comment is malformed and suppresses nothing", FORM);
    };
    let Some((codes, reason)) = rest
        .split_once("--")
        .filter(|(_, reason)| !reason.trim().is_empty())
    else {
        return refuse(comment, "a suppression without a reason suppresses nothing", FORM);
    };
    let mut known = Vec::new();
    for code in codes.split([',', ' ', '\t']).filter(|code| !code.is_empty()) {
        match by_code(code) {
            Some(lint) => known.push((lint.code, at(code))),
            None => {
                return refuse(at(code), &format!("there is no lint `{code}`"), &no_such(code));
            }
        }
    }
    if known.is_empty() {
        return refuse(comment, "a suppression without a code suppresses nothing", FORM);
    }
    Some(Ok(Suppression {
        line: line(source, &comment),
        source: Arc::clone(source),
        codes: known,
        reason: reason.trim().to_owned(),
    }))
}

/// The line that a comment applies to: its own, or the next that is not a comment.
fn line(source: &Source, comment: &Range<usize>) -> usize {
    let lines = source.lines();
    let own = source.position(comment.start).0;
    let text = |line: usize| {
        let start = lines.get(line - 1).copied()?;
        source.text.get(start..)?.lines().next()
    };
    let alone = text(own).is_some_and(|text| text.trim_start().starts_with('#'));
    if !alone {
        return own;
    }
    let is_comment = |line: &usize| {
        text(*line).is_some_and(|text| text.trim().is_empty() || text.trim_start().starts_with('#'))
    };
    (own + 1..=lines.len())
        .find(|line| !is_comment(line))
        .unwrap_or(own)
}

/// The codes that suppressed nothing. `used` tells whether a suppression and a code had a finding, and `off` whether a
/// code was not checked.
pub(crate) fn unused(
    suppression: &Suppression,
    used: impl Fn(&'static str) -> bool,
    off: impl Fn(&'static str) -> bool,
) -> Vec<Diagnostic> {
    let idle = suppression
        .codes
        .iter()
        .filter(|(code, _)| !used(code) && !off(code));
    let finding = |(code, span): &(&'static str, Range<usize>)| {
        let place = Place {
            source: Arc::clone(&suppression.source),
            span: span.clone(),
        };
        let message = format!(
            "{code} has no finding in line {}, so this suppresses nothing",
            suppression.line
        );
        LINT.found(message)
            .at(place)
            .help("remove it, or move it to the line that you mean")
    };
    idle.map(finding).collect()
}
