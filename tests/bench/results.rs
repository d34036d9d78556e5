//! The results of all measurements.

use std::collections::BTreeMap;

use peerwarden_lab::envoy::CpuTimes;
use peerwarden_lab::load::Latencies;

use crate::circumstance::Circumstance;
use crate::load::Measurement;
use crate::plan::{Cell, Filter, Operation};
use crate::sets::Kind;
use crate::statistics::Spread;

/// The samples of one cell, over all rounds.
#[derive(Debug, Clone)]
pub(crate) struct CellSamples {
    pub(crate) cell: Cell,
    /// Microseconds for each request, by round.
    pub(crate) rounds: Vec<f64>,
    /// The sum over all rounds.
    pub(crate) times: CpuTimes,
    pub(crate) latencies: Latencies,
}

/// The samples of one run, with an Envoy of its own, in each circumstance.
pub(crate) type RunSamples = BTreeMap<Circumstance, Vec<CellSamples>>;

/// The samples of all runs.
#[derive(Debug, Clone, Default)]
pub(crate) struct Samples(pub(crate) Vec<RunSamples>);

/// The results of all cells, in one circumstance.
#[derive(Debug, Clone)]
pub(crate) struct Results(pub(crate) Vec<Line>);

/// The summary of a cell.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Line {
    pub(crate) cell: Cell,
    /// Microseconds of CPU for each request.
    pub(crate) cpu: Spread,
    /// The part of it that the kernel spends, from 0 to 1.
    pub(crate) kernel: f64,
    /// The CPU, minus the cost without a filter in the same round.
    pub(crate) added: Spread,
    /// The caller's latency, in microseconds.
    pub(crate) p50: f64,
    pub(crate) p99: f64,
}

impl CellSamples {
    pub(crate) fn of(cell: Cell) -> Self {
        Self {
            cell,
            rounds: Vec::new(),
            times: CpuTimes::default(),
            latencies: Latencies::default(),
        }
    }

    pub(crate) fn add(&mut self, measured: Measurement) {
        self.rounds.push(measured.cpu);
        self.times.user += measured.times.user;
        self.times.system += measured.times.system;
        self.latencies.extend(measured.latencies);
    }

    /// Adds those of another run.
    fn extend(&mut self, other: &Self) {
        self.rounds.extend(&other.rounds);
        self.times.user += other.times.user;
        self.times.system += other.times.system;
        self.latencies.extend(other.latencies.clone());
    }
}

impl Samples {
    /// The results of each run.
    pub(crate) fn runs(&self, circumstance: Circumstance) -> Vec<Results> {
        let runs = self.0.iter().filter_map(|run| run.get(&circumstance));
        runs.map(|samples| Results::of(samples.clone())).collect()
    }

    /// The results of all runs together.
    pub(crate) fn all(&self, circumstance: Circumstance) -> Results {
        let mut runs = self.0.iter().filter_map(|run| run.get(&circumstance));
        let mut all = runs.next().cloned().unwrap_or_default();
        for run in runs {
            for (all, one) in all.iter_mut().zip(run) {
                all.extend(one);
            }
        }
        Results::of(all)
    }
}

impl Results {
    pub(crate) fn of(samples: Vec<CellSamples>) -> Self {
        let bases: Vec<(Cell, Vec<f64>)> = samples
            .iter()
            .filter(|sampled| sampled.cell.filter == Filter::None)
            .map(|sampled| (sampled.cell, sampled.rounds.clone()))
            .collect();
        let line = |mut sampled: CellSamples| {
            let base = bases.iter().find(|(base, _)| base.is_base_of(sampled.cell));
            let without = base.map(|(_, rounds)| rounds.as_slice()).unwrap_or_default();
            let (user, system) = (sampled.times.user, sampled.times.system);
            Line {
                cell: sampled.cell,
                cpu: Spread::of(sampled.rounds.iter().copied()),
                kernel: system.as_secs_f64() / (user + system).as_secs_f64(),
                added: Spread::of(
                    sampled
                        .rounds
                        .iter()
                        .zip(without)
                        .map(|(with, without)| with - without),
                ),
                p50: sampled.latencies.quantile(0.5).as_secs_f64() * 1e6,
                p99: sampled.latencies.quantile(0.99).as_secs_f64() * 1e6,
            }
        };
        Self(samples.into_iter().map(line).collect())
    }

    pub(crate) fn line(&self, way: Operation, filter: Filter, kind: Kind, count: usize) -> Option<&Line> {
        let wanted = Cell {
            way,
            filter,
            kind,
            count,
        };
        self.0.iter().find(|line| line.cell == wanted)
    }

    /// The numbers of policies for which there are both filters.
    pub(crate) fn counts(&self, way: Operation, kind: Kind) -> Vec<usize> {
        let mine = self.0.iter().map(|line| line.cell);
        mine.filter(|cell| cell.way == way && cell.kind == kind && cell.filter == Filter::Module)
            .map(|cell| cell.count)
            .collect()
    }
}
