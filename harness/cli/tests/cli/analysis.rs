//! `peerwarden diff`, `who-can`, `can-ever` and `matrix`: exit codes, errors, and reports for programs. Their outputs for people are on
//! their pages in `docs/commands`.

use peerwarden::Schema;
use serde_json::Value;

use crate::fixture::Folder;
use crate::validate::differs;

fn policy(name: &str, spec: &str) -> String {
    format!(
        "apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: {{name: {name}, namespace: shop}}\nspec: {spec}\n"
    )
}

const GET: &str = r#"{rules: [{to: [{operation: {methods: ["GET"]}}]}]}"#;
const GET_AND_POST: &str = r#"{rules: [{to: [{operation: {methods: ["GET", "POST"]}}]}]}"#;

fn folder() -> Folder {
    Folder::with(&[
        ("get.yaml", &policy("a", GET)),
        ("post.yaml", &policy("a", GET_AND_POST)),
        ("workload.yaml", "{namespace: shop}"),
        ("other.yaml", "{namespace: other}"),
    ])
}

fn json(out: &str, schema: Schema) -> Value {
    let value: Value = serde_json::from_str(out).unwrap();
    let schema: Value = serde_json::from_str(&schema.text()).unwrap();
    assert_eq!(differs(&value, &schema, &schema), None);
    value
}

#[test]
fn the_exit_code_of_diff_is_what_is_asked_for() {
    let code = |arguments: &[&str]| folder().run(&[&["diff"], arguments].concat()).code;
    assert_eq!(code(&["get.yaml", "get.yaml"]), 0);
    assert_eq!(code(&["get.yaml", "post.yaml"]), 1);
    assert_eq!(code(&["get.yaml", "post.yaml", "--fail-on", "newly-allowed"]), 1);
    assert_eq!(code(&["get.yaml", "post.yaml", "--fail-on", "newly-denied"]), 0);
    assert_eq!(code(&["post.yaml", "get.yaml", "--fail-on", "newly-denied"]), 1);
    assert_eq!(code(&["post.yaml", "get.yaml", "--fail-on", "none"]), 0);
    assert_eq!(code(&["get.yaml", "post.yaml", "--workload", "workload.yaml"]), 1);
    assert_eq!(
        code(&["get.yaml", "post.yaml", "--workload", "other.yaml"]),
        0,
        "it is not for that one"
    );
    assert_eq!(
        code(&["get.yaml", "post.yaml", "--protocol", "tcp"]),
        0,
        "on TCP neither allows anything"
    );
}

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
        "workload,protocol,caller,operation,verdict\r\nshop,http,anybody,GET,allow\r\n\
         shop,http,anybody,POST,allow\r\nshop,http,anybody,anything else,deny\r\n"
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
fn what_is_wrong_is_said() {
    let folder = folder();
    folder.write(
        "bad.yaml",
        policy("a", r#"{rules: [{to: [{operation: {method: ["GET"]}}]}]}"#),
    );
    folder
        .run(&["diff", "get.yaml", "bad.yaml"])
        .says(2, &["unknown field `method`", "bad.yaml:4"]);
    folder
        .run(&["diff", "get.yaml", "none.yaml"])
        .says(2, &["there is no `none.yaml`"]);
    folder
        .run(&["can-ever", "--port", "http", "--policies", "get.yaml"])
        .says(2, &["`http` is not a port"]);
    folder
        .run(&[
            "can-ever",
            "--path",
            "/a",
            "--protocol",
            "tcp",
            "--policies",
            "get.yaml",
        ])
        .says(2, &["`--path` is given for TCP"]);
    folder
        .run(&["who-can", "GET orders", "--policies", "get.yaml"])
        .says(2, &["`GET orders` is not a request", "GET /orders"]);
    folder
        .run(&["can-ever", "--when", "x", "--policies", "get.yaml"])
        .says(2, &["`--when x` has no `=`"]);
    let plain = folder.run(&["can-ever", "--plaintext", "--peer", "a", "--policies", "get.yaml"]);
    assert_eq!(plain.code, 2);
}

/// SPIFFE IDs of another shape than Istio's, as those of workloads outside the mesh, are callers like any other.
#[test]
fn names_that_istio_does_not_issue_are_told_of_if_policies_name_them() {
    let others = r#"{rules: [{from: [{source: {principals: ["example.org/legacy", "vm.example.org/db*", "*/ns/web/sa/ui"]}}]}]}"#;
    let folder = Folder::with(&[("others.yaml", &policy("others", others))]);
    let table = folder
        .run(&["matrix", "--policies", "others.yaml", "--format", "csv"])
        .out;
    for (caller, verdict) in [
        (
            "\"anybody but */ns/web/sa/ui, vm.example.org/db*, example.org/legacy\"",
            "deny",
        ),
        ("*/ns/web/sa/ui; vm.example.org/db*; example.org/legacy", "allow"),
    ] {
        let line = format!("shop,http,{caller},anything,{verdict}\r\n");
        assert!(table.contains(&line), "{table}");
    }
    let table = folder.run(&["matrix", "--policies", "others.yaml"]).out;
    let note = "other certificates with names that Istio does not issue are left out";
    assert!(table.contains(note), "{table}");
    let who = folder.run(&["who-can", "GET", "--policies", "others.yaml"]).out;
    let named = "+ */ns/web/sa/ui; vm.example.org/db*; example.org/legacy\n";
    assert!(who.contains(named), "{who}");
}

/// "Never" would be true of what cannot be at all, and would be taken for what it is not.
#[test]
fn a_question_about_nothing_has_no_answer() {
    let folder = folder();
    let none = "no traffic is ever like that";
    for question in [
        ["can-ever", "--path", "orders"].as_slice(),
        &["can-ever", "--path", "/orders?full=1"],
        &["can-ever", "--expect", "no", "--method", "GET /"],
        &["can-ever", "--plaintext", "--when", "connection.sni=a"],
        &["who-can", "GET/orders"],
        &["matrix", "--operation", "GET/orders"],
        &["matrix", "--caller", "plaintext", "--operation", "/orders#a"],
    ] {
        let mut arguments = question.to_vec();
        arguments.extend(["--policies", "get.yaml", "--engine", "native"]);
        folder.run(&arguments).says(2, &[none, "paths begin with `/`"]);
    }
    folder
        .run(&["matrix", "--operation", "GET/orders", "--policies", "get.yaml"])
        .says(2, &["`GET/orders`: "]);
    folder
        .run(&["who-can", "8080", "--policies", "get.yaml"])
        .says(2, &["`8080` is not a request for http", "--protocol tcp"]);
    // Without a namespace it would be that of a policy.
    folder
        .run(&[
            "can-ever",
            "--when",
            "source.serviceAccount=b",
            "--policies",
            "get.yaml",
        ])
        .says(
            2,
            &["names no namespace", "write `source.serviceAccount=NAMESPACE/b`"],
        );
    // A path of a policy that no request has is no question.
    folder.write(
        "odd.yaml",
        policy("a", r#"{rules: [{to: [{operation: {paths: ["orders"]}}]}]}"#),
    );
    let table = folder.run(&["matrix", "--policies", "odd.yaml", "--engine", "native"]);
    assert_eq!(table.code, 0, "{table:?}");
}

/// Whatever differs is either told of, or too much to tell: never nothing.
#[test]
fn what_cannot_be_compared_is_never_equivalent() {
    // Each rule is about a pair of headers of its own order: no order of variables makes that small.
    let rules = |extra: &str| {
        let mut rules = String::new();
        for one in 0..26 {
            let other = 25 - one;
            rules.push_str(&format!(
                "{{when: [{{key: 'request.headers[a{one:02}]', values: [x]}}, {{key: 'request.headers[b{:02}]', values: [x]}}]}}, ",
                (one * 7 + other) % 26
            ));
        }
        policy("a", &format!("{{rules: [{rules}{extra}]}}"))
    };
    let folder = Folder::with(&[
        ("old.yaml", &rules("")),
        (
            "new.yaml",
            &rules("{when: [{key: 'request.headers[a00]', values: [z]}]}"),
        ),
    ]);
    let ran = folder.run(&[
        "diff",
        "old.yaml",
        "new.yaml",
        "--protocol",
        "http",
        "--engine",
        "native",
    ]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(!ran.out.contains("equivalent"), "{ran:?}");
}

/// A field with one or two values out of a pool, now and then as its `not…` twin.
fn field(dice: &mut fastrand::Rng) -> (&'static str, String, Value) {
    const FIELDS: [(&str, &str, &[&str]); 9] = [
        (
            "source",
            "principals",
            &["cluster.local/ns/web/sa/frontend", "*/sa/frontend", "*", "td/*"],
        ),
        ("source", "namespaces", &["web", "w*", "shop"]),
        ("source", "requestPrincipals", &["iss/sub", "iss/*", "*"]),
        ("source", "ipBlocks", &["10.0.0.0/8", "10.1.2.3", "2001:db8::/32"]),
        ("source", "remoteIpBlocks", &["10.0.0.0/9", "192.0.2.0/24"]),
        ("operation", "methods", &["GET", "P*", "*"]),
        ("operation", "paths", &["/a", "/a*", "*/b", "/a/{*}", "/a/{**}/c"]),
        (
            "operation",
            "hosts",
            &["example.com", "*.example.com", "example.com:*"],
        ),
        ("operation", "ports", &["80", "8080", "9000"]),
    ];
    let (part, name, pool) = FIELDS[dice.usize(..FIELDS.len())];
    let values: Vec<&str> = (0..=dice.usize(..2))
        .map(|_| pool[dice.usize(..pool.len())])
        .collect();
    let name = if dice.u8(..4) == 0 {
        format!("not{}{}", name[..1].to_uppercase(), &name[1..])
    } else {
        name.to_owned()
    };
    (part, name, serde_json::json!(values))
}

fn random_policy(dice: &mut fastrand::Rng, name: &str) -> Value {
    const KEYS: [&str; 5] = [
        "request.headers[x-team]",
        "request.headers[:path]",
        "request.auth.claims[groups]",
        "connection.sni",
        "experimental.envoy.filters.f[k]",
    ];
    let rules: Vec<Value> = (0..=dice.usize(..2))
        .map(|_| {
            let (mut source, mut operation) = (serde_json::Map::new(), serde_json::Map::new());
            for _ in 0..=dice.usize(..3) {
                let (part, name, values) = field(dice);
                let part = if part == "source" {
                    &mut source
                } else {
                    &mut operation
                };
                part.insert(name, values);
            }
            let mut rule = serde_json::Map::new();
            if !source.is_empty() {
                rule.insert("from".to_owned(), serde_json::json!([{ "source": source }]));
            }
            if !operation.is_empty() {
                rule.insert("to".to_owned(), serde_json::json!([{ "operation": operation }]));
            }
            if dice.bool() {
                let side = if dice.bool() { "values" } else { "notValues" };
                let value = ["/a*", "blue", "*", "[blue]"][dice.usize(..4)];
                rule.insert(
                    "when".to_owned(),
                    serde_json::json!([{"key": KEYS[dice.usize(..KEYS.len())], side: [value]}]),
                );
            }
            Value::Object(rule)
        })
        .collect();
    let action = if dice.u8(..3) == 0 { "DENY" } else { "ALLOW" };
    serde_json::json!({
        "apiVersion": "security.istio.io/v1", "kind": "AuthorizationPolicy",
        "metadata": {"name": name, "namespace": "shop"}, "spec": {"action": action, "rules": rules}
    })
}

/// Each example of a difference is put to the native engine and to the module; that one says otherwise would be exit code 3.
#[test]
fn examples_flip_in_the_module_too() {
    let mut dice = fastrand::Rng::with_seed(6);
    let (mut changed, mut classes) = (0, 0);
    for _ in 0..24 {
        let shared = random_policy(&mut dice, "shared");
        let mut list = |more: &str| {
            let policies = [shared.clone(), random_policy(&mut dice, more)];
            serde_json::json!({"apiVersion": "v1", "kind": "List", "items": policies}).to_string()
        };
        let folder = Folder::with(&[("old.json", &list("one")), ("new.json", &list("two"))]);
        let ran = folder.run(&[
            "diff", "old.json", "new.json", "--format", "json", "--limit", "10",
        ]);
        assert!(ran.code <= 1, "{ran:?}");
        let report: Value = serde_json::from_str(&ran.out).unwrap();
        changed += ran.code;
        for change in report["changes"].as_array().unwrap() {
            for (side, old) in [("newlyAllowed", "deny"), ("newlyDenied", "allow")] {
                for class in change[side]["classes"].as_array().unwrap() {
                    assert_eq!(class["old"]["decision"], old);
                    assert_ne!(class["new"]["decision"], old);
                    classes += 1;
                }
            }
        }
    }
    assert!(changed > 12 && classes > 60, "{changed} {classes}");
}
