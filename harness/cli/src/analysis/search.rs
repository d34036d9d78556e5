//! Traffic of one kind that has a verdict: `who-can` and `can-ever`.

use std::collections::BTreeMap;
use std::fmt::Write;

use peerwarden_analysis::{Attribute, Peers, Space, Values, WorkloadClass};
use peerwarden_documents::colours::{BOLD, DIM, GREEN, RED, YELLOW};
use peerwarden_documents::shown::visible;
use peerwarden_documents::wrap::wrapped;
use peerwarden_engine::Protocol;
use peerwarden_engines::{Choice, Module};
use peerwarden_traffic::Decision;
use peerwarden_traffic::Traffic;
use peerwarden_traffic::handshake;
use schemars::JsonSchema;
use serde::Serialize;

use super::policies::Policies;
use super::question::Query;
use super::report::{self, PeerScope, Workload};
use super::{LazyEngines, refused_peers, words};
use crate::error::{Error, Result};

/// A search.
pub(crate) struct Search<'a> {
    pub(crate) policies: &'a Policies,
    pub(crate) query: &'a Query,
    pub(crate) protocol: Protocol,
    /// The verdict.
    pub(crate) allowed: bool,
    pub(crate) choice: Choice,
    pub(crate) module: Option<&'a Module>,
    /// The largest number of classes that are shown.
    pub(crate) limit: usize,
}

/// The matches for one workload.
pub(crate) struct Matches {
    workload: WorkloadClass,
    protocol: Protocol,
    pub(crate) classes: Vec<MatchClass>,
    more: bool,
    /// An example from a peer whose certificate has a name that Istio does not issue; the classes cover all other
    /// peers.
    odd: Option<Traffic>,
    peers: Peers,
    authorizers: Vec<String>,
    /// The authorizers without a description on which it depends.
    pub(crate) undescribed: Vec<String>,
    /// The providers of CUSTOM policies, if they are several and deny therefore.
    several_providers: Vec<String>,
}

/// Traffic with that verdict.
pub(crate) struct MatchClass {
    values: Vec<(Attribute, Values)>,
    traffic: Traffic,
    decided: Decision,
    /// The trust domains of its peers that the handshake refuses before any policy is evaluated.
    refused: Vec<String>,
    /// Why, in words.
    refusals: Vec<String>,
}

impl Search<'_> {
    /// Searches for one workload.
    ///
    /// # Errors
    ///
    /// If the analysis is too complex, if there is no such traffic, or if the engines disagree with the analysis.
    pub(crate) fn run(&self, workload: &WorkloadClass) -> Result<Matches> {
        let named = |error: Error| error.of_workload(words::workload(workload));
        self.matches(workload).map_err(named)
    }

    fn matches(&self, workload: &WorkloadClass) -> Result<Matches> {
        let selected = self.policies.selected(&workload.workload, self.protocol)?;
        let mut engines = LazyEngines::new(self.choice, self.module, selected.setup, self.protocol);
        let mut space = Space::new(self.protocol, &[&selected.program], &[&self.query.rule])?;
        let given = self.query.traffics(&mut space, None)?;
        let allowed = space.allowed(&selected.program)?;
        let sought = if self.allowed {
            space.both(given, allowed)?
        } else {
            space.without(given, allowed)?
        };
        let classes = space.classes(sought, given, self.limit)?;
        let shown = classes.shown.into_iter().map(|class| {
            let traffic = Traffic::from_attributes(&class.witness, self.protocol);
            let (trust, kind) = (&self.policies.trust, workload.workload.kind);
            let peers = class
                .values
                .iter()
                .find(|(attribute, _)| *attribute == Attribute::Peer);
            let refused = match peers {
                _ if !self.allowed => Vec::new(),
                Some((_, peers)) => refused_peers::of_class(trust, kind, peers, &traffic),
                // All that the question names.
                None => refused_peers::of_named(trust, kind, &self.query.peers),
            };
            Ok(MatchClass {
                decided: engines.confirm(&traffic, self.allowed)?.decision,
                values: class.values,
                refusals: refused
                    .iter()
                    .map(|domain| handshake::reason(trust, domain))
                    .collect(),
                refused,
                traffic,
            })
        });
        let shown = shown.collect::<Result<Vec<MatchClass>>>()?;
        let odd = classes
            .odd
            .map(|odd| Traffic::from_attributes(&odd, self.protocol));
        if let Some(odd) = &odd {
            engines.confirm(odd, self.allowed)?;
        }
        Ok(Matches {
            classes: shown,
            odd,
            more: classes.more,
            workload: workload.clone(),
            protocol: self.protocol,
            peers: space.peers(),
            authorizers: space.authorizers().map(str::to_owned).collect(),
            undescribed: self.policies.undescribed(&workload.workload),
            several_providers: self.policies.several_providers(&workload.workload),
        })
    }
}

fn heading(text: &mut String, found: &Matches) {
    let _ = writeln!(
        text,
        "{BOLD}{}{BOLD:#} {DIM}{}{DIM:#}",
        words::workload(&found.workload),
        found.protocol.as_str().to_uppercase()
    );
}

fn example(text: &mut String, class: &MatchClass) {
    for (name, value) in [
        ("e.g.", words::traffic(&class.traffic)),
        ("", words::decided(&class.decided)),
    ] {
        let _ = writeln!(text, "        {DIM}{name:<4}{DIM:#} {}", wrapped(&value, 13));
    }
    for refusal in &class.refusals {
        let said = wrapped(&format!("but {}", visible(refusal)), 13);
        let _ = writeln!(text, "             {YELLOW}{said}{YELLOW:#}");
    }
}

/// Says what is to be known of authorizers: that an answer is not proved, and why.
fn unproved(text: &mut String, found: &Matches) {
    if let Some(why) = words::several_providers(&found.several_providers) {
        let _ = writeln!(text, "  {YELLOW}{}{YELLOW:#}", wrapped(&why, 2));
    }
    if let Some(why) = words::undescribed(&found.undescribed) {
        let why = wrapped(&format!("not proved: {why}"), 2);
        let _ = writeln!(text, "  {YELLOW}{why}{YELLOW:#}");
    }
}

/// The scope of the proof; empty if nothing is proved.
fn scope(text: &mut String, found: &[Matches]) {
    let all = found.len();
    let found: Vec<&Matches> = found.iter().filter(|one| one.undescribed.is_empty()).collect();
    if found.is_empty() {
        return;
    }
    let what = if found.len() == all { "this" } else { "all else" };
    let peers = if found.iter().any(|one| one.peers == Peers::IstioNames) {
        Peers::IstioNames
    } else {
        Peers::AnyName
    };
    let _ = writeln!(text, "{DIM}{what} is proved for {}{DIM:#}", words::scope(peers));
    let mut names: Vec<&str> = found
        .iter()
        .flat_map(|one| &one.authorizers)
        .map(String::as_str)
        .collect();
    names.sort_unstable();
    names.dedup();
    if !names.is_empty() {
        let names = names.join("`, `");
        let _ = writeln!(text, "{DIM}this holds whatever `{names}` answers{DIM:#}");
    }
}

/// The callers, for people.
pub(crate) fn callers(request: &str, found: &[Matches]) -> String {
    let mut text = String::new();
    for one in found {
        heading(&mut text, one);
        if one.classes.is_empty() {
            let so_far = if one.undescribed.is_empty() {
                ""
            } else {
                ", given what is described here"
            };
            let _ = writeln!(text, "  {RED}nobody{RED:#} can {request}{so_far}");
            unproved(&mut text, one);
            text.push('\n');
            continue;
        }
        let mut before = None;
        for class in &one.classes {
            let who = words::who(&class.values);
            if before.as_ref() != Some(&who) {
                let _ = writeln!(text, "  {GREEN}+{GREEN:#} {BOLD}{}{BOLD:#}", wrapped(&who, 4));
            }
            before = Some(who);
            for line in words::what(&class.values) {
                let _ = writeln!(text, "      {}", wrapped(&line, 6));
            }
            example(&mut text, class);
        }
        if let Some(odd) = &one.odd {
            let _ = writeln!(text, "  {DIM}{}{DIM:#}", wrapped(&words::odd(odd), 2));
        }
        if one.more {
            let _ = writeln!(
                text,
                "    {DIM}… and more; use a higher `--limit` to see them{DIM:#}"
            );
        } else if one.undescribed.is_empty() {
            let _ = writeln!(text, "  {DIM}and nobody else{DIM:#}");
        }
        unproved(&mut text, one);
        text.push('\n');
    }
    scope(&mut text, found);
    text
}

/// Yes or no, for people.
pub(crate) fn answers(found: &[Matches], allowed: bool) -> String {
    let mut text = String::new();
    let verdict = if allowed { "allowed" } else { "denied" };
    for one in found {
        heading(&mut text, one);
        match one.classes.first() {
            None if one.undescribed.is_empty() => {
                let _ = writeln!(text, "  {BOLD}no{BOLD:#}, no such request can be {verdict}");
            }
            None => {
                let _ = writeln!(
                    text,
                    "  {BOLD}unknown{BOLD:#}: no such request is {verdict} given what is described here"
                );
            }
            Some(class) => {
                let _ = writeln!(text, "  {BOLD}yes{BOLD:#}, such a request can be {verdict}");
                example(&mut text, class);
            }
        }
        unproved(&mut text, one);
        text.push('\n');
    }
    scope(&mut text, found);
    text
}

/// The output of `who-can` and `can-ever` with `--format json`.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub(crate) struct Report {
    /// The answer for each workload.
    workloads: Vec<WorkloadMatches>,
}

/// The answer for one workload.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
struct WorkloadMatches {
    /// The workload.
    workload: Workload,
    /// `http` or `tcp`.
    protocol: &'static str,
    /// Whether there is such traffic.
    exists: bool,
    /// Classes that do not overlap; only the first for `can-ever`.
    classes: Vec<MatchReport>,
    /// Whether there is more than `--limit` shows.
    more: bool,
    /// An example from a peer whose certificate has a name that Istio does not issue; the classes cover all other
    /// peers.
    odd: Option<Traffic>,
    /// The peers that the proof covers.
    proved_for: PeerScope,
    /// The external authorizers whose answers matter: each may answer anything.
    authorizers: Vec<String>,
    /// The external authorizers that policies name and that have no description. What they would be asked about counts
    /// as denied, and the answer is not proved.
    not_described: Vec<String>,
}

/// A class of traffic.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
struct MatchReport {
    /// The conditions on attributes, in words.
    values: BTreeMap<String, String>,
    /// An example, in the format of `eval` and `explain`.
    traffic: Traffic,
    /// The decision.
    decided: report::DecisionReport,
    /// The trust domains of its peers that the handshake refuses before any policy is evaluated.
    handshake_refuses: Vec<String>,
}

impl From<&Matches> for WorkloadMatches {
    fn from(found: &Matches) -> Self {
        let classes = found.classes.iter().map(|class| MatchReport {
            values: report::values(&class.values),
            traffic: class.traffic.clone(),
            decided: (&class.decided).into(),
            handshake_refuses: class.refused.clone(),
        });
        Self {
            workload: (&found.workload).into(),
            protocol: found.protocol.as_str(),
            exists: !found.classes.is_empty(),
            classes: classes.collect(),
            more: found.more,
            odd: found.odd.clone(),
            proved_for: found.peers.into(),
            authorizers: found.authorizers.clone(),
            not_described: found.undescribed.clone(),
        }
    }
}

/// For programs.
///
/// # Errors
///
/// Never: all values can be written as JSON.
pub(crate) fn json(found: &[Matches]) -> anyhow::Result<String> {
    let report = Report {
        workloads: found.iter().map(WorkloadMatches::from).collect(),
    };
    Ok(serde_json::to_string_pretty(&report)? + "\n")
}
