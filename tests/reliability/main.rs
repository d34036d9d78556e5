//! Faults and their effects: `faults.yaml` names for each the test that shows it, and `docs/reliability.md` is generated from it.
//!
//! `make reliability` runs these tests on every version of Envoy and records in `shown.txt` which passed.

mod counts;
mod fault;
mod source;
mod table;
mod test_run;

use peerwarden_lab::{locate, marks};

#[test]
fn each_fault_names_a_test_that_runs() {
    let mut wrong = Vec::new();
    for fault in fault::all() {
        if let Err(why) = source::runs(&fault.test) {
            wrong.push(format!("{}: {why}", fault.fault));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_was_shown_is_of_faults_that_are_listed_and_passed() {
    let faults = fault::all();
    for line in test_run::all() {
        assert!(line.passed, "{} failed on Envoy {}", line.test, line.version);
        assert!(
            faults.iter().any(|fault| fault.test == line.test),
            "no fault names `{}` any more; run `make reliability`",
            line.test
        );
    }
}

#[test]
fn the_page_is_fresh() {
    let path = locate::workspace().join("docs/reliability.md");
    let document = std::fs::read_to_string(&path).unwrap();
    let fresh = marks::replace(
        &document,
        "faults",
        &table::markdown(&fault::all(), &test_run::all()),
    )
    .unwrap();
    let fresh = marks::replace(&fresh, "inputs", &counts::markdown()).unwrap();
    if std::env::var_os("PEERWARDEN_BLESS").is_some() {
        return std::fs::write(&path, fresh).unwrap();
    }
    assert!(
        fresh == document,
        "write it again with `PEERWARDEN_BLESS=1 cargo test -p peerwarden-tests --test reliability`"
    );
}
