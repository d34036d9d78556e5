//! Generates sets of policies and traffic for them, from one seed: realistic words, and words that are easily misread.
//!
//! Values come from small pools, and most requests aim at one of the rules, so that rules and requests often meet.

mod aim;
mod policies;
mod pools;
mod requests;
mod values;
mod visits;

use std::net::{Ipv4Addr, SocketAddr};

use fastrand::Rng;
use policies::Feature;

use crate::case::{Addresses, Layer, Mesh, PolicySet, Request, Visit};
use crate::tally;

/// A set of policies with its connections.
#[derive(Debug, Clone)]
pub(crate) struct Case {
    pub(crate) set: PolicySet,
    pub(crate) visits: Vec<Visit>,
}

/// How many verdicts of a set must depend on its feature, and how many attempts there are.
const DECISIVE: usize = 5;
const ATTEMPTS: usize = 40;

/// The set with this number; every other one is for TCP. Each features one field in turn, and is generated again until
/// verdicts depend on that field.
pub(crate) fn case(seed: u64, number: usize) -> Case {
    let rng = &mut Rng::with_seed(seed.wrapping_add((number as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15)));
    let layer = if number.is_multiple_of(2) {
        Layer::Http
    } else {
        Layer::Tcp
    };
    let features = policies::features(layer);
    let feature = features[number / 2 % features.len()];
    let mut best = draw(rng, layer, feature);
    for _ in 0..ATTEMPTS {
        if best.hangs_on(&name(feature)) >= DECISIVE {
            break;
        }
        best = draw(rng, layer, feature);
    }
    best
}

fn draw(rng: &mut Rng, layer: Layer, feature: Feature) -> Case {
    let set = loop {
        let set = PolicySet {
            layer,
            mesh: Mesh::new(pick(rng, &pools::BUNDLES)),
            policies: policies::some(rng, layer, feature),
            addresses: Addresses {
                use_remote_address: rng.bool(),
                trusted_hops: rng.u32(0..=2),
            },
        };
        if is_valid(&set) {
            break set;
        }
    };
    let visits = visits::of(rng, &set);
    Case { set, visits }
}

impl Case {
    /// How many verdicts depend on a field, by the reference evaluator: it chooses what to ask, never what is right.
    fn hangs_on(&self, field: &str) -> usize {
        let listener = SocketAddr::from((Ipv4Addr::LOCALHOST, 1));
        let hangs = |visit: &Visit, request: Option<&Request>| {
            let trace = self.set.trace(visit, request, listener);
            trace.is_ok_and(|trace| tally::decisive(&trace).iter().any(|name| name == field))
        };
        let of_visit = |visit: &Visit| match self.set.layer {
            Layer::Http => visit
                .requests
                .iter()
                .filter(|request| hangs(visit, Some(request)))
                .count(),
            Layer::Tcp => usize::from(hangs(visit, None)),
        };
        self.visits.iter().map(of_visit).sum()
    }
}

/// Whether the engine accepts the configuration. The generator rarely makes one that it refuses.
pub(crate) fn is_valid(set: &PolicySet) -> bool {
    let configuration = set.configuration().to_string();
    peerwarden_engine::Config::parse(configuration.as_bytes())
        .and_then(|config| peerwarden_engine::Program::compile(&config))
        .is_ok()
}

/// A random value of a pool.
fn pick<T: Copy>(rng: &mut Rng, pool: &[T]) -> T {
    *one_of(rng, pool)
}

fn one_of<'p, T>(rng: &mut Rng, pool: &'p [T]) -> &'p T {
    &pool[rng.usize(0..pool.len())]
}

/// True with this probability in percent.
fn percent(rng: &mut Rng, chance: u32) -> bool {
    rng.u32(0..100) < chance
}

/// Every feature for this layer, by the name under which a tally counts it.
pub(crate) fn fields(layer: Layer) -> Vec<String> {
    policies::features(layer).into_iter().map(name).collect()
}

fn name(feature: Feature) -> String {
    match feature {
        Feature::Source((name, _, _), false) | Feature::Operation((name, _, _), false) => name.to_owned(),
        Feature::Source((_, not, _), true) | Feature::Operation((_, not, _), true) => not.to_owned(),
        Feature::Condition(key, not) => tally::condition(key, not),
    }
}
