//! Single rules: which of them decide anything.

use peerwarden_engine::resource::Action;
use peerwarden_engine::{By, Program, Traffic};

use crate::compare::replay;
use crate::diagram::{FALSE, Function};
use crate::space::{Doubts, Space, Traffics, Unestablished};
use crate::{Beyond, Unanswered};

/// What a rule of an ALLOW or DENY policy is good for.
#[derive(Debug, Clone, PartialEq)]
pub enum Standing {
    /// Without it this would be decided otherwise.
    Decides(Box<Traffic>),
    /// No traffic matches it.
    NeverMatches,
    /// All that it matches is refused by something else: the mutual TLS mode, an external authorizer that cannot be asked, for an ALLOW
    /// rule also a DENY rule; for a DENY rule that no ALLOW rule admits it counts too.
    Refused {
        /// Some traffic that it matches.
        matches: Box<Traffic>,
        /// The DENY rules that refuse some of it, the first by id; none when it is refused otherwise.
        by: Vec<By>,
    },
    /// All that it matches, and that nothing else refuses, other rules of the same action match too.
    Shadowed {
        /// Some traffic that it matches.
        matches: Box<Traffic>,
        /// The rules that do, each of which matches some of it; one alone if one alone suffices.
        by: Vec<By>,
    },
}

/// A rule and its standing.
#[derive(Debug, Clone, PartialEq)]
pub struct Judged {
    /// Which rule.
    pub by: By,
    /// ALLOW or DENY.
    pub action: Action,
    /// What it is good for.
    pub standing: Standing,
}

/// The standing of each ALLOW and DENY rule of a program, in the order in which they are reported, DENY first. On TCP, ALLOW rules with
/// HTTP-only fields are not among them.
///
/// A rule that decides has an example that was put to the program; what is said of the others is proved, of the traffic that the
/// documentation of this crate describes.
///
/// # Errors
/// That there is too much to work through, or that a program decides otherwise than was worked out, which is an error of this crate.
pub fn standing(program: &Program) -> Result<Vec<Judged>, Unanswered> {
    let mut space = Space::new(program.protocol(), &[program], &[])?;
    let steps = space.steps(program)?;
    let before = space.diagrams.and(steps.mode, steps.custom)?;
    let before = space.diagrams.and(before, space.possible)?;
    let denies: Vec<&By> = program.deny_rules().map(|(by, _)| by).collect();
    let deny_sets: Result<Vec<Function>, Beyond> = program
        .deny_rules()
        .map(|(_, rule)| space.matched(rule, Doubts::of(program, Unestablished::Matches)))
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
        let (allows, rules): (Vec<&By>, Vec<_>) = rules.unzip();
        let sets: Result<Vec<Function>, Beyond> = rules
            .into_iter()
            .map(|rule| space.matched(rule, Doubts::of(program, Unestablished::DoesNotMatch)))
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
    rules: &'p [&'p By],
    sets: &'p [Function],
}

/// `reach` is what the verdict of these rules counts for.
fn judge(
    space: &mut Space,
    program: &Program,
    group: &Group<'_>,
    reach: Function,
    denies: &Group<'_>,
) -> Result<Vec<Judged>, Unanswered> {
    let others = others(space, group.sets)?;
    let mut judged = Vec::new();
    for (number, (by, set)) in group.rules.iter().zip(group.sets).enumerate() {
        let matched = space.diagrams.and(*set, space.possible)?;
        let reached = space.diagrams.and(matched, reach)?;
        let alone = space.diagrams.without(reached, others[number])?;
        let witness = |space: &Space, set| space.witness(Traffics(set)).map(Box::new);
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
        judged.push(Judged {
            by: (*by).clone(),
            action: group.action,
            standing,
        });
    }
    Ok(judged)
}

/// For each set, all the others together.
fn others(space: &mut Space, sets: &[Function]) -> Result<Vec<Function>, Beyond> {
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

/// The rules of a group that match what is in `set`: one that matches all of it, or as many as it takes, from the first on.
fn covering(
    space: &mut Space,
    group: &Group<'_>,
    but: Option<usize>,
    set: Function,
) -> Result<Vec<By>, Beyond> {
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
