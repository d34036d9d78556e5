//! Reports as JSON, and as tables in each format.

use peerwarden::Schema;
use serde_json::Value;

use super::{folder, json, policy};

#[test]
fn diff_for_programs() {
    let ran = folder().run(&["diff", "get.yaml", "post.yaml", "--format", "json"]);
    let report = json(&ran.out, Schema::Diff);
    assert_eq!(report["equivalent"], false);
    assert_eq!(report["provedFor"], "any-name");
    let class = &report["changes"][0]["newlyAllowed"]["classes"][0];
    assert_eq!(class["values"]["method"], "POST");
    assert_eq!(class["traffic"]["http"]["method"], "POST");
    assert_eq!(class["old"]["reason"], "no-allow-rule-matched");
    assert_eq!(class["new"]["by"]["name"], "a");

    let ran = folder().run(&["diff", "get.yaml", "post.yaml", "--format", "github"]);
    let line = ran.out.lines().next().unwrap();
    assert!(line.starts_with("::error file=post.yaml,line=4,col="), "{line}");
    assert!(
        line.contains("title=newly allowed%3A shop HTTP::anybody%0Amethod%3A POST")
            || line.contains("method: POST"),
        "{line}"
    );
}

#[test]
fn an_example_is_a_case_of_explain() {
    let folder = folder();
    let ran = folder.run(&["diff", "get.yaml", "post.yaml", "--format", "json"]);
    let report: Value = serde_json::from_str(&ran.out).unwrap();
    let traffic = &report["changes"][0]["newlyAllowed"]["classes"][0]["traffic"];
    folder.write("case.json", serde_json::json!({ "traffic": traffic }).to_string());
    for (policies, verdict) in [("get.yaml", "deny"), ("post.yaml", "allow")] {
        let ran = folder.run(&[
            "explain",
            "case.json",
            "--policies",
            policies,
            "--workload",
            "workload.yaml",
            "--expect",
            verdict,
        ]);
        assert_eq!(ran.code, 0, "{ran:?}");
    }
}

#[test]
fn questions_for_programs() {
    let folder = folder();
    let ran = folder.run(&["who-can", "POST", "--policies", "post.yaml", "--format", "json"]);
    let report = json(&ran.out, Schema::Found);
    assert_eq!(report["workloads"][0]["exists"], true);
    let ran = folder.run(&[
        "can-ever",
        "--method",
        "PUT",
        "--policies",
        "post.yaml",
        "--format",
        "json",
    ]);
    let report = json(&ran.out, Schema::Found);
    assert_eq!(report["workloads"][0]["exists"], false);
    let expecting = |answer| {
        folder
            .run(&[
                "can-ever",
                "--method",
                "PUT",
                "--policies",
                "post.yaml",
                "--expect",
                answer,
            ])
            .code
    };
    assert_eq!((expecting("no"), expecting("yes")), (0, 1));
}

#[test]
fn tables_in_each_form() {
    let folder = folder();
    let run = |format| {
        folder
            .run(&["matrix", "--policies", "post.yaml", "--format", format])
            .out
    };
    let report = json(&run("json"), Schema::Matrix);
    let rows = report["matrices"][0]["rows"].as_array().unwrap();
    let verdicts: Vec<&str> = rows
        .iter()
        .map(|row| row["cells"][0]["verdict"].as_str().unwrap())
        .collect();
    assert_eq!(verdicts, ["allow", "allow", "deny"]);
    assert_eq!(
        run("csv"),
        "workload,protocol,caller,operation,verdict,remark\r\nshop,http,anybody,GET,allow,\r\n\
         shop,http,anybody,POST,allow,\r\nshop,http,anybody,anything else,deny,\r\n"
    );
    let svg = run("svg");
    assert!(
        svg.starts_with("<svg xmlns=") && svg.matches("<rect ").count() == 1 + 3 + 3,
        "{svg}"
    );
    let html = run("html");
    assert!(
        html.contains("<td class=\"deny\" title=\"denied: PUT") || html.contains("<td class=\"deny\""),
        "{html}"
    );
}

#[test]
fn markup_in_policies_stays_text() {
    let folder = folder();
    folder.write(
        "markup.yaml",
        policy(
            "a",
            r#"{rules: [{to: [{operation: {paths: ["/<script>&\""]}}]}]}"#,
        ),
    );
    for format in ["html", "svg"] {
        let out = folder
            .run(&["matrix", "--policies", "markup.yaml", "--format", format])
            .out;
        assert!(
            out.contains("/&lt;script&gt;&amp;&quot;") && !out.contains("<script>"),
            "{out}"
        );
    }
}

#[test]
fn diff_for_a_pull_request() {
    let folder = folder();
    let ran = folder.run(&["diff", "get.yaml", "post.yaml", "--format", "markdown"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    let expected = "\
### What this change of policies means: 🔓 some traffic is newly allowed

#### 🔓 Newly allowed: `shop` HTTP

| Caller | Traffic | For example | Decided by |
|---|---|---|---|
| `anybody` | `method: POST` | `POST / in plaintext` | before: no ALLOW rule matches<br>now: `shop/a[0]` |

";
    assert!(ran.out.starts_with(expected), "{}", ran.out);
    let same = folder.run(&["diff", "get.yaml", "get.yaml", "--format", "markdown"]);
    assert!(
        same.out
            .starts_with("### ✅ The policies mean the same as before, for 1 workload\n"),
        "{same:?}"
    );
}

#[test]
fn diff_for_code_scanning() {
    let folder = folder();
    let ran = folder.run(&["diff", "get.yaml", "post.yaml", "--format", "sarif"]);
    let log: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(crate::formats::sarif_differs(&log), None);
    let result = &log["runs"][0]["results"][0];
    assert_eq!(
        (&result["ruleId"], &result["level"]),
        (&"newly-allowed".into(), &"error".into())
    );
    let place = &result["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "post.yaml");
    let message = result["message"]["text"].as_str().unwrap();
    assert!(
        message.starts_with("newly allowed: shop HTTP\nanybody\nmethod: POST\n"),
        "{message}"
    );
    let ran = folder.run(&[
        "diff",
        "get.yaml",
        "post.yaml",
        "--format",
        "sarif",
        "--fail-on",
        "none",
    ]);
    assert!(
        ran.code == 0 && ran.out.contains("\"level\": \"warning\""),
        "{ran:?}"
    );
}

/// A request is an argument, options, or both, for either command.
#[test]
fn can_ever_and_who_can_take_requests_alike() {
    let folder = folder();
    let found = |arguments: &[&str]| {
        let ran = folder.run(&[arguments, &["--policies", "post.yaml", "--format", "json"]].concat());
        assert_eq!(ran.code, 0, "{arguments:?}: {ran:?}");
        let report = json(&ran.out, Schema::Found);
        let workload = &report["workloads"][0];
        (workload["exists"].clone(), workload["protocol"].clone())
    };
    for command in ["who-can", "can-ever"] {
        let http = (true.into(), "http".into());
        assert_eq!(found(&[command, "POST /a"]), http);
        assert_eq!(found(&[command, "--method", "POST", "--path", "/a"]), http);
        assert_eq!(found(&[command, "/a", "--method", "POST"]), http);
        assert_eq!(found(&[command, "PUT"]).0, false);
        assert_eq!(found(&[command, "tcp 5432"]), (false.into(), "tcp".into()));
        assert_eq!(
            found(&[command, "5432", "--protocol", "tcp"]),
            (false.into(), "tcp".into())
        );
        folder
            .run(&[command, "GET /a b", "--policies", "post.yaml"])
            .says(2, &["`GET /a b` is not an HTTP request"]);
    }
}
