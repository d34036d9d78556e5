//! Finds the rules that decide nothing, as `peerwarden-analysis` proves it for all traffic.
//!
//! A policy is analysed together with those of its folder, as sibling folders may be for different clusters; or with
//! those of its cluster, if the settings define clusters. A result holds for every workload that the policy selects.
//! Each such workload among the documents is checked. If there is none, a workload is checked that has the selector's
//! labels and no others: whatever applies to it applies to all.

mod group;

pub(crate) use group::Group;

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use peerwarden_analysis::rules::{self, RuleStanding};
use peerwarden_engine::{Kind, Protocol, RuleId, Traffic};

use crate::context::{Context, Policy};
use crate::public;

/// The results, computed once for all lints.
#[derive(Default)]
pub(crate) struct Standings(OnceCell<PolicyStandings>);

/// Rules that decide nothing, and policies that could not be analysed.
struct PolicyStandings {
    idle: Vec<Standing>,
    unproved: Vec<ProofGap>,
}

/// Policies that are too complex to analyse.
pub(crate) struct ProofGap {
    /// Their indexes in the context.
    pub(crate) policies: BTreeSet<usize>,
    pub(crate) why: String,
}

/// A rule that decides nothing for any workload.
pub(crate) struct Standing {
    place: Place,
    pub(crate) why: NoDecisionReason,
    /// Where it was found out.
    pub(crate) group: Rc<Group>,
}

/// A rule: the index of its policy in the context, and its own index.
pub(crate) type Place = (usize, usize);

/// Why a rule decides nothing.
#[derive(Debug, Clone)]
pub(crate) enum NoDecisionReason {
    /// No request matches it.
    NeverMatches,
    /// DENY rules refuse everything that this ALLOW rule matches.
    Refused { matches: Box<Traffic>, by: Vec<RuleId> },
    /// Other rules of its action match everything that it matches.
    Shadowed { matches: Box<Traffic>, by: Vec<RuleId> },
}

impl Standing {
    /// The policy.
    pub(crate) fn policy<'c, 'd>(&self, context: &'c Context<'d>) -> &'c Policy<'d> {
        &context.policies[self.place.0]
    }

    /// The rule's index, from 0.
    pub(crate) fn rule(&self) -> usize {
        self.place.1
    }

    /// The indexes of the policy and the rule.
    pub(crate) fn place(&self) -> Place {
        self.place
    }

    /// The policy of another rule in the group, and that rule's index.
    pub(crate) fn other<'c, 'd>(
        &self,
        context: &'c Context<'d>,
        by: &RuleId,
    ) -> Option<(&'c Policy<'d>, usize)> {
        let (policy, rule) = self.group.place(by)?;
        Some((context.policies.get(policy)?, rule))
    }
}

impl Standings {
    pub(crate) fn of(&self, context: &Context<'_>) -> &[Standing] {
        &self.0.get_or_init(|| find(context)).idle
    }

    pub(crate) fn unproved(&self, context: &Context<'_>) -> &[ProofGap] {
        &self.0.get_or_init(|| find(context)).unproved
    }
}

/// Finds the rules that decide nothing.
fn find(context: &Context<'_>) -> PolicyStandings {
    // Of each rule, in how many groups it is, and in which of them it decides nothing.
    let mut idle: BTreeMap<Place, Vec<(NoDecisionReason, Rc<Group>)>> = BTreeMap::new();
    let mut seen: BTreeMap<Place, usize> = BTreeMap::new();
    let (groups, mut unproved) = group::all(context);
    for group in groups {
        for policy in group.policies() {
            let rules = context.policies[policy].written.rules.iter().flatten().count();
            (0..rules).for_each(|rule| *seen.entry((policy, rule)).or_default() += 1);
        }
        match judged(&group) {
            Ok(judged) => {
                for (place, why) in judged {
                    idle.entry(place).or_default().push((why, Rc::clone(&group)));
                }
            }
            Err(why) => unproved.push(ProofGap {
                policies: group.policies().collect(),
                why,
            }),
        }
    }
    let everywhere = idle.into_iter().filter_map(|(place, found)| {
        let all = seen.get(&place).is_some_and(|groups| *groups == found.len());
        let groups: Vec<Rc<Group>> = found.iter().map(|(_, group)| Rc::clone(group)).collect();
        let (why, group) = found.into_iter().next().filter(|_| all)?;
        let why = covered_by_all(context, place, &groups).map_or(why.clone(), |by| by_one(why, by));
        Some(Standing { place, why, group })
    });
    PolicyStandings {
        idle: without_twins(everywhere.collect()),
        unproved,
    }
}

/// A rule on all traffic that applies wherever the other one does: if several rules cover it, this one is the reason.
fn covered_by_all(context: &Context<'_>, (policy, rule): Place, groups: &[Rc<Group>]) -> Option<RuleId> {
    let action = context.policies.get(policy)?.written.action;
    let mut wide = context.policies.iter().enumerate().filter_map(|(index, other)| {
        let mut rules = other.written.rules.iter().flatten();
        let wide = rules.position(public::is_empty)?;
        let stands_beside = other.written.action == action && (index, wide) != (policy, rule);
        (stands_beside && groups.iter().all(|group| group.has(index))).then_some((other, wide))
    });
    let (other, wide) = wide.next()?;
    let metadata = &other.written.metadata;
    Some(RuleId {
        kind: Kind::AuthorizationPolicy,
        namespace: metadata.namespace.as_str().into(),
        name: metadata.name.as_str().into(),
        rule: Some(wide),
    })
}

fn by_one(why: NoDecisionReason, by: RuleId) -> NoDecisionReason {
    match why {
        NoDecisionReason::Shadowed { matches, .. } => NoDecisionReason::Shadowed {
            matches,
            by: vec![by],
        },
        NoDecisionReason::NeverMatches | NoDecisionReason::Refused { .. } => why,
    }
}

/// Of two rules that match the same, one has to stay: the first.
fn without_twins(mut standings: Vec<Standing>) -> Vec<Standing> {
    let by_one = |standing: &Standing| match &standing.why {
        NoDecisionReason::Shadowed { by, .. } => match by.as_slice() {
            [by] => standing.group.place(by),
            _ => None,
        },
        NoDecisionReason::NeverMatches | NoDecisionReason::Refused { .. } => None,
    };
    let shadows: BTreeMap<Place, Place> = standings
        .iter()
        .filter_map(|standing| Some((standing.place, by_one(standing)?)))
        .collect();
    standings.retain(|standing| {
        let by = shadows.get(&standing.place);
        by.is_none_or(|by| *by < standing.place || shadows.get(by) != Some(&standing.place))
    });
    standings
}

/// The rules of a group that decide nothing in it, or why that is not known.
fn judged(group: &Group) -> Result<Vec<(Place, NoDecisionReason)>, String> {
    let http = standing(group, Protocol::Http)?;
    let why = |judged: &RuleStanding| {
        let why = match &judged.standing {
            rules::Standing::Decides(_) => return None,
            rules::Standing::NeverMatches => NoDecisionReason::NeverMatches,
            rules::Standing::Refused { matches, by } => NoDecisionReason::Refused {
                matches: matches.clone(),
                by: by.clone(),
            },
            rules::Standing::Shadowed { matches, by } => NoDecisionReason::Shadowed {
                matches: matches.clone(),
                by: by.clone(),
            },
        };
        Some((group.place(&judged.by)?, why))
    };
    let mut idle: Vec<(Place, NoDecisionReason)> = http.iter().filter_map(why).collect();
    // Refused by a mode, not by a rule: another `PeerAuthentication` may be elsewhere.
    idle.retain(|(_, why)| !matches!(why, NoDecisionReason::Refused { by, .. } if by.is_empty()));
    if idle
        .iter()
        .any(|(_, why)| !matches!(why, NoDecisionReason::NeverMatches))
    {
        // On TCP fields of HTTP say nothing, and a rule may be needed there.
        let tcp = standing(group, Protocol::Tcp)?;
        let decides = |judged: &&RuleStanding| matches!(judged.standing, rules::Standing::Decides(_));
        let needed: BTreeSet<Place> = tcp
            .iter()
            .filter(decides)
            .filter_map(|judged| group.place(&judged.by))
            .collect();
        idle.retain(|(place, why)| matches!(why, NoDecisionReason::NeverMatches) || !needed.contains(place));
    }
    Ok(idle)
}

/// Empty for documents that are refused: they have their own errors.
fn standing(group: &Group, protocol: Protocol) -> Result<Vec<RuleStanding>, String> {
    match group.program(protocol) {
        Some(program) => rules::standing(&program).map_err(|error| error.to_string()),
        None => Ok(Vec::new()),
    }
}
