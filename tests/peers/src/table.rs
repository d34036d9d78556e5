//! Prints a line for each number of policies, then the targets and whether they are met.

use std::fmt::Write;

use anyhow::{Context, Result};

use crate::timing::{median, spread};

/// The measurements with one number of policies.
pub(crate) struct Row {
    pub(crate) policies: usize,
    /// Each engine's name, and nanoseconds for each decision in each round.
    pub(crate) engines: Vec<(&'static str, Vec<f64>)>,
}

impl Row {
    fn median(&self, name: &str) -> Result<f64> {
        let engine = self.engines.iter().find(|(known, _)| *known == name);
        engine
            .map(|(_, samples)| median(samples))
            .context(name.to_owned())
    }

    /// The ratio of another engine's time to ours.
    fn ratio(&self, name: &str) -> Result<f64> {
        Ok(self.median(name)? / self.median("peerwarden")?)
    }
}

/// The whole text.
pub(crate) fn markdown(rows: &[Row]) -> Result<String> {
    let last = rows.last().context("nothing was measured")?;
    let mut text = String::from("| policies |");
    for (name, _) in &last.engines {
        write!(text, " {name} |")?;
    }
    text.push_str("\n|---:|");
    text.push_str(&"---:|".repeat(last.engines.len()));
    text.push('\n');
    for row in rows {
        write!(text, "| {} |", grouped(row.policies))?;
        for (_, samples) in &row.engines {
            write!(text, " {} ±{:.0}% |", duration(median(samples)), spread(samples))?;
        }
        text.push('\n');
    }

    let ours = last.median("peerwarden")?;
    let cedar = last.ratio("cedar-policy")?;
    let regorus = last.ratio("regorus")?;
    let policies = grouped(last.policies);
    writeln!(
        text,
        "\n| at {policies} policies | target | measured | |\n|---|---:|---:|---|"
    )?;
    let mut verdict = |what: &str, target: &str, measured: String, met: bool| {
        let met = if met { "met" } else { "not met" };
        writeln!(text, "| {what} | {target} | {measured} | {met} |")
    };
    verdict("one decision", "under 1 us", duration(ours), ours < 1_000.0)?;
    verdict(
        "faster than `cedar-policy`",
        "10 times",
        times(cedar),
        cedar >= 10.0,
    )?;
    verdict(
        "faster than `regorus`",
        "50 times",
        times(regorus),
        regorus >= 50.0,
    )?;
    Ok(text)
}

fn times(ratio: f64) -> String {
    if ratio < 10.0 {
        format!("{ratio:.1} times")
    } else {
        format!("{} times", grouped(ratio.round() as usize))
    }
}

fn duration(nanos: f64) -> String {
    if nanos < 1_000.0 {
        format!("{nanos:.0} ns")
    } else if nanos < 100_000.0 {
        format!("{:.1} us", nanos / 1_000.0)
    } else {
        format!("{} us", grouped((nanos / 1_000.0).round() as usize))
    }
}

/// With commas between thousands.
fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
