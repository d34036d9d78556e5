//! The corpus: the meaning of each policy field, case by case, from the specifications.
//!
//! A case is one test with a name: `file::group::row (ACTION on PROTOCOL)`. The native engine, the reference evaluator
//! and the shipped module in the simulated Envoy evaluate it, and all three must agree with the corpus. Nothing is
//! skipped: a file that cannot be read, a case without a reason or a duplicate name is an error.
//!
//! The compatibility table in docs/compatibility.md is generated from the corpus. After an intended change,
//! `PEERWARDEN_BLESS=1 cargo test -p peerwarden-tests --test conformance` writes it again.

mod case;
mod corpus;
mod fields;
mod group;
mod policy;
mod run;
mod schema;
mod table;
mod unsupported;

use std::process::ExitCode;
use std::sync::Arc;

use libtest_mimic::{Arguments, Trial};
use peerwarden_host::Module;
use peerwarden_lab::locate;

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let loaded = corpus::load().and_then(|cases| Ok((cases, Module::from_file(locate::module()?)?)));
    let (cases, module) = match loaded {
        Ok(loaded) => loaded,
        Err(error) => {
            anstream::eprintln!("{error:?}");
            return ExitCode::FAILURE;
        }
    };
    let module = Arc::new(module);
    let mut trials = vec![table::trial(&cases), fields::trial(&cases), unsupported::trial()];
    trials.extend(schema::trials(&cases));
    trials.extend(cases.into_iter().map(|case| {
        let module = Arc::clone(&module);
        Trial::test(case.name.clone(), move || {
            run::run(&module, &case)
                .map_err(|wrong| format!("{wrong}\nwhy: {}\nsource: {}", case.why, case.source).into())
        })
    }));
    libtest_mimic::run(&arguments, trials).exit_code()
}
