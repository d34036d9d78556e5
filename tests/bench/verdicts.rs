//! The targets, as ratios of measurements in one run, so that they mean the same on any machine. A target is met if it holds in each
//! run, alone as well as beside a busy neighbour.

mod measure;

use std::time::Duration;

use peerwarden_lab::native::Layer;

use crate::circumstance::Circumstance;
use crate::configuring::{ConfigurationCost, Documents};
use crate::numbers::grouped;
use crate::plan::{Filter, LONG, Operation};
use crate::results::{Results, Samples};
use crate::sets::Kind;
use crate::stall::Stall;
use measure::Measure;

/// A decision with the most policies may cost this many times one with a single policy.
const NEAR: f64 = 1.3;

/// A decision on the peer's identity may cost this many times the cheapest Wasm filter that reads one property.
const NEAR_IDENTITY: f64 = 1.2;

/// The same with method and path.
const NEAR_FULL: f64 = 1.6;

/// The limit for a call from the module to Envoy, in microseconds.
const HOST_CALL: f64 = 1.0;

/// How many times cheaper it is with the most policies.
const TIMES: f64 = 200.0;

/// How much longer than with Envoy's own filter the slowest request may take while an update arrives.
const STALL: Duration = Duration::from_millis(5);

const MOST: usize = 10_000;

const MIB: u64 = 1024 * 1024;

/// A target and its result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TargetResult {
    pub(crate) what: String,
    pub(crate) target: String,
    /// What was measured in each circumstance that has a result, over all runs.
    pub(crate) measured: Vec<String>,
    pub(crate) met: bool,
}

/// What one run says about a target.
struct Reading {
    what: String,
    target: String,
    measure: Measure,
    met: bool,
}

/// Evaluates all targets for which there are results.
pub(crate) fn judge(
    samples: &Samples,
    configured: &[ConfigurationCost],
    stalls: &[Stall],
) -> Vec<TargetResult> {
    let mut verdicts: Vec<TargetResult> = Vec::new();
    for circumstance in Circumstance::ALL {
        let runs = samples.runs(circumstance);
        let readings: Vec<_> = runs.iter().map(|run| readings(run, circumstance)).collect();
        let Some(first) = readings.first() else { continue };
        for reading in first {
            let same = |run: &Vec<Reading>| {
                run.iter()
                    .find(|other| other.what == reading.what)
                    .map(|other| (other.measure, other.met))
            };
            let all: Vec<_> = readings.iter().filter_map(same).collect();
            let measures = all.iter().map(|(measure, _)| *measure);
            let measured = format!("{}: {}", circumstance.as_str(), Measure::range(measures));
            let met = all.iter().all(|(_, met)| *met);
            match verdicts.iter_mut().find(|verdict| verdict.what == reading.what) {
                Some(verdict) => {
                    verdict.measured.push(measured);
                    verdict.met &= met;
                }
                None => verdicts.push(TargetResult {
                    what: reading.what.clone(),
                    target: reading.target.clone(),
                    measured: vec![measured],
                    met,
                }),
            }
        }
    }
    verdicts.extend(configuring(configured));
    verdicts.extend(
        [Layer::Http, Layer::Tcp]
            .into_iter()
            .filter_map(|layer| stalled(stalls, layer)),
    );
    verdicts
}

fn readings(results: &Results, circumstance: Circumstance) -> Vec<Reading> {
    let mut readings = Vec::new();
    for way in [Operation::Http1, Operation::Http2] {
        for (kind, most) in [(Kind::Identity, NEAR_IDENTITY), (Kind::Full, NEAR_FULL)] {
            readings.extend(cheapest(results, way, kind, most));
            readings.extend(flat(results, way, kind));
        }
    }
    for (way, calls) in [
        (Operation::Http1, 1),
        (Operation::Http2, 1),
        (Operation::Connection, 2),
    ] {
        readings.extend(locked(results, way, calls));
    }
    for way in [Operation::Http1, Operation::Http2, Operation::Connection] {
        for kind in [Kind::Identity, Kind::Full, Kind::Service] {
            readings.extend(cheaper(results, way, kind, circumstance));
            readings.extend(at_most(results, way, kind));
        }
        readings.extend(authorizer(results, way));
    }
    for (kind, count) in [
        (Kind::LeadingWildcards, MOST),
        (Kind::NotPaths, MOST),
        (Kind::LongPath, LONG),
    ] {
        readings.extend(bounded(results, kind, count));
    }
    readings
}

fn added(results: &Results, way: Operation, filter: Filter, kind: Kind, count: usize) -> Option<f64> {
    results
        .line(way, filter, kind, count)
        .map(|line| line.added.median)
}

fn cheapest(results: &Results, way: Operation, kind: Kind, most: f64) -> Option<Reading> {
    let floor = added(results, way, Filter::OneProperty, Kind::Identity, 1)?;
    let module = added(results, way, Filter::Module, kind, 1)?;
    Some(Reading {
        what: format!(
            "{}, {}: 1 policy, against the cheapest Wasm filter that reads one property",
            way.as_str(),
            kind.as_str()
        ),
        target: format!("at most {most} times"),
        measure: Measure::Times(module / floor),
        met: module <= floor * most,
    })
}

/// The second lock is Envoy's own filter with one policy, and some host calls of the module.
fn locked(results: &Results, way: Operation, calls: u32) -> Option<Reading> {
    let one = |filter| added(results, way, filter, Kind::Identity, 1);
    let (module, locked, native) = (one(Filter::Module)?, one(Filter::Locked)?, one(Filter::Native)?);
    let most = native + f64::from(calls) * HOST_CALL;
    let plural = if calls == 1 {
        "a host call"
    } else {
        "two host calls"
    };
    Some(Reading {
        what: format!("{}: what the second lock adds to the module", way.as_str()),
        target: format!("at most Envoy's RBAC filter with 1 policy, and {plural} of {HOST_CALL} us"),
        measure: Measure::Micros {
            this: locked - module,
            most,
        },
        met: locked - module <= most,
    })
}

fn flat(results: &Results, way: Operation, kind: Kind) -> Option<Reading> {
    let one = added(results, way, Filter::Module, kind, 1)?;
    let many = added(results, way, Filter::Module, kind, MOST)?;
    Some(Reading {
        what: format!("{}, {}: 10,000 policies against 1", way.as_str(), kind.as_str()),
        target: format!("at most {NEAR} times"),
        measure: Measure::Times(many / one),
        met: many <= one * NEAR,
    })
}

/// The smallest measured number of policies from which the module is cheaper.
fn cheaper(results: &Results, way: Operation, kind: Kind, circumstance: Circumstance) -> Option<Reading> {
    let counts = results.counts(way, kind);
    let wanted = match circumstance {
        Circumstance::Alone => 50,
        Circumstance::BesideNeighbour => 200,
        // Too few numbers of policies are measured.
        Circumstance::FixedRate => return None,
    };
    let is_cheaper = |count: usize| {
        let native = added(results, way, Filter::Native, kind, count);
        let module = added(results, way, Filter::Module, kind, count);
        matches!((native, module), (Some(native), Some(module)) if module < native)
    };
    counts.last()?;
    let from = counts.iter().rev().take_while(|count| is_cheaper(**count)).last();
    Some(Reading {
        what: format!(
            "{}, {}: cheaper than Envoy's RBAC filter",
            way.as_str(),
            kind.as_str()
        ),
        target: "from 50 policies on; beside a busy neighbour, from 200".to_owned(),
        measure: Measure::From(from.copied()),
        met: from.is_some_and(|from| *from <= wanted),
    })
}

fn at_most(results: &Results, way: Operation, kind: Kind) -> Option<Reading> {
    let native = added(results, way, Filter::Native, kind, MOST)?;
    let module = added(results, way, Filter::Module, kind, MOST)?;
    Some(Reading {
        what: format!(
            "{}, {}: Envoy's RBAC filter against the module at 10,000",
            way.as_str(),
            kind.as_str()
        ),
        target: format!("at least {TIMES} times"),
        measure: Measure::Times(native / module),
        met: native >= module * TIMES,
    })
}

/// An external authorizer is what a user would pick instead.
fn authorizer(results: &Results, way: Operation) -> Option<Reading> {
    let authorizer = added(results, way, Filter::ExternalAuthorizer, Kind::Identity, 1)?;
    let module = added(results, way, Filter::Module, Kind::Identity, 1)?;
    Some(Reading {
        what: format!(
            "{}: the cheapest external authorizer, without its own CPU, against the module",
            way.as_str()
        ),
        target: "at least twice as expensive".to_owned(),
        measure: Measure::Times(authorizer / module),
        met: authorizer >= module * 2.0,
    })
}

/// Expensive sets: never more expensive than with Envoy's own filter.
fn bounded(results: &Results, kind: Kind, count: usize) -> Option<Reading> {
    let native = added(results, Operation::Http1, Filter::Native, kind, count)?;
    let module = added(results, Operation::Http1, Filter::Module, kind, count)?;
    Some(Reading {
        what: format!(
            "{}: {} policies, against Envoy's RBAC filter",
            kind.as_str(),
            grouped(count as u64)
        ),
        target: "at most as much".to_owned(),
        measure: Measure::Times(module / native),
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
            measured: vec![format!("{} ms", all.cpu.as_millis())],
            met: all.cpu.as_millis() < 500,
        });
        verdicts.push(TargetResult {
            what: format!("configuring: {}", all.what),
            target: "under 64 MiB for each VM".to_owned(),
            measured: vec![format!("{} MiB", all.memory / MIB)],
            met: all.memory < 64 * MIB,
        });
        if let Some(mesh) = of(Documents::FewSelect) {
            verdicts.push(TargetResult {
                what: format!("configuring: {}", mesh.what),
                target: "less than half the memory of as many that all select it".to_owned(),
                measured: vec![format!("{} MiB", mesh.memory / MIB)],
                met: mesh.memory * 2 < all.memory,
            });
        }
    }
    verdicts
}

fn stalled(stalls: &[Stall], layer: Layer) -> Option<TargetResult> {
    let slowest = |filter| {
        let stall = stalls
            .iter()
            .find(|stall| stall.layer == layer && stall.filter == filter && stall.updates)?;
        Some(stall.latencies.clone().quantile(1.0))
    };
    let (module, native) = (slowest(Filter::Module)?, slowest(Filter::Native)?);
    let millis = |time: Duration| format!("{:.1} ms", time.as_secs_f64() * 1e3);
    Some(TargetResult {
        what: format!(
            "{}: the slowest request while an update of 10,000 policies arrives",
            layer.as_str()
        ),
        target: format!("at most {} more than with Envoy's RBAC filter", millis(STALL)),
        measured: vec![format!(
            "{}, with Envoy's filter {}",
            millis(module),
            millis(native)
        )],
        met: module <= native + STALL,
    })
}
