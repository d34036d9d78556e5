//! The targets, as ratios of measurements in one run, so that they mean the same on any machine.

use crate::configuring::{ConfigurationCost, Documents};
use crate::numbers::{grouped, micros, times};
use crate::plan::{Filter, LONG, Operation};
use crate::results::Results;
use crate::sets::Kind;

/// A decision may cost this many times its baseline.
const NEAR: f64 = 1.3;

/// The number of policies from which the module is cheaper than Envoy's own filter.
const FROM: usize = 50;

/// The limit for a call from the module to Envoy, in microseconds.
const HOST_CALL: f64 = 1.0;

/// How many times cheaper it is with the most policies.
const TIMES: f64 = 200.0;

const MOST: usize = 10_000;

const MIB: u64 = 1024 * 1024;

/// A target and its result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TargetResult {
    pub(crate) what: String,
    pub(crate) target: String,
    pub(crate) measured: String,
    pub(crate) met: bool,
}

/// Evaluates all targets for which there are results.
pub(crate) fn judge(results: &Results, configured: &[ConfigurationCost]) -> Vec<TargetResult> {
    let mut verdicts = Vec::new();
    for way in [Operation::Http1, Operation::Http2] {
        verdicts.extend(cheapest(results, way));
        for kind in [Kind::Identity, Kind::Full] {
            verdicts.extend(flat(results, way, kind));
        }
    }
    for (way, calls) in [
        (Operation::Http1, 1),
        (Operation::Http2, 1),
        (Operation::Connection, 2),
    ] {
        verdicts.extend(locked(results, way, calls));
    }
    for way in [Operation::Http1, Operation::Http2, Operation::Connection] {
        for kind in [Kind::Identity, Kind::Full, Kind::Service] {
            verdicts.extend(cheaper(results, way, kind));
            verdicts.extend(at_most(results, way, kind));
        }
    }
    for (kind, count) in [
        (Kind::LeadingWildcards, MOST),
        (Kind::NotPaths, MOST),
        (Kind::LongPath, LONG),
    ] {
        verdicts.extend(bounded(results, kind, count));
    }
    verdicts.extend(configuring(configured));
    verdicts
}

fn added(results: &Results, way: Operation, filter: Filter, kind: Kind, count: usize) -> Option<f64> {
    results
        .line(way, filter, kind, count)
        .map(|line| line.added.median)
}

fn cheapest(results: &Results, way: Operation) -> Option<TargetResult> {
    let floor = added(results, way, Filter::OneProperty, Kind::Identity, 1)?;
    let module = added(results, way, Filter::Module, Kind::Identity, 1)?;
    Some(TargetResult {
        what: format!(
            "{}: 1 policy on the peer's identity, against the cheapest Wasm filter that reads one property",
            way.as_str()
        ),
        target: format!("at most {NEAR} times"),
        measured: ratio(module, floor),
        met: module <= floor * NEAR,
    })
}

/// The second lock is Envoy's own filter with one policy, and some host calls of the module.
fn locked(results: &Results, way: Operation, calls: u32) -> Option<TargetResult> {
    let one = |filter| added(results, way, filter, Kind::Identity, 1);
    let (module, locked, native) = (one(Filter::Module)?, one(Filter::Locked)?, one(Filter::Native)?);
    let most = native + f64::from(calls) * HOST_CALL;
    let plural = if calls == 1 {
        "a host call"
    } else {
        "two host calls"
    };
    Some(TargetResult {
        what: format!("{}: what the second lock adds to the module", way.as_str()),
        target: format!("at most Envoy's RBAC filter with 1 policy, and {plural} of {HOST_CALL} us"),
        measured: format!("{} us, at most {} us", micros(locked - module), micros(most)),
        met: locked - module <= most,
    })
}

fn flat(results: &Results, way: Operation, kind: Kind) -> Option<TargetResult> {
    let one = added(results, way, Filter::Module, kind, 1)?;
    let many = added(results, way, Filter::Module, kind, MOST)?;
    Some(TargetResult {
        what: format!("{}, {}: 10,000 policies against 1", way.as_str(), kind.as_str()),
        target: format!("at most {NEAR} times"),
        measured: ratio(many, one),
        met: many <= one * NEAR,
    })
}

fn ratio(this: f64, that: f64) -> String {
    format!(
        "{} times ({} to {} us)",
        times(this / that),
        micros(this),
        micros(that)
    )
}

/// The smallest measured number of policies from which the module is cheaper.
fn cheaper(results: &Results, way: Operation, kind: Kind) -> Option<TargetResult> {
    let counts = results.counts(way, kind);
    let is_cheaper = |count: usize| {
        let native = added(results, way, Filter::Native, kind, count);
        let module = added(results, way, Filter::Module, kind, count);
        matches!((native, module), (Some(native), Some(module)) if module < native)
    };
    let last = counts.last()?;
    let from = counts.iter().rev().take_while(|count| is_cheaper(**count)).last();
    let measured = match from {
        Some(from) => format!("from {} on", grouped(*from as u64)),
        None => format!("more expensive at {}", grouped(*last as u64)),
    };
    Some(TargetResult {
        what: format!(
            "{}, {}: cheaper than Envoy's RBAC filter",
            way.as_str(),
            kind.as_str()
        ),
        target: format!("from {FROM} policies on"),
        measured,
        met: from.is_some_and(|from| *from <= FROM),
    })
}

fn at_most(results: &Results, way: Operation, kind: Kind) -> Option<TargetResult> {
    let native = added(results, way, Filter::Native, kind, MOST)?;
    let module = added(results, way, Filter::Module, kind, MOST)?;
    Some(TargetResult {
        what: format!(
            "{}, {}: Envoy's RBAC filter against the module at 10,000",
            way.as_str(),
            kind.as_str()
        ),
        target: format!("at least {TIMES} times"),
        measured: ratio(native, module),
        met: native >= module * TIMES,
    })
}

/// Expensive sets: never more expensive than with Envoy's own filter.
fn bounded(results: &Results, kind: Kind, count: usize) -> Option<TargetResult> {
    let native = added(results, Operation::Http1, Filter::Native, kind, count)?;
    let module = added(results, Operation::Http1, Filter::Module, kind, count)?;
    Some(TargetResult {
        what: format!(
            "{}: {} policies, against Envoy's RBAC filter",
            kind.as_str(),
            grouped(count as u64)
        ),
        target: "at most as much".to_owned(),
        measured: ratio(module, native),
        met: module <= native,
    })
}

fn configuring(configured: &[ConfigurationCost]) -> Vec<TargetResult> {
    let of = |documents| configured.iter().find(|row| row.documents == documents);
    let mut verdicts = Vec::new();
    if let Some(all) = of(Documents::AllSelect) {
        verdicts.push(TargetResult {
            what: format!("configuring: {}", all.what),
            target: "under 500 ms for each VM".to_owned(),
            measured: format!("{} ms", all.cpu.as_millis()),
            met: all.cpu.as_millis() < 500,
        });
        verdicts.push(TargetResult {
            what: format!("configuring: {}", all.what),
            target: "under 64 MiB for each VM".to_owned(),
            measured: format!("{} MiB", all.memory / MIB),
            met: all.memory < 64 * MIB,
        });
        if let Some(mesh) = of(Documents::FewSelect) {
            verdicts.push(TargetResult {
                what: format!("configuring: {}", mesh.what),
                target: "less than half the memory of as many that all select it".to_owned(),
                measured: format!("{} MiB", mesh.memory / MIB),
                met: mesh.memory * 2 < all.memory,
            });
        }
    }
    verdicts
}
