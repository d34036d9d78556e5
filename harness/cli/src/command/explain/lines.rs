//! Lines of logs, one explanation each.

use anyhow::Context;
use peerwarden_documents::diagnostic::{self, Diagnostic};
use peerwarden_documents::output;
use peerwarden_documents::remark::remark;
use peerwarden_logs::access_log::Refusal;

use super::{Arguments, ExpectedVerdict, OutputFormat};
use crate::error::Result;
use crate::exit::Exit;
use crate::line_explainer::LineExplainer;
use crate::policy_source::PolicySource;
use crate::refusal_report::RefusalReport;

/// Explains each line of a text.
pub(super) fn run(arguments: &Arguments, source: &PolicySource, text: &str) -> Result<Exit> {
    let format = arguments.log.format()?;
    let numbered = text.lines().enumerate();
    let lines: Vec<(usize, &str)> = numbered.filter(|(_, line)| !line.trim().is_empty()).collect();
    let several = lines.len() > 1;
    let mut explainer = LineExplainer::new(source);
    let mut exit = Exit::Fine;
    for (place, (number, line)) in lines.iter().enumerate() {
        if several && arguments.format == OutputFormat::Human {
            let gap = if place > 0 { "\n" } else { "" };
            output::print(&format!("{gap}--- line {}\n", number + 1))?;
        }
        let entry = match format.read_any(line.trim().as_bytes()) {
            Ok(entry) => entry,
            Err(why) if several => {
                let wrong = format!("line {} cannot be read: {why}", number + 1);
                diagnostic::print(&[Diagnostic::error(wrong)]);
                exit = exit.max(Exit::Invalid);
                continue;
            }
            Err(why) => return Err(Diagnostic::error(format!("the line cannot be read: {why}")).into()),
        };
        let of_line = match &entry.refused {
            Some(refusal) => refused(arguments, refusal)?,
            None => explainer.explain(&entry, |explained| super::print(arguments, explained))??,
        };
        exit = exit.max(of_line);
    }
    if lines.is_empty() {
        return Err(Diagnostic::error("the line cannot be read: it is empty").into());
    }
    if several {
        remark(&format!("{} lines explained", lines.len()));
    }
    Ok(exit)
}

/// The output for a line that was refused before any policy.
fn refused(arguments: &Arguments, refusal: &Refusal) -> Result<Exit> {
    let text = match arguments.format {
        OutputFormat::Human => format!("{}\n", refusal.text()),
        OutputFormat::Json => {
            let report = serde_json::to_string_pretty(&RefusalReport::of(refusal));
            report.context("the answer cannot be written as JSON")? + "\n"
        }
    };
    output::print(&text)?;
    Ok(if arguments.expect == Some(ExpectedVerdict::Allow) {
        Exit::Findings
    } else {
        Exit::Fine
    })
}
