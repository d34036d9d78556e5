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

/// One after another, documents come to the same as each by itself, however alike they are.
#[test]
fn a_document_like_the_one_before_is_read_as_by_itself() {
    let whole = |name: &str, namespace: &str, created: &str, generation: &str, label: &str, path: &str| {
        let metadata = format!(
            r#""name": "{name}", "namespace": "{namespace}", "creationTimestamp": "{created}", "generation": {generation}, "labels": {{"team": "{path}"}}"#
        );
        let spec = format!(
            r#"{{"selector": {{"matchLabels": {{"app": "{label}"}}}}, "rules": [{{"to": [{{"operation": {{"paths": ["{path}"]}}}}]}}]}}"#
        );
        document(&metadata, &spec)
    };
    let usual = [
        "a-name",
        "shop",
        "2026-01-31T12:00:00Z",
        "1",
        "cart",
        "/a/path/of/some/length",
    ];
    let others: [&[&str]; 6] = [
        &[
            "",
            "a",
            "a-name-that-is-longer",
            "b-name",
            "a-n",
            "a/name",
            "a-n\\u0061me",
            "a-n\u{e9}me",
            "a-name\u{1}",
        ],
        &[
            "",
            "sho",
            "shops",
            "istio-system",
            "elsewhere",
            "sh[op",
            "shop\\t",
        ],
        &[
            "2026-01-31T12:00:01Z",
            "2026-13-31T12:00:00Z",
            "",
            "2026-01-31T12:00:00+01:00",
            "2026-01-31T12:00:00Z\u{e9}",
        ],
        &["2", "12", "-1", "01", "1.5e3", "1.", "", "null", "\"1\"", "1 "],
        &[
            "orders",
            "car",
            "carts",
            "",
            "ca*t",
            "c\\u0061rt",
            "c\u{e9}rt",
            "a-label-value-that-is-longer-than-the-sixty-three-bytes-that-kubernetes-takes",
        ],
        &[
            "/b",
            "",
            "/a/path/of/some/other/length",
            "/a/path\\",
            "/a/path\\\"",
            "/a/path\"",
            "/a/path/of/some/lengt\u{e9}",
            "/a path/of/some/length",
            "\u{e9}",
        ],
    ];
    let mut documents = vec![whole(usual[0], usual[1], usual[2], usual[3], usual[4], usual[5])];
    for (place, others) in others.iter().enumerate() {
        for other in *others {
            let mut parts = usual;
            parts[place] = other;
            documents.push(whole(parts[0], parts[1], parts[2], parts[3], parts[4], parts[5]));
        }
    }
    documents.push(documents[0].replace("team", "teem"));
    documents.push(documents[0].replace("\"rules\"", "\"rulez\""));
    documents.push(documents[0].replace("\"metadata\"", "\"metadata\" "));
    documents.push(documents[0].replace("app", "aqp"));
    documents.push(documents[0].replace("AuthorizationPolicy", "PeerAuthentication"));
    let comes_to = |documents: &[&str]| {
        let loaded = load(HERE, documents, false).ok()?;
        let program = loaded.program?;
        Some((
            loaded.documents,
            loaded.applying,
            program.allow_rules().is_some(),
            loaded.fingerprint,
        ))
    };
    let counts =
        |of: Option<(usize, usize, bool, _)>| of.map(|(documents, applying, ..)| (documents, applying));
    for one in &documents {
        let alone = counts(comes_to(&[one]));
        for other in &documents {
            let both = comes_to(&[one, other, one]);
            let expected = alone
                .zip(counts(comes_to(&[other])))
                .map(|((documents, applying), (more, here))| (2 * documents + more, 2 * applying + here));
            assert_eq!(counts(both), expected, "{one}\n{other}");
            // It is the same in another order, where other documents are compared with each other.
            let turned = comes_to(&[other, one, one]);
            assert_eq!(turned, both, "{one}\n{other}");
        }
    }
}

/// Settings after the documents are found from the end, where lists and brackets in texts are too.
#[test]
fn settings_may_follow_the_documents() {
    let documents = [
        document(NAMED, "{}"),
        document(NAMED_HERE, r#"{"rules": [{"when": []}]}"#),
    ];
    let documents: Vec<&str> = documents.iter().map(String::as_str).collect();
    let provider = |name: &str| {
        format!(r#"{{"name": "{name}", "envoyExtAuthzGrpc": {{"service": "a.b", "port": "9000"}}}}"#)
    };
    for (providers, names) in [
        (String::new(), 0),
        (provider("a"), 1),
        (format!("{}, {}", provider("]"), provider("],\\\"x\\\":[")), 2),
    ] {
        for settings in [
            format!(r#""extensionProviders": [{providers}], {HERE}"#),
            format!(r#"{HERE}, "extensionProviders" : [ {providers} ] "#),
        ] {
            let loaded = load(&settings, &documents, false).unwrap();
            assert_eq!((loaded.documents, loaded.applying), (2, 1), "{settings}");
            assert_eq!(loaded.config.extension_providers.len(), names, "{settings}");
        }
    }
    let far = format!(
        r#""mesh": {{"trustDomainAliases": [{}"x"]}}, {HERE}"#,
        "\"x\", ".repeat(20_000)
    );
    let said = load(&far, &documents, false).unwrap_err().to_string();
    assert!(!said.contains("JSON"), "{said}");
    let many = vec![provider("a"); 1_000].join(", ");
    let far = format!(r#""extensionProviders": [{many}], {HERE}"#);
    let said = load(&far, &documents, false).unwrap_err().to_string();
    assert!(
        said.contains("write `resources` after all other fields"),
        "{said}"
    );
    assert!(load(&far, &documents, true).is_ok());
}
