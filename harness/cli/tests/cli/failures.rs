//! A format for programs is written whatever happens: why there is no result is on standard output, in the format that was asked for.

use serde_json::Value;

use crate::fixture::{Folder, ORDERS};

/// A policy that is refused.
const BROKEN: &str = "\
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: broken, namespace: shop}
spec: {rulez: []}
";

fn folder() -> Folder {
    Folder::with(&[
        ("good.yaml", ORDERS),
        ("broken.yaml", BROKEN),
        ("workload.yaml", "{namespace: shop}"),
    ])
}

#[test]
fn json_says_why_there_is_no_result() {
    let folder = folder();
    for arguments in [
        vec![
            "explain",
            "--policies",
            "broken.yaml",
            "--workload",
            "workload.yaml",
            "--plaintext",
            "--path",
            "/",
        ],
        vec!["explain", "--policies", "none.yaml", "--plaintext", "--path", "/"],
        vec!["diff", "good.yaml", "broken.yaml"],
        vec!["diff", "none.yaml", "good.yaml"],
        vec!["who-can", "GET /", "--policies", "broken.yaml"],
        vec!["can-ever", "GET /", "--policies", "broken.yaml"],
        vec![
            "can-ever",
            "GET /",
            "--policies",
            "good.yaml",
            "--workload",
            "none.yaml",
        ],
        vec!["matrix", "--policies", "broken.yaml"],
    ] {
        let human = folder.run(&arguments);
        let ran = folder.run(&[arguments.as_slice(), &["--format", "json"]].concat());
        assert_eq!((ran.code, human.code), (2, 2), "{arguments:?}: {ran:?}");
        assert_eq!(ran.err, "", "{arguments:?}");
        let report: Value = serde_json::from_str(&ran.out).unwrap();
        let errors = report["errors"].as_array().unwrap();
        let message = errors[0]["message"].as_str().unwrap();
        // For people, it is wrapped.
        let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(
            words(&human.err).contains(&words(message)),
            "{message}: {human:?}"
        );
        if arguments.contains(&"broken.yaml") {
            assert_eq!(errors[0]["place"]["file"], "broken.yaml", "{report}");
        }
    }
}

#[test]
fn the_other_formats_of_diff_say_it_too() {
    let folder = folder();
    let run = |format| {
        let ran = folder.run(&["diff", "good.yaml", "broken.yaml", "--format", format]);
        assert_eq!((ran.code, ran.err.as_str()), (2, ""), "{ran:?}");
        ran.out
    };
    let log: Value = serde_json::from_str(&run("sarif")).unwrap();
    let result = &log["runs"][0]["results"][0];
    assert_eq!(result["ruleId"], "invalid", "{log}");
    let place = &result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"];
    assert_eq!(place, "broken.yaml", "{log}");
    let annotations = run("github");
    assert!(
        annotations.starts_with("::error file=broken.yaml,line=4,"),
        "{annotations}"
    );
    let summary = run("markdown");
    assert!(
        summary.starts_with("### ⚠️ The policies could not be compared\n\n- "),
        "{summary}"
    );
    assert!(summary.contains("`rulez`"), "{summary}");
}
