//! The table of docs/compatibility.md, between two marks.

use std::fmt::Write;

use libtest_mimic::Trial;
use peerwarden_lab::{locate, marks};

use crate::case::{Case, CaseInput};
use crate::fields;

/// The table as text.
fn markdown(cases: &[Case]) -> String {
    let refusals = cases
        .iter()
        .filter(|case| matches!(case.asked, CaseInput::Refusal(_)))
        .count();
    let mut text = format!(
        "{} cases, {refusals} of them refusals; each runs through the native engine, the reference evaluator and the shipped module.\n\n",
        cases.len(),
    );
    text.push_str("| field | supported | cases on HTTP | on TCP | refusals |\n|---|---|---:|---:|---:|\n");
    let counts = fields::counts(cases);
    for field in fields::all() {
        let cases = counts.get(&field).map(Vec::as_slice).unwrap_or_default();
        let on = |protocol: Option<&str>| cases.iter().filter(|case| case.protocol() == protocol).count();
        // Writing to a `String` cannot fail.
        let _ = writeln!(
            text,
            "| {field} | {} | {} | {} | {} |",
            if on(Some("HTTP")) >= fields::FEWEST {
                "yes"
            } else {
                "no"
            },
            on(Some("HTTP")),
            on(Some("TCP")),
            on(None)
        );
    }
    text
}

/// docs/compatibility.md contains the table of the corpus.
pub(crate) fn trial(cases: &[Case]) -> Trial {
    let table = markdown(cases);
    Trial::test("the_table_of_compatibility_is_fresh", move || {
        let path = locate::workspace().join("docs/compatibility.md");
        let document = std::fs::read_to_string(&path).map_err(|error| error.to_string())?;
        let fresh = marks::replace(&document, "compatibility", &table)
            .map_err(|error| format!("docs/compatibility.md: {error}"))?;
        if std::env::var_os("PEERWARDEN_BLESS").is_some() {
            return std::fs::write(&path, fresh).map_err(|error| error.to_string().into());
        }
        if fresh == document {
            Ok(())
        } else {
            Err(
                "write it again with `PEERWARDEN_BLESS=1 cargo test -p peerwarden-tests --test conformance`"
                    .into(),
            )
        }
    })
}
