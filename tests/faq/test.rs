//! The same experiments as `make faq` makes, each a test with a name.

mod entries;
mod entry;
mod stage;

use std::process::ExitCode;

use libtest_mimic::{Arguments, Trial};

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
    libtest_mimic::run(&arguments, trials.collect()).exit_code()
}
