//! The result of a replay, for programs; `human` prints it for people.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use super::change::Change;
use super::tally::Tally;

/// The result of a replay.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// What the verdicts are compared with: the `log`, or the `old` policies.
    pub compared_with: BaselineName,
    /// Lines that were read.
    pub lines: u64,
    /// How many of these lines have each change.
    pub changes: BTreeMap<Change, u64>,
    /// Lines that have the same change, rule and caller.
    pub groups: Vec<Group>,
    /// Further lines, for which no policy was evaluated: how many, by reason.
    pub refused: BTreeMap<String, u64>,
    /// Lines that could not be read.
    pub malformed: MalformedLines,
}

/// What the verdicts are compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum BaselineName {
    /// The outcome in the log.
    Log,
    /// The verdicts of the `--old` policies.
    Old,
}

/// Lines that have the same change, rule and caller.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Group {
    /// The change.
    pub change: Change,
    /// What decides.
    pub rule: String,
    /// The missing values that the verdict depends on, with the names of suites.
    pub lacks: Vec<String>,
    /// Who asks.
    pub caller: String,
    /// How many lines.
    pub lines: u64,
    /// The first of them.
    pub example: Example,
}

/// A line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Example {
    /// The log that it is in.
    pub log: String,
    /// Its number, from 1.
    pub line: u64,
    /// The request.
    pub asks: String,
}

/// Lines that could not be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct MalformedLines {
    /// How many.
    pub lines: u64,
    /// The first of them.
    pub first: Vec<MalformedLine>,
}

/// A line that could not be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct MalformedLine {
    /// The log that it is in.
    pub log: String,
    /// Its number, from 1.
    pub line: u64,
    /// Why it could not be read.
    pub why: String,
}

impl Report {
    /// Creates the report from a tally of `logs`.
    pub fn new(tally: &Tally, logs: &[String], compared_with: BaselineName) -> Self {
        let log = |index: usize| logs.get(index).cloned().unwrap_or_default();
        let mut groups: Vec<Group> = tally
            .groups
            .iter()
            .map(|(key, group)| Group {
                change: key.change,
                rule: key.rule.clone(),
                lacks: key.lacks.clone(),
                caller: key.caller.clone(),
                lines: group.lines,
                example: Example {
                    log: log(group.first.0),
                    line: group.first.1,
                    asks: group.example.clone(),
                },
            })
            .collect();
        groups.sort_by(|one, other| {
            let of = |group: &Group| (group.change, group.rule.clone(), group.lacks.clone());
            of(one)
                .cmp(&of(other))
                .then(other.lines.cmp(&one.lines))
                .then(one.caller.cmp(&other.caller))
        });
        let malformed = tally
            .first_malformed
            .iter()
            .map(|(index, line, why)| MalformedLine {
                log: log(*index),
                line: *line,
                why: why.clone(),
            });
        Self {
            compared_with,
            lines: tally.lines,
            changes: Change::ALL
                .iter()
                .map(|change| (*change, tally.of(*change)))
                .collect(),
            groups,
            refused: tally.refused.clone(),
            malformed: MalformedLines {
                lines: tally.malformed,
                first: malformed.collect(),
            },
        }
    }

    /// The number of lines with a change.
    pub fn of(&self, change: Change) -> u64 {
        self.changes.get(&change).copied().unwrap_or_default()
    }
}
