//! Coverage as an LCOV tracefile, for the tools that read one: a function for each rule, a branch for each way in which a rule or a
//! clause can turn out, a line for each value. The format:
//! <https://manpages.debian.org/testing/lcov/geninfo.1.en.html#TRACEFILE_FORMAT>.

use std::collections::BTreeMap;
use std::fmt::Write;

use peerwarden_documents::source::Place;

use super::{Clause, Coverage, Policy};

/// The tracefile of all files whose places are known.
pub fn text(coverage: &Coverage) -> String {
    let mut text = String::new();
    for (file, policies) in coverage.files() {
        if !file.is_empty() {
            self::file(&mut text, file, &policies);
        }
    }
    text
}

/// The coverage of one file.
#[derive(Default)]
struct File {
    /// Line, name, and number of matches.
    functions: Vec<(usize, String, usize)>,
    /// Line, and how often each way was taken.
    branches: Vec<(usize, [usize; 2])>,
    /// How often the line was true; if several things are on it, the least of them.
    lines: BTreeMap<usize, usize>,
}

// Writing to a `String` cannot fail.
fn file(text: &mut String, name: &str, policies: &[&Policy]) {
    let mut file = File::default();
    for policy in policies {
        for rule in &policy.rules {
            let Some(line) = line(rule.place.as_ref()) else {
                continue;
            };
            file.functions
                .push((line, format!("{}[{}]", policy.name, rule.index), rule.matched));
            file.line(line, rule.matched);
            if !rule.clauses.is_empty() {
                file.branches.push((line, [rule.matched, rule.missed]));
            }
            for clause in &rule.clauses {
                file.clause(clause);
            }
        }
    }
    let _ = writeln!(text, "TN:peerwarden\nSF:{name}");
    for (line, name, _) in &file.functions {
        let _ = writeln!(text, "FN:{line},{name}");
    }
    for (_, name, matched) in &file.functions {
        let _ = writeln!(text, "FNDA:{matched},{name}");
    }
    let hit = file
        .functions
        .iter()
        .filter(|(_, _, matched)| *matched > 0)
        .count();
    let _ = writeln!(text, "FNF:{}\nFNH:{hit}", file.functions.len());
    for (block, (line, ways)) in file.branches.iter().enumerate() {
        // A dash if it was never evaluated.
        let asked = ways.iter().any(|taken| *taken > 0);
        for (way, taken) in ways.iter().enumerate() {
            let taken = if asked { taken.to_string() } else { "-".to_owned() };
            let _ = writeln!(text, "BRDA:{line},{block},{way},{taken}");
        }
    }
    let ways = file.branches.iter().flat_map(|(_, ways)| ways);
    let hit = ways.filter(|taken| **taken > 0).count();
    let _ = writeln!(text, "BRF:{}\nBRH:{hit}", file.branches.len() * 2);
    for (line, count) in &file.lines {
        let _ = writeln!(text, "DA:{line},{count}");
    }
    let hit = file.lines.values().filter(|count| **count > 0).count();
    let _ = writeln!(text, "LF:{}\nLH:{hit}\nend_of_record", file.lines.len());
}

impl File {
    fn clause(&mut self, clause: &Clause) {
        let Some(line) = line(clause.place.as_ref()) else {
            return;
        };
        self.line(line, clause.held);
        self.branches.push((line, [clause.held, clause.failed]));
        for value in &clause.values {
            // A case that a negative clause excludes shows its effect.
            let count = if clause.values.len() == 1 && !clause.negative {
                clause.held
            } else {
                value.matched
            };
            if let Some(line) = self::line(value.place.as_ref()) {
                self.line(line, count);
            }
        }
    }

    fn line(&mut self, line: usize, count: usize) {
        let known = self.lines.entry(line).or_insert(count);
        *known = count.min(*known);
    }
}

fn line(place: Option<&Place>) -> Option<usize> {
    place.map(|place| place.source.position(place.span.start).0)
}
