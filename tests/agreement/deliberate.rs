//! Shows that each deliberate difference is recognised, and that none of them hides anything else.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use anyhow::{Result, ensure};
use peerwarden_lab::client::http::Version;
use serde_json::{Value, json};

use crate::ask::Answer;
use crate::case::{Addresses, CAST, Layer, Mesh, PolicySet, Request, Visit};
use crate::compare::{self, Question};
use crate::differences;
use crate::generate::Case;
use crate::stage::{Participants, Stage};

fn case(action: &str, rule: Value, change: impl FnOnce(&mut Request)) -> Case {
    let policy = json!({
        "apiVersion": "security.istio.io/v1",
        "kind": "AuthorizationPolicy",
        "metadata": {"name": "difference", "namespace": "shop"},
        "spec": {"action": action, "rules": [rule]},
    });
    let set = PolicySet {
        layer: Layer::Http,
        mesh: Mesh::new(&["cluster.local"]),
        policies: vec![policy],
        addresses: Addresses {
            use_remote_address: false,
            trusted_hops: 0,
        },
    };
    let mut request = Request {
        method: "GET".to_owned(),
        authority: "orders.shop".to_owned(),
        path: "/orders".to_owned(),
        headers: Vec::new(),
        forwarded_for: Vec::new(),
        token: None,
        metadata: None,
    };
    change(&mut request);
    let visit = Visit {
        member: 0,
        from: IpAddr::V4(Ipv4Addr::LOCALHOST),
        proxy: None,
        server_name: None,
        version: Version::Http1,
        requests: vec![request],
    };
    Case {
        set,
        visits: vec![visit],
    }
}

/// A case with a caller whose certificate has only DNS names.
fn of_dns_name(mut case: Case) -> Case {
    let member = CAST.iter().position(|member| !member.dns_sans.is_empty());
    for visit in &mut case.visits {
        visit.member = member.expect("the cast has one");
    }
    case
}

fn to_host(field: &str) -> Value {
    json!({"to": [{"operation": {field: ["admin.example", "admin.example:*"]}}]})
}

/// In HTTP/1.1 the white space around a value is gone before a filter sees it.
fn by_http2(mut case: Case) -> Case {
    for visit in &mut case.visits {
        visit.version = Version::Http2;
    }
    case
}

fn when(key: &str, value: &str) -> Value {
    json!({"when": [{"key": key, "values": [value]}]})
}

fn from(field: &str, block: &str) -> Value {
    json!({"from": [{"source": {field: [block]}}]})
}

const GROUPS: &str = "request.auth.claims[groups]";
const SCOPE: &str = "request.auth.claims[scope]";

/// The question, the answer of Envoy's own filter, the answer of the module, and the difference.
fn shown() -> Vec<(Case, Answer, Answer, &'static str)> {
    use Answer::{Allowed, Denied};

    const MAPPED: &str = "an IPv4-mapped IPv6 address is the IPv4 address";
    const BREAK: &str = "a text with a line break is not empty";
    const SPLIT: &str = "the claims `scope` and `permission` are split at spaces";
    const NAMELESS: &str = "the identity of a certificate without a URI SAN is not established";
    const NOT_A_HOST: &str = "an authority that is not a host is not established";
    let odd_host = |request: &mut Request| request.authority = "x@admin.example".to_owned();
    const SMALL: &str = "a method in small letters is not established";
    let small = |request: &mut Request| request.method = "delete".to_owned();
    let method = |field: &str| json!({"to": [{"operation": {field: ["DELETE"]}}]});
    let nothing = |_: &mut Request| {};
    const BLANKS: &str = "white space around a header's value is not part of it";
    const ROLE: &str = "request.headers[x-role]";
    let blanks = |request: &mut Request| request.headers.push(("x-role".to_owned(), b" admin\t".to_vec()));
    let mapped = |request: &mut Request| request.forwarded_for.push("::ffff:10.1.2.3".to_owned());
    let plain = |request: &mut Request| request.forwarded_for.push("10.1.2.3".to_owned());
    let broken = |request: &mut Request| request.token = Some(json!({"groups": "staff\nguests"}));
    let scopes = |request: &mut Request| request.token = Some(json!({"scope": "read write"}));
    vec![
        (
            case("DENY", from("remoteIpBlocks", "10.0.0.0/8"), mapped),
            Allowed,
            Denied,
            MAPPED,
        ),
        (
            case("ALLOW", from("remoteIpBlocks", "10.0.0.0/8"), mapped),
            Denied,
            Allowed,
            MAPPED,
        ),
        (
            case("ALLOW", from("remoteIpBlocks", "::/0"), mapped),
            Allowed,
            Denied,
            MAPPED,
        ),
        (
            case("DENY", from("remoteIpBlocks", "::ffff:10.0.0.0/104"), plain),
            Allowed,
            Denied,
            MAPPED,
        ),
        (
            of_dns_name(case("ALLOW", from("principals", "*"), nothing)),
            Allowed,
            Denied,
            NAMELESS,
        ),
        (
            of_dns_name(case("DENY", from("namespaces", "web"), nothing)),
            Allowed,
            Denied,
            NAMELESS,
        ),
        (
            of_dns_name(case("ALLOW", from("notPrincipals", "td/ns/a/sa/b"), nothing)),
            Allowed,
            Denied,
            NAMELESS,
        ),
        (
            case("DENY", to_host("hosts"), odd_host),
            Allowed,
            Denied,
            NOT_A_HOST,
        ),
        (
            case("ALLOW", to_host("notHosts"), odd_host),
            Allowed,
            Denied,
            NOT_A_HOST,
        ),
        (
            by_http2(case("DENY", method("methods"), small)),
            Allowed,
            Denied,
            SMALL,
        ),
        (
            by_http2(case("ALLOW", method("notMethods"), small)),
            Allowed,
            Denied,
            SMALL,
        ),
        (
            by_http2(case("DENY", when(ROLE, "admin"), blanks)),
            Allowed,
            Denied,
            BLANKS,
        ),
        (
            by_http2(case("ALLOW", when(ROLE, "*admin"), blanks)),
            Denied,
            Allowed,
            BLANKS,
        ),
        (case("DENY", when(GROUPS, "*"), broken), Allowed, Denied, BREAK),
        (case("ALLOW", when(GROUPS, "*"), broken), Denied, Allowed, BREAK),
        (case("DENY", when(SCOPE, "write"), scopes), Allowed, Denied, SPLIT),
        (case("ALLOW", when(SCOPE, "read"), scopes), Denied, Allowed, SPLIT),
    ]
}

async fn ask(company: &Arc<Participants>, cases: &Arc<Vec<Case>>) -> Result<Vec<Question>> {
    let stage = Stage::open(company, cases.iter().map(|case| &case.set)).await?;
    compare::ask_all(company, &stage, cases).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_deliberate_difference_shows_and_is_known_for_what_it_is() -> Result<()> {
    let company = Arc::new(Participants::gather().await?);
    let shown = shown();
    let cases: Arc<Vec<Case>> = Arc::new(shown.iter().map(|(case, ..)| case.clone()).collect());
    let questions = ask(&company, &cases).await?;
    ensure!(questions.len() == shown.len());
    for (question, (case, native, module, name)) in questions.iter().zip(&shown) {
        let what = format!("{name}: {}", case.set.policies[0]);
        assert_eq!(
            (&question.native.answer, &question.module.answer),
            (native, module),
            "{what}"
        );
        let sorted = differences::sort(&company, &cases, vec![question.clone()]).await?;
        assert!(sorted.unexplained.is_empty(), "{what}");
        assert_eq!(
            sorted.deliberate.into_iter().collect::<Vec<_>>(),
            [(*name, 1)],
            "{what}"
        );
    }
    let known: Vec<&str> = differences::ALL
        .iter()
        .map(|difference| difference.name)
        .collect();
    for name in known {
        assert!(
            shown.iter().any(|(.., shown)| *shown == name),
            "nothing shows that {name}"
        );
    }
    Ok(())
}

/// These questions contain a deliberate difference, but it does not explain the (made up) answers.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deliberate_difference_hides_nothing_else() -> Result<()> {
    let company = Arc::new(Participants::gather().await?);
    let odd = |request: &mut Request| {
        request.forwarded_for.push("::ffff:10.1.2.3".to_owned());
        request.token = Some(json!({"groups": "staff\nguests", "scope": "read write"}));
        request.headers.push(("x-role".to_owned(), b" admin\t".to_vec()));
    };
    let orders = json!({"to": [{"operation": {"paths": ["/orders"]}}]});
    let cases: Arc<Vec<Case>> = Arc::new(vec![
        by_http2(case("ALLOW", orders.clone(), odd)),
        by_http2(case("DENY", orders, odd)),
    ]);
    let mut questions = ask(&company, &cases).await?;
    for question in &mut questions {
        assert!(question.agreed(), "{question:?}");
        question.module.answer = match question.module.answer {
            Answer::Allowed => Answer::Denied,
            Answer::Denied | Answer::TurnedAway(_) => Answer::Allowed,
        };
    }
    let sorted = differences::sort(&company, &cases, questions).await?;
    assert!(sorted.deliberate.is_empty(), "{sorted:?}");
    assert_eq!(sorted.unexplained.len(), 2);
    Ok(())
}
