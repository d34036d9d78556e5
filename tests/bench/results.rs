//! The results of all measurements.

use peerwarden_lab::load::Latencies;

use crate::plan::{Cell, Filter, Operation};
use crate::sets::Kind;
use crate::statistics::Spread;

/// The samples of one cell, over all rounds.
#[derive(Debug, Clone)]
pub(crate) struct CellSamples {
    pub(crate) cell: Cell,
    /// Microseconds for each request, by round.
    pub(crate) rounds: Vec<f64>,
    pub(crate) latencies: Latencies,
}

/// The results of all cells.
#[derive(Debug, Clone)]
pub(crate) struct Results(pub(crate) Vec<Line>);

/// The summary of a cell.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Line {
    pub(crate) cell: Cell,
    /// Microseconds of CPU for each request.
    pub(crate) cpu: Spread,
    /// The same, minus the cost without a filter in the same round.
    pub(crate) added: Spread,
    /// The caller's latency, in microseconds.
    pub(crate) p50: f64,
    pub(crate) p99: f64,
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
            Line {
                cell: sampled.cell,
                cpu: Spread::of(sampled.rounds.iter().copied()),
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
