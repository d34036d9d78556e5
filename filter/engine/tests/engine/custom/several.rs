//! Several providers on one workload, where the mesh allows it: asked in the order of their names, and all must say yes.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use peerwarden_engine::{
    Bounds, Config, CustomRules, ExternalAnswer, Lookup, Program, Question, Report, Step, Traffic,
};

use super::{GRPC, HTTP, OPEN, admin, asking, config_with, decide, policy, reason};

/// As [`super::with`], with the mesh's setting.
fn with(resources: &[String], providers: &[&str], protocol: &str) -> Config {
    let more = format!(
        r#""extensionProviders": [{}], "protocol": "{protocol}", "mesh": {{"multipleCustomAuthzProviders": true}}"#,
        providers.join(",")
    );
    config_with(&resources.join(","), &more).unwrap()
}

fn custom(name: &str, provider: &str, rules: &str) -> String {
    let spec = format!(r#"{{"action": "CUSTOM", "provider": {{"name": "{provider}"}}, "rules": {rules}}}"#);
    policy(name, &spec)
}

/// The providers that are asked, one after another, and how it ends.
fn asked(config: &Config, traffic: &Traffic) -> (Vec<String>, &'static str) {
    let program = Program::compile(config).unwrap();
    let mut step = program.begin(traffic, Report::All);
    let mut asked = Vec::new();
    loop {
        step = match step {
            Step::Decided(judgement) => return (asked, judgement.decision.reason.as_str()),
            Step::Ask(Question { provider, by, .. }) => {
                asked.push(provider.to_owned());
                let answer = traffic.authorizers.iter().find(|(name, _)| name == provider);
                let answer = answer.map_or(ExternalAnswer::Failed, |(_, answer)| *answer);
                program.answered(provider, by, answer, traffic, Report::All)
            }
        };
    }
}

#[test]
fn all_must_say_yes_and_the_first_no_ends_it() {
    // In neither order of documents or definitions is `http` the first.
    let policies = [admin("a", "http"), admin("b", "grpc")];
    let config = with(&policies, &[HTTP, GRPC], "http");
    for (grpc, http, names, reason) in [
        (
            ExternalAnswer::Allow,
            ExternalAnswer::Allow,
            vec!["grpc", "http"],
            "no-allow-policy",
        ),
        (
            ExternalAnswer::Allow,
            ExternalAnswer::Deny,
            vec!["grpc", "http"],
            "authorizer-denied",
        ),
        (
            ExternalAnswer::Deny,
            ExternalAnswer::Allow,
            vec!["grpc"],
            "authorizer-denied",
        ),
        (
            ExternalAnswer::Failed,
            ExternalAnswer::Allow,
            vec!["grpc"],
            "authorizer-failed",
        ),
        (
            ExternalAnswer::Allow,
            ExternalAnswer::Unaskable,
            vec!["grpc", "http"],
            "authorizer-failed",
        ),
    ] {
        let traffic = asking("/admin", &[("grpc", grpc), ("http", http)]);
        let names = names.into_iter().map(str::to_owned).collect();
        assert_eq!(asked(&config, &traffic), (names, reason), "{grpc:?} {http:?}");
        decide(&config, &traffic);
    }
    assert_eq!(asked(&config, &asking("/", &[])), (vec![], "no-allow-policy"));
}

#[test]
fn whoever_refuses_is_named_and_the_other_policies_still_decide() {
    let never = policy("d", r#"{"action": "DENY", "rules": [{}]}"#);
    let config = with(
        &[admin("a", "http"), admin("b", "grpc"), never],
        &[HTTP, GRPC],
        "http",
    );
    let answers = |http| asking("/admin", &[("grpc", ExternalAnswer::Allow), ("http", http)]);
    assert_eq!(
        decide(&config, &answers(ExternalAnswer::Deny)),
        "deny ns[shop]-policy[a]-rule[0]"
    );
    assert_eq!(
        decide(&config, &answers(ExternalAnswer::Allow)),
        "deny ns[shop]-policy[d]-rule[0]"
    );
}

#[test]
fn each_is_asked_about_what_its_own_policies_match() {
    let orders = r#"[{"to": [{"operation": {"paths": ["/orders*"]}}]}]"#;
    let config = with(
        &[
            admin("a", "http"),
            custom("b", "grpc", orders),
            custom("c", "open", r#"[{"to": [{"operation": {"methods": ["GET"]}}]}]"#),
        ],
        &[HTTP, GRPC, OPEN],
        "http",
    );
    for (path, names) in [
        ("/admin", vec!["http", "open"]),
        ("/orders", vec!["grpc", "open"]),
        ("/", vec!["open"]),
    ] {
        let yes = ["http", "grpc"].map(|name| (name, ExternalAnswer::Allow));
        let names: Vec<String> = names.into_iter().map(str::to_owned).collect();
        // `open` does not answer, which lets pass.
        assert_eq!(
            asked(&config, &asking(path, &yes)),
            (names, "no-allow-policy"),
            "{path}"
        );
        decide(&config, &asking(path, &yes));
    }
}

#[test]
fn an_unusable_one_denies_what_its_own_policies_match_in_its_turn() {
    let orders = r#"[{"to": [{"operation": {"paths": ["/orders*"]}}]}]"#;
    let yes = [("http", ExternalAnswer::Allow), ("grpc", ExternalAnswer::Allow)];
    let config = with(
        &[custom("a", "missing", orders), admin("b", "grpc")],
        &[GRPC],
        "http",
    );
    assert_eq!(reason(&config, &asking("/orders", &yes)), "provider-unusable");
    assert_eq!(reason(&config, &asking("/admin", &yes)), "no-allow-policy");
    let program = Program::compile(&config).unwrap();
    let unusable: Vec<&str> = program
        .custom()
        .iter()
        .filter_map(CustomRules::unusable)
        .collect();
    assert_eq!(
        unusable,
        ["there is no extension provider `missing`; define it in `extensionProviders`"]
    );
    // `grpc` comes before `missing`, so its answer is the reason.
    let both = with(&[admin("a", "missing"), admin("b", "grpc")], &[GRPC], "http");
    assert_eq!(
        asked(&both, &asking("/admin", &yes)),
        (vec!["grpc".to_owned()], "provider-unusable")
    );
    let no = [("grpc", ExternalAnswer::Deny)];
    assert_eq!(reason(&both, &asking("/admin", &no)), "authorizer-denied");
}

#[test]
fn on_tcp_only_those_of_grpc_are_asked() {
    let mut connection = Traffic::from_peer(super::FRONTEND);
    connection.authorizers = vec![
        ("http".to_owned(), ExternalAnswer::Deny),
        ("grpc".to_owned(), ExternalAnswer::Allow),
    ];
    let config = with(&[admin("a", "http"), admin("b", "grpc")], &[HTTP, GRPC], "tcp");
    assert_eq!(
        asked(&config, &connection),
        (vec!["grpc".to_owned()], "no-allow-policy")
    );
    decide(&config, &connection);
}

/// What one authorizer writes into the request, the rules of the next one are compared with.
#[test]
fn the_next_one_sees_what_the_former_wrote() {
    let vip = r#"[{"when": [{"key": "request.headers[x-tier]", "values": ["vip"]}]}]"#;
    let config = with(
        &[admin("a", "grpc"), custom("b", "http", vip)],
        &[HTTP, GRPC],
        "http",
    );
    let program = Program::compile(&config).unwrap();
    let before = asking("/admin", &[]);
    let Step::Ask(first) = program.begin(&before, Report::All) else {
        panic!("nobody is asked");
    };
    assert_eq!(first.provider, "grpc");
    let mut after = before.clone();
    if let Lookup::Found(headers) = &mut after.headers {
        headers.push(("x-tier".to_owned(), b"vip".to_vec()));
    }
    let goes_on = |traffic| program.answered("grpc", first.by, ExternalAnswer::Allow, traffic, Report::All);
    assert!(matches!(goes_on(&before), Step::Decided(_)));
    assert!(matches!(
        goes_on(&after),
        Step::Ask(Question { provider: "http", .. })
    ));
}

/// An answer of somebody who is not asked lets nothing pass.
#[test]
fn a_yes_of_nobody_denies() {
    let program = Program::compile(&with(&[admin("a", "grpc")], &[GRPC], "http")).unwrap();
    let traffic = asking("/admin", &[]);
    let Step::Ask(question) = program.begin(&traffic, Report::All) else {
        panic!("nobody is asked");
    };
    let step = program.answered("other", question.by, ExternalAnswer::Allow, &traffic, Report::All);
    let Step::Decided(judgement) = step else {
        panic!("another one is asked");
    };
    assert_eq!(judgement.decision.reason.as_str(), "authorizer-failed");
}

#[test]
fn where_answers_are_not_known_each_one_is_lacking() {
    let config = with(&[admin("a", "http"), admin("b", "grpc")], &[HTTP, GRPC], "http");
    let program = Program::compile(&config).unwrap();
    let Bounds::Open(open) = program.bounds(&asking("/admin", &[])) else {
        panic!("the answers are known");
    };
    let lacks: Vec<String> = open.lacks.iter().map(ToString::to_string).collect();
    assert_eq!(lacks, ["authorizers.grpc", "authorizers.http"]);
    let missing = with(&[admin("a", "http"), admin("b", "missing")], &[HTTP], "http");
    let program = Program::compile(&missing).unwrap();
    assert!(matches!(
        program.bounds(&asking("/admin", &[])),
        Bounds::Certain(_)
    ));
}

#[test]
fn the_setting_is_true_or_false() {
    let wrong = config_with("", r#""mesh": {"multipleCustomAuthzProviders": "yes"}"#).unwrap_err();
    assert_eq!(
        wrong.to_string(),
        "mesh.multipleCustomAuthzProviders: it is neither true nor false; write `true` or `false`"
    );
}
