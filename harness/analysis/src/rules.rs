//! The standing of single rules: which of them decide anything.

use peerwarden_engine::resource::Action;
use peerwarden_engine::{Program, RuleId, Traffic};

use crate::compare::replay;
use crate::diagram::{FALSE, Function};
use crate::space::{MatchAssumption, Space, TrafficSet, UnestablishedReading};
use crate::{AnalysisError, LimitExceeded};

/// The effect of a rule of an ALLOW or DENY policy.
#[derive(Debug, Clone, PartialEq)]
pub enum Standing {
    /// The verdict on this traffic would differ without the rule.
    Decides(Box<Traffic>),
    /// No traffic matches it.
    NeverMatches,
    /// Something else refuses everything that it matches: the mutual TLS mode, an external authorizer that cannot be asked, or, for
    /// an ALLOW rule, a DENY rule. A DENY rule that matches only what no ALLOW rule allows counts too.
    Refused {
        /// Traffic that it matches.
        matches: Box<Traffic>,
        /// The DENY rules that refuse some of it, ordered by id; empty if something else refuses it.
        by: Vec<RuleId>,
    },
    /// Other rules of the same action match everything that it matches and nothing else refuses.
    Shadowed {
        /// Traffic that it matches.
        matches: Box<Traffic>,
        /// Those rules, each of which matches some of it; only one if one suffices.
        by: Vec<RuleId>,
    },
}

/// A rule and its standing.
#[derive(Debug, Clone, PartialEq)]
pub struct RuleStanding {
    /// The rule.
    pub by: RuleId,
    /// ALLOW or DENY.
    pub action: Action,
    /// Its standing.
    pub standing: Standing,
}

/// The standing of each ALLOW and DENY rule of a program, in the order in which they are reported, DENY first. On TCP,
/// ALLOW rules with HTTP-only fields are left out.
///
/// A rule that decides has an example that the program has evaluated. The standing of all others is proved, for the
/// traffic that the documentation of this crate describes.
///
/// # Errors
///
/// If the analysis is too complex, or if a program disagrees with it, which is a bug in this crate.
pub fn standing(program: &Program) -> Result<Vec<RuleStanding>, AnalysisError> {
    let mut space = Space::new(program.protocol(), &[program], &[])?;
    let steps = space.steps(program)?;
    let before = space.diagrams.and(steps.mode, steps.custom)?;
    let before = space.diagrams.and(before, steps.tokens)?;
    let before = space.diagrams.and(before, space.possible)?;
    let denies: Vec<&RuleId> = program.deny_rules().map(|(by, _)| by).collect();
    let deny_sets: Result<Vec<Function>, LimitExceeded> = program
        .deny_rules()
        .map(|(_, rule)| space.matched(rule, UnestablishedReading::of(program, MatchAssumption::Matches)))
        .collect();
    let deny_sets = deny_sets?;
    let deny = Group {
        action: Action::Deny,
        rules: &denies,
        sets: &deny_sets,
    };
    let reach = space.diagrams.and(before, steps.allow)?;
    let mut judged = judge(&mut space, program, &deny, reach, &deny)?;
    if let Some(rules) = program.allow_rules() {
        let (allows, rules): (Vec<&RuleId>, Vec<_>) = rules.unzip();
        let sets: Result<Vec<Function>, LimitExceeded> = rules
            .into_iter()
            .map(|rule| {
                space.matched(
                    rule,
                    UnestablishedReading::of(program, MatchAssumption::DoesNotMatch),
                )
            })
            .collect();
        let allow = Group {
            action: Action::Allow,
            rules: &allows,
            sets: &sets?,
        };
        let reach = space.diagrams.and(before, steps.deny)?;
        judged.extend(judge(&mut space, program, &allow, reach, &deny)?);
    }
    Ok(judged)
}

/// The rules of one action.
struct Group<'p> {
    action: Action,
    rules: &'p [&'p RuleId],
    sets: &'p [Function],
}

/// `reach` is the traffic whose verdict depends on these rules.
fn judge(
    space: &mut Space,
    program: &Program,
    group: &Group<'_>,
    reach: Function,
    denies: &Group<'_>,
) -> Result<Vec<RuleStanding>, AnalysisError> {
    let others = others(space, group.sets)?;
    let mut judged = Vec::new();
    for (number, (by, set)) in group.rules.iter().zip(group.sets).enumerate() {
        let matched = space.diagrams.and(*set, space.possible)?;
        let reached = space.diagrams.and(matched, reach)?;
        let alone = space.diagrams.without(reached, others[number])?;
        let witness = |space: &Space, set| space.witness(TrafficSet(set)).map(Box::new);
        let standing = if let Some(traffic) = witness(space, alone) {
            replay(&traffic, program, group.action == Action::Allow)?;
            Standing::Decides(traffic)
        } else if let Some(matches) = witness(space, reached) {
            Standing::Shadowed {
                matches,
                by: covering(space, group, Some(number), reached)?,
            }
        } else if let Some(matches) = witness(space, matched) {
            let by = match group.action {
                Action::Allow => covering(space, denies, None, matched)?,
                Action::Deny | Action::Audit | Action::Custom => Vec::new(),
            };
            Standing::Refused { matches, by }
        } else {
            Standing::NeverMatches
        };
        judged.push(RuleStanding {
            by: (*by).clone(),
            action: group.action,
            standing,
        });
    }
    Ok(judged)
}

/// For each set, the union of all the others.
fn others(space: &mut Space, sets: &[Function]) -> Result<Vec<Function>, LimitExceeded> {
    let mut after = vec![FALSE; sets.len() + 1];
    for (number, set) in sets.iter().enumerate().rev() {
        after[number] = space.diagrams.or(after[number + 1], *set)?;
    }
    let mut before = FALSE;
    let mut others = Vec::new();
    for (number, set) in sets.iter().enumerate() {
        others.push(space.diagrams.or(before, after[number + 1])?);
        before = space.diagrams.or(before, *set)?;
    }
    Ok(others)
}

/// The rules of a group that match the traffic in `set`: one that matches all of it, or else as many as it takes, in order.
fn covering(
    space: &mut Space,
    group: &Group<'_>,
    but: Option<usize>,
    set: Function,
) -> Result<Vec<RuleId>, LimitExceeded> {
    let candidates = || {
        group
            .sets
            .iter()
            .enumerate()
            .filter(|(number, _)| Some(*number) != but)
    };
    for (number, candidate) in candidates() {
        if space.diagrams.without(set, *candidate)? == FALSE {
            return Ok(vec![group.rules[number].clone()]);
        }
    }
    let mut open = set;
    let mut by = Vec::new();
    for (number, candidate) in candidates() {
        let rest = space.diagrams.without(open, *candidate)?;
        if rest != open {
            by.push(group.rules[number].clone());
            open = rest;
        }
        if open == FALSE {
            break;
        }
    }
    Ok(by)
}
