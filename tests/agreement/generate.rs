//! Sets of policies and what meets them, all from one seed: realistic words, and words made to be misread.
//!
//! Values come from small pools, and most requests aim at one of the rules, so that rules and requests meet often.

mod aim;
mod policies;
mod pools;
mod requests;
mod values;
mod visits;

use fastrand::Rng;
use policies::Feature;

use crate::case::{Addresses, Layer, Mesh, Set, Visit};
use crate::tally;

/// A set of policies with the connections that meet it.
#[derive(Debug, Clone)]
pub(crate) struct Case {
    pub(crate) set: Set,
    pub(crate) visits: Vec<Visit>,
}

/// The set of this number; every other one is for TCP. Each features one field, all of them by turns.
pub(crate) fn case(seed: u64, number: usize) -> Case {
    let rng = &mut Rng::with_seed(seed.wrapping_add((number as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15)));
    let layer = if number.is_multiple_of(2) {
        Layer::Http
    } else {
        Layer::Tcp
    };
    let features = policies::features(layer);
    let set = loop {
        let set = Set {
            layer,
            mesh: Mesh::new(pick(rng, &pools::BUNDLES)),
            policies: policies::some(rng, layer, features[number / 2 % features.len()]),
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

/// Whether the engine accepts the configuration. The generator makes hardly any that it does not.
pub(crate) fn is_valid(set: &Set) -> bool {
    let configuration = set.configuration().to_string();
    peerwarden_engine::Config::parse(configuration.as_bytes())
        .and_then(|config| peerwarden_engine::Program::compile(&config))
        .is_ok()
}

/// One of a pool.
fn pick<T: Copy>(rng: &mut Rng, pool: &[T]) -> T {
    *one_of(rng, pool)
}

fn one_of<'p, T>(rng: &mut Rng, pool: &'p [T]) -> &'p T {
    &pool[rng.usize(0..pool.len())]
}

/// True so many times of a hundred.
fn percent(rng: &mut Rng, chance: u32) -> bool {
    rng.u32(0..100) < chance
}

/// Every feature for this layer, by the name under which a tally counts it.
pub(crate) fn fields(layer: Layer) -> Vec<String> {
    let name = |feature| match feature {
        Feature::Source((name, _, _), false) | Feature::Operation((name, _, _), false) => name.to_owned(),
        Feature::Source((_, not, _), true) | Feature::Operation((_, not, _), true) => not.to_owned(),
        Feature::Condition(key, not) => tally::condition(key, not),
    };
    let mut names: Vec<String> = policies::features(layer).into_iter().map(name).collect();
    // A header's name in another case is the same header.
    names.dedup();
    names
}
