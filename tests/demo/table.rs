//! Prints headings, the table, and what to do next, in colour if the terminal supports it.

use anstream::println;
use anstyle::{AnsiColor, Style};
use peerwarden_lab::decision::Decision;

use crate::script::Scene;
use crate::stage::SceneResult;

const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();
const GOOD: Style = AnsiColor::Green.on_default();
const BAD: Style = AnsiColor::Red.on_default();

/// The table, row by row as the answers come in.
pub(crate) struct Table {
    rows: usize,
    wrong: usize,
}

pub(crate) fn heading(title: &str, remark: &str) {
    println!("{BOLD}{title}{BOLD:#}  {DIM}{remark}{DIM:#}");
}

impl Table {
    pub(crate) fn begin() -> Self {
        println!(
            "  {DIM}{:<10} {:<27} {:<8} {:<6} DECIDED BY{DIM:#}",
            "WHO", "ASKS FOR", "EXPECTED", "GOT"
        );
        Self { rows: 0, wrong: 0 }
    }

    pub(crate) fn row(&mut self, scene: &Scene, outcome: &SceneResult) {
        let right = outcome.is_as(scene);
        self.rows += 1;
        self.wrong += usize::from(!right);
        let (mark, style) = if right { ("✓", GOOD) } else { ("✗", BAD) };
        let got = if outcome.allowed { GOOD } else { BAD };
        println!(
            "{style}{mark}{style:#} {:<10} {:<27} {:<8} {got}{:<6}{got:#} {}",
            scene.who.name(),
            scene.what.to_string(),
            verdict(scene.allowed),
            verdict(outcome.allowed),
            decided_by(outcome.decision.as_ref()),
        );
        if !right {
            println!(
                "  {BAD}expected {} by {}{BAD:#}",
                verdict(scene.allowed),
                short(scene.by)
            );
        }
    }

    pub(crate) fn end(&self) {
        let right = self.rows - self.wrong;
        let style = if self.all_as_expected() { GOOD } else { BAD };
        println!(
            "{style}{right} of {} as expected{style:#}, for the caller, the upstream and the access log",
            self.rows
        );
    }

    /// A demo without requests shows nothing.
    pub(crate) fn all_as_expected(&self) -> bool {
        self.rows > 0 && self.wrong == 0
    }
}

pub(crate) fn next_steps() {
    heading("Next", "");
    println!("  edit tests/demo/policies/*.json and run `make demo` again");
    println!("  test policies without any Envoy: `target/release/peerwarden test policies/`");
    println!(
        "  load the module in your own Envoy: docs/envoy.md has the configurations for HTTP and for TCP"
    );
}

fn verdict(allowed: bool) -> &'static str {
    if allowed { "allow" } else { "deny" }
}

fn decided_by(decision: Option<&Decision>) -> String {
    match decision {
        None => "nothing: the module did not decide".to_owned(),
        Some(decision) if decision.by == "none" => decision.reason.replace('-', " "),
        Some(decision) => short(&decision.by),
    }
}

/// `ns[shop]-policy[no-admin]-rule[0]` as `shop/no-admin rule 0`.
fn short(id: &str) -> String {
    id.replacen("ns[", "", 1)
        .replacen("]-policy[", "/", 1)
        .replacen("]-rule[", " rule ", 1)
        .trim_end_matches(']')
        .to_owned()
}
