//! The policies of a mesh's workloads for one of them, and its requests: four fifths match a policy that allows them;
//! the rest match none, or are denied.

mod policy;
mod requests;

use anyhow::{Result, ensure};
use fastrand::Rng;
use peerwarden_lab::native::Layer;

use super::mesh::{self, Workload};
use super::{PolicySet, SEED, VISITORS, Visitor, spread, verdict};
use policy::Sample;

/// The number of questions of one visitor.
const QUESTIONS: usize = 20;

/// The number of those that are allowed.
const HITS: usize = 16;

/// This many policies of this many workloads, the first of which receives requests.
pub(super) fn set(workloads: usize, count: usize, layer: Layer) -> Result<PolicySet> {
    let mut rng = Rng::with_seed(SEED);
    let mesh = mesh::workloads();
    let mut documents = Vec::with_capacity(count);
    let mut samples = Vec::new();
    for number in 0..count {
        let target = number % workloads;
        let (document, sample) = policy::write(&mut rng, &mesh, target, number, layer);
        documents.push(document);
        samples.extend(sample.filter(|_| target == 0));
    }
    let mut set = PolicySet {
        layer,
        documents,
        visitors: Vec::new(),
    };
    let program = verdict::program(&set)?;
    let mut callers: Vec<usize> = samples.iter().map(|sample| sample.caller).collect();
    callers.sort_unstable();
    callers.dedup();
    rng.shuffle(&mut callers);
    for caller in callers {
        let mine: Vec<&Sample> = samples.iter().filter(|sample| sample.caller == caller).collect();
        let visitor = visitor(&mut rng, &mesh[caller], &mine, layer, &program);
        set.visitors.extend(visitor);
        if set.visitors.len() == VISITORS {
            break;
        }
    }
    ensure!(!set.visitors.is_empty(), "nobody is allowed anything");
    Ok(set)
}

/// A caller with its requests; `None` if nothing that its policies allow is really allowed, as another denies it.
fn visitor(
    rng: &mut Rng,
    workload: &Workload,
    samples: &[&Sample],
    layer: Layer,
    program: &peerwarden_engine::Program,
) -> Option<Visitor> {
    let mut visitor = Visitor {
        principal: workload.principal(),
        from: workload.address,
        questions: Vec::new(),
        allowed: true,
    };
    if layer == Layer::Tcp {
        return verdict::allowed(program, &visitor, None).then_some(visitor);
    }
    let mut hits = Vec::new();
    for place in spread(samples.len(), HITS) {
        let question = requests::hit(rng, samples[place]);
        if verdict::allowed(program, &visitor, Some(&question)) {
            hits.push(question);
        }
    }
    if hits.is_empty() {
        return None;
    }
    let mut questions: Vec<_> = hits.into_iter().cycle().take(HITS).collect();
    while questions.len() < QUESTIONS {
        let question = requests::miss(rng);
        if !verdict::allowed(program, &visitor, Some(&question)) {
            questions.push(question);
        }
    }
    rng.shuffle(&mut questions);
    visitor.questions = questions;
    Some(visitor)
}
