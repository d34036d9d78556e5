//! The changes in meaning between two sets of policies.

pub(crate) mod github;
pub(crate) mod human;
pub(crate) mod json;
pub(crate) mod markdown;
mod parts;
pub(crate) mod sarif;

use peerwarden_analysis::Attribute;
use peerwarden_analysis::{AnalysisError, Classes, Peers, Values, WorkloadClass, compare, is_same};
use peerwarden_engine::Protocol;
use peerwarden_engines::{Choice, Module};
use peerwarden_traffic::Decision;
use peerwarden_traffic::Traffic;
use peerwarden_traffic::handshake;

use super::policies::Policies;
use super::{LazyEngines, refused_peers};
use crate::error::Result;

/// Changes that count as errors rather than warnings.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FailureConditions {
    pub(crate) newly_allowed: bool,
    pub(crate) newly_denied: bool,
}

/// The result of all comparisons.
pub(crate) struct Diff {
    /// Workloads for which something changes, or that could not be compared.
    pub(crate) changes: Vec<Change>,
    /// How many pairs of workload and protocol were compared, and how many workloads.
    pub(crate) compared: usize,
    pub(crate) workloads: usize,
    /// The peers that the answers cover: the narrowest of all.
    pub(crate) peers: Peers,
    /// The external authorizers whose answers matter.
    pub(crate) authorizers: Vec<String>,
    /// External authorizers without a description, where the policies of a workload differ.
    pub(crate) undescribed: Vec<String>,
    /// Whether there are dry-run policies, which are not compared.
    pub(crate) dry_runs: bool,
}

/// The changes for one workload on one protocol.
pub(crate) struct Change {
    pub(crate) workload: WorkloadClass,
    pub(crate) protocol: Protocol,
    pub(crate) difference: Difference,
}

/// The result of a comparison.
pub(crate) enum Difference {
    /// Something changes.
    Changed { newly_allowed: Side, newly_denied: Side },
    /// The comparison is too complex, or a document is refused; nothing is claimed.
    Beyond(String),
}

/// Traffic that is newly allowed, or newly denied.
pub(crate) struct Side {
    pub(crate) classes: Vec<Class>,
    /// Whether there is more traffic than listed.
    pub(crate) more: bool,
    /// An example from a peer whose certificate has a name that Istio does not issue; the classes cover all other
    /// peers.
    pub(crate) odd: Option<Box<Traffic>>,
}

/// Traffic that changes sides.
pub(crate) struct Class {
    pub(crate) values: Vec<(Attribute, Values)>,
    /// An example, which the engines evaluated.
    pub(crate) traffic: Traffic,
    pub(crate) old: Decision,
    pub(crate) new: Decision,
    /// For newly allowed traffic, the trust domains of its peers that the handshake refuses.
    pub(crate) refused: Vec<String>,
    /// The same in words.
    pub(crate) refusals: Vec<String>,
}

/// The input of a comparison.
pub(crate) struct PolicyComparison<'a> {
    pub(crate) old: &'a Policies,
    pub(crate) new: &'a Policies,
    pub(crate) choice: Choice,
    pub(crate) module: Option<&'a Module>,
    /// The largest number of classes shown for each change and direction.
    pub(crate) limit: usize,
}

impl PolicyComparison<'_> {
    /// Compares the two for each workload and protocol.
    ///
    /// # Errors
    ///
    /// If the engines disagree with the analysis.
    pub(crate) fn run(&self, workloads: &[WorkloadClass], protocols: &[Protocol]) -> Result<Diff> {
        let mut diff = Diff {
            changes: Vec::new(),
            compared: 0,
            workloads: workloads.len(),
            peers: Peers::AnyName,
            authorizers: Vec::new(),
            undescribed: Vec::new(),
            dry_runs: self.old.has_dry_runs() || self.new.has_dry_runs(),
        };
        for workload in workloads {
            for protocol in protocols {
                diff.compared += 1;
                if let Some(difference) = self.one(workload, *protocol, &mut diff)? {
                    diff.changes.push(Change {
                        workload: workload.clone(),
                        protocol: *protocol,
                        difference,
                    });
                }
            }
        }
        Ok(diff)
    }

    fn one(
        &self,
        workload: &WorkloadClass,
        protocol: Protocol,
        diff: &mut Diff,
    ) -> Result<Option<Difference>> {
        let [old, new] = [self.old, self.new].map(|set| set.applied(&workload.workload, protocol));
        let [refused_before, refused_after] =
            [self.old, self.new].map(|set| set.refused_for(&workload.workload));
        // Most of a mesh does not change.
        let mut texts = refused_before.iter().map(|one| &one.document.node);
        if old.setup.is_same(&new.setup)
            && texts
                .by_ref()
                .eq(refused_after.iter().map(|one| &one.document.node))
        {
            return Ok(None);
        }
        if let Some(refused) = refused_before.iter().chain(&refused_after).next() {
            let why = refused.wrong.first().map(|wrong| wrong.message.as_str());
            return Ok(Some(Difference::Beyond(format!(
                "a document for it is refused: {}",
                why.unwrap_or_default()
            ))));
        }
        let (old, new) = (old.compiled()?, new.compiled()?);
        if is_same(&old.program, &new.program) {
            return Ok(None);
        }
        for set in [self.old, self.new] {
            for name in set.undescribed(&workload.workload) {
                if !diff.undescribed.contains(&name) {
                    diff.undescribed.push(name);
                }
            }
        }
        let comparison = match compare(&old.program, &new.program, self.limit) {
            Ok(comparison) => comparison,
            Err(AnalysisError::LimitExceeded(beyond)) => {
                return Ok(Some(Difference::Beyond(beyond.to_string())));
            }
            Err(unanswered @ AnalysisError::Disagreement(_)) => return Err(unanswered.into()),
        };
        if comparison.peers == Peers::IstioNames {
            diff.peers = Peers::IstioNames;
        }
        for name in &comparison.authorizers {
            if !diff.authorizers.contains(name) {
                diff.authorizers.push(name.clone());
            }
        }
        if comparison.is_equivalent() {
            return Ok(None);
        }
        let mut engines =
            [old, new].map(|selected| LazyEngines::new(self.choice, self.module, selected.setup, protocol));
        let (trust, kind) = (&self.new.trust, workload.workload.kind);
        let mut side = |classes: Classes, allowed: bool| -> Result<Side> {
            let shown = classes.shown.into_iter().map(|class| {
                let traffic = Traffic::from_attributes(&class.witness, protocol);
                let [old, new] = &mut engines;
                let peers = class.values.iter().find(|(of, _)| *of == Attribute::Peer);
                let refused = match peers.filter(|_| allowed) {
                    Some((_, peers)) => refused_peers::of_class(trust, kind, peers, &traffic),
                    None => Vec::new(),
                };
                let reason = |domain: &String| handshake::reason(trust, domain);
                Ok(Class {
                    refusals: refused.iter().map(reason).collect(),
                    refused,
                    values: class.values,
                    old: old.confirm(&traffic, !allowed)?.decision,
                    new: new.confirm(&traffic, allowed)?.decision,
                    traffic,
                })
            });
            let shown = shown.collect::<Result<Vec<Class>>>()?;
            let odd = classes
                .odd
                .map(|odd| Box::new(Traffic::from_attributes(&odd, protocol)));
            if let Some(odd) = &odd {
                let [old, new] = &mut engines;
                old.confirm(odd, !allowed)?;
                new.confirm(odd, allowed)?;
            }
            Ok(Side {
                classes: shown,
                more: classes.more,
                odd,
            })
        };
        Ok(Some(Difference::Changed {
            newly_allowed: side(comparison.newly_allowed, true)?,
            newly_denied: side(comparison.newly_denied, false)?,
        }))
    }
}

impl Diff {
    /// Whether something is newly allowed, whether something is newly denied, and whether something could not be
    /// compared.
    pub(crate) fn found(&self) -> (bool, bool, bool) {
        let mut found = (false, false, false);
        for change in &self.changes {
            match &change.difference {
                Difference::Changed {
                    newly_allowed,
                    newly_denied,
                } => {
                    found.0 |= !newly_allowed.classes.is_empty();
                    found.1 |= !newly_denied.classes.is_empty();
                }
                Difference::Beyond(_) => found.2 = true,
            }
        }
        found
    }
}
