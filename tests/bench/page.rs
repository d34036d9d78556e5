//! Writes the measurements to `docs/benchmarks.md`, between marks, and the plot beside it.

use std::path::PathBuf;

use anyhow::{Context, Result};
use peerwarden_lab::{locate, marks};

use crate::configuring::ConfigurationCost;
use crate::plan::Operation;
use crate::plot;
use crate::results::Results;
use crate::sets::Kind;
use crate::table;
use crate::verdicts::TargetResult;

/// The operation in the plot.
const PLOTTED: Operation = Operation::Http1;

/// The text between the marks.
pub(crate) fn text(
    machine: &str,
    results: &Results,
    configured: &[ConfigurationCost],
    verdicts: &[TargetResult],
) -> String {
    let mut text = format!("{machine}\n### Targets\n\n{}", table::verdicts(verdicts));
    text.push_str("\n### No filter, and the cheapest ones\n\n");
    text.push_str(&table::floors(results));
    for way in [Operation::Http1, Operation::Http2, Operation::Connection] {
        text.push_str(&format!("\n### {}\n", way.as_str()));
        for kind in Kind::ALL {
            if !results.counts(way, kind).is_empty() {
                text.push_str(&format!("\n#### {}: {}\n\n", way.as_str(), kind.as_str()));
                text.push_str(&table::side_by_side(results, way, kind));
            }
        }
    }
    if !configured.is_empty() {
        text.push_str(&format!(
            "\n### Configuring\n\n{}",
            table::configuring(configured)
        ));
    }
    text
}

/// Writes the page and the plot; returns the path of the page.
pub(crate) fn write(text: &str, results: &Results) -> Result<PathBuf> {
    let docs = locate::workspace().join("docs");
    let page = docs.join("benchmarks.md");
    let old = std::fs::read_to_string(&page).with_context(|| page.display().to_string())?;
    std::fs::write(&page, marks::replace(&old, "bench", text)?)?;
    std::fs::write(docs.join("benchmarks.svg"), plot::svg(results, PLOTTED))?;
    Ok(page)
}
