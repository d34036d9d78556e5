//! Whatever is certain with partial knowledge holds for any value of the unknown parts.

use std::borrow::Cow;
use std::cell::Cell;
use std::net::IpAddr;

use peerwarden_engine::document::Value;
use peerwarden_engine::{
    Attribute, AttributeSource, Bounds, Config, ExternalAnswer, ExternalAuthorizers, Lines, Lookup, Peer,
    Program, Traffic, Verdict,
};
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{Config as Runner, TestRunner};

use super::generate::{PROVIDERS, custom_policy, peer_authentication, policy, traffic};
use super::{config, config_with, get, policy as document};

/// Traffic of which a part is not known, or is as in other traffic.
struct PartialTraffic<'t> {
    known: &'t Traffic,
    /// One bit for each kind of attribute.
    hidden: u16,
    rest: Option<&'t Traffic>,
}

impl<'t> PartialTraffic<'t> {
    fn ask<T>(&self, bit: u16, ask: impl Fn(&'t Traffic) -> Lookup<T>) -> Lookup<T> {
        if self.hidden & (1 << bit) == 0 {
            ask(self.known)
        } else {
            self.rest.map_or(Lookup::Unavailable, ask)
        }
    }
}

impl AttributeSource for PartialTraffic<'_> {
    fn peer(&self) -> Lookup<Cow<'_, Peer>> {
        self.ask(0, Traffic::peer)
    }

    fn tls(&self) -> Lookup<bool> {
        self.ask(1, Traffic::tls)
    }

    fn source_ip(&self) -> Lookup<IpAddr> {
        self.ask(2, Traffic::source_ip)
    }

    fn remote_ip(&self) -> Lookup<IpAddr> {
        self.ask(3, Traffic::remote_ip)
    }

    fn destination_ip(&self) -> Lookup<IpAddr> {
        self.ask(4, Traffic::destination_ip)
    }

    fn destination_port(&self) -> Lookup<u16> {
        self.ask(5, Traffic::destination_port)
    }

    fn sni(&self) -> Lookup<Cow<'_, [u8]>> {
        self.ask(6, Traffic::sni)
    }

    fn header(&self, name: &str) -> Lookup<Lines<'_>> {
        let bit = match name {
            ":method" => 7,
            ":path" => 8,
            ":authority" => 9,
            _ => 10,
        };
        self.ask(bit, |traffic| traffic.header(name))
    }

    fn jwt(&self) -> Lookup<Cow<'_, Value>> {
        self.ask(11, Traffic::jwt)
    }

    fn metadata(&self, filter: &str, key: &str) -> Lookup<Cow<'_, Value>> {
        self.ask(12, |traffic| traffic.metadata(filter, key))
    }
}

#[test]
fn a_certain_verdict_is_that_of_every_completion() {
    let documents = (
        prop::collection::vec(policy(), 0..5),
        prop::collection::vec(peer_authentication(), 0..3),
        prop_oneof![4 => Just(Vec::new()), 1 => prop::collection::vec(custom_policy(), 1..=3)],
    )
        .prop_map(|(policies, modes, custom)| {
            let all = policies.into_iter().chain(modes).chain(custom);
            let all: Vec<String> = all.map(|json| json.to_string()).collect();
            all.join(",")
        });
    let case = (
        documents,
        select(vec!["http", "tcp"]),
        prop::collection::vec((traffic(), 0..1_u16 << 13), 8),
        prop::collection::vec(traffic(), 8),
    );
    let (allowed, denied, open, flipped) = (Cell::new(0), Cell::new(0), Cell::new(0), Cell::new(0));
    let count = |cell: &Cell<u32>| cell.set(cell.get() + 1);
    let mut runner = TestRunner::new(Runner {
        cases: 1500,
        failure_persistence: None,
        ..Runner::default()
    });
    runner
        .run(&case, |(documents, protocol, asked, rest)| {
            let more = format!(
                r#""protocol": "{protocol}", "mesh": {{"trustDomain": "td", "trustDomainAliases": ["old"], "multipleCustomAuthzProviders": true}},
                   "extensionProviders": {PROVIDERS}"#
            );
            let config = config_with(&documents, &more).map_err(|e| TestCaseError::fail(e.to_string()))?;
            let program = Program::compile(&config).map_err(|e| TestCaseError::fail(e.to_string()))?;
            for (known, hidden) in &asked {
                let partly = |rest| PartialTraffic {
                    known,
                    hidden: *hidden,
                    rest,
                };
                let bounds = program.bounds(&partly(None));
                let mut verdicts = Vec::new();
                for rest in &rest {
                    let judged = program.judge(&partly(Some(rest)), rest).decision;
                    if let Bounds::Certain(decision) = &bounds {
                        prop_assert_eq!(
                            decision.verdict,
                            judged.verdict,
                            "{:?} {:?} {:b} {:?}",
                            &config,
                            known,
                            hidden,
                            rest
                        );
                    }
                    verdicts.push(judged.verdict);
                }
                match &bounds {
                    Bounds::Certain(decision) if *hidden > 0 => match decision.verdict {
                        Verdict::Allow => count(&allowed),
                        Verdict::Deny => count(&denied),
                    },
                    Bounds::Certain(_) => {}
                    Bounds::Open(found) => {
                        prop_assert!(!found.lacks.is_empty(), "{:?} {:?}", &config, found);
                        count(&open);
                        if verdicts.iter().any(|verdict| *verdict != verdicts[0]) {
                            count(&flipped);
                        }
                    }
                }
            }
            Ok(())
        })
        .unwrap();
    let shown = [&allowed, &denied, &open, &flipped].map(Cell::get);
    println!("allowed, denied, open, of these with both verdicts: {shown:?}");
    assert!(shown.iter().all(|count| *count > 500), "{shown:?}");
}

/// Nothing is hidden and no authorizer is called: the bounds are the decision.
#[test]
fn where_all_is_known_the_bounds_are_the_decision() {
    let case = (
        prop::collection::vec(policy(), 0..5),
        prop::collection::vec(traffic(), 8),
    );
    let certain = Cell::new(0);
    let mut runner = TestRunner::new(Runner {
        cases: 300,
        failure_persistence: None,
        ..Runner::default()
    });
    let known = |traffic: &Traffic| {
        traffic.peer != Lookup::Unavailable
            && traffic.tls != Lookup::Unavailable
            && traffic.source_ip != Lookup::Unavailable
            && traffic.remote_ip != Lookup::Unavailable
            && traffic.destination_ip != Lookup::Unavailable
            && traffic.destination_port != Lookup::Unavailable
            && traffic.sni != Lookup::Unavailable
            && traffic.headers != Lookup::Unavailable
            && traffic.jwt != Lookup::Unavailable
            && traffic.metadata != Lookup::Unavailable
    };
    runner
        .run(&case, |(documents, requests)| {
            let documents: Vec<String> = documents.iter().map(ToString::to_string).collect();
            let config = config(&documents.join(",")).map_err(|e| TestCaseError::fail(e.to_string()))?;
            let program = Program::compile(&config).map_err(|e| TestCaseError::fail(e.to_string()))?;
            for traffic in requests.iter().filter(|traffic| known(traffic)) {
                let decision = program.judge(traffic, traffic).decision;
                prop_assert_eq!(
                    program.bounds(traffic),
                    Bounds::Certain(decision),
                    "{:?}",
                    traffic
                );
                certain.set(certain.get() + 1);
            }
            Ok(())
        })
        .unwrap();
    assert!(certain.get() > 100, "{}", certain.get());
}

/// Traffic to `/a` from an unknown peer.
fn from_somebody() -> Traffic {
    Traffic {
        peer: Lookup::Unavailable,
        ..get(None, "/a")
    }
}

/// `certain VERDICT`, or the missing attributes.
fn shown(config: &Config, traffic: &Traffic) -> String {
    let program = Program::compile(config).unwrap();
    match program.bounds(traffic) {
        Bounds::Certain(decision) => format!("certain {}", decision.verdict.as_str()),
        Bounds::Open(open) => {
            let lacks: Vec<String> = open.lacks.iter().map(Attribute::to_string).collect();
            lacks.join(" ")
        }
    }
}

#[test]
fn what_is_lacking_is_what_the_verdict_hangs_on() {
    let rule = |rule: &str| format!(r#"{{"rules": [{rule}]}}"#);
    let by_peer = r#""from": [{"source": {"principals": ["td/ns/web/sa/frontend"]}}]"#;
    let to = |path: &str| format!(r#""to": [{{"operation": {{"paths": ["{path}"]}}}}]"#);
    let allow = |spec: &str| config(&document("allow", spec)).unwrap();
    let peer = allow(&rule(&format!("{{{by_peer}}}")));
    assert_eq!(shown(&peer, &from_somebody()), "tls.peer");
    let other_path = allow(&rule(&format!("{{{by_peer}, {}}}", to("/b"))));
    assert_eq!(
        shown(&other_path, &from_somebody()),
        "certain deny",
        "the path is another one whoever asks"
    );
    let anybody = allow(&rule(&format!("{{{by_peer}}}, {{{}}}", to("/a"))));
    assert_eq!(shown(&anybody, &from_somebody()), "certain allow");
    let either = r#"{"from": [{"source": {"principals": ["x"]}}, {"source": {"ipBlocks": ["10.0.0.0/8"]}}]}"#;
    let ten = Traffic {
        source_ip: Lookup::Found("10.0.0.1".parse().unwrap()),
        ..from_somebody()
    };
    assert_eq!(shown(&allow(&rule(either)), &ten), "certain allow");
    let nine = Traffic {
        source_ip: Lookup::Unavailable,
        ..from_somebody()
    };
    assert_eq!(shown(&allow(&rule(either)), &nine), "tls.peer source.ip");
    let header = allow(&rule(
        r#"{"when": [{"key": "request.headers[x-team]", "values": ["blue"]}]}"#,
    ));
    let headless = Traffic {
        headers: Lookup::Unavailable,
        ..from_somebody()
    };
    assert_eq!(shown(&header, &headless), "http.headers.x-team");
}

/// One possible mode of a port accepts only mutual TLS and another only plaintext: nobody is certain to pass.
#[test]
fn a_port_that_is_not_known_may_have_any_mode() {
    let modes = r#"{"apiVersion": "security.istio.io/v1", "kind": "PeerAuthentication",
        "metadata": {"name": "ports", "namespace": "shop"},
        "spec": {"selector": {"matchLabels": {"app": "orders"}}, "mtls": {"mode": "PERMISSIVE"},
                 "portLevelMtls": {"8080": {"mode": "STRICT"}, "9090": {"mode": "DISABLE"}}}}"#;
    let config = config(modes).unwrap();
    let to = |port| Traffic {
        destination_port: port,
        ..Traffic::from_peer("spiffe://td/ns/web/sa/frontend")
    };
    assert_eq!(shown(&config, &to(Lookup::Found(8080))), "certain allow");
    assert_eq!(shown(&config, &to(Lookup::Found(9090))), "certain deny");
    assert_eq!(shown(&config, &to(Lookup::Unavailable)), "destination.port");
}

/// The answer of an external authorizer is never known.
#[test]
fn an_authorizer_may_answer_anything() {
    let custom = r#"{"action": "CUSTOM", "provider": {"name": "grpc"}, "rules": [{"to": [{"operation": {"paths": ["/a"]}}]}]}"#;
    let with = |more: &str, providers: &str| {
        let documents = [document("custom", custom), more.to_owned()].join(",");
        config_with(
            documents.trim_end_matches(','),
            &format!(r#""extensionProviders": {providers}"#),
        )
        .unwrap()
    };
    let ask = get(None, "/a");
    assert_eq!(shown(&with("", PROVIDERS), &ask), "authorizers.grpc");
    assert_eq!(
        shown(&with("", "[]"), &ask),
        "certain deny",
        "nobody can be asked"
    );
    assert_eq!(shown(&with("", PROVIDERS), &get(None, "/b")), "certain allow");
    let deny = document(
        "deny",
        r#"{"action": "DENY", "rules": [{"to": [{"operation": {"methods": ["GET"]}}]}]}"#,
    );
    assert_eq!(
        shown(&with(&deny, PROVIDERS), &ask),
        "certain deny",
        "whatever it answers"
    );
    struct AllowingAuthorizer;
    impl ExternalAuthorizers for AllowingAuthorizer {
        fn answer(&self, _: &str) -> ExternalAnswer {
            ExternalAnswer::Allow
        }
    }
    let program = Program::compile(&with("", PROVIDERS)).unwrap();
    assert_eq!(
        program.judge(&ask, &AllowingAuthorizer).decision.verdict,
        Verdict::Allow
    );
}
