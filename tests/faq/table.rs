//! Prints a line for each answer, with its evidence; on a terminal, which may be narrow, the evidence below it. In colour if the
//! terminal supports it.

use std::io::IsTerminal;

use anstream::println;
use anstyle::{AnsiColor, Style};
use anyhow::Result;

use crate::entry::{Entry, Evidence};

const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();
const GOOD: Style = AnsiColor::Green.on_default();
const BAD: Style = AnsiColor::Red.on_default();

/// The table, row by row as the answers come in.
pub(crate) struct Table {
    rows: usize,
    held: usize,
    narrow: bool,
}

impl Table {
    pub(crate) fn begin() -> Self {
        println!("{BOLD}A mesh's security FAQ, on a real Envoy{BOLD:#}");
        Self {
            rows: 0,
            held: 0,
            narrow: std::io::stdout().is_terminal(),
        }
    }

    pub(crate) fn row(&mut self, entry: &Entry, answer: &Result<Evidence>) {
        self.rows += 1;
        let (number, promise) = (entry.number, entry.promise);
        match answer {
            Ok(evidence) => {
                self.held += 1;
                if self.narrow {
                    println!("{GOOD}✓{GOOD:#} {number:>2}  {promise}");
                    println!("      {DIM}{evidence}{DIM:#}");
                } else {
                    println!("{GOOD}✓{GOOD:#} {number:>2}  {promise:<46}  {DIM}{evidence}{DIM:#}");
                }
            }
            Err(error) => {
                println!("{BAD}✗{BAD:#} {number:>2}  {promise}: {BAD}does not hold{BAD:#}");
                println!("      {}", format!("{error:#}").replace('\n', "\n      "));
            }
        }
    }

    /// Returns whether every promise held; a table without rows shows nothing.
    pub(crate) fn end(&self) -> bool {
        let all = self.rows > 0 && self.held == self.rows;
        let style = if all { GOOD } else { BAD };
        println!("{style}{} of {} hold{style:#}", self.held, self.rows);
        all
    }
}
