//! What is read of a document that does not apply: what says so, strictly, and of the rest that it is JSON.

use peerwarden_engine::{LoadedConfiguration, Loader, Problems, Verdict};

const HERE: &str = r#""workload": {"namespace": "shop", "labels": {"app": "orders"}}"#;

fn load(settings: &str, documents: &[&str], settings_first: bool) -> Result<LoadedConfiguration, Problems> {
    let list = format!("\"resources\": [{}]", documents.join(", "));
    let json = match (settings, settings_first) {
        ("", _) => format!("{{{list}}}"),
        (_, true) => format!("{{{settings}, {list}}}"),
        (_, false) => format!("{{{list}, {settings}}}"),
    };
    let mut loader = Loader::of_json(json.as_bytes())?;
    loader.add_json(json.as_bytes())?;
    loader.finish()
}

fn document(metadata: &str, spec: &str) -> String {
    format!(
        r#"{{"apiVersion": "security.istio.io/v1", "kind": "AuthorizationPolicy", "metadata": {{{metadata}}}, "spec": {spec}}}"#
    )
}

const NAMED: &str = r#""name": "a", "namespace": "elsewhere""#;
const NAMED_HERE: &str = r#""name": "a", "namespace": "shop""#;

/// Each of these is wrong where it is read.
const WRONG: [&str; 6] = [
    r#"{"action": "MAYBE"}"#,
    r#"{"rules": [{"form": []}]}"#,
    r#"{"rules": [{"to": [{"operation": {"ports": ["x"]}}]}]}"#,
    r#"{"rules": [{"to": [{"operation": {"ports": [80]}}]}], "action": "DENY"}"#,
    r#"{"rules": [{}], "rules": []}"#,
    r#"{"action": "DENY"}"#,
];

#[test]
fn the_rest_need_only_be_json() {
    for first in [true, false] {
        for wrong in WRONG {
            let loaded = load(HERE, &[&document(NAMED, wrong)], first).unwrap();
            assert_eq!((loaded.documents, loaded.applying), (1, 0), "{wrong}");
            assert!(
                load(HERE, &[&document(NAMED_HERE, wrong)], first).is_err(),
                "{wrong}"
            );
            let others = wrong.replacen('{', r#"{"selector": {"matchLabels": {"app": "cart"}}, "#, 1);
            assert!(
                load(HERE, &[&document(NAMED_HERE, &others)], first).is_ok(),
                "{others}"
            );
            let ours = wrong.replacen('{', r#"{"selector": {"matchLabels": {"app": "orders"}}, "#, 1);
            assert!(
                load(HERE, &[&document(NAMED_HERE, &ours)], first).is_err(),
                "{ours}"
            );
        }
        for broken in [
            r#"{"rules": [}"#,
            r#"{"rules": [{}]]"#,
            r#"{"rules": 01}"#,
            "{\"rules\": \"\u{1}\"}",
        ] {
            assert!(
                load(HERE, &[&document(NAMED, broken)], first).is_err(),
                "{broken}"
            );
        }
    }
}

/// Which documents apply, each thread must be able to tell by the bytes alone.
#[test]
fn all_is_read_where_the_configuration_does_not_name_the_workload() {
    for wrong in WRONG {
        assert!(load("", &[&document(NAMED, wrong)], true).is_err(), "{wrong}");
    }
}

#[test]
fn what_says_whether_it_applies_is_read_strictly() {
    let spec = r#"{"rules": [{}]}"#;
    for (metadata, spec, said) in [
        (r#""name": "a""#, spec, "`metadata.namespace` is missing or empty"),
        (
            r#""namespace": "elsewhere""#,
            spec,
            "`metadata.name` is missing or empty",
        ),
        (
            r#""name": "a/b", "namespace": "elsewhere""#,
            spec,
            "is not a valid Kubernetes name",
        ),
        (
            r#""name": "a", "namespace": "elsewhere", "lables": {}"#,
            spec,
            "unknown field `lables`; did you mean `labels`?",
        ),
        (
            r#""name": "a", "namespace": "elsewhere", "name": "b""#,
            spec,
            "duplicate key `name`",
        ),
        (
            r#""name": "a", "namespace": "elsewhere", "creationTimestamp": "now""#,
            spec,
            "`now` is not a time",
        ),
        (
            r#""name": "a", "namespace": "elsewhere", "annotations": {"a": 1}"#,
            spec,
            "expected a string, found a number",
        ),
        (
            NAMED,
            r#"{"selector": {"matchLabels": {"app": "*"}}}"#,
            "has a wildcard",
        ),
        (
            NAMED,
            r#"{"selector": {"matchlabels": {}}}"#,
            "did you mean `matchLabels`?",
        ),
        (
            NAMED,
            r#"{"selector": {}, "selector": {}}"#,
            "duplicate key `selector`",
        ),
        (
            NAMED,
            r#"{"targetRefs": [{"kind": "Pod", "name": "a"}]}"#,
            "cannot be a target",
        ),
        (NAMED, r#"{"targetRefs": {}}"#, "expected a list, found an object"),
    ] {
        let said_of = |problems: Problems| problems.to_string();
        let problems = load(HERE, &[&document(metadata, spec)], true)
            .map(|_| ())
            .map_err(said_of);
        let found = problems.expect_err(metadata);
        assert!(
            found.contains(said),
            "{metadata} {spec}\nexpected: {said}\nsaid: {found}"
        );
    }
    for written in [
        r#"{"apiVersion": "security.istio.io/v2", "kind": "AuthorizationPolicy", "metadata": {"name": "a", "namespace": "b"}}"#,
        r#"{"apiVersion": "x", "apiVersion": "security.istio.io/v1", "kind": "AuthorizationPolicy", "metadata": {"name": "a", "namespace": "b"}}"#,
        r#"{"apiVersion": "security.istio.io/v1", "kind": "Policy", "metadata": {"name": "a", "namespace": "b"}}"#,
        r#"{"kind": "AuthorizationPolicy", "metadata": {"name": "a", "namespace": "b"}}"#,
        r#"{"apiVersion": "security.istio.io/v1", "kind": "AuthorizationPolicy"}"#,
        "[]",
        "null",
    ] {
        assert!(load(HERE, &[written], true).is_err(), "{written}");
    }
}

/// However it is written, and whatever is before and after it.
#[test]
fn what_applies_is_found_among_the_others() {
    let allow = r#"{"rules": [{}]}"#;
    let elsewhere = document(NAMED, r#"{"rules": [{"form": 1}]}"#);
    let here = [
        document(NAMED_HERE, allow),
        document(r#""n\u0061me": "a", "namespace": "shop""#, allow),
        document(
            NAMED_HERE,
            r#"{"rules": [{}], "selector": {"matchLabels": {"app": "orders"}}}"#,
        ),
        document(
            NAMED_HERE,
            r#"{"rules": [{}], "selector": {"matchLabels": {"\u0061pp": "orders"}}}"#,
        ),
        document(NAMED_HERE, r#"{"rules": [{}], "selector": null}"#),
        document(r#""name": "a", "namespace": "istio-system""#, allow),
        format!(
            r#"{{"apiVersion": "v1", "kind": "List", "items": [{}]}}"#,
            document(NAMED_HERE, allow)
        ),
    ];
    for here in here {
        for first in [true, false] {
            let loaded = load(HERE, &[&elsewhere, &here, &elsewhere, &here, &elsewhere], first).unwrap();
            assert_eq!((loaded.documents, loaded.applying), (5, 2), "{here}");
            let program = loaded.program.unwrap();
            let stranger = peerwarden_engine::Traffic::default();
            assert_eq!(
                program.judge(&stranger, &stranger).decision.verdict,
                Verdict::Allow
            );
            assert!(program.allow_rules().is_some());
        }
    }
}
