//! Writes the measurements to `docs/benchmarks.md`, between marks, and the plot beside it.

use std::path::PathBuf;

use anyhow::{Context, Result};
use peerwarden_lab::{locate, marks};

use crate::circumstance::Circumstance;
use crate::configuring::ConfigurationCost;
use crate::plan::Operation;
use crate::plot;
use crate::results::Samples;
use crate::sets::Kind;
use crate::stall::Stall;
use crate::table;
use crate::verdicts::TargetResult;

/// The operation in the plot.
const PLOTTED: Operation = Operation::Http1;

/// The text between the marks.
pub(crate) fn text(
    machine: &str,
    samples: &Samples,
    configured: &[ConfigurationCost],
    stalls: &[Stall],
    verdicts: &[TargetResult],
) -> String {
    let mut text = format!("{machine}\n### Targets\n\n{}", table::verdicts(verdicts));
    let alone = samples.all(Circumstance::Alone);
    text.push_str("\n### No filter, and the cheapest ones\n\n");
    text.push_str(&table::floors(&alone));
    for way in [Operation::Http1, Operation::Http2, Operation::Connection] {
        text.push_str(&format!("\n### {}\n", way.as_str()));
        for kind in Kind::ALL {
            if !alone.counts(way, kind).is_empty() {
                text.push_str(&format!("\n#### {}: {}\n\n", way.as_str(), kind.as_str()));
                text.push_str(&table::side_by_side(&alone, way, kind));
            }
        }
    }
    let beside = samples.all(Circumstance::BesideNeighbour);
    text.push_str("\n### Beside a busy neighbour\n\n");
    text.push_str(&table::floors(&beside));
    for way in [Operation::Http1, Operation::Http2, Operation::Connection] {
        for kind in Kind::ALL {
            if kind.is_typical() && !beside.counts(way, kind).is_empty() {
                text.push_str(&format!(
                    "\n#### Beside a neighbour, {}: {}\n\n",
                    way.as_str(),
                    kind.as_str()
                ));
                text.push_str(&table::side_by_side(&beside, way, kind));
            }
        }
    }
    text.push_str("\n### At a fixed rate\n\n");
    text.push_str(&table::fixed_rate(&samples.all(Circumstance::FixedRate)));
    if !configured.is_empty() {
        text.push_str(&format!(
            "\n### Configuring\n\n{}",
            table::configuring(configured)
        ));
    }
    if !stalls.is_empty() {
        text.push_str(&format!(
            "\n### While an update arrives\n\n{}",
            table::stalls(stalls)
        ));
    }
    text
}

/// Writes the page and the plot; returns the path of the page.
pub(crate) fn write(text: &str, samples: &Samples) -> Result<PathBuf> {
    let docs = locate::workspace().join("docs");
    let page = docs.join("benchmarks.md");
    let old = std::fs::read_to_string(&page).with_context(|| page.display().to_string())?;
    std::fs::write(&page, marks::replace(&old, "bench", text)?)?;
    std::fs::write(
        docs.join("benchmarks.svg"),
        plot::svg(&samples.all(Circumstance::Alone), PLOTTED),
    )?;
    Ok(page)
}
