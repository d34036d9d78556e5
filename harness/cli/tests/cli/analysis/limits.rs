//! Analyses that are too complex: each command says so before it begins.

use std::time::{Duration, Instant};

use serde_json::Value;

use super::policy;
use crate::fixture::Folder;

/// Rules that each allow one path.
fn rules(number: usize) -> String {
    let rule = |number| format!("{{to: [{{operation: {{paths: [\"/{number}\"]}}}}]}}");
    let rules: Vec<String> = (0..number).map(rule).collect();
    format!("{{rules: [{}]}}", rules.join(", "))
}

#[test]
fn check_says_of_which_policies_it_proves_nothing() {
    let folder = Folder::with(&[("many.yaml", &policy("many", &rules(201)))]);
    let ran = folder.run(&["check", "many.yaml"]);
    let err: Vec<&str> = ran.err.split_whitespace().collect();
    let note = "note: PW012, PW013 and PW014 say nothing about AuthorizationPolicy shop/many: more than 200 rules apply together";
    assert!(err.join(" ").contains(note), "{ran:?}");
    let ran = folder.run(&["check", "many.yaml", "--format", "json"]);
    let report: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(report["unproved"].as_array().unwrap().len(), 1, "{ran:?}");
    let few = Folder::with(&[("few.yaml", &policy("few", &rules(20)))]).run(&["check", "few.yaml"]);
    assert!(!few.err.contains("say nothing"), "{few:?}");
}

/// A rule of many conditions beside pairs of them: the order in which conditions are tested makes the difference
/// between a second and an hour.
#[test]
fn pairs_of_conditions_are_proved() {
    let condition =
        |number: usize, value: &str| format!("{{key: \"request.headers[h{number}]\", values: [{value}]}}");
    let all: Vec<String> = (0..48).map(|number| condition(number, "zz")).collect();
    let pair = |number| {
        format!(
            "{{when: [{}, {}]}}",
            condition(number, "a"),
            condition(number + 24, "b")
        )
    };
    let mut rules = vec![format!("{{when: [{}]}}", all.join(", "))];
    rules.extend((0..24).map(pair));
    rules.push(format!(
        "{{when: [{}, {}, {}]}}",
        condition(0, "a"),
        condition(24, "b"),
        condition(1, "c")
    ));
    let folder = Folder::with(&[(
        "pairs.yaml",
        &policy("pairs", &format!("{{rules: [{}]}}", rules.join(", "))),
    )]);
    let ran = folder.run(&["check", "pairs.yaml"]);
    assert!(
        ran.out.contains("PW012") && ran.out.contains("rule 25 decides nothing"),
        "{ran:?}"
    );
    assert!(!ran.err.contains("say nothing"), "{ran:?}");
}

/// Patterns on each part of a name: ten of each make 25,000 kinds of callers.
#[test]
fn callers_that_multiply_too_far_are_counted_before_the_work() {
    let rule = |number: usize| {
        let letters: String = (0..4)
            .map(|bit| if number >> bit & 1 == 1 { 'a' } else { 'b' })
            .collect();
        format!(
            "{{from: [{{source: {{principals: [\"x{letters}*\", \"*y{letters}\"]}}}}, \
             {{source: {{namespaces: [\"p{letters}*\", \"*q{letters}\"]}}}}]}}"
        )
    };
    let rules: Vec<String> = (0..12).map(rule).collect();
    let folder = Folder::with(&[(
        "star.yaml",
        &policy("star", &format!("{{rules: [{}]}}", rules.join(", "))),
    )]);
    for (arguments, code, says) in [
        (
            &["check"][..],
            1,
            "PW012, PW013 and PW014 say nothing about AuthorizationPolicy shop/star",
        ),
        (&["matrix"], 2, "there is no answer about `shop`"),
        (&["who-can", "GET /"], 2, "there is no answer about `shop`"),
        (&["can-ever", "GET /"], 2, "there is no answer about `shop`"),
        (&["diff", ".", "empty"], 1, "some traffic could not be compared"),
    ] {
        std::fs::create_dir_all(folder.path("empty")).unwrap();
        let ran = folder.run(arguments);
        ran.says(
            code,
            &[says, "the policies distinguish more than 20000 classes of `peer`"],
        );
    }
}

#[test]
fn a_matrix_that_is_too_large_is_refused_before_the_work() {
    let folder = Folder::with(&[("a.yaml", &policy("a", &rules(1)))]);
    let mut arguments = vec!["matrix".to_owned(), "--policies".to_owned(), "a.yaml".to_owned()];
    for number in 0..1_000 {
        arguments.extend(["--caller".to_owned(), format!("cluster.local/ns/a/sa/s{number}")]);
    }
    for number in 0..200 {
        arguments.extend(["--operation".to_owned(), format!("GET /{number}")]);
    }
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let begun = Instant::now();
    folder.run(&arguments).says(
        2,
        &["cells, more than 100000", "ask about fewer callers or operations"],
    );
    assert!(begun.elapsed() < Duration::from_secs(60), "{:?}", begun.elapsed());
}
