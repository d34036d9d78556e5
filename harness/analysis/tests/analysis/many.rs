//! A thousand policies for one workload.

use peerwarden_analysis::{compare, rules};
use peerwarden_engine::Program;

use super::{policy, program};

/// Each workload of 300 namespaces has its own permission; one in ten is denied something else. `leaks` and `moved`
/// make changes.
fn policies(leaks: Option<u32>, moved: Option<u32>) -> Program {
    let documents: Vec<String> = (0..1000)
        .map(|number| {
            let action = if number % 10 == 0 { "DENY" } else { "ALLOW" };
            let source = if moved == Some(number) {
                r#""namespaces": ["ops"]"#.to_owned()
            } else {
                format!(r#""principals": ["cluster.local/ns/team-{}/sa/svc-{}"]"#, number % 300, number % 7)
            };
            let leak = if leaks == Some(number) { r#", "/leak*""# } else { "" };
            let spec = format!(
                r#"{{"action": "{action}", "rules": [{{"from": [{{"source": {{{source}}}}}], "to": [{{"operation": {{
                    "methods": ["GET", "PUT"], "paths": ["/api/{number}/{{*}}", "/files/{number}/*"{leak}]}}}}]}}]}}"#
            );
            policy(&format!("p-{number}"), &spec)
        })
        .collect();
    program(&documents.join(","), "")
}

#[test]
fn two_changes_among_them_are_all_that_is_found() {
    let comparison = compare(&policies(None, None), &policies(Some(501), Some(703)), 50).unwrap();
    let said = |classes: &peerwarden_analysis::Classes| -> Vec<String> {
        let classes = classes.shown.iter();
        let said = classes.map(|class| {
            let values = class
                .values
                .iter()
                .map(|(attribute, values)| format!("{attribute}: {values}"));
            values.collect::<Vec<_>>().join(" | ")
        });
        said.collect()
    };
    assert_eq!(
        said(&comparison.newly_allowed),
        [
            "peer: namespace ops | method: GET, PUT | path: /api/703/{*}, /files/703/*",
            "peer: cluster.local/ns/team-201/sa/svc-4 | method: GET, PUT | path: /leak*",
        ]
    );
    assert_eq!(
        said(&comparison.newly_denied),
        ["peer: cluster.local/ns/team-103/sa/svc-3 | method: GET, PUT | path: /api/703/{*}, /files/703/*"]
    );
}

#[test]
fn a_denial_that_denies_nobody_changes_nothing() {
    // Nobody may do what the 500th denies.
    let comparison = compare(&policies(None, None), &policies(Some(500), None), 50).unwrap();
    assert!(comparison.is_equivalent(), "{comparison:#?}");
}

/// A rule of many conditions beside pairs of them: with the two of a pair far from each other, the diagram doubles with each pair.
#[test]
fn pairs_of_conditions_are_soon_worked_through() {
    let condition = |number: usize, value: &str| {
        format!(r#"{{"key": "request.headers[h{number}]", "values": ["{value}"]}}"#)
    };
    let when = |conditions: &[String]| format!(r#"{{"when": [{}]}}"#, conditions.join(","));
    let all: Vec<String> = (0..60).map(|number| condition(number, "zz")).collect();
    let mut of_policy = vec![when(&all)];
    of_policy.extend((0..30).map(|number| when(&[condition(number, "a"), condition(number + 30, "b")])));
    let spec = format!(r#"{{"rules": [{}]}}"#, of_policy.join(","));
    let standing = rules::standing(&program(&policy("pairs", &spec), "")).unwrap();
    let decides = |one: &&rules::RuleStanding| matches!(one.standing, rules::Standing::Decides(_));
    assert_eq!(standing.iter().filter(decides).count(), 31);
}
