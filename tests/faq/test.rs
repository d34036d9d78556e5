//! Runs the experiments of `make faq`, each as a test with a name, and checks that the documentation shows what they run.

mod docs;
mod entries;
mod entry;
mod questions;
mod stage;

use std::process::ExitCode;

use libtest_mimic::{Arguments, Failed, Trial};

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let trials = entries::ALL.iter().map(|entry| {
        Trial::test(entry.name, || {
            let runtime = tokio::runtime::Runtime::new()?;
            let evidence = runtime
                .block_on(entry.answer())
                .map_err(|error| format!("{error:#}"))?;
            anstream::println!("{}. {}: {evidence}", entry.number, entry.promise);
            Ok(())
        })
    });
    let documentation = Trial::test("the_documentation_shows_what_is_run", shows_what_is_run);
    libtest_mimic::run(&arguments, trials.chain([documentation]).collect()).exit_code()
}

/// An experiment runs each of these documents; the documentation shows no others.
fn shows_what_is_run() -> Result<(), Failed> {
    let text = docs::text().map_err(|error| format!("{error:#}"))?;
    let mut shown: Vec<&str> = text
        .split("```yaml\n")
        .skip(1)
        .map(|block| block.lines().next().unwrap_or_default().trim_start_matches("# "))
        .collect();
    let mut run = [
        docs::WORKLOAD,
        docs::CLIENT,
        docs::RULE,
        docs::GATEWAY,
        docs::INGRESS,
        docs::EDGE,
    ];
    shown.sort_unstable();
    run.sort_unstable();
    if shown == run {
        Ok(())
    } else {
        Err(format!("docs/mtls.md shows {shown:?}, and {run:?} are run").into())
    }
}
