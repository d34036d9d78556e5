//! CUSTOM: when an authorizer is called, and what its answer means.

mod several;

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use peerwarden_engine::{Config, CustomRules, ExternalAnswer, Program, Report, Step, Traffic};

use super::{FRONTEND, config_with, decide, get, policy};

const HTTP: &str = r#"{"name": "http", "envoyExtAuthzHttp": {"service": "authz.tools", "port": 8000}}"#;
const GRPC: &str = r#"{"name": "grpc", "envoyExtAuthzGrpc": {"service": "tools/authz.tools", "port": 9000}}"#;
const OPEN: &str =
    r#"{"name": "open", "envoyExtAuthzHttp": {"service": "authz.tools", "port": 8000, "failOpen": true}}"#;

/// A CUSTOM policy about `/admin`.
fn admin(name: &str, provider: &str) -> String {
    let spec = format!(
        r#"{{"action": "CUSTOM", "provider": {{"name": "{provider}"}},
            "rules": [{{"to": [{{"operation": {{"paths": ["/admin*"]}}}}]}}]}}"#
    );
    policy(name, &spec)
}

fn with(resources: &[String], providers: &[&str], protocol: &str) -> Config {
    let more = format!(
        r#""extensionProviders": [{}], "protocol": "{protocol}""#,
        providers.join(",")
    );
    config_with(&resources.join(","), &more).unwrap()
}

/// A GET from the frontend, with these answers of authorizers.
fn asking(path: &str, answers: &[(&str, ExternalAnswer)]) -> Traffic {
    let answers = answers.iter().map(|(name, answer)| ((*name).to_owned(), *answer));
    Traffic {
        authorizers: answers.collect(),
        ..get(Some(FRONTEND), path)
    }
}

fn reason(config: &Config, traffic: &Traffic) -> &'static str {
    let program = Program::compile(config).unwrap();
    decide(config, traffic);
    program.judge(traffic, traffic).decision.reason.as_str()
}

fn unusable(program: &Program) -> Option<&str> {
    program.custom().iter().find_map(CustomRules::unusable)
}

#[test]
fn asks_about_what_matches_and_nothing_else() {
    let config = with(&[admin("a", "http")], &[HTTP], "http");
    let no = [("http", ExternalAnswer::Deny)];
    assert_eq!(decide(&config, &asking("/", &no)), "allow");
    assert_eq!(
        decide(&config, &asking("/admin", &no)),
        "deny ns[shop]-policy[a]-rule[0]"
    );
    let program = Program::compile(&config).unwrap();
    assert!(matches!(
        program.begin(&asking("/", &[]), Report::All),
        Step::Decided(_)
    ));
    let admin = asking("/admin", &[]);
    let Step::Ask(question) = program.begin(&admin, Report::All) else {
        panic!("nobody is asked");
    };
    assert_eq!(
        (
            question.provider,
            question.authorizer.service().cluster.as_str(),
            question.authorizer.service().authority.as_str()
        ),
        ("http", "outbound|8000||authz.tools", "authz.tools")
    );
}

#[test]
fn a_no_ends_it_and_a_yes_leaves_it_to_the_other_policies() {
    let nobody = policy("n", "{}");
    let everybody = policy("e", r#"{"rules": [{}]}"#);
    let yes = asking("/admin", &[("grpc", ExternalAnswer::Allow)]);
    let no = asking("/admin", &[("grpc", ExternalAnswer::Deny)]);
    let allowed = with(&[admin("a", "grpc"), everybody.clone()], &[GRPC], "http");
    assert_eq!(decide(&allowed, &yes), "allow ns[shop]-policy[e]-rule[0]");
    assert_eq!(reason(&allowed, &no), "authorizer-denied");
    let denied = with(&[admin("a", "grpc"), nobody], &[GRPC], "http");
    assert_eq!(decide(&denied, &yes), "deny");
    let never = policy("d", r#"{"action": "DENY", "rules": [{}]}"#);
    let both = with(&[admin("a", "grpc"), everybody, never], &[GRPC], "http");
    assert_eq!(decide(&both, &yes), "deny ns[shop]-policy[d]-rule[0]");
    // The authorizer comes first, and what it refuses is its to answer for.
    assert_eq!(reason(&both, &no), "authorizer-denied");
}

#[test]
fn whoever_does_not_answer_denies_unless_it_is_said_otherwise() {
    let closed = with(&[admin("a", "http")], &[HTTP], "http");
    assert_eq!(reason(&closed, &asking("/admin", &[])), "authorizer-failed");
    let open = with(&[admin("a", "open")], &[OPEN], "http");
    assert_eq!(reason(&open, &asking("/admin", &[])), "no-allow-policy");
    let no = asking("/admin", &[("open", ExternalAnswer::Deny)]);
    assert_eq!(reason(&open, &no), "authorizer-denied");
}

#[test]
fn an_unusable_provider_denies_what_its_rules_match_and_nothing_else() {
    let yes = [
        ("http", ExternalAnswer::Allow),
        ("grpc", ExternalAnswer::Allow),
        ("broken", ExternalAnswer::Allow),
    ];
    let broken = r#"{"name": "broken", "envoyExtAuthzHttp": {"service": "a", "port": 0}}"#;
    for (policies, providers) in [
        (vec![admin("a", "http")], vec![]),
        (vec![admin("a", "http")], vec![GRPC]),
        (vec![admin("a", "broken")], vec![broken]),
        (vec![admin("a", "http")], vec![HTTP, HTTP]),
        (vec![admin("a", "http"), admin("b", "grpc")], vec![HTTP, GRPC]),
    ] {
        for protocol in ["http", "tcp"] {
            let config = with(&policies, &providers, protocol);
            assert_eq!(
                reason(&config, &asking("/admin", &yes)),
                "provider-unusable",
                "{providers:?}"
            );
            let program = Program::compile(&config).unwrap();
            assert!(unusable(&program).is_some());
        }
        let config = with(&policies, &providers, "http");
        assert_eq!(decide(&config, &asking("/", &yes)), "allow");
    }
}

#[test]
fn on_tcp_a_grpc_authorizer_is_asked_about_more_and_an_http_one_about_nothing() {
    let mut connection = Traffic::from_peer(FRONTEND);
    connection.authorizers = vec![
        ("http".to_owned(), ExternalAnswer::Deny),
        ("grpc".to_owned(), ExternalAnswer::Deny),
    ];
    // The rule has HTTP-only fields and nothing else: it matches every connection.
    let grpc = with(&[admin("a", "grpc")], &[GRPC], "tcp");
    assert_eq!(reason(&grpc, &connection), "authorizer-denied");
    let http = with(&[admin("a", "http")], &[HTTP], "tcp");
    assert_eq!(reason(&http, &connection), "no-allow-policy");
}

#[test]
fn strict_comes_first() {
    let strict = r#"{"apiVersion": "security.istio.io/v1", "kind": "PeerAuthentication",
        "metadata": {"name": "default", "namespace": "shop"}, "spec": {"mtls": {"mode": "STRICT"}}}"#;
    let config = with(&[admin("a", "http"), strict.to_owned()], &[HTTP], "http");
    let plaintext = Traffic {
        authorizers: vec![("http".to_owned(), ExternalAnswer::Allow)],
        ..get(None, "/admin")
    };
    assert_eq!(reason(&config, &plaintext), "mtls-required");
}

#[test]
fn what_cannot_be_used_says_why() {
    for (provider, why) in [
        (
            r#"{"name": "P", "envoyExtAuthzHttp": {"service": "a", "port": 1}}"#,
            "`P` is not the name of a provider",
        ),
        (
            r#"{"name": "p"}"#,
            "write one of `envoyExtAuthzHttp` and `envoyExtAuthzGrpc`",
        ),
        (
            r#"{"name": "p", "zipkin": {"service": "a", "port": 1}}"#,
            "it is not an external authorizer",
        ),
        (
            r#"{"name": "p", "envoyExtAuthzHttp": {"port": 1}}"#,
            "`` is not a service",
        ),
        (
            r#"{"name": "p", "envoyExtAuthzHttp": {"service": "a b", "port": 1}}"#,
            "`a b` is not a service",
        ),
        (
            r#"{"name": "p", "envoyExtAuthzGrpc": {"service": "tools/authz.tools:9000", "port": 1}}"#,
            "`tools/authz.tools:9000` is not a service",
        ),
        (
            r#"{"name": "p", "envoyExtAuthzGrpc": {"service": "a", "port": 65536}}"#,
            "1 to 65535",
        ),
        (
            r#"{"name": "p", "envoyExtAuthzGrpc": {"service": "a", "port": 1, "timeout": "1m"}}"#,
            "`1m` is not a time",
        ),
        (
            r#"{"name": "p", "envoyExtAuthzGrpc": {"service": "a", "port": 1, "timeout": "0s"}}"#,
            "`0s` is not a time",
        ),
        (
            r#"{"name": "p", "envoyExtAuthzGrpc": {"service": "a", "port": 1, "statusOnError": "999"}}"#,
            "`999` is not an HTTP status",
        ),
        (
            r#"{"name": "p", "envoyExtAuthzGrpc": {"service": "a", "port": 1, "failOpen": "no"}}"#,
            "neither true nor false",
        ),
        (
            r#"{"name": "p", "envoyExtAuthzGrpc": {"service": "a", "port": 1, "pathPrefix": "/a"}}"#,
            "unknown field `pathPrefix`",
        ),
        (
            r#"{"name": "p", "envoyExtAuthzHttp": {"service": "a", "port": 1, "pathPrefix": "a"}}"#,
            "is not a path prefix",
        ),
        (
            r#"{"name": "p", "envoyExtAuthzHttp": {"service": "a", "port": 1, "headersToUpstreamOnAllow": ["*"]}}"#,
            "`*` is not the name of a header",
        ),
        (
            r#"{"name": "p", "envoyExtAuthzHttp": {"service": "a", "port": 1, "includeRequestBodyInCheck": {}}}"#,
            "body is not sent to authorizers",
        ),
        (
            r#"{"name": "p", "envoyExtAuthzHttp": {"service": "a", "port": 1, "includeAdditionalHeadersInCheck": {"a b": "c"}}}"#,
            "no header can have this name",
        ),
    ] {
        let name = if provider.contains(r#""P""#) { "P" } else { "p" };
        let config = with(&[admin("a", name)], &[provider], "http");
        let said = Program::compile(&config).unwrap();
        let said = unusable(&said).unwrap_or_default().to_owned();
        assert!(said.contains(why), "{provider}: {said}");
        assert_eq!(
            reason(&config, &asking("/admin", &[])),
            "provider-unusable",
            "{provider}"
        );
    }
}

#[test]
fn a_rule_must_not_be_about_identities() {
    for field in [
        r#""from": [{"source": {"principals": ["a"]}}]"#,
        r#""from": [{"source": {"notPrincipals": ["a"]}}]"#,
        r#""from": [{"source": {"namespaces": ["a"]}}]"#,
        r#""from": [{"source": {"serviceAccounts": ["a"]}}]"#,
        r#""from": [{"source": {"trustDomains": ["a"]}}]"#,
        r#""from": [{"source": {"requestPrincipals": ["a"]}}]"#,
        r#""when": [{"key": "source.principal", "values": ["a"]}]"#,
        r#""when": [{"key": "source.namespace", "notValues": ["a"]}]"#,
        r#""when": [{"key": "request.auth.claims[a]", "values": ["a"]}]"#,
        r#""when": [{"key": "request.auth.audiences", "values": ["a"]}]"#,
    ] {
        let spec =
            format!(r#"{{"action": "CUSTOM", "provider": {{"name": "http"}}, "rules": [{{{field}}}]}}"#);
        let config = with(&[policy("a", &spec)], &[HTTP], "http");
        let refused = Program::compile(&config).unwrap_err().to_string();
        assert!(
            refused.contains("a CUSTOM policy cannot match on"),
            "{field}: {refused}"
        );
    }
    for field in [
        r#""from": [{"source": {"ipBlocks": ["10.0.0.0/8"], "notRemoteIpBlocks": ["10.0.0.1"]}}]"#,
        r#""when": [{"key": "connection.sni", "values": ["a"]}, {"key": "request.headers[x]", "values": ["a"]}]"#,
    ] {
        let spec =
            format!(r#"{{"action": "CUSTOM", "provider": {{"name": "http"}}, "rules": [{{{field}}}]}}"#);
        assert!(
            Program::compile(&with(&[policy("a", &spec)], &[HTTP], "http")).is_ok(),
            "{field}"
        );
    }
    let nameless = policy(
        "a",
        r#"{"action": "CUSTOM", "provider": {"name": ""}, "rules": [{}]}"#,
    );
    let refused = Program::compile(&with(&[nameless], &[], "http")).unwrap_err();
    assert!(refused.to_string().contains("a CUSTOM policy needs a provider"));
}
