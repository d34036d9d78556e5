//! The tables.

use std::fmt::Write;
use std::path::PathBuf;

use peerwarden_lab::native::Layer;

use crate::configuring::ConfigurationCost;
use crate::numbers::{grouped, micros, times};
use crate::plan::{Filter, Operation};
use crate::results::{Line, Results};
use crate::sets::Kind;
use crate::stall::Stall;
use crate::statistics::Spread;
use crate::verdicts::TargetResult;

/// The targets, each with its result.
pub(crate) fn verdicts(verdicts: &[TargetResult]) -> String {
    let mut text = String::from("| what | target | measured | |\n|---|---|---|---|\n");
    for verdict in verdicts {
        let met = if verdict.met { "met" } else { "**not met**" };
        // Writing to a `String` cannot fail.
        let _ = writeln!(
            text,
            "| {} | {} | {} | {met} |",
            verdict.what,
            verdict.target,
            verdict.measured.join("; ")
        );
    }
    text
}

/// Several builds of the module: the cost that each adds.
pub(crate) fn builds(results: &Results, beside: &[PathBuf]) -> String {
    let mut text =
        String::from("| traffic | policies | module | added | middle half |\n|---|---|---|---:|---:|\n");
    for line in &results.0 {
        let build = match line.cell.filter {
            Filter::Module => "target/peerwarden.wasm".to_owned(),
            Filter::Beside(build) => beside
                .get(build)
                .map(|path| path.display().to_string())
                .unwrap_or_default(),
            Filter::None
            | Filter::Empty
            | Filter::OneProperty
            | Filter::OnePropertyWithCallbacks
            | Filter::CertificateAndHeaders
            | Filter::ExternalAuthorizer
            | Filter::Native
            | Filter::Locked => continue,
        };
        let (cell, added) = (line.cell, line.added);
        let _ = writeln!(
            text,
            "| {} | {}: {} | {build} | {} | {} to {} |",
            cell.way.as_str(),
            cell.kind.as_str(),
            policies(cell.count),
            micros(added.median),
            micros(added.low),
            micros(added.high),
        );
    }
    text
}

/// The cost of requests with few or no policies.
pub(crate) fn floors(results: &Results) -> String {
    let mut text = String::from(
        "| traffic | filter | CPU | middle half | in the kernel | added | p50 | p99 |\n|---|---|---:|---:|---:|---:|---:|---:|\n",
    );
    for line in &results.0 {
        let cell = line.cell;
        if matches!(cell.filter, Filter::Native | Filter::Module) && cell.way != Operation::Message {
            continue;
        }
        let filter = match cell.filter {
            Filter::Native | Filter::Module | Filter::Locked | Filter::Beside(_) => {
                format!("{}, {}", cell.filter.as_str(), policies(cell.count))
            }
            Filter::None if cell.kind == Kind::Identity => cell.filter.as_str().to_owned(),
            Filter::None => format!("{}, requests of: {}", cell.filter.as_str(), cell.kind.as_str()),
            Filter::Empty
            | Filter::OneProperty
            | Filter::OnePropertyWithCallbacks
            | Filter::CertificateAndHeaders
            | Filter::ExternalAuthorizer => cell.filter.as_str().to_owned(),
        };
        let _ = writeln!(
            text,
            "| {} | {filter} | {} | {} to {} | {} | {} | {} | {} |",
            cell.way.as_str(),
            micros(line.cpu.median),
            micros(line.cpu.low),
            micros(line.cpu.high),
            share(line.kernel),
            micros(line.added.median),
            micros(line.p50),
            micros(line.p99),
        );
    }
    text
}

/// A share as a percentage.
fn share(share: f64) -> String {
    if share.is_nan() {
        "–".to_owned()
    } else {
        format!("{:.0} %", share * 100.0)
    }
}

/// The cost of requests at a fixed rate.
pub(crate) fn fixed_rate(results: &Results) -> String {
    let mut text = String::from(
        "| traffic | filter | policies | added | middle half | in the kernel | p50 | p99 |\n|---|---|---|---:|---:|---:|---:|---:|\n",
    );
    for line in &results.0 {
        let (cell, added) = (line.cell, line.added);
        let _ = writeln!(
            text,
            "| {} | {} | {}: {} | {} | {} to {} | {} | {} | {} |",
            cell.way.as_str(),
            cell.filter.as_str(),
            cell.kind.as_str(),
            policies(cell.count),
            micros(added.median),
            micros(added.low),
            micros(added.high),
            share(line.kernel),
            micros(line.p50),
            micros(line.p99),
        );
    }
    text
}

fn policies(count: usize) -> String {
    match count {
        1 => "1 policy".to_owned(),
        _ => format!("{} policies", grouped(count as u64)),
    }
}

/// Both filters side by side, for each count.
pub(crate) fn side_by_side(results: &Results, way: Operation, kind: Kind) -> String {
    let mut text = String::from(
        "| policies | RBAC adds | peerwarden adds | RBAC / peerwarden | RBAC p50, p99 | peerwarden p50, p99 |\n\
         |---:|---:|---:|---:|---:|---:|\n",
    );
    for count in results.counts(way, kind) {
        let line = |filter| results.line(way, filter, kind, count);
        let (Some(native), Some(module)) = (line(Filter::Native), line(Filter::Module)) else {
            continue;
        };
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} | {} | {} |",
            grouped(count as u64),
            spread(native.added),
            spread(module.added),
            times(native.added.median / module.added.median),
            latencies(native),
            latencies(module),
        );
    }
    text
}

fn spread(spread: Spread) -> String {
    format!(
        "**{}** ({} to {})",
        micros(spread.median),
        micros(spread.low),
        micros(spread.high)
    )
}

fn latencies(line: &Line) -> String {
    format!("{}, {}", micros(line.p50), micros(line.p99))
}

/// How long requests wait while updates arrive.
pub(crate) fn stalls(stalls: &[Stall]) -> String {
    let mut text = String::from(
        "| traffic | filter | updates | p50 | p99 | p99.9 | the slowest |\n|---|---|---|---:|---:|---:|---:|\n",
    );
    for stall in stalls {
        let mut latencies = stall.latencies.clone();
        let mut millis = |share| format!("{:.1} ms", latencies.quantile(share).as_secs_f64() * 1e3);
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} | {} | {} | {} |",
            match stall.layer {
                Layer::Http => "HTTP/1.1, requests",
                Layer::Tcp => "TCP, messages",
            },
            stall.filter.as_str(),
            if stall.updates { "ten" } else { "none" },
            millis(0.5),
            millis(0.99),
            millis(0.999),
            millis(1.0),
        );
    }
    text
}

/// The cost of configuration.
pub(crate) fn configuring(configured: &[ConfigurationCost]) -> String {
    let mut text = String::from(
        "| documents | JSON | CPU for each VM | memory for each VM | Envoy ready after |\n|---|---:|---:|---:|---:|\n",
    );
    for row in configured {
        let _ = writeln!(
            text,
            "| {} | {:.1} MB | {:.0} ms | {:.1} MiB | {:.1} s |",
            row.what,
            row.bytes as f64 / 1e6,
            row.cpu.as_secs_f64() * 1e3,
            row.memory as f64 / (1024.0 * 1024.0),
            row.ready.as_secs_f64(),
        );
    }
    text
}
